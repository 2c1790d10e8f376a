--- Limits on the time that a function, and the tasks that it starts, may wait. Each wait asks for
--- the nearest limit.
local later = require "azureml.tool.later"
local core = require "azureml.core"
local errors = later "azureml.error"
local runner = require "azureml.task.runner"

local limits = {}

---@class azureml.Limit
---@field deadline number
---@field coroutine thread       the coroutine that set it; the limit applies while this coroutine
---  runs, or has resumed the one that runs, not while it is suspended
---@field over boolean?          true: its timeout was raised; <close> handlers may still wait

local outside = {}      -- holds the limits of code that runs outside of tasks

--- Return the limit with the earliest deadline that applies to the running code.
---@param member azureml.Task?      the running task
---@return azureml.Limit?
function limits.nearest(member)
  local context = member or outside
  local found = context.limit
  if found and found.over then found = nil end
  if not context.limits then return found end
  for _, limit in ipairs(context.limits) do
    local status = limit.coroutine and coroutine.status(limit.coroutine)
    local holds = (status == "running" or status == "normal") and not limit.over
    if holds and (not found or limit.deadline < found.deadline) then found = limit end
  end
  return found
end

local function remove(list, item)
  for i = #list, 1, -1 do
    if list[i] == item then table.remove(list, i) end
  end
end

--- Call f with a limit on the time that it, and the tasks that it starts, may wait.
---@param seconds number
---@param describe fun(err: azureml.Error)      completes the error object of the timeout
---@param f function
---@return any ...       the results of f
---@raise the error of f; or an error object `Timeout`. Within the limit its field `limit` is set,
---  and nothing collects it
function limits.run(seconds, describe, f, ...)
  local context = runner.current() or outside
  local limit = setmetatable({ deadline = core.now() + seconds, coroutine = coroutine.running() },
    { __mode = "v" })
  context.limits = context.limits or {}
  table.insert(context.limits, limit)
  local _ <close> = setmetatable({}, { __close = function() remove(context.limits, limit) end })
  local function sort_out(ok, ...)
    if ok then return ... end
    local err = ...
    if errors.is(err) and err.limit == limit then
      err.limit = nil      -- outside the limit it is an ordinary error
      describe(err)
    end
    error(err, 0)
  end
  return sort_out(pcall(f, ...))
end

--- Raise the timeout of a limit: a wait has reached its deadline.
---@param limit azureml.Limit
function limits.raise_over(limit)
  limit.over = true
  errors.raise { code = "Timeout", message = "the time limit is over", limit = limit }
end

return limits
