--- Keep the operations that the pages began: each runs in a task of its own, and its progress is
--- published. A failure stays until the user dismisses it.
local core = require "azureml.core"
local errors = require "azureml.error"
local failure = require "azureml.studio.failure"
local json = require "azureml.json"
local later = require "azureml.tool.later"
local warning = later "azureml.tool.warning"

local MOST_KEPT = 200      -- operations that have ended

---@class azureml.StudioOperation
---@field id integer
---@field verb string             "start", "create", "update"
---@field name string             of the instance
---@field began number            seconds since 1970
---@field ended number?
---@field state string            "sending", "accepted", "done" or "failed"
---@field error azureml.StudioFailure?
---@field note string?            what the user should know of a success

---@class azureml.StudioOperations
local Operations = {}
Operations.__index = Operations

local operations = {}

--- Make an empty collection.
---@param start fun(f: function)         runs a task
---@param publish fun(kind: string, data: table)
---@return azureml.StudioOperations
function operations.new(start, publish)
  return setmetatable({ start = start, publish = publish, items = {}, last_id = 0 }, Operations)
end

local function tell(self, item)
  self.publish("operation", item)
end

-- Drop the oldest operations that have ended, when there are many.
local function shrink(self)
  local ended = {}
  for _, item in ipairs(self.items) do
    if item.ended then ended[#ended + 1] = item end
  end
  for index = 1, #ended - MOST_KEPT do self:dismiss(ended[index].id) end
end

local function finish(self, item, err)
  item.ended = core.time()
  item.state, item.error = err and "failed" or "done", err and failure.of(err) or nil
  tell(self, item)
  shrink(self)
end

-- Run the work of an operation. A fault of this program is told on standard error as well, and ends
-- only this operation.
local function run(self, item, work)
  local ok, err = pcall(work, item, function() tell(self, item) end)
  if ok then return finish(self, item) end
  if errors.is_passing(err) then error(err, 0) end
  if not errors.is(err) then
    warning.give(("studio: %s %s: %s"):format(item.verb, item.name, err))
  end
  finish(self, item, err)
end

--- Find the operation of a verb on an instance that has not ended.
---@param verb string
---@param name string
---@return azureml.StudioOperation?
function Operations:active(verb, name)
  for _, item in ipairs(self.items) do
    if not item.ended and item.verb == verb and item.name == name then return item end
  end
end

--- Tell whether an operation has not ended.
---@return boolean
function Operations:is_busy()
  for _, item in ipairs(self.items) do
    if not item.ended then return true end
  end
  return false
end

--- Begin an operation. The same verb on the same instance goes on as it is.
---@param verb string
---@param name string
---@param work fun(item: azureml.StudioOperation, publish: function)     raises when it fails
---@return azureml.StudioOperation
function Operations:begin(verb, name, work)
  local same = self:active(verb, name)
  if same then return same end
  self.last_id = self.last_id + 1
  local item = {
    id = self.last_id, verb = verb, name = name, began = core.time(), state = "sending",
  }
  self.items[#self.items + 1] = item
  tell(self, item)
  self.start(function() run(self, item, work) end)
  return item
end

--- Return the work of an operation of the service: begin it and wait for its end. The board shows
--- the states of the instance meanwhile.
---@param board azureml.StudioBoard
---@param begin fun(): azureml.Operation      returns when the service has accepted it
---@return fun(item: azureml.StudioOperation, publish: function)
function operations.work(board, begin)
  return function(item, publish)
    local op = begin()
    item.state = "accepted"
    publish()
    board:hurry()
    local ok, err = pcall(op.wait, op)
    board:hurry()
    if not ok then error(err, 0) end
  end
end

--- Forget an operation that has ended.
---@param id integer
---@return boolean      false: there is no such operation, or it has not ended
function Operations:dismiss(id)
  for index, item in ipairs(self.items) do
    if item.id == id and item.ended then
      table.remove(self.items, index)
      self.publish("dismissed", { id = id })
      return true
    end
  end
  return false
end

--- List the operations, oldest first.
---@return azureml.StudioOperation[]
function Operations:list()
  return json.array(table.move(self.items, 1, #self.items, 1, {}))
end

return operations
