--- Read and write forms as browsers and clients send them: percent-encoded names and values, with
--- a blank as '+' or %20. Escape text for HTML.
local core = require "azureml.core"
local tables = require "azureml.tool.tables"

local form = {}

local function unescape(text)
  return (text:gsub("+", " "):gsub("%%(%x%x)", function(hex)
    return string.char(tonumber(hex, 16))
  end))
end

--- Read the fields of a form. Skip a field whose name or value is invalid UTF-8.
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

--- Write fields as a form, sorted by name.
---@param fields table<string, string>
---@return string
function form.write(fields)
  local parts = tables.texts(fields, function(name, value)
    return core.escape(name) .. "=" .. core.escape(value)
  end)
  return table.concat(parts, "&")
end

local ENTITIES = {
  ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ['"'] = "&quot;", ["'"] = "&#39;",
}

--- Escape text for HTML.
---@param text string
---@return string
function form.html(text)
  return (text:gsub("[&<>\"']", ENTITIES))
end

return form
