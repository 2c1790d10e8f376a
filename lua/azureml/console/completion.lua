--- Complete names at the prompt: fields and methods, the options of the function whose table is
--- typed, and texts that a function expects. It reads tables only: it calls no function and no
--- metamethod of the user's. Where `__index` is a function, the metatable may list what the
--- function knows: `__methods` is a table of methods, `__fields` is a table whose keys are the
--- names of fields.
require "azureml.instance.fields"      -- adds the names of the fields of instances
local later = require "azureml.tool.later"
local names = later "azureml.console.names"
local position = require "azureml.console.position"
local power_state = later "azureml.definition.power_state"
local records = later "azureml.console.records"
local reference = later "azureml.reference"
local tables = require "azureml.tool.tables"
local types = require "azureml.reference.types"

local completion = {}

local KEYWORDS = {}
local KEYWORD_LIST = "and break do else elseif end false for function goto if in local nil not or "
  .. "repeat return then true until while"
for word in KEYWORD_LIST:gmatch "%a+" do KEYWORDS[word] = true end

local LONGEST_CHAIN = 20     -- of __index tables; a chain may be a circle

-- Names -------------------------------------------------------------------------------------------

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

-- Tell whether only files of this package use a member of an object: it has no comment for scripts.
local function is_private(value, key)
  local class = records.class_of(value)
  local index = class and reference.index()
  if not (index and index.classes[class]) then return false end
  local record = index:member(class, key)
  return record == nil or record.is_package == true
end

local function names_in(value, stem, methods_only)
  local found = {}
  for _, place in ipairs(places_of(value)) do
    for key in next, place.names do
      local is_fit = fits(key, rawget(place.values, key), stem, methods_only)
      if is_fit and not is_private(value, key) then found[key] = true end
    end
  end
  return found
end

