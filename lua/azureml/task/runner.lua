--- Resume tasks: a queue of tasks that can run, and the operations that the others wait for. A
--- task is a coroutine that azureml.task.tasks or azureml.task.loop starts. A task waits by parking
--- here; azureml.task.tasks does the yield.
local later = require "azureml.tool.later"
local errors = later "azureml.error"

local isyieldable, resume, running = coroutine.isyieldable, coroutine.resume, coroutine.running

local PARKED = {}
local runner = {
  PARKED = PARKED,      -- what a task yields when it waits
}

---@class azureml.Task
---@field coroutine thread
---@field group azureml.Group
---@field within integer?      the id of the question that the task, or its ancestor, answers
---@field limit azureml.Limit?     the limit that applied where the task was started
---@field limits azureml.Limit[]?  the limits that the task has set
---@field queued boolean?
---@field ended boolean?

---@class azureml.Group
---@field left integer         tasks that have not ended
---@field failure any          the first error
---@field parent azureml.Task?   the task that waits for the group, or nil
---@field answers integer?     the id of the question that its only task answers

---@type azureml.Task?
local current            -- the running task, or nil
-- operation -> the task that is parked until its next event, or a list of such tasks; a closed
-- operation has no more events
local parked = setmetatable({}, { __mode = "k" })

local runnable = { first = 1, last = 0 }      -- a queue: tasks of groups
-- Those that answer questions, and the tasks that they start.
local answering = { first = 1, last = 0 }

--- Queue a task, so that it is resumed. A task that is queued or has ended is left alone.
---@param member azureml.Task
function runner.make_runnable(member)
  if member.queued or member.ended then return end
  local queue = member.within and answering or runnable
  member.queued = true
  queue.last = queue.last + 1
  queue[queue.last] = member
end

local function next_in(queue)
  local first = queue.first
  local member = queue[first]
  if not member then return nil end
  queue[first] = nil
  queue.first = first + 1
  member.queued = false
  return member
end

--- Take the next task that answers a question, or that such a task started, from its queue.
---@return azureml.Task?
function runner.next_answering()
  return answering.first <= answering.last and next_in(answering) or nil
end

--- Return the running task; nil outside of tasks.
---@return azureml.Task?
function runner.current()
  return current
end

--- Tell whether the running code is a task that may yield, not a coroutine or a callback within it.
---@return boolean
function runner.is_task()
  return current ~= nil and running() == current.coroutine and isyieldable()
end

--- Let a task wait for the next event of an operation. The caller yields PARKED.
---@param op userdata|table
---@param member azureml.Task
function runner.park_on(op, member)
  local waiting = parked[op]
  if not waiting then
    parked[op] = member
  elseif waiting.coroutine then      -- it is a task, not a list
    parked[op] = { waiting, member }
  else
    waiting[#waiting + 1] = member
  end
end

--- Tell whether a task waits for the next event of an operation.
---@param op userdata|table
---@return boolean
function runner.is_awaited(op)
  return parked[op] ~= nil
end

--- Queue the tasks that wait for an event of an operation.
---@param op userdata|table
function runner.wake(op)
  local waiting = parked[op]
  if not waiting then return end
  parked[op] = nil
  if waiting.coroutine then return runner.make_runnable(waiting) end
  for _, member in ipairs(waiting) do runner.make_runnable(member) end
end

--- Add an error of a <close> handler to the details of the error that closed its task.
---@param failure any      an error object; other values have no details
---@param detail any
function runner.add_detail(failure, detail)
  if not errors.is(failure) then return end
  failure.details = failure.details or {}
  table.insert(failure.details, errors.is(detail) and detail or { message = tostring(detail) })
end

local function end_task(member, failure)
  local group = member.group
  member.ended = true
  group.left = group.left - 1
  if group.failure == nil then group.failure = failure
  elseif failure ~= nil then runner.add_detail(group.failure, failure) end
  if group.parent then runner.make_runnable(group.parent) end
end

-- End a task that failed. Close its coroutine: until then its <close> variables stay open.
local function fail_task(member, failure)
  if failure == nil then failure = "an error without a value" end
  member.ended = true
  local _, raised = coroutine.close(member.coroutine)
  if raised ~= nil and raised ~= failure then runner.add_detail(failure, raised) end
  end_task(member, failure)
end

local function stray_yield(member)
  local info = debug.getinfo(member.coroutine, 1, "Sl")
  local where = info and ("%s:%d: "):format(info.short_src, info.currentline) or ""
  return where .. "a task yields only by waiting: nothing would resume it here"
end

--- Resume a task until it waits or ends. Its error becomes the failure of its group.
---@param member azureml.Task
function runner.run(member)
  local before = current
  current = member
  local ok, result = resume(member.coroutine)
  current = before
  if result == PARKED then return end
  if coroutine.status(member.coroutine) ~= "dead" then
    fail_task(member, stray_yield(member))
  elseif ok then
    end_task(member)
  else
    fail_task(member, result)
  end
end

--- Resume the next task of a group in the queue. Return false if the queue is empty.
---@return boolean
function runner.run_next()
  local member = next_in(runnable)
  if member then runner.run(member) end
  return member ~= nil
end

return runner
