--- Completion at the prompt: names that go on what was typed, found by looking only. It calls no function and no metamethod,
--- so it sends no request. A metatable whose `__index` is a function may tell it what there is: `__methods` is a table of what
--- can be called, `__fields` one whose keys are names of fields.
local tables = require "azureml.tables"

local completion = {}

local KEYWORDS = {}
for word in ([[and break do else elseif end false for function goto if in local nil not or repeat return then true until while]])
    :gmatch "%a+" do
  KEYWORDS[word] = true
end

local LONGEST_CHAIN = 20     -- of __index tables; theirs may be a circle

-- What the metatable adds: a table that is looked up next, and a table of names whose values are only known to who reads them.
local function inherited(value)
  local meta = debug.getmetatable(value)
  if type(meta) ~= "table" then return nil end
  local index = rawget(meta, "__index")
  if type(index) == "function" then index = rawget(meta, "__methods") end
  return index, rawget(meta, "__fields")
end

-- Where a key is looked up, in order: tables of names, and of their values as far as they are known.
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

-- "ws.instances:" leads to the value of ws.instances.
local function follow(path, env)
  local value = env
  for name in path:gmatch "([^.:]*)[.:]" do
    value = look_up(value, name)
    if value == nil then return nil end
  end
  return value
end

local function fits(key, value, stem, methods_only)
  if type(key) ~= "string" or not key:find "^[%a_][%w_]*$" or key:sub(1, #stem) ~= stem then return false end
  if stem == "" and key:sub(1, 1) == "_" then return false end      -- private, until asked for
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

--- What a word may become.
---@param word string       what was typed of it: "ws.instances:li"
---@param env table         the globals
---@return string prefix    what all candidates begin with
---@return string[]         the candidates, whole and sorted
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