local function common_prefix(a, b)
  local len = math.min(#a, #b)
  for i = 1, len do
    if a:byte(i) ~= b:byte(i) then return a:sub(1, i - 1) end
  end
  return a:sub(1, len)
end

-- Return the common prefix of sorted candidates, and the candidates.
local function answer(word, candidates)
  local prefix = candidates[1] or word
  if candidates[2] then prefix = common_prefix(prefix, candidates[#candidates]) end
  return prefix, candidates
end

--- List the completions of a word.
---@param word string            what the user typed: "ws.instances:li"; what stands before the name
---  stays: "#ws.na" gives "#ws.name"
---@param env table              the globals
---@return string prefix         the longest common prefix of all candidates
---@return string[] candidates   whole words, sorted
function completion.word(word, env)
  local before, path, stem = word:match "^(.-)([%a_][%w_.:]*[.:])([%w_]*)$"
  if not path then
    before, stem = word:match "^(.-)([%a_]?[%w_]*)$"
    path = ""
  end
  local is_name = not before:find "[%w_.:]$"
  local value = is_name and (path == "" and env or follow(path, env)) or nil
  local found = value ~= nil and names_in(value, stem, path:sub(-1) == ":") or {}
  if path == "" and is_name then
    for keyword in pairs(KEYWORDS) do
      if stem ~= "" and keyword:sub(1, #stem) == stem then found[keyword] = true end
    end
  end
  return answer(word, tables.texts(found, function(name) return before .. path .. name end))
end

-- Types -------------------------------------------------------------------------------------------

-- Return the object or module before the last name of a path, and that name.
local function split_path(path, env)
  local owner, name = path:match "^(.-[.:])([%w_]+)$"
  if not owner then return env, path end
  return follow(owner, env), name
end

-- Return the record of the function at a path. Behind a call, such as ws:get():start, the name of
-- the method has to do.
local function function_at(path, env)
  local owner, name = split_path(path, env)
  local found = owner and (records.member(owner, name) or records.of(look_up(owner, name)))
  if found then return found.kind == "function" and found or nil end
  local method = path:match "^[:.]([%w_]+)$"
  for _, record in ipairs(method and records.named(method) or {}) do
    if record.kind == "function" and record.is_method then return record end
  end
end

-- Return the type of a function's parameter. A call with a dot names the object first.
local function type_of_argument(path, argument, env)
  local record = function_at(path, env)
  if not record then return nil end
  local is_shifted = record.is_method and not path:find ":[%w_]+$"
  local parameter = (record.params or {})[is_shifted and argument - 1 or argument]
  return parameter and parameter.type
end

-- List the classes with fields in a type.
local function classes_in(kind)
  local list = {}
  for _, name in ipairs(types.classes(kind or "")) do
    local class = reference.index().classes[name]
    if class and class.kind == "class" and not records.example_of(name) then
      list[#list + 1] = name
    end
  end
  return list
end

local function field_of(kind, name)
  for _, class in ipairs(classes_in(kind)) do
    local field = reference.index():member(class, name)
    if field then return field end
  end
end

-- Return the type of what is typed in the innermost bracket.
local function type_in(frames, env)
  local kind
  for _, frame in ipairs(frames) do
    if frame.callee then
      kind = type_of_argument(frame.callee, frame.argument, env)
    elseif frame.bracket ~= "{" then
      kind = nil
    end
    if frame.bracket == "{" and frame.key and frame ~= frames[#frames] then
      local field = field_of(kind, frame.key)
      kind = field and field.type
    end
  end
  return kind
end

-- Options -----------------------------------------------------------------------------------------

local function option_names(frame, kind, stem)
  local found = {}
  for _, class in ipairs(classes_in(kind)) do
    for _, field in ipairs(reference.index():list(class)) do
      local name = field.name
      local is_new = name:find "^[%a_]" and not frame.keys[name]
      if is_new and name:sub(1, #stem) == stem then found[name .. " = "] = true end
    end
  end
  return found
end

-- Return the values of an option that is true or false; {} for any other.
local function switches(kind, option, stem)
  local field, found = field_of(kind, option), {}
  for _, value in ipairs(field and field.type == "boolean" and { "true", "false" } or {}) do
    if value:sub(1, #stem) == stem then found[value] = true end
  end
  return found
end

-- Texts -------------------------------------------------------------------------------------------

-- Return the workspace that a path leads through; else the global `ws`.
local function workspace_at(path, env)
  local value = env
  for name in (path or ""):gmatch "([^.:]*)[.:]" do
    value = look_up(value, name)
    local class = records.class_of(value)
    if class == "azureml.Workspace" then return value end
    local own = type(value) == "table" and rawget(value, "workspace")
    if records.class_of(own) == "azureml.Workspace" then return own end
  end
  local usual = look_up(env, "ws")
  return records.class_of(usual) == "azureml.Workspace" and usual or nil
end

local KINDS = { ["azureml.InstanceName"] = "instances", ["azureml.SizeName"] = "sizes" }

local function words_of(kind, workspace, depth)
  local words = types.literals(kind)
  for _, name in ipairs(types.classes(kind)) do
    local record = reference.index().classes[name]
    if KINDS[name] then
      if workspace then tables.append(words, names.known(workspace, KINDS[name])) end
    elseif name == "azureml.State" then
      tables.append(words, power_state.names)
    elseif record and record.kind == "alias" and depth > 0 then
      tables.append(words, words_of(record.type, workspace, depth - 1))
    end
  end
  return words
end

-- Return the type of the string that is typed, and the path of the function that expects it.
local function expected(place, env)
  local frames = place.frames
  local top = frames[#frames]
  if place.callee then return type_of_argument(place.callee, 1, env), place.callee end
  if not top then return nil end
  local kind, path = type_in(frames, env), nil
  for _, frame in ipairs(frames) do path = frame.callee or path end
  if top.bracket == "{" and top.key then
    local field = field_of(kind, top.key)
    kind = field and field.type
  elseif top.bracket == "{" then      -- an item of a list, such as the names in front of options
    local field = field_of(kind, "[integer]")
    kind = field and field.type or kind
  end
  return kind, path
end

local function texts_at(place, env)
  local kind, path = expected(place, env)
  local found = {}
  for _, word in ipairs(kind and words_of(kind, workspace_at(path, env), 3) or {}) do
    if word:sub(1, #place.string):lower() == place.string:lower() then found[word] = true end
  end
  return found
end

-- All ---------------------------------------------------------------------------------------------

--- List the completions of the last word of a text.
---@param before string          what stands before the word, with the earlier lines of the chunk
---@param word string
---@param env table              the globals
---@return string prefix         the longest common prefix of all candidates
---@return string[] candidates   replacements of the word, sorted
function completion.text(before, word, env)
  local place = position.at_end(before .. word)
  if place.string then
    local found = texts_at(place, env)
    local kept = word:sub(1, #word - math.min(#word, #place.string))
    local hidden = place.string:sub(1, math.max(0, #place.string - #word))
    local function replacement(text) return kept .. text:sub(#hidden + 1) end
    return answer(word, tables.texts(found, replacement))
  end
  local top = place.frames[#place.frames]
  local stem = word:match "^[%a_]?[%w_]*$"
  if top and top.bracket == "{" and stem then
    local kind = type_in(place.frames, env)
    local found = top.key and switches(kind, top.key, stem) or option_names(top, kind, stem)
    if next(found) then return answer(word, tables.keys(found)) end
  end
  return completion.word(word, env)
end

return completion
