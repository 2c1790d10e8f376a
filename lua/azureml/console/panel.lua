--- Draw a few lines at the bottom of a terminal, and redraw them in place. It knows widths and
--- escape sequences; progress.lua decides what the lines say.
local core = require "azureml.core"
local screen = require "azureml.console.screen"

local STANDARD_ERROR = 2

---@class azureml.PanelLine
---@field text string
---@field colour integer?     an ANSI colour: 31 red, 32 green, 33 yellow

---@class azureml.Panel
---@field columns integer[]   the width of each line when it was drawn
local Panel = {}
local metatable = { __name = "azureml.Panel", __index = Panel }

local panel = {}

-- The panel that has lines on the screen, or nil.
local shown

--- Can a panel be drawn on standard error? It needs a terminal that can move its cursor.
---@return boolean
function panel.is_possible()
  return core.terminal_width(STANDARD_ERROR) ~= nil and os.getenv "TERM" ~= "dumb"
end

--- Make an empty panel on standard error. NO_COLOR turns its colours off.
---@return azureml.Panel
function panel.new()
  return setmetatable({ columns = {}, colours = (os.getenv "NO_COLOR" or "") == "" }, metatable)
end

-- Count the rows between the panel's first row and the cursor. A terminal that became narrower has
-- wrapped the lines, so a line may take several rows.
local function rows_above(self, width)
  local rows = 0
  for i, columns in ipairs(self.columns) do
    local wrapped = math.max(1, math.ceil(columns / width))
    rows = rows + (i < #self.columns and wrapped or wrapped - 1)
  end
  return rows
end

-- Return the escape sequences that move to the panel's first row and clear all below.
local function beginning(self, width)
  local up = rows_above(self, width)
  return "\r" .. (up > 0 and ("\27[%dA"):format(up) or "") .. "\27[J"
end

local function line_text(self, line, width)
  local text = screen.cut(screen.one_line(line.text), width - 1)
  self.columns[#self.columns + 1] = screen.columns(text)
  return self.colours and line.colour and ("\27[%dm%s\27[0m"):format(line.colour, text) or text
end

--- Draw the lines in place of the last ones. Lines that are too wide are cut; lines that do not fit
--- into the terminal's height are left out.
---@param lines azureml.PanelLine[]
function Panel:draw(lines)
  local width, height = core.terminal_width(STANDARD_ERROR)
  if not width then return end
  local start, texts = beginning(self, width), {}
  self.columns = {}
  shown = self
  for i = 1, math.min(#lines, math.max(1, height - 1)) do
    texts[i] = line_text(self, lines[i], width)
  end
  io.stderr:write(start, table.concat(texts, "\r\n"))
  io.stderr:flush()
end

--- Erase the panel. The next output takes its place.
function Panel:clear()
  local width = core.terminal_width(STANDARD_ERROR)
  if width and #self.columns > 0 then io.stderr:write(beginning(self, width)) end
  self.columns = {}
  if shown == self then shown = nil end
end

--- Keep the lines on the screen. The next output starts below them.
function Panel:leave()
  if #self.columns > 0 then io.stderr:write "\r\n" end
  self.columns = {}
  if shown == self then shown = nil end
end

--- Write a line to standard error, in place of the panel on the screen, if there is one. The next
--- drawing of the panel stands below the line.
---@param text string
function panel.say(text)
  if shown then shown:clear() end
  io.stderr:write(text, "\n")
  io.stderr:flush()
end

return panel
