--- Tell when an instance was last used: by its terminals, its kernels and its jobs. What is done by
--- SSH, or in an application other than Jupyter, is not seen.
local core = require "azureml.core"
local count = require "azureml.tool.count"
local json = require "azureml.json"
local moment = require "azureml.tool.moment"
local screen = require "azureml.console.screen"
local sessions = require "azureml.jupyter.sessions"
local task = require "azureml.task"
local UNTRACKED = require("azureml.jupyter.server").UNTRACKED

local activity = {}

--- When an instance was last used.
---@class azureml.Activity
---@field last string?           ISO 8601: the last use of a terminal or a kernel, or the start of
---  the Jupyter server if that is later
---@field idle number?           seconds since then, by the machine's clock; nil: unknown
---@field is_busy boolean        a kernel computes, or a job runs
---@field busy azureml.jupyter.Open[]        the kernels that compute
---@field kernels azureml.jupyter.Open[]  those that run
---@field terminals azureml.jupyter.Open[]  those that are open
---@field has_job boolean        the instance's state says that a job runs
local Activity = {}
local metatable = { __name = "azureml.Activity", __index = Activity }

function metatable:__tostring()
  if self.has_job then return "busy with a job" end
  if self.is_busy then return "busy with " .. count.of(#self.busy, "kernel") end
  return self.idle and "idle for " .. screen.duration(self.idle) or "idle"
end

--- List the kernels that compute now.
---@param kernels azureml.jupyter.Open[]
---@return azureml.jupyter.Open[]
function activity.busy(kernels)
  local busy = {}
  for _, kernel in ipairs(kernels) do
    if kernel:is_busy() then busy[#busy + 1] = kernel end
  end
  return busy
end

--- List what computes now by the names that people know: notebooks by their file's name, a kernel
--- without one by its language's.
---@param server azureml.jupyter.Server
---@param settings? { timeout: number? }      seconds of each request
---@return string[]
---@raise an error object
function activity.names_of_busy(server, settings)
  local open, kernels
  task.parallel(
    function() open = sessions.list(server, settings) end,
    function() kernels = sessions.kernels(server, settings) end)
  local titles, names = {}, {}
  for _, session in ipairs(open) do titles[session.kernel.id] = session.name end
  for _, kernel in ipairs(activity.busy(kernels)) do
    names[#names + 1] = titles[kernel.id] or kernel.name
  end
  return names
end

-- Return when the Jupyter server started, and the time by its clock.
local function started(server, settings)
  local reply = server:request("GET", "/api/status", nil, {
    label = "look at the activity of " .. server.vm.name, timeout = settings.timeout,
    query = UNTRACKED,
  })
  return json.get(reply.json, "started"), moment.read_header(reply.headers.date) or core.time()
end

-- Keep the later of two moments, as the machine wrote them.
local function later_of(last, text)
  local seconds = moment.read(text)
  if not seconds or last.seconds and last.seconds >= seconds then return end
  last.seconds, last.text = seconds, text
end

--- How an instance is asked.
---@class azureml.ActivityOptions
---@field timeout? number  seconds of each request

--- Look when an instance was last used.
---@param server azureml.jupyter.Server
---@param settings? azureml.ActivityOptions
---@return azureml.Activity
---@raise an error object
function activity.of(server, settings)
  settings = settings or {}
  local terminals, kernels, start, now
  task.parallel(
    function() terminals = sessions.terminals(server, settings) end,
    function() kernels = sessions.kernels(server, settings) end,
    function() start, now = started(server, settings) end)
  local last = {}
  later_of(last, start)
  for _, list in ipairs { terminals, kernels } do
    for _, open in ipairs(list) do later_of(last, open.last_activity) end
  end
  local busy, has_job = activity.busy(kernels), server.vm.state == "JobRunning"
  return setmetatable({
    last = last.text, idle = last.seconds and math.max(0, now - last.seconds),
    busy = busy, is_busy = #busy > 0 or has_job, has_job = has_job,
    terminals = terminals, kernels = kernels,
  }, metatable)
end

return activity
