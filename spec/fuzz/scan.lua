--- Compare what the core's scanner reads of a text with what lua-cjson and jansson read. The fuzzer
--- and spec/csrc/scan_spec.lua call it.
---
--- The scanner may refuse what lua-cjson takes, because lua-cjson then decodes the text. It takes
--- nothing that lua-cjson refuses, reads nothing otherwise, and refuses no JSON object that jansson
--- takes.

local PATHS = { "name", "tags", "p.type", "p.p.state", "p.p" }

-- Return a member of a decoded value; nil for an absent member and null.
local function member(value, path)
  for name in path:gmatch "[^.]+" do
    if type(value) ~= "table" then return nil end
    value = value[name]
  end
  if type(value) ~= "userdata" then return value end      -- cjson.null
end

local function is_same(a, b)
  if type(a) ~= "table" or type(b) ~= "table" then return a == b end
  for key, value in pairs(a) do
    if not is_same(value, b[key]) then return false end
  end
  for key in pairs(b) do
    if a[key] == nil then return false end
  end
  return true
end

-- Return what is wrong with a document; nil: nothing.
local function fault_of(core, document, raw)
  for place, path in ipairs(PATHS) do
    local read, expected = core.document.member(document, place), member(raw, path)
    if read == false and expected ~= nil then return path end
    if read and not is_same(read, expected) then return path end
    if read == nil and (type(expected) == "string" or expected == nil) then return path end
  end
end

-- Return what is wrong with the items of a page.
local function fault_of_page(core, items, next_link, raw, decode)
  if type(raw.value) ~= "table" or #items ~= #raw.value then return "value" end
  for index, document in ipairs(items) do
    local item = decode(core.document.text(document))
    if not is_same(item, raw.value[index]) then return "the text of an item" end
    local fault = fault_of(core, document, raw.value[index])
    if fault then return fault end
  end
  local link = raw.nextLink
  if next_link ~= (type(link) == "string" and link or nil) then return "nextLink" end
end

--- Make a function that compares.
---@param core table      azureml.core; of it scanner and document
---@param decode fun(text: string): any              lua-cjson's; raises for an invalid text
---@return fun(text: string, is_object: boolean): string?      returns what differs; is_object:
---  jansson takes the text as an object
return function(core, decode)
  local scan = core.scanner(PATHS)
  return function(text, is_object)
    local document = scan:object(text)
    local items, next_link = scan:page("value", "nextLink", text)
    if not document and is_object then return "an object is refused" end
    if not document and items then return "a page is not an object" end
    if not document then return nil end
    local is_taken, raw = pcall(decode, (text:gsub("^\u{FEFF}", "")))      -- a byte order mark
    if not is_taken then return "lua-cjson refuses it: " .. raw end
    return fault_of(core, document, raw)
      or items and fault_of_page(core, items, next_link, raw, decode) or nil
  end
end
