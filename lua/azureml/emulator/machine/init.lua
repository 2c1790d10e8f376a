--- The machine behind a compute: which state it is in is a function of what was asked of it and of
--- the clock. A transition has a due time, and is seen when it is due; so is what happens by
--- itself: a schedule, the idle shutdown, the end of a job. Source: spec/contract/compute-rest.md,
--- sections 7.6, 7.7 and 9.
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

-- verb -> the states it goes through, with the duration of each; the scripts that are run then; the state it ends in; the one it ends in
-- where it fails. Without the latter it stays what it was.
local paths = {
  create = { { "Creating", "creating" }, { "SettingUp", "setting_up" }, scripts = { "creation", "startup" }, ends = "Running",
    fails = "CreateFailed" },
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

-- What a verb may begin from; any other settled state is refused, or fails later.
local ALLOWED = {
  stop = { Running = true, JobRunning = true },
  restart = { Running = true, JobRunning = true, Unusable = true },
  resize = inferred.resize_from,
}

local TITLES = {
  create = "Create", start = "Start", stop = "Stop", restart = "Restart", resize = "Resize", delete = "Delete", update = "Update",
}

-- A failure of these codes comes in a state on the way, and leaves another.
-- Source: spec/contract/compute-rest.md, section 6.
local FAILURES = {
  SetupScriptsError = { during = "UserSettingUp", ends = "UserSetupFailed" },
  StorageMountError = { during = "SettingUp", ends = "SetupFailed" },
  UnusableNode = { ends = "Unusable" },
}

-- What is to come ---------------------------------------------------------------------------------------------------------

local function last_state(one)
  return one.timeline[#one.timeline].state
end

local function cores_of(one)
  local size = sizes.find(one.vm_size)
  return size and size.vCPUs or 1
end

-- What may happen by itself to a settled machine in a state: the first that is due, and of several at once the first here.
local waits = { Running = {}, Stopped = {} }

waits.Running[1] = { "job", function(one) return queue.next(one) end }
waits.Running[2] = { "scheduled_stop", function(one, after) return schedules.next(one.schedules, "Stop", after) end }
waits.Running[3] = { "idle_stop", function(one)
  local is_quiet = one.idle and queue.is_empty(one) and (one.services == nil or #one.services == 0)
  return is_quiet and one.quiet_since + iso8601.seconds(one.idle) or nil
end }
waits.Stopped[1] = { "scheduled_start", function(one, after) return schedules.next(one.schedules, "Start", after) end }

local function plan(one, after)
  one.due, one.event = nil, nil
  if not one.settled then
    one.due, one.event = machine.settled_at(one), "settle"
    return
  end
  for _, wait in ipairs(waits[last_state(one)] or {}) do
    local at = wait[2](one, after)
    if at and (not one.due or at < one.due) then one.due, one.event = at, wait[1] end
  end
end

local happenings = {}

function happenings.settle(one, at)
  one.settled, one.quiet_since, one.modified = true, at, at
  one.failure, one.failing = one.failing or (one.last.failed and one.failure or nil), nil
  if one.target then
    billing.count(one, at)
    one.vm_size, one.target = one.target, nil
  end
  if last_state(one) == "Running" then queue.begin(one, at, cores_of(one)) end
end

function happenings.job(one, at)
  queue.turn(one, at, cores_of(one))
  one.quiet_since = at
end

-- With a full disk it fails, like anybody's stop, and is tried again when it is due again.
local function stop_by_itself(trigger)
  return function(one, at)
    one.quiet_since = at
    if not one.disk_full then return machine.begin(one, "stop", at, nil, { trigger = trigger }) end
    one.last = { name = "Stop", at = at, due = at, failed = true, trigger = trigger }
  end
end

happenings.scheduled_stop, happenings.idle_stop = stop_by_itself "Schedule", stop_by_itself "IdleShutdown"

function happenings.scheduled_start(one, at)
  local failure = one.workspace and (capacity.lack(one.behaviour, "start", one.vm_size, one.workspace.location) or one:lack_of_quota())
    or nil
  machine.begin(one, "start", at, failure, { trigger = "Schedule" })
end

--- Let happen what is due by then, one after the other, each at its time.
---@param one table
---@param now number
function machine.catch_up(one, now)
  while one.due and one.due <= now do
    local at, event = one.due, one.event
    one.due, one.event = nil, nil
    happenings[event](one, at)
    plan(one, at)
  end
end

--- What was set has changed: a schedule, the idle time, a job, a service.
function machine.plan(one, now)
  if one.settled and last_state(one) == "Running" then queue.begin(one, now, cores_of(one)) end
  plan(one, now)
end

--- When something happens to it by itself; nil: nothing will.
---@return number?
function machine.next_change(one)
  return one.due
end

-- What is -----------------------------------------------------------------------------------------------------------------

--- Put a machine into a state, as if it had long been there.
---@param one table        the compute
---@param state string
---@param now number
function machine.settle(one, state, now)
  one.timeline, one.settled, one.quiet_since = { { at = now, state = state } }, true, now
  plan(one, now)
end

--- The state it is in.
---@param one table
---@param now number
---@return string
function machine.state(one, now)
  machine.catch_up(one, now)
  local state
  for _, step in ipairs(one.timeline) do
    if step.at <= now then state = step.state end
  end
  return state == "Running" and queue.is_running(one) and "JobRunning" or state
end

--- When it will have settled; in the past if it has.
function machine.settled_at(one)
  return one.timeline[#one.timeline].at
end

--- Whether a verb is at work on it.
function machine.is_busy(one, now)
  machine.catch_up(one, now)
  return machine.settled_at(one) > now
end

--- Whether it is no more.
function machine.is_gone(one, now)
  return machine.state(one, now) == "Gone"
end

--- Whether a verb may begin from where it is. A start of what is not stopped is taken on, and fails: see `fault_of`.
function machine.allows(one, verb, now)
  local allowed = ALLOWED[verb]
  return not allowed or allowed[machine.state(one, now)] == true
end

--- Whether its cores count: those of a stopped one do, unless it gives them back.
function machine.holds_cores(one)
  return not (one.release_quota and one.settled and last_state(one) == "Stopped")
end

-- Verbs -------------------------------------------------------------------------------------------------------------------

-- The service delivers this as the operation's failure. Source: spec/contract/compute-rest.md,
-- section 3.6.
local function fault_of(one, verb, now)
  if verb ~= "start" or machine.state(one, now) == "Stopped" then return nil end
  return {
    code = "StartComputeInstanceOnlyAllowedInStoppedState",
    message = ("Start compute instance is only allowed when the instance %s is in 'stopped' state."):format(one.name),
  }
end

-- The states on a verb's way, each with its seconds; and how its scripts end, if they end badly.
local function phases_of(one, verb, path)
  local phases = {}
  for i, step in ipairs(path) do phases[i] = { state = step[1], seconds = inferred.durations[step[2]] } end
  local seconds, fault = setup.outcome(one.scripts, path.scripts)
  if seconds then
    if verb == "start" then phases[#phases + 1] = { state = "SettingUp", seconds = inferred.durations.setting_up } end
    phases[#phases + 1] = { state = "UserSettingUp", seconds = seconds }
  end
  return phases, fault
end

-- It goes no further than where its failure comes.
local function cut(phases, during)
  local last = #phases
  for i, phase in ipairs(phases) do
    if phase.state == during then last = i end
  end
  return table.move(phases, 1, last, 1, {})
end

local function follow(one, phases, now, ending)
  local at, timeline = now, {}
  for _, phase in ipairs(phases) do
    timeline[#timeline + 1] = { at = at, state = phase.state }
    at = at + phase.seconds
  end
  timeline[#timeline + 1] = { at = at, state = ending }
  if one.timeline then billing.count(one, now) end
  one.timeline, one.settled = timeline, false
  return at
end

-- One that hangs is given up in the end. Source: spec/contract/compute-rest.md, section 6,
-- "(timeout)".
local function give_up(one, verb, phases)
  phases[#phases].seconds = inferred.durations.hung
  return {
    code = inferred.timed_out,
    message = ("The specified Azure ML Compute Instance %s was timed out for operation %s."):format(one.name, TITLES[verb]),
  }
end

local function leave_jobs(one, verb, now)
  if verb ~= "create" and verb ~= "start" then queue.lose(one, now, verb == "delete") end
end

--- Begin a verb.
---@param one table
---@param verb string
---@param now number
---@param failure table?       { code, message, status }: it is to fail; status "Hung": it is to hang
---@param more { trigger: string?, vm_size: string? }?      who asked, "User" if nobody is named; the size that it is to have
---@return table operation     { due, failure }
function machine.begin(one, verb, now, failure, more)
  more = more or {}
  local path, before = (one.kind == "AmlCompute" and cluster_paths or paths)[verb], one.timeline and machine.state(one, now)
  if before == "JobRunning" then before = "Running" end
  local fault, due = not failure and fault_of(one, verb, now) or nil, now
  if not fault then      -- else the machine refuses, and stays as it is
    local phases, broken = phases_of(one, verb, path)
    fault = failure or broken
    local known = fault and FAILURES[fault.code] or {}
    phases = cut(phases, known.during)
    if fault and fault.status == "Hung" then fault = give_up(one, verb, phases) end
    leave_jobs(one, verb, now)
    due = follow(one, phases, now, fault and (known.ends or path.fails or before) or path.ends or before)
    one.failing, one.target = fault and { code = fault.code, message = fault.message } or nil, not fault and more.vm_size or nil
  end
  one.last = { name = TITLES[verb], at = now, due = due, failed = fault ~= nil, trigger = more.trigger or "User" }
  one.modified = now
  plan(one, now)
  return { due = due, failure = fault }
end

--- What is said of one whose node broke.
---@param name string
---@return { code: string, message: string }
function machine.unusable(name)
  return { code = "UnusableNode",
    message = ("Compute instance %s encountered an unusable node. Please try to restart the compute instance."):format(name) }
end

--- Its node breaks.
function machine.break_down(one, now)
  machine.catch_up(one, now)
  billing.count(one, now)
  queue.lose(one, now)
  machine.settle(one, "Unusable", now)
  one.failure = machine.unusable(one.name)
end

--- Somebody works on it, or did just now.
function machine.touch(one, now)
  machine.catch_up(one, now)
  one.quiet_since = now
  plan(one, now)
end

-- What is said of it ------------------------------------------------------------------------------------------------------

local function last_status(last, now)
  if last.due > now then return "InProgress" end
  return last.failed and last.name .. "Failed" or "Succeeded"
end

--- lastOperation, as the service shows it. Source: spec/contract/compute-rest.md, section 7.7.
function machine.last_operation(one, now)
  local last = one.last
  return {
    operationName = last.name, operationTime = clock.iso(last.at, 3), operationStatus = last_status(last, now),
    operationTrigger = last.trigger,
  }
end

local PROVISIONING = {
  Creating = "Creating", Deleting = "Deleting", Updating = "Updating", CreateFailed = "Failed", SetupFailed = "Failed",
  UserSetupFailed = "Failed",
}

--- provisioningState: ARM's word for the resource, not the machine's.
---@param one table
---@param now number
---@return string
function machine.provisioning_state(one, now)
  local state = machine.state(one, now)
  if one.last and one.last.name == "Create" and machine.is_busy(one, now) then return "Creating" end
  return PROVISIONING[state] or "Succeeded"
end

return machine
