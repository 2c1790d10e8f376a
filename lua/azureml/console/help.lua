--- The layout of help texts: how wide they are, paragraphs, and lists of names with what they mean.
--- Does not know the commands.
local core = require "azureml.core"

local help = {}

local USUAL = 80          -- columns where there is no terminal
local NARROWEST = 40      -- a text is not wrapped below it
local LONGEST_LABEL = 27  -- a longer label stands on a line of its own
local INDENT, GAP = 2, 2  -- before a label, and between a label and its text

--- How many columns help may take: COLUMNS, else the terminal's width, else 80.
---@param descriptor integer     of the stream that it is written to: 1 or 2
---@return integer
function help.width(descriptor)
  local columns = math.tointeger(tonumber(os.getenv "COLUMNS"))
  if not columns or columns < 1 then columns = core.terminal_width(descriptor) or USUAL end
  return math.max(NARROWEST, columns)
end

--- Break a text between words into lines.
---@param text string
---@param width integer
---@return string[]       a word longer than the width has a line of its own
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

--- The column at which the texts of a list begin.
---@param labels string[]
---@return integer
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

--- Lay out a list: labels on the left, what they mean on the right, wrapped and aligned.
---@param rows string[][]      a label and its text
---@param width integer
---@return string              without a newline at its end
function help.list(rows, width)
  local labels, lines = {}, {}
  for i, row in ipairs(rows) do labels[i] = row[1] end
  local margin = help.margin(labels)
  for _, row in ipairs(rows) do add_row(lines, row, margin, width) end
  return table.concat(lines, "\n")
end

help.indent = INDENT

return help
