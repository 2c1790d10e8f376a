--- A queue of the events of many operations: a task can follow thousands of them.
local loop = require "azureml.task.loop"
local tasks = require "azureml.task.tasks"

---@class azureml.Inbox
local Inbox = {}
Inbox.__index = Inbox

local inbox = {}

--- Make an empty inbox.
---@return azureml.Inbox
function inbox.new()
  return setmetatable({ first = 1, last = 0 }, Inbox)
end

--- Collect the events of an operation in this inbox as well, until the operation is closed.
---@param op userdata
function Inbox:follow(op)
  loop.collect(op, self)
end

--- Add an operation that has an event, and wake the tasks that wait for this inbox.
---@param op userdata
function Inbox:put(op)
  self.last = self.last + 1
  self[self.last] = op
  tasks.look_again(self)
end

local function has_news(self)
  return self.first <= self.last
end

--- Wait for the next operation with an event and return it. It may be closed by now.
---@param deadline number?      on core.now()'s clock
---@param is_over function?     ends the wait, after tasks.look_again(inbox)
---@return userdata? op         nil: the deadline passed first, or is_over() is true
function Inbox:next(deadline, is_over)
  if not has_news(self) then
    local function may_go_on() return has_news(self) or is_over ~= nil and is_over() end
    tasks.wait_until(self, may_go_on, deadline)
    if not has_news(self) then return nil end
  end
  local op = self[self.first]
  self[self.first] = nil
  self.first = self.first + 1
  return op
end

return inbox
