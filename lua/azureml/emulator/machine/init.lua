--- Compute the state of the machine behind a compute as a function of the requested verbs and the
--- clock. A transition has a due time and takes effect when it is due; so do schedules, idle
--- shutdowns and ends of jobs. The compute is a plain record that emulator/world.lua owns; the
--- other files of this folder deal with single features of it.
---
--- Source: spec/contract/compute-rest.md, sections 7.6, 7.7 and 9.
local billing = require "azureml.emulator.machine.billing"
local capacity = require "azureml.emulator.machine.capacity"
local clock = require "azureml.emulator.clock"
local inferred = require "azureml.emulator.inferred"
local iso8601 = require "azureml.emulator.iso8601"
local queue = require "azureml.emulator.machine.queue"
local schedules = require "azureml.emulator.machine.schedules"
local setup = require "azureml.emulator.machine.setup"
local sizes = require "azureml.emulator.sizes"

local machine = {}

-- A real computer behind an instance (machine/host/) decides when these verbs end. Until it has
-- released the instance, the verb's last state does not come.
local HELD = { create = true, start = true, restart = true, stop = true, delete = true }

-- The end of a verb that is held: later than all times, and exact in JSON.
local FAR = 2 ^ 53

-- verb -> the states on its way, each with the name of its duration; the scripts that run; the
-- state at the end (by default the state before the verb); the state after a failure (same default)
local paths = {
  create = {
    { "Creating", "creating" }, { "SettingUp", "setting_up" },
    scripts = { "creation", "startup" }, ends = "Running", fails = "CreateFailed",
  },
  start = { { "Starting", "starting" }, scripts = { "startup" }, ends = "Running" },
  stop = { { "Stopping", "stopping" }, ends = "Stopped" },
  restart = { { "Restarting", "restarting" }, ends = "Running" },
  resize = { { "Resizing", "resizing" } },
  delete = { { "Deleting", "deleting" }, ends = "Gone" },
}

-- The same for clusters.
local cluster_paths = {
  create = { { "Creating", "creating_cluster" }, ends = "Steady", fails = "CreateFailed" },
  update = { { "Updating", "updating_cluster" }, ends = "Steady" },
  delete = { { "Deleting", "deleting" }, ends = "Gone" },
}

-- The states from which a verb may begin. From other settled states it is refused, or fails later.
local ALLOWED = {
  stop = { Running = true, JobRunning = true },
  restart = { Running = true, JobRunning = true, Unusable = true },
  resize = inferred.resize_from,
}

local TITLES = {
  create = "Create", start = "Start", stop = "Stop", restart = "Restart", resize = "Resize",
  delete = "Delete", update = "Update",
}

-- Failures of these codes happen during a certain state and end in another.
-- Source: spec/contract/compute-rest.md, section 6.
local FAILURES = {
  SetupScriptsError = { during = "UserSettingUp", ends = "UserSetupFailed" },
  StorageMountError = { during = "SettingUp", ends = "SetupFailed" },
  UnusableNode = { ends = "Unusable" },
}

-- Future events -----------------------------------------------------------------------------------

