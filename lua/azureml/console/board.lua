--- Draw a table of instances on a terminal, and redraw it in place: how many are in which state,
--- and the instances that changed last on top. panel.lua moves the cursor.
local core = require "azureml.core"
local counts = require "azureml.tool.count"
local panel = require "azureml.console.panel"
local power_state = require "azureml.definition.power_state"
local screen = require "azureml.console.screen"
local tables = require "azureml.tool.tables"
local task = require "azureml.task"

local STANDARD_ERROR = 2
local LEAST = 0.2      -- seconds from a change to the drawing
local TICK = 1         -- seconds between drawings while a change is marked
local FRESH = 60       -- seconds for which a change is marked

local GREEN, YELLOW, RED = 32, 33, 31

---@class azureml.Board
---@field rows table<string, table>       instances by workspace and name
---@field has_workspaces boolean?         show the workspaces
local Board = {}
local metatable = { __name = "azureml.Board", __index = Board }

local board = {}

--- Tell whether a board can be drawn: standard error is a terminal that can move its cursor.
---@return boolean
function board.is_possible()
  return panel.is_possible()
end

--- Make an empty board.
---@param settings? { has_workspaces: boolean?, panel: azureml.Panel? }
---@return azureml.Board
function board.new(settings)
  return setmetatable({
    rows = {}, counts = {}, panel = settings and settings.panel or panel.new(),
    has_workspaces = settings and settings.has_workspaces,
  }, metatable)
end

-- Lines -------------------------------------------------------------------------------------------

local function colour_of(state)
  if power_state.is_failed(state) then return RED end
  if power_state.is_transitional(state) then return YELLOW end
  return power_state.is_running(state) and GREEN or nil
end

local function summary_of(self)
  local parts, total = {}, 0
  for _, state in ipairs(tables.keys(self.counts)) do
    local number = self.counts[state]
    total = total + number
    if number > 0 then parts[#parts + 1] = ("%d %s"):format(number, state) end
  end
  return counts.of(total, "instance") .. (#parts > 0 and ": " .. table.concat(parts, ", ") or "")
end

-- Return the rows: the latest changes first, then by name.
local function sorted(self)
  return tables.values(self.rows, function(a, b)
    if a.changed ~= b.changed then return (a.changed or 0) > (b.changed or 0) end
    return a.key < b.key
  end)
end

local function is_fresh(row, now)
  return row.changed ~= nil and now - row.changed < FRESH
end

local function columns_of(self, now)
  local columns = {
    { title = "", key = function(row) return is_fresh(row, now) and "*" or "" end },
    { title = "Name", key = "name" },
    { title = "State", key = function(row) return row.state or "gone" end },
    { title = "Was", key = function(row) return row.was or "" end },
    { title = "For", key = function(row)
      return row.changed and screen.duration(math.floor(now - row.changed)) or ""
    end },
  }
  if self.has_workspaces then
    table.insert(columns, 2, { title = "Workspace", key = "workspace" })
  end
  return columns
end

--- Return the lines of the board: a summary, a title, and as many instances as fit.
---@param now number          on core.now()'s clock
---@param width integer
---@param height integer
---@return azureml.PanelLine[]
function Board:lines(now, width, height)
  local rows, shown = sorted(self), {}
  local room = math.max(1, height - 4)
  for i = 1, math.min(#rows, room) do shown[i] = rows[i] end
  local lines, index = { { text = summary_of(self) } }, 0
  local text = screen.table(shown, columns_of(self, now), { width = width })
  for line in text:gmatch "[^\n]+" do
    local row = shown[index]
    lines[#lines + 1] = {
      text = line, colour = row and is_fresh(row, now) and (colour_of(row.state) or YELLOW) or nil,
    }
    index = index + 1
  end
  if #rows > room then
    lines[#lines + 1] = { text = ("and %d more, which changed earlier"):format(#rows - room) }
  end
  return lines
end

-- Drawing -----------------------------------------------------------------------------------------

--- Draw the board.
function Board:draw()
  local width, height = core.terminal_width(STANDARD_ERROR)
  self.panel:draw(self:lines(core.now(), width or 80, height or 24))
end

local function has_fresh_rows(self)
  local now = core.now()
  for _, row in pairs(self.rows) do
    if is_fresh(row, now) then return true end
  end
  return false
end

-- Draw after some seconds, then every second while a change is marked.
local function draw_in(self, seconds)
  self.timer = task.at(seconds, function()
    self.timer = nil
    self:draw()
    if has_fresh_rows(self) then draw_in(self, TICK) end
  end)
  self.is_soon = seconds == LEAST
end

-- Draw soon: many changes come at once.
local function draw_soon(self)
  if self.timer and self.is_soon then return end
  if self.timer then task.cancel(self.timer) end
  draw_in(self, LEAST)
end

local function count(self, state, change)
  if state then self.counts[state] = (self.counts[state] or 0) + change end
end

--- Note a change and draw the board soon.
---@param change azureml.Change
function Board:add(change)
  local key = (change.workspace or "") .. "/" .. change.name
  count(self, change.was, -1)
  count(self, change.state, 1)
  self.rows[key] = {
    key = key, name = change.name, workspace = change.workspace, state = change.state,
    was = change.was, changed = not change.is_initial and core.now() or nil,
  }
  draw_soon(self)
end

--- Draw the board a last time and leave it on the screen.
function Board:close()
  if self.timer then task.cancel(self.timer) end
  self.timer = nil
  self:draw()
  self.panel:leave()
end

return board
