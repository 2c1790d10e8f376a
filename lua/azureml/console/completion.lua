--- Complete names at the prompt. It reads tables only: it calls no function and no metamethod, so
--- it sends no request. Where `__index` is a function, the metatable may list what the function
--- knows: `__methods` is a table of methods, `__fields` is a table whose keys are the names of
--- fields.
local tables = require "azureml.tool.tables"

local completion = {}

local KEYWORDS = {}
local KEYWORD_LIST = "and break do else elseif end false for function goto if in local nil not or "
  .. "repeat return then true until while"
for word in KEYWORD_LIST:gmatch "%a+" do KEYWORDS[word] = true end

local LONGEST_CHAIN = 20     -- of __index tables; a chain may be a circle

-- Return what a metatable adds: the next table to look up, and a table whose keys are names of
-- fields. The values of these fields are unknown here.
local function inherited(value)
  local meta = debug.getmetatable(value)
  if type(meta) ~= "table" then return nil end
  local index = rawget(meta, "__index")
  if type(index) == "function" then index = rawget(meta, "__methods") end
  return index, rawget(meta, "__fields")
end

-- List the tables in which Lua looks up a key, in order: `names` has the names as its keys,
-- `values` has the known values.
local function places_of(value)
  local places = {}
  for _ = 1, LONGEST_CHAIN do
    if type(value) == "table" then places[#places + 1] = { names = value, values = value } end
    local index, fields = inherited(value)
    if type(fields) == "table" then places[#places + 1] = { names = fields, values = {} } end
    if type(index) ~= "table" then break end
    value = index
  end
  return places
end

local function look_up(value, key)
  for _, place in ipairs(places_of(value)) do
    local found = rawget(place.values, key)
    if found ~= nil then return found end
  end
end

local function is_callable(value)
  local meta = debug.getmetatable(value)
  return type(value) == "function" or type(meta) == "table" and rawget(meta, "__call") ~= nil
end

-- Return the value at the end of a path: "ws.instances:" gives ws.instances.
local function follow(path, env)
  local value = env
  for name in path:gmatch "([^.:]*)[.:]" do
    value = look_up(value, name)
    if value == nil then return nil end
  end
  return value
end

local function fits(key, value, stem, methods_only)
  if type(key) ~= "string" or not key:find "^[%a_][%w_]*$" then return false end
  if key:sub(1, #stem) ~= stem then return false end
  -- A private name is offered only after its underscore was typed.
  if stem == "" and key:sub(1, 1) == "_" then return false end
  return not methods_only or is_callable(value)
end

local function names_in(value, stem, methods_only)
  local names = {}
  for _, place in ipairs(places_of(value)) do
    for key in next, place.names do
      if fits(key, rawget(place.values, key), stem, methods_only) then names[key] = true end
    end
  end
  return names
end

local function common_prefix(a, b)
  local len = math.min(#a, #b)
  for i = 1, len do
    if a:byte(i) ~= b:byte(i) then return a:sub(1, i - 1) end
  end
  return a:sub(1, len)
end

--- List the completions of a word.
---@param word string            what the user typed: "ws.instances:li"
---@param env table              the globals
---@return string prefix         the longest common prefix of all candidates
---@return string[] candidates   whole words, sorted
function completion.word(word, env)
  local path, stem = word:match "^(.-)([%w_]*)$"
  local value = path:find "^[%a_][%w_.:]*[.:]$" and follow(path, env) or path == "" and env or nil
  local names = value ~= nil and names_in(value, stem, path:sub(-1) == ":") or {}
  if path == "" then
    for keyword in pairs(KEYWORDS) do
      if stem ~= "" and keyword:sub(1, #stem) == stem then names[keyword] = true end
    end
  end
  local candidates = tables.texts(names, function(name) return path .. name end)
  local prefix = candidates[1] or word
  if candidates[2] then prefix = common_prefix(prefix, candidates[#candidates]) end
  return prefix, candidates
end

return completion