local function last_state(compute)
  return compute.timeline[#compute.timeline].state
end

local function cores_of(compute)
  local size = sizes.of(compute):find(compute.vm_size)
  return size and size.vCPUs or 1
end

local function idle_stop_time(compute)
  local has_services = compute.services ~= nil and #compute.services > 0
  local is_idle = compute.idle and queue.is_empty(compute) and not has_services
  return is_idle and compute.quiet_since + iso8601.seconds(compute.idle) or nil
end

-- state -> the events that may happen without a request, each with a function of the compute and
-- the present time that returns its time. The earliest event comes first; of events at the same
-- time, the first in this list.
local waits = {
  Running = {
    { "job", function(compute) return queue.next(compute) end },
    {
      "scheduled_stop",
      function(compute, after) return schedules.next(compute.schedules, "Stop", after) end,
    },
    { "idle_stop", idle_stop_time },
  },
  Stopped = {
    {
      "scheduled_start",
      function(compute, after) return schedules.next(compute.schedules, "Start", after) end,
    },
  },
}

local function plan(compute, after)
  compute.due, compute.event = nil, nil
  if compute.held then return end
  if not compute.settled then
    compute.due, compute.event = machine.settled_at(compute), "settle"
    return
  end
  for _, wait in ipairs(waits[last_state(compute)] or {}) do
    local time = wait[2](compute, after)
    if time and (not compute.due or time < compute.due) then
      compute.due, compute.event = time, wait[1]
    end
  end
end

local happenings = {}

function happenings.settle(compute, time)
  compute.settled, compute.quiet_since, compute.modified = true, time, time
  compute.failure = compute.failing or (compute.last.failed and compute.failure or nil)
  compute.failing = nil
  if compute.target then
    billing.count(compute, time)
    compute.vm_size, compute.target = compute.target, nil
  end
  if last_state(compute) == "Running" then queue.begin(compute, time, cores_of(compute)) end
end

function happenings.job(compute, time)
  queue.turn(compute, time, cores_of(compute))
  compute.quiet_since = time
end

-- Make the event of a stop without a request. With a full disk it fails, as a user's stop does, and
-- is retried when it is due again.
local function stop_by_itself(trigger)
  return function(compute, time)
    compute.quiet_since = time
    if not compute.disk_full then
      return machine.begin(compute, "stop", time, nil, { trigger = trigger })
    end
    compute.last = { name = "Stop", at = time, due = time, failed = true, trigger = trigger }
  end
end

happenings.scheduled_stop = stop_by_itself "Schedule"
happenings.idle_stop = stop_by_itself "IdleShutdown"

function happenings.scheduled_start(compute, time)
  local workspace, failure = compute.workspace, nil
  if workspace then
    local size = sizes.of(compute):find(compute.vm_size)
    failure = capacity.lack(compute.behaviour, "start", size, workspace.location)
      or compute:lack_of_quota()
  end
  machine.begin(compute, "start", time, failure, { trigger = "Schedule" })
end

--- Run the events that are due by a time, in order, each at its own time.
---@param compute table
---@param now number      seconds since 1970
function machine.catch_up(compute, now)
  while compute.due and compute.due <= now do
    local time, event = compute.due, compute.event
    compute.due, compute.event = nil, nil
    happenings[event](compute, time)
    plan(compute, time)
  end
end

--- Plan the next event again, after a setting changed: a schedule, the idle time, a job, a service.
---@param compute table
---@param now number
function machine.plan(compute, now)
  if compute.settled and last_state(compute) == "Running" then
    queue.begin(compute, now, cores_of(compute))
  end
  plan(compute, now)
end

--- Return when the next event happens without a request.
---@param compute table
---@return number?      seconds since 1970; nil if there is no such event
function machine.next_change(compute)
  return compute.due
end

-- State -------------------------------------------------------------------------------------------

--- Put a machine into a state, as if it had been in it for long.
---@param compute table
---@param state string
---@param now number
function machine.settle(compute, state, now)
  compute.timeline = { { at = now, state = state } }
  compute.settled, compute.quiet_since = true, now
  plan(compute, now)
end

--- Return the state of the machine.
---@param compute table
---@param now number
---@return string
function machine.state(compute, now)
  machine.catch_up(compute, now)
  local state
  for index, step in ipairs(compute.timeline) do
    local is_held = compute.held and index == #compute.timeline
    if step.at <= now and not is_held then state = step.state end
  end
  return state == "Running" and queue.is_running(compute) and "JobRunning" or state
end

--- Return when the current verb ends, or when the last verb ended.
---@param compute table
---@return number      seconds since 1970; far in the future while a real computer is at work
function machine.settled_at(compute)
  return compute.held and FAR or compute.timeline[#compute.timeline].at
end

--- Return whether a verb is under way.
---@param compute table
---@param now number
---@return boolean
function machine.is_busy(compute, now)
  machine.catch_up(compute, now)
  return machine.settled_at(compute) > now
end

--- Return whether the machine has been deleted.
---@param compute table
---@param now number
---@return boolean
function machine.is_gone(compute, now)
  return machine.state(compute, now) == "Gone"
end

--- Return whether a verb may begin in the present state. A start is always accepted; unless the
--- machine is stopped, the operation fails: see `fault_of`.
---@param compute table
---@param verb string
---@param now number
---@return boolean
function machine.allows(compute, verb, now)
  local allowed = ALLOWED[verb]
  return not allowed or allowed[machine.state(compute, now)] == true
end

--- Return whether the machine's cores count against the quota. The cores of a stopped machine do,
--- unless it releases its quota.
---@param compute table
---@return boolean
function machine.holds_cores(compute)
  local is_stopped = compute.settled and last_state(compute) == "Stopped"
  return not (compute.release_quota and is_stopped)
end

-- Verbs -------------------------------------------------------------------------------------------

-- Return the failure of an operation that the service accepts although it cannot succeed.
-- Source: spec/contract/compute-rest.md, section 3.6.
local function fault_of(compute, verb, now)
  if verb ~= "start" or machine.state(compute, now) == "Stopped" then return nil end
  return {
    code = "StartComputeInstanceOnlyAllowedInStoppedState",
    message = ("Start compute instance is only allowed when the instance %s is in 'stopped' state.")
      :format(compute.name),
  }
end

-- Return the states on a verb's way, each with its seconds, and the failure of its scripts.
local function phases_of(compute, verb, path)
  local phases = {}
  for i, step in ipairs(path) do
    phases[i] = { state = step[1], seconds = inferred.durations[step[2]] }
  end
  local seconds, fault = setup.outcome(compute.scripts, path.scripts)
  if compute.host then seconds, fault = seconds and 0, nil end      -- they truly run
  if seconds then
    if verb == "start" then
      phases[#phases + 1] = { state = "SettingUp", seconds = inferred.durations.setting_up }
    end
    phases[#phases + 1] = { state = "UserSettingUp", seconds = seconds }
  end
  return phases, fault
end

-- Drop the phases after the one in which the failure happens.
local function cut(phases, during)
  local last = #phases
  for i, phase in ipairs(phases) do
    if phase.state == during then last = i end
  end
  return table.move(phases, 1, last, 1, {})
end

-- Set the timeline. Return when it ends.
local function follow(compute, phases, now, ending)
  local time, timeline = now, {}
  for _, phase in ipairs(phases) do
    timeline[#timeline + 1] = { at = time, state = phase.state }
    time = time + phase.seconds
  end
  timeline[#timeline + 1] = { at = time, state = ending }
  if compute.timeline then billing.count(compute, now) end
  compute.timeline, compute.settled = timeline, false
  return time
end

-- Let the last phase hang until the operation times out. Return the operation's failure.
-- Source: spec/contract/compute-rest.md, section 6, "(timeout)".
local function time_out(compute, verb, phases)
  phases[#phases].seconds = inferred.durations.hung
  return {
    code = inferred.timed_out,
    message = ("The specified Azure ML Compute Instance %s was timed out for operation %s.")
      :format(compute.name, TITLES[verb]),
  }
end

local function leave_jobs(compute, verb, now)
  if verb ~= "create" and verb ~= "start" then queue.lose(compute, now, verb == "delete") end
end

-- Take a verb's way. Return when it ends, and its failure.
local function proceed(compute, verb, now, failure, vm_size)
  local path = (compute.kind == "AmlCompute" and cluster_paths or paths)[verb]
  local before = compute.timeline and machine.state(compute, now)
  if before == "JobRunning" then before = "Running" end
  local phases, broken = phases_of(compute, verb, path)
  local fault = failure or broken
  local known = fault and FAILURES[fault.code] or {}
  phases = cut(phases, known.during)
  if fault and fault.status == "Hung" then fault = time_out(compute, verb, phases) end
  leave_jobs(compute, verb, now)
  local ending = fault and (known.ends or path.fails or before) or path.ends or before
  local due = follow(compute, phases, now, ending)
  compute.failing = fault and { code = fault.code, message = fault.message } or nil
  compute.target = not fault and vm_size or nil
  compute.held = compute.host and not compute.kind and not fault and HELD[verb] and verb or nil
  return compute.held and FAR or due, fault
end

--- Begin a verb.
---@param compute table
---@param verb string
---@param now number           seconds since 1970
---@param failure { code: string, message: string, status: string? }?
---  the failure that the operation is to end with; status "Hung": it is to hang until it times out
---@param more { trigger: string?, vm_size: string? }?
---  trigger: what started the operation, by default "User"; vm_size: the new size
---@return { due: number, failure: table? } operation      due: when it ends
function machine.begin(compute, verb, now, failure, more)
  more = more or {}
  -- A machine that refuses the verb keeps its state.
  local fault, due = not failure and fault_of(compute, verb, now) or nil, now
  if not fault then due, fault = proceed(compute, verb, now, failure, more.vm_size) end
  compute.last = {
    name = TITLES[verb], at = now, due = due, failed = fault ~= nil,
    trigger = more.trigger or "User",
  }
  compute.modified = now
  plan(compute, now)
  return { due = due, failure = fault }
end

-- The state after a real computer has failed a verb; after other verbs the state before.
local AFTER_FAILURE = { create = "CreateFailed", start = "Stopped", restart = "Unusable" }

--- End the verb that a real computer was at work on. The verb's own duration is a minimum.
---@param compute table
---@param now number
---@param fault { code: string, message: string }?
---@return number due      when the verb ends
function machine.release(compute, now, fault)
  local last = compute.timeline[#compute.timeline]
  last.at = math.max(now, last.at)
  if fault then
    local known = FAILURES[fault.code] or {}
    last.state = known.ends or AFTER_FAILURE[compute.held] or last.state
    compute.failing = { code = fault.code, message = fault.message }
  end
  compute.held = nil
  compute.last.due, compute.last.failed = last.at, fault ~= nil
  plan(compute, now)
  return last.at
end

--- Return when the state of a held machine changes next without a request.
---@param compute table
---@param now number
---@return number?
function machine.next_step(compute, now)
  for index = 1, #compute.timeline - 1 do
    if compute.timeline[index].at > now then return compute.timeline[index].at end
  end
end

--- Return the failure of a compute whose node is unusable.
---@param name string      of the compute
---@return { code: string, message: string }
function machine.unusable(name)
  return {
    code = "UnusableNode",
    message = ("Compute instance %s encountered an unusable node. Please try to restart the "
      .. "compute instance."):format(name),
  }
end

--- Make the node of a machine unusable. Its running jobs fail.
---@param compute table
---@param now number
function machine.break_down(compute, now)
  machine.catch_up(compute, now)
  billing.count(compute, now)
  queue.lose(compute, now)
  machine.settle(compute, "Unusable", now)
  compute.failure = machine.unusable(compute.name)
end

--- Record that a user works on the machine. The idle time starts again.
---@param compute table
---@param now number
function machine.touch(compute, now)
  machine.catch_up(compute, now)
  compute.quiet_since = now
  plan(compute, now)
end

-- Showing -----------------------------------------------------------------------------------------

local function last_status(last, now)
  if last.due > now then return "InProgress" end
  return last.failed and last.name .. "Failed" or "Succeeded"
end

--- Return lastOperation, as the service shows it.
--- Source: spec/contract/compute-rest.md, section 7.7.
---@param compute table
---@param now number
---@return table
function machine.last_operation(compute, now)
  local last = compute.last
  return {
    operationName = last.name, operationTime = clock.iso(last.at, 3),
    operationStatus = last_status(last, now), operationTrigger = last.trigger,
  }
end

local PROVISIONING = {
  Creating = "Creating", Deleting = "Deleting", Updating = "Updating",
  CreateFailed = "Failed", SetupFailed = "Failed", UserSetupFailed = "Failed",
}

--- Return provisioningState: the state of the resource for ARM, not of the machine.
---@param compute table
---@param now number
---@return string
function machine.provisioning_state(compute, now)
  local state, last = machine.state(compute, now), compute.last
  if last and last.name == "Create" and machine.is_busy(compute, now) then return "Creating" end
  return PROVISIONING[state] or "Succeeded"
end

return machine
