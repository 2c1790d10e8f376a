--- Keep the list of a workspace for all open pages: one list call for all, every 2 s while an
--- instance changes by itself, else every 10 s, and none while no page is open. What has changed is
--- published.
local core = require "azureml.core"
local errors = require "azureml.error"
local failure = require "azureml.studio.failure"
local json = require "azureml.json"
local power_state = require "azureml.definition.power_state"
local resource = require "azureml.resource"
local row = require "azureml.studio.row"
local task = require "azureml.task"

local WHILE_MOVING, AT_REST = 2, 10      -- seconds between two lists
local MOST_EVENTS = 1000                 -- changes of states that are kept

---@class azureml.StudioBoard
---@field workspace azureml.Workspace
---@field publish fun(kind: string, data: table|string)
---@field lines table<string, { text: string, vm: azureml.Instance, is_moving: boolean }>   by name
---@field order string[]            the names, as the service lists them
---@field trouble table?            why the last list failed
---@field viewers integer           open pages
---@field passes integer            lists that have ended, well or not
---@field listed number?            when the last one ended, on core.now()'s clock
---@field events table[]            the changes of states that were seen, the oldest first
local Board = {}
Board.__index = Board

local board = {}

--- Make an empty board.
---@param workspace azureml.Workspace
---@param publish fun(kind: string, data: table|string)
---@return azureml.StudioBoard
function board.new(workspace, publish)
  return setmetatable({
    workspace = workspace, publish = publish, lines = {}, order = {}, viewers = 0, passes = 0,
    around = { sizes = {} }, events = {},
  }, Board)
end

-- Surroundings ------------------------------------------------------------------------------------

local function sizes_by_name(workspace)
  local named = {}
  for _, size in ipairs(workspace:vm_sizes()) do named[size.name:lower()] = size end
  return named
end

-- Look up what rows need. A user without the right to see it still gets the list, without prices.
local function look_around(self)
  if self.has_looked then return end
  local workspace = self.workspace
  local sizes, refused = errors.try(sizes_by_name, workspace)
  local me, unknown = errors.try(workspace.object_id, workspace)
  self.around = { sizes = sizes or {}, me = me and me:lower() }
  self.has_looked = not (refused and resource.is_temporary(refused)
    or unknown and resource.is_temporary(unknown))
end

-- The list ----------------------------------------------------------------------------------------

local function line_of(self, vm)
  return {
    text = json.encode(row.of(vm, self.around)), vm = vm,
    is_moving = power_state.is_transitional(vm.state),
  }
end

-- Keep a change of a state. The first list shows no changes.
local function note(self, name, was, state)
  if self.passes == 0 or was == state then return end
  self.events[#self.events + 1] = { time = core.time(), name = name, was = was, state = state }
  if #self.events > MOST_EVENTS then table.remove(self.events, 1) end
end

-- Replace the lines by those of a list. Return the texts of the changed ones and the names of those
-- that are gone.
local function replace(self, vms)
  local lines, order, changed, gone = {}, {}, {}, json.array {}
  for index, vm in ipairs(vms) do
    local line = line_of(self, vm)
    local before = self.lines[vm.name]
    if not before or before.text ~= line.text then changed[#changed + 1] = line.text end
    note(self, vm.name, before and before.vm.state, vm.state)
    lines[vm.name], order[index] = line, vm.name
  end
  for _, name in ipairs(self.order) do
    if not lines[name] then
      note(self, name, self.lines[name].vm.state, nil)
      gone[#gone + 1] = name
    end
  end
  self.lines, self.order = lines, order
  return changed, gone
end

-- Publish a failure of the list that differs from the one before, or its end. Each answer has a
-- request id of its own: that is no news.
local function set_trouble(self, trouble)
  local before = self.trouble
  self.trouble = trouble
  local is_same = before and trouble and before.code == trouble.code
    and before.message == trouble.message
  if before == trouble or is_same then return end
  self.publish("trouble", { trouble = trouble or json.null })
end

-- List the instances once and publish what has changed. A failure is published, and the rows stay.
local function look(self)
  self.is_wanted = false
  local vms, err = errors.try(function()
    look_around(self)
    return self.workspace.instances:list():all()
  end)
  if vms then
    local changed, gone = replace(self, vms)
    if #changed > 0 or #gone > 0 then
      self.publish("rows", ('{"changed":[%s],"gone":%s}'):format(table.concat(changed, ","),
        json.encode(gone)))
    end
  end
  set_trouble(self, err and failure.of(err))
  self.passes = self.passes + 1
  self.listed = core.now()
  task.look_again(self)
end

local function is_moving(self)
  for _, line in pairs(self.lines) do
    if line.is_moving then return true end
  end
  return self.is_busy ~= nil and self.is_busy()
end

-- Wait for the time of the next list.
local function wait(self)
  local function is_over() return self.is_closed or self.is_wanted end
  if self.viewers > 0 then
    local pause = is_moving(self) and WHILE_MOVING or AT_REST
    task.wait_until(self, function() return is_over() or self.viewers == 0 end, core.now() + pause)
  end
  if self.viewers == 0 then
    task.wait_until(self, function() return is_over() or self.viewers > 0 end)
  end
end

--- List until the board is closed. Run it as a task.
function Board:run()
  wait(self)
  while not self.is_closed do
    look(self)
    wait(self)
  end
end

--- List now, or again after the list that is being read.
function Board:hurry()
  self.is_wanted = true
  task.look_again(self)
end

--- Count the pages that are open. The first one starts the list.
---@param count integer
function Board:set_viewers(count)
  self.viewers = count
  task.look_again(self)
end

--- Wait until the list is no older than an open page would have it, or could not be read.
function Board:wait_for_fresh()
  if self.listed and core.now() - self.listed <= 2 * AT_REST then return end
  local before = self.passes
  self:hurry()
  task.wait_until(self, function() return self.passes > before or self.is_closed end)
end

--- Return the rows as JSON, in the order of the service.
---@return string
function Board:rows()
  local texts = {}
  for index, name in ipairs(self.order) do texts[index] = self.lines[name].text end
  return "[" .. table.concat(texts, ",") .. "]"
end

--- Return an instance as it was last listed; nil if the list does not have it.
---@param name string
---@return azureml.Instance?
function Board:instance(name)
  return self.lines[name] and self.lines[name].vm
end

--- List the changes of an instance's state that were seen, the newest first.
---@param name string
---@return { time: number, was: string?, state: string? }[]
function Board:history(name)
  local list = json.array {}
  for index = #self.events, 1, -1 do
    local event = self.events[index]
    if event.name == name then
      list[#list + 1] = { time = event.time, was = event.was, state = event.state }
    end
  end
  return list
end

--- Describe an instance as a row.
---@param vm azureml.Instance
---@return table
function Board:row(vm)
  look_around(self)
  return row.of(vm, self.around)
end

--- End the list.
function Board:close()
  self.is_closed = true
  task.look_again(self)
end

return board
