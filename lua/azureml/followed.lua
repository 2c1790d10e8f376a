--- A long-running operation as the core follows it: what azureml.Lro and azureml.Operation share.
local errors = require "azureml.error"
local pace = require "azureml.pace"
local reply = require "azureml.reply"
local task = require "azureml.task"

---@class azureml.Followed
---@field handle userdata      the core's operation
---@field label string         what it does, for messages: "start ci-ann"
---@field context string|table      what its errors name: "cannot start ci-ann", or the request
local Followed = {}
local metatable = { __index = Followed }

local followed = {}

--- Follow an operation of the core.
---@param handle userdata
---@param label string
---@param context? string|table      default: "cannot " and the label
---@return azureml.Followed
function followed.new(handle, label, context)
  return setmetatable({ handle = handle, label = label, context = context or "cannot " .. label },
    metatable)
end

--- Return the last status as the service words it; "Accepted" before any.
---@return string
function Followed:status()
  return self.handle:status() or "Accepted"
end

--- Tell whether the service has ended the operation.
---@return boolean
function Followed:done()
  return self.handle:done()
end

--- Tell whether the operation was closed.
---@return boolean
function Followed:is_closed()
  return self.handle:is_closed()
end

--- Wait until the service has ended the operation, or it was closed.
---@param deadline number               on core.now()'s clock
---@param on_poll? fun()                called at the beginning, and after each poll
---@return boolean                      false: the deadline came first
function Followed:wait(deadline, on_poll)
  local handle = self.handle
  local function is_over() return handle:is_closed() or handle:done() end
  if not on_poll then return task.wait_until(handle, is_over, deadline) end
  handle:watch_polls(true)
  while not is_over() do
    on_poll()
    if is_over() then break end
    local seen = handle:polls()
    local function is_news() return is_over() or handle:polls() > seen end
    if not task.wait_until(handle, is_news, deadline) then return false end
  end
  return true
end

--- Return the reply that an operation ended with.
---@return azureml.Reply
---@raise an error object when the operation failed
function Followed:result()
  return reply.of(self.handle, self.context)
end

--- Return the operation for a ticket: its progress. Nil where there is no status to poll.
---@return userdata?
function Followed:progress()
  if self.handle:is_closed() or not self.handle:is_polled() then return nil end
  return self.handle
end

--- Stop following. The operation goes on at the service; tasks that wait for it are woken.
function Followed:close()
  self.handle:close()
  task.look_again(self.handle)
end

--- Raise that the time of a wait is over: `LostSight` where the last poll failed, else `Timeout`.
---@param self azureml.Followed?
---@param label string
---@param seconds number
---@param operation table        goes on at the service; the error carries it
function followed.raise_overdue(self, label, seconds, operation)
  local trouble = self and not self:is_closed() and self.handle:trouble()
  if not trouble then
    errors.raise { code = "Timeout", operation = operation,
      message = ("%s: not done after %s s; it goes on at the service"):format(label,
        pace.text(seconds)) }
  end
  errors.raise { kind = trouble.kind, code = "LostSight", operation = operation,
    status = trouble.status,
    message = ("%s: lost sight of it: %s"):format(label, trouble.message) }
end

return followed
