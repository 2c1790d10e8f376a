--- Forms as browsers and clients send them: names and values, percent-encoded, a blank as '+' or %20.
local core = require "azureml.core"

local form = {}

local function unescape(text)
  return (text:gsub("+", " "):gsub("%%(%x%x)", function(hex) return string.char(tonumber(hex, 16)) end))
end

--- The fields of a text.
---@param text string
---@return table<string, string>
function form.read(text)
  local fields = {}
  for field in text:gmatch "[^&]+" do
    local name, value = field:match "^([^=]*)=(.*)$"
    if name then fields[unescape(name)] = unescape(value) end
  end
  return fields
end

--- A text of fields, sorted by name.
---@param fields table<string, string>
---@return string
function form.write(fields)
  local parts = {}
  for name, value in pairs(fields) do parts[#parts + 1] = core.escape(name) .. "=" .. core.escape(value) end
  table.sort(parts)
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
