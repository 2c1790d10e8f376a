--- Lay out help texts: their width, paragraphs, and lists of names with descriptions. The texts
--- come from arguments.lua and azureml.cli.
local core = require "azureml.core"

local help = {}

local USUAL = 80          -- columns without a terminal
local NARROWEST = 40      -- the smallest width in columns
local NARROW = 60         -- a narrower list may have its texts below its labels
local LONGEST_LABEL = 27  -- a longer label has a line of its own
local INDENT, GAP = 2, 2  -- columns before a label, and between a label and its text

--- Return the width of help in columns: COLUMNS, else the terminal's width, else 80; at least 40.
---@param descriptor integer     of the output stream: 1 or 2
---@return integer
function help.width(descriptor)
  local columns = math.tointeger(tonumber(os.getenv "COLUMNS"))
  if not columns or columns < 1 then columns = core.terminal_width(descriptor) or USUAL end
  return math.max(NARROWEST, columns)
end

--- Wrap a text into lines, between words. A word longer than the width has a line of its own.
---@param text string
---@param width integer      in columns
---@return string[] lines
function help.wrap(text, width)
  local lines = {}
  for word in text:gmatch "%S+" do
    local line = lines[#lines]
    if line and #line + 1 + #word <= width then
      lines[#lines] = line .. " " .. word
    else
      lines[#lines + 1] = word
    end
  end
  return lines
end

--- Return the column at which the texts of a list begin.
---@param labels string[]
---@return integer column    0 is the first
function help.margin(labels)
  local widest = 0
  for _, label in ipairs(labels) do
    if #label <= LONGEST_LABEL then widest = math.max(widest, #label) end
  end
  return INDENT + widest + GAP
end

local function add_row(lines, row, margin, width)
  local label, text = (" "):rep(INDENT) .. row[1], help.wrap(row[2], width - margin)
  if #label + GAP > margin then
    lines[#lines + 1] = label
  else
    lines[#lines + 1] = label .. (" "):rep(margin - #label) .. (table.remove(text, 1) or "")
  end
  for _, line in ipairs(text) do lines[#lines + 1] = (" "):rep(margin) .. line end
end

--- Lay out a list: labels on the left, their texts on the right, wrapped and aligned.
---@param rows string[][]      each is a label and its text
---@param width integer        in columns
---@return string              without a trailing newline
function help.list(rows, width)
  local labels, lines = {}, {}
  for i, row in ipairs(rows) do labels[i] = row[1] end
  local margin = help.margin(labels)
  for _, row in ipairs(rows) do add_row(lines, row, margin, width) end
  return table.concat(lines, "\n")
end

--- Lay out a list; on a narrow screen each text stands below its label.
---@param rows string[][]
---@param width integer        in columns
---@return string
function help.narrow_list(rows, width)
  if width >= NARROW then return help.list(rows, width) end
  local lines = {}
  for _, row in ipairs(rows) do
    lines[#lines + 1] = row[1]
    for _, line in ipairs(help.wrap(row[2], width - 5)) do lines[#lines + 1] = "    " .. line end
  end
  return table.concat(lines, "\n")
end

help.indent = INDENT

return help
