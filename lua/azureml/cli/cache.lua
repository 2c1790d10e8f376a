--- Remember names of instances and sizes for the completion in a shell. Commands that list them
--- write them down; completion asks no service.
local core = require "azureml.core"
local json = require "azureml.json"

local cache = {}

local FILE = "completion.json"
local MOST = 2000      -- words of a kind

local function variable(name)
  local value = os.getenv(name)
  return value ~= "" and value or nil
end

local function directory()
  local base, home = variable "XDG_CACHE_HOME", variable "HOME"
  if base and base:sub(1, 1) == "/" then return base .. "/azureml" end
  return home and home .. "/.cache/azureml"
end

local function read_all()
  local where = directory()
  local text = where and core.read_trusted(where .. "/" .. FILE)
  local found = text and json.decode(text)
  return type(found) == "table" and found or {}
end

--- Return what was remembered.
---@param kind string      "names", "sizes"
---@return string[]
function cache.read(kind)
  local list, words = read_all()[kind], {}
  for _, word in ipairs(type(list) == "table" and list or {}) do
    if type(word) == "string" and word:find "^[%w_-]+$" then words[#words + 1] = word end
  end
  return words
end

--- Remember words. A failure is no error: completion only knows less.
---@param kind string      "names", "sizes"
---@param words string[]
function cache.write(kind, words)
  local where, all = directory(), read_all()
  if not where then return end
  local kept = json.array(table.move(words, 1, math.min(#words, MOST), 1, {}))
  table.sort(kept)
  if all[kind] and table.concat(all[kind], " ") == table.concat(kept, " ") then return end
  all[kind] = kept
  core.write_private(where, FILE, json.encode(all))
end

return cache
