--- Decode, encode and merge JSON. A private instance of lua-cjson decodes. The core encodes and
--- merges with jansson, so that integers, empty arrays, nulls and unknown members survive.
local cjson = require "cjson"
local core = require "azureml.core"

local own = cjson.new()
own.decode_invalid_numbers(false)

local json = {
  --- The value of null in decoded JSON.
  ---@type lightuserdata
  null = cjson.null,
  --- Write a value as JSON. Integers stay integers; `array` marks empty lists.
  ---@param value any
  ---@return string
  encode = core.encode,
  --- Change members of a JSON object in its text; what is not named stays as it is.
  ---@param text string
  ---@param changes table<string, any>      null removes a member
  ---@return string
  ---@raise a text that is not a JSON object
  merge = core.merge,
  --- Mark a table as a list, so that it is written as [] when it is empty.
  ---@param list any[]
  ---@return any[] list
  array = core.array,
  --- Tell whether a table is marked as a list.
  ---@param value any
  ---@return boolean
  is_array = core.is_array,
}

-- Skip a byte order mark: Resource Manager's replies may begin with one.
local function after_mark(text)
  return type(text) == "string" and text:byte() == 0xEF and text:gsub("^\xEF\xBB\xBF", "") or text
end

local HIGH, LOW, ANY = "\\u[dD][89aAbB]%x%x", "\\u[dD][c-fC-F]%x%x", "\\u[dD][89a-fA-F]%x%x"

-- Replace escapes of lone surrogates, which are no characters. Programs in Python write them for
-- file names that are not UTF-8. NUL, which no JSON has, stands for what must stay meanwhile.
local function without_lone_surrogates(text)
  if text:find "%z" or not text:find(ANY) then return text end
  text = text:gsub("\\\\", "\0\0"):gsub(HIGH .. LOW, function(pair)
    return (pair:gsub("\\", "\0"))
  end)
  return (text:gsub(ANY, "\u{FFFD}"):gsub("%z", "\\"))
end

--- Return the value of a JSON text, or nil and what is wrong with the text. Half a surrogate pair
--- becomes the replacement character.
---@param text string
---@return any value, string? fault
function json.decode(text)
  local ok, value = pcall(own.decode, after_mark(text))
  if not ok and type(text) == "string" then
    local mended = without_lone_surrogates(text)
    if mended ~= text then ok, value = pcall(own.decode, after_mark(mended)) end
  end
  if ok then return value end
  return nil, tostring(value)
end

--- Return the value of a JSON text exactly as written: integers stay integers, and arrays stay
--- arrays, even if they are empty.
---@param text string
---@param is_strict boolean?      refuse an object that has a key twice
---@return any value, string? fault
json.decode_exact = core.decode

local function follow(value, path)
  for i = 1, path.n do
    if type(value) ~= "table" then return nil end
    value = value[path[i]]
  end
  if value == json.null then return nil end
  return value
end

--- Return a member at any depth; nil if it or one of its parents is absent or null.
---@param value any        a decoded value
---@param ... string       names, from the outermost to the innermost
---@return any
function json.get(value, ...)
  return follow(value, table.pack(...))
end

--- Copy a value without null members of objects and null items of lists.
---@param value any        a decoded value
---@return any copy        nil: it is null
function json.without_nulls(value)
  if value == json.null then return nil end
  if type(value) ~= "table" then return value end
  local copy = {}
  for key, item in pairs(value) do
    if math.type(key) ~= "integer" then copy[key] = json.without_nulls(item) end
  end
  for _, item in ipairs(value) do copy[#copy + 1] = json.without_nulls(item) end
  return copy
end

-- Return a text with a replacement character for each byte that does not belong to UTF-8.
local function text_in_utf8(text)
  local parts, start = {}, 1
  local length, bad = utf8.len(text)
  while not length do
    parts[#parts + 1] = text:sub(start, bad - 1)
    start = bad + 1
    length, bad = utf8.len(text, start)
  end
  parts[#parts + 1] = text:sub(start)
  return table.concat(parts, "\u{FFFD}")
end

--- Copy a value, so that `encode` takes the texts in it, whatever their bytes: a replacement
--- character stands for each byte that does not belong to UTF-8.
---@param value any
---@return any copy
function json.in_utf8(value)
  if type(value) == "string" then return text_in_utf8(value) end
  if type(value) ~= "table" then return value end
  local copy = json.is_array(value) and json.array {} or {}
  for key, item in pairs(value) do copy[json.in_utf8(key)] = json.in_utf8(item) end
  return copy
end

--- Return a function that returns a member at any depth, for members that are read often.
---@param ... string       names, from the outermost to the innermost
---@return fun(value: any): any
function json.getter(...)
  local path = table.pack(...)
  return function(value) return follow(value, path) end
end

-- Characters above ASCII that act on a terminal: the controls U+0080 to U+009F, and what changes
-- the direction of text. Jansson escapes the controls below U+0020.
local ACTING = { "\x7F", "\xC2[\x80-\x9F]", "\xE2\x80[\xA8-\xAE]", "\xE2\x81[\xA6-\xA9]" }

local function escape(char)
  return ("\\u%04x"):format(utf8.codepoint(char))
end

--- Escape what acts on a terminal in a JSON text. Its value stays the same.
---@param text string
---@return string
function json.printable(text)
  if not text:find "[\x7F\xC2\xE2]" then return text end
  for _, pattern in ipairs(ACTING) do text = text:gsub(pattern, escape) end
  return text
end

return json
