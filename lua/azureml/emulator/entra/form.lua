--- Forms as browsers and clients send them: names and values, percent-encoded, a blank as '+' or %20.
local core = require "azureml.core"
local tables = require "azureml.tables"

local form = {}

local function unescape(text)
  return (text:gsub("+", " "):gsub("%%(%x%x)", function(hex) return string.char(tonumber(hex, 16)) end))
end

--- The fields of a text. What is no UTF-8 is no text: left out, like a field that was not sent.
---@param text string
---@return table<string, string>
function form.read(text)
  local fields = {}
  for field in text:gmatch "[^&]+" do
    local name, value = field:match "^([^=]*)=(.*)$"
    if name then
      name, value = unescape(name), unescape(value)
      if utf8.len(name) and utf8.len(value) then fields[name] = value end
    end
  end
  return fields
end

--- A text of fields, sorted by name.
---@param fields table<string, string>
---@return string
function form.write(fields)
  local parts = tables.texts(fields, function(name, value) return core.escape(name) .. "=" .. core.escape(value) end)
  return table.concat(parts, "&")
end

local ENTITIES = { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ['"'] = "&quot;", ["'"] = "&#39;" }

--- A text as HTML shows it.
---@param text string
---@return string
function form.html(text)
  return (text:gsub("[&<>\"']", ENTITIES))
end

return form
