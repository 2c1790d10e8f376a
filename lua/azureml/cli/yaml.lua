--- Write values as YAML. The texts that YAML would read as something else are quoted as in JSON.
local json = require "azureml.json"
local shape = require "azureml.cli.shape"

local yaml = {}

local RESERVED = {}
for word in ("true false null yes no on off y n"):gmatch "%a+" do RESERVED[word] = true end

local function is_plain(text)
  return text:find "^[%a_/][%w_ ./-]*$" and not text:find " $" and not RESERVED[text:lower()]
end

local function scalar(value)
  if type(value) == "string" and is_plain(value) then return value end
  return json.encode(value)
end

-- Tell whether a text of several lines can stand as it is, as a block.
local function is_block(value)
  return type(value) == "string" and value:find "\n" and value:find "^[^%s]" and utf8.len(value)
    and not value:find "[%z\1-\8\11-\31\127]" and not value:find "\n\n+$"
end

local function add_block(lines, lead, indent, value)
  lines[#lines + 1] = lead .. (value:sub(-1) == "\n" and " |" or " |-")
  for line in value:gsub("\n$", ""):gmatch "[^\n]*" do
    lines[#lines + 1] = line == "" and "" or indent .. "  " .. line
  end
end

local add

local function add_entry(lines, lead, indent, value)
  if is_block(value) then return add_block(lines, lead, indent, value) end
  if type(value) ~= "table" or next(value) == nil then
    lines[#lines + 1] = lead .. " " .. scalar(value)
  elseif lead:sub(-1) == "-" then
    -- The first line of an item stands behind its dash.
    local first = #lines + 1
    add(lines, indent .. "  ", value)
    lines[first] = lead .. " " .. lines[first]:sub(#indent + 3)
  else
    lines[#lines + 1] = lead
    add(lines, shape.is_list(value) and indent or indent .. "  ", value)
  end
end

function add(lines, indent, value)
  if shape.is_list(value) then
    for _, item in ipairs(value) do add_entry(lines, indent .. "-", indent, item) end
    return
  end
  for _, key in ipairs(shape.keys(value)) do
    add_entry(lines, indent .. scalar(key) .. ":", indent, value[key])
  end
end

--- Return a value as YAML.
---@param value any
---@return string      without a trailing newline
function yaml.encode(value)
  if type(value) ~= "table" or next(value) == nil then return scalar(value) end
  local lines = {}
  add(lines, "", value)
  return table.concat(lines, "\n")
end

return yaml
