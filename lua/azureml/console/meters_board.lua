--- Draw the metrics of many instances as a table on a terminal, and redraw it in place.
local core = require "azureml.core"
local counts = require "azureml.tool.count"
local meters = require "azureml.console.meters"
local panel = require "azureml.console.panel"
local screen = require "azureml.console.screen"
local tables = require "azureml.tool.tables"
local task = require "azureml.task"

local STANDARD_ERROR = 2
local LEAST = 0.2      -- seconds from a new reading to the drawing
local RED = 31

---@class azureml.MetersBoard
---@field readings table<string, azureml.Reading>      by name
---@field trouble string?      why the list of instances may be old
local Board = {}
local metatable = { __name = "azureml.MetersBoard", __index = Board }

local meters_board = {}

--- Make an empty live table.
---@param settings? { panel: azureml.Panel? }
---@return azureml.MetersBoard
function meters_board.new(settings)
  return setmetatable({
    readings = {}, panel = settings and settings.panel or panel.new(),
  }, metatable)
end

local function by_name(a, b) return a.name < b.name end

-- Return the table's lines. A line is as red or yellow as its instance.
local function table_lines(readings, width)
  local lines, index, columns = {}, 0, {}
  for i, column in ipairs(meters.COLUMNS) do
    columns[i] = { title = column.title, key = column.key }
  end
  for line in screen.table(readings, columns, { width = width }):gmatch "[^\n]+" do
    local reading = readings[index]
    lines[#lines + 1] = { text = line, colour = reading and meters.colour(reading) }
    index = index + 1
  end
  return lines
end

local function headline(readings)
  if #readings == 0 then return { text = "no instance runs" } end
  local full, failed = 0, 0
  for _, reading in ipairs(readings) do
    if meters.is_nearly_full(reading) then full = full + 1 end
    if reading.why then failed = failed + 1 end
  end
  local text = counts.of(#readings, "instance")
  if full > 0 then text = ("%s, %d with a disk nearly full"):format(text, full) end
  if failed > 0 then text = ("%s, %d not read"):format(text, failed) end
  return { text = text }
end

-- Add lines in a colour while they fit.
local function add_lines(lines, texts, colour, height)
  for _, text in ipairs(texts) do
    if #lines >= height then return end
    lines[#lines + 1] = { text = text, colour = colour }
  end
end

--- Return the lines of the live table: a summary, a line for each instance as far as they fit, then
--- why instances were not read and what frees space.
---@param width integer
---@param height integer
---@return azureml.PanelLine[]
function Board:lines(width, height)
  local readings = tables.values(self.readings, by_name)
  local lines, shown, room = { headline(readings) }, {}, math.max(1, height - 5)
  if self.trouble then lines[2] = { text = self.trouble, colour = RED } end
  for i = 1, math.min(#readings, room) do shown[i] = readings[i] end
  if #readings > 0 then tables.append(lines, table_lines(shown, width)) end
  if #readings > room then
    lines[#lines + 1] = { text = ("and %d more"):format(#readings - room) }
  end
  for _, reading in ipairs(readings) do
    if reading.why then
      add_lines(lines, { ("%s: %s"):format(reading.name, reading.why) }, RED, height - 1)
    end
  end
  add_lines(lines, meters.warnings(readings), RED, height - 1)
  return lines
end

--- Draw the table.
function Board:draw()
  local width, height = core.terminal_width(STANDARD_ERROR)
  self.panel:draw(self:lines(width or 80, height or 24))
end

--- Note a reading and draw the table soon: many readings come at once.
---@param reading azureml.Reading
function Board:add(reading)
  self.readings[reading.name] = reading
  if self.timer then return end
  self.timer = task.at(LEAST, function()
    self.timer = nil
    self:draw()
  end)
end

--- Show a trouble until it is over.
---@param text string?      nil: it is over
function Board:tell(text)
  self.trouble = text
end

--- Keep the readings of these names only.
---@param names table<string, boolean>
function Board:keep(names)
  for name in pairs(self.readings) do
    if not names[name] then self.readings[name] = nil end
  end
end

--- Draw the table a last time and leave it on the screen.
function Board:close()
  if self.is_closed then return end
  self.is_closed = true
  if self.timer then task.cancel(self.timer) end
  self.timer = nil
  self:draw()
  self.panel:leave()
end

metatable.__close = Board.close

return meters_board
