--- A few lines at the bottom of a terminal that are drawn anew. Knows of widths and escape sequences; not what the lines say.
local core = require "azureml.core"
local screen = require "azureml.console.screen"

local STANDARD_ERROR = 2

---@class azureml.PanelLine
---@field text string
---@field colour integer?     of the terminal's: 31 red, 32 green

---@class azureml.Panel
---@field columns integer[]   of each line as it was drawn
local Panel = {}
local metatable = { __name = "azureml.Panel", __index = Panel }

local panel = {}

--- Can one be drawn on standard error? Not where it is no terminal, or one that cannot move its cursor.
---@return boolean
function panel.is_possible()
  return core.terminal_width(STANDARD_ERROR) ~= nil and os.getenv "TERM" ~= "dumb"
end

--- An empty one, on standard error.
---@return azureml.Panel
function panel.new()
  return setmetatable({ columns = {}, colours = (os.getenv "NO_COLOR" or "") == "" }, metatable)
end

-- A terminal that became narrower since has wrapped what it shows: so many rows lie above the cursor.
local function rows_above(self, width)
  local rows = 0
  for i, columns in ipairs(self.columns) do
    local wrapped = math.max(1, math.ceil(columns / width))
    rows = rows + (i < #self.columns and wrapped or wrapped - 1)
  end
  return rows
end

local function beginning(self, width)
  local up = rows_above(self, width)
  return "\r" .. (up > 0 and ("\27[%dA"):format(up) or "") .. "\27[J"
end

local function drawn(self, line, width)
  local text = screen.cut(screen.one_line(line.text), width - 1)
  self.columns[#self.columns + 1] = screen.columns(text)
  return self.colours and line.colour and ("\27[%dm%s\27[0m"):format(line.colour, text) or text
end

--- Draw it: what does not fit is cut, at the right and at the bottom.
---@param lines azureml.PanelLine[]
function Panel:draw(lines)
  local width, height = core.terminal_width(STANDARD_ERROR)
  if not width then return end
  local start, texts = beginning(self, width), {}
  self.columns = {}
  for i = 1, math.min(#lines, math.max(1, height - 1)) do texts[i] = drawn(self, lines[i], width) end
  io.stderr:write(start, table.concat(texts, "\r\n"))
  io.stderr:flush()
end

--- Take it away, so that what is written next stands in its place.
function Panel:clear()
  local width = core.terminal_width(STANDARD_ERROR)
  if width and #self.columns > 0 then io.stderr:write(beginning(self, width)) end
  self.columns = {}
end

--- Leave its lines where they are, and go on below.
function Panel:leave()
  if #self.columns > 0 then io.stderr:write "\r\n" end
  self.columns = {}
end

return panel
