--- An operation on a compute instance: what a verb returns once the service has accepted it. It
--- ends when the instance has settled. sending.lua sends the verb, and sends it again.
local later = require "azureml.tool.later"
local core = require "azureml.core"
local creating = later "azureml.change.creating"
local errors = require "azureml.error"
local followed = require "azureml.followed"
local notice = require "azureml.tool.notice"
local options = require "azureml.options"
local pace = require "azureml.pace"
local power_state = require "azureml.definition.power_state"
local progress = later "azureml.console.progress"
local resource = require "azureml.resource"
local sending = later "azureml.sending"
local setup_step = later "azureml.look.setup_step"
local task = require "azureml.task"
local ticket = require "azureml.ticket"
local verdict = require "azureml.verdict"
local within = require "azureml.within"

--- An operation on an instance, which the service has accepted. It ends when the instance has
--- settled.
---@class azureml.Operation
---@field verb string                "create", "start", "stop", "restart", "delete"
---@field name string                of the instance
---@field workspace azureml.Workspace  the workspace of the instance
---@field id string?                 the request's id; nil where there is no status to poll
---@field then_stop boolean?         the instance is stopped when the verb is done
---@field then_mount table[]?        data mounts that the instance gets when the verb is done
---@field warnings string[]          what the caller should know: a field that cannot be verified
---@field changes azureml.FieldChange[]?     what `ensure` changed: field, from, to
local Operation = {}
local metatable = { __name = "azureml.Operation", __index = Operation }

local operation = {}

-- operation that may go on at the service -> its number among all that began
local started = setmetatable({}, { __mode = "k" })
local begun = 0      -- operations in this process

local function label_of(self)
  return self.verb .. " " .. self.name
end

local function follow(self, handle)
  self.followed = handle and followed.new(handle, label_of(self))
  self.id = handle and handle:request_id()
end

--- Make the object of an operation that the service has accepted.
---@param fields table        verb, name, workspace; handle (the core's operation; nil where there
---  is nothing to poll but the instance itself), entry (of the journal), sending (to send the verb
---  again)
---@return azureml.Operation
function operation.new(fields)
  local self = setmetatable(fields, metatable)
  follow(self, fields.handle)
  self.handle, self.warnings = nil, {}
  begun = begun + 1
  started[self] = begun
  within.keep(self)
  notice.tell("began_operation", self)
  return self
end

--- Make the object of an operation that has nothing to do: the instance is where the verb leads.
---@param fields { verb: string, name: string, workspace: azureml.Workspace, vm: azureml.Instance? }
---@return azureml.Operation
function operation.finished(fields)
  fields.outcome = { ok = true, result = fields.vm }
  fields.vm, fields.warnings = nil, {}
  local self = setmetatable(fields, metatable)
  notice.tell("needed_nothing", self)
  return self
end

local function is_pending(self)
  local handle = self.followed
  return not self.outcome and handle and not handle:is_closed() and not handle:done()
end

--- Count the operations that have begun in this process.
---@return integer
function operation.count()
  return begun
end

--- List the operations that go on at the service and were not waited for to the end, oldest first.
---@param since? integer         only those that began after so many others
---@return azureml.Operation[]
function operation.pending(since)
  local list = {}
  for self, number in pairs(started) do
    if is_pending(self) and number > (since or 0) then list[#list + 1] = self end
  end
  table.sort(list, function(a, b) return started[a] < started[b] end)
  return list
end

-- Waiting -----------------------------------------------------------------------------------------

---@class azureml.Watch           one call of wait
---@field deadline number
---@field timeout number          seconds
---@field reporter table?
---@field style string?           of the progress, for a stop that follows

local function check_open(self)
  if self.closed then errors.mistake("%s was closed: it cannot be waited for", label_of(self)) end
end

local function check_not_closed(self)
  if self.closed then errors.mistake("%s was closed", label_of(self)) end
end

local function timed_out(self, watch)
  followed.raise_overdue(self.followed, label_of(self), watch.timeout, self)
end

local function find(self)
  local version = self.sending and self.sending.api_version
  return self.workspace.instances:find(self.name, version)
end

-- Show the state of the instance to the user, and the setup script that runs.
local function show_state(self, watch, vm, otherwise)
  if not watch.reporter then return end
  watch.reporter.state(vm and vm.state or otherwise, vm and setup_step.of(self.verb, vm))
end

-- Wait until the service has ended the operation. Return its error; nil if it succeeded.
local function wait_for_service(self, watch)
  local handle, reporter = self.followed, watch.reporter
  if not handle then return nil end
  local function show()
    show_state(self, watch, errors.try(find, self), self.followed:status())
  end
  local is_over = handle:wait(watch.deadline, reporter and show)
  check_open(self)
  if not is_over then timed_out(self, watch) end
  local _, err = errors.try(handle.result, handle)
  return err
end

local function pause(self, seconds, watch)
  local left = watch.deadline - core.now()
  task.sleep(math.max(0, math.min(seconds, left)))
  if seconds >= left then timed_out(self, watch) end
end

-- Wait until the instance's state does not change by itself. Return the instance; nil if it is
-- missing. A new instance may be missing for a while.
local function wait_until_settled(self, watch)
  local next_pause, missing_since = pace.pauses(self.workspace.instances), core.now()
  while true do
    local vm = find(self)
    local may_be_late = self.verb == "create" and core.now() - missing_since < pace.creation_lag
    local is_late = not vm and may_be_late
    if not is_late and not (vm and power_state.is_transitional(vm.state)) then return vm end
    show_state(self, watch, vm, "not visible yet")
    pause(self, next_pause(), watch)
  end
end

-- Judging -----------------------------------------------------------------------------------------

local function raise_failed(verb, vm, self)
  local fault = errors.read(vm.errors)
  local message = fault.message
  errors.raise {
    kind = fault.kind, code = fault.code or vm.state,
    message = ("%s %s: the instance is %s%s"):format(verb, vm.name, vm.state,
      message and ": " .. message or ""),
    operation = self, details = fault.details or vm.errors,
    hint = vm.state == "Unusable"
      and "restart it; if that does not help, delete it and create it again"
      or "its name stays taken: look at the errors, delete it, then create it again",
  }
end

--- Check that an instance which has settled is where a verb leads.
---@param verb string
---@param vm azureml.Instance?         nil: it is missing
---@param name string
---@param self azureml.Operation?      for the error
---@return azureml.Instance?           nil after a delete
---@raise an error object: what is wrong with the instance, `UnexpectedState`, `ResourceNotFound`
function operation.check_aim(verb, vm, name, self)
  if not vm and verb == "delete" then return nil end
  local succeeded = ("%s %s: the service says that it succeeded, but "):format(verb, name)
  if not vm then
    errors.raise { code = "ResourceNotFound", operation = self,
      message = succeeded .. "there is no such instance" }
  end
  if power_state.is_failed(vm.state) then raise_failed(verb, vm, self) end
  if power_state.is_aim(verb, vm.state) then return vm end
  errors.raise {
    code = "UnexpectedState", operation = self,
    message = ("%sthe instance is %s"):format(succeeded, tostring(vm.state)),
    hint = "another user, a schedule or the idle shutdown may have been faster: see last_operation",
  }
end

-- Failures that the instance's state decides ------------------------------------------------------

local function raise_lost_sight(self, err)
  errors.raise { kind = err.kind, code = "LostSight", operation = self, status = err.status,
    request_id = err.request_id,
    message = ("%s: lost sight of it: %s"):format(label_of(self), err.message) }
end

-- Judge by the instance's state, because the status URL is gone. Source: spec/contract/lro.md,
-- section 17, rule 10.
local function judge_without_status(self, err, watch)
  local vm = wait_until_settled(self, watch)
  if verdict.proves(self.verb, vm) then return vm end
  if vm and power_state.is_failed(vm.state) then raise_failed(self.verb, vm, self) end
  raise_lost_sight(self, err)
end

local function send_again(self, watch)
  self.followed:close()
  local handle, entry = sending.again(self.sending, watch.deadline)
  if self.entry then self.entry:ended() end
  self.entry = entry
  follow(self, handle)
end

-- Judge a start that failed because the instance was not stopped. If it runs now, the start has
-- succeeded. If another operation has stopped it, send the start once more.
local function judge_not_stopped(self, err, watch)
  local vm = wait_until_settled(self, watch)
  if vm and power_state.is_aim(self.verb, vm.state) then return true, vm end
  local may_repeat = self.sending and not self.sent_again and vm and vm.state == "Stopped"
  if not may_repeat then errors.raise(err) end
  self.sent_again = true
  send_again(self, watch)
  return false
end

-- Wait and start again, because the region is full.
local function wait_for_capacity(self, err, watch)
  if not (self.sending and self.sending.wait_for_capacity) then errors.raise(err) end
  local is_too_late = core.now() + pace.capacity_pause >= watch.deadline
  if is_too_late then sending.raise_full(self.sending, err) end
  if watch.reporter then watch.reporter.state "no capacity, waiting for it" end
  task.sleep(pace.capacity_pause)
  send_again(self, watch)
  return false
end

local judges = {
  StartComputeInstanceOnlyAllowedInStoppedState = judge_not_stopped,
  AllocationFailed = wait_for_capacity,
}

-- Handle an error of the service. Return whether the operation is over, and then the instance.
local function judge_failure(self, err, watch)
  if resource.is_status_gone(err) then return true, judge_without_status(self, err, watch) end
  local judge = judges[err.code] or errors.raise(err)
  return judge(self, err, watch)
end

-- Do what follows when the instance has settled.
local function conclude(self, vm, watch)
  local finish = self.sending and self.sending.conclude
  if finish then
    vm = finish(self, vm, watch.deadline)
  elseif self.then_mount then
    vm = creating.mount_later(self, vm, watch.deadline)
  end
  if not self.then_stop or vm.state == "Stopped" then return vm end
  local left = math.max(0, watch.deadline - core.now())
  return self.workspace.instances:stop(vm):wait { timeout = left, progress = watch.style }
end

local function wait_to_the_end(self, watch)
  local is_over, vm = false, nil
  while not is_over do
    local err = wait_for_service(self, watch)
    if err then
      is_over, vm = judge_failure(self, err, watch)
    else
      vm = operation.check_aim(self.verb, wait_until_settled(self, watch), self.name, self)
      is_over = true
    end
  end
  if watch.reporter then watch.reporter.finish(vm and vm.state or "Deleted") end
  return vm and conclude(self, vm, watch) or vm
end

-- A timeout, an interrupt and a mistake of the caller leave the operation as it was: it may be
-- waited for again.
local PASSING = { Timeout = true, LostSight = true, Interrupted = true }

local function is_final(err)
  return errors.is(err) and not PASSING[err.code]
end

local function end_with(self, outcome)
  if self.outcome then return end
  self.outcome = outcome
  within.forget(self)
  if self.entry then self.entry:ended() end
  if self.followed then self.followed:close() end
end

---@alias azureml.ProgressStyle "auto"|"lines"|"json"|"quiet"  "auto": live on a terminal, else
---  lines; "json": a JSON object a line

--- How to wait, and what to show meanwhile.
---@class azureml.WaitOptions
---@field timeout? number  seconds; 1,800
---@field show_output? boolean  print changes of state and the time that passed, to standard error
---@field progress? azureml.ProgressStyle  how show_output prints

local WAIT_OPTIONS = { timeout = "number", show_output = "boolean", progress = "string" }

--- Wait until the operation is done and the instance has settled. May be called again, and from
--- several tasks.
---@param settings? azureml.WaitOptions
---@return azureml.Instance       the instance as it is now; nothing after a delete
---@raise an error object when it failed; `Timeout` or `LostSight` when it goes on at the service,
---  with `operation` and its ticket
function Operation:wait(settings)
  settings = options.check("wait", settings, WAIT_OPTIONS)
  check_open(self)
  local timeout = settings.timeout or pace.wait_timeout
  options.check_seconds("wait: timeout", timeout)
  local style = progress.style("wait", settings)
  if not self.outcome then
    local reporter = progress.reporter(self.verb, self.name, style)
    local watch = {
      deadline = core.now() + timeout, timeout = timeout, reporter = reporter, style = style,
    }
    local ok, result = pcall(wait_to_the_end, self, watch)
    if not ok and reporter then reporter.leave() end
    local is_over = ok or is_final(result)
    notice.tell("waited", self, is_over, not ok and result or nil)
    if not is_over then error(result, 0) end
    end_with(self, { ok = ok, result = result })
  end
  if not self.outcome.ok then error(self.outcome.result, 0) end
  return self.outcome.result
end

--- Return the status as the service words it: "InProgress", "Succeeded"; "Accepted" before any.
---@return string
function Operation:status()
  check_not_closed(self)
  if self.outcome then return self.outcome.ok and "Succeeded" or "Failed" end
  return self.followed and self.followed:status() or "Accepted"
end

--- Tell whether the service has ended it; the instance may still settle.
---@return boolean
function Operation:done()
  check_not_closed(self)
  return self.outcome ~= nil or self.followed == nil or self.followed:done()
end

--- Iterate over the operation's statuses, each once, until the service has ended it. Raise its
--- error if it failed.
---@return fun(): string?
function Operation:events()
  local last, over
  local function has_moved() return self:done() or self:status() ~= last end
  return function()
    if over then return nil end
    if last and not has_moved() then
      self.followed.handle:watch_polls(true)
      task.wait_until(self.followed.handle, has_moved)
    end
    over = self:done()
    if over and self.followed and not self.followed:is_closed() then self.followed:result() end
    local status = self:status()
    if status == last then return nil end
    last = status
    return status
  end
end

-- Tickets -----------------------------------------------------------------------------------------

--- Return a text with which another process can go on waiting (azureml.resume). It holds the
--- signed URL of the operation's status, so keep it private. It holds no credential.
---@return string? ticket       nil: there is nothing left to wait for
function Operation:ticket()
  local handle = self.followed and not self.outcome and self.followed:progress()
  if not handle then return nil end
  local workspace = self.workspace
  return ticket.write {
    verb = self.verb, name = self.name, request_id = self.id,
    subscription_id = workspace.subscription_id, resource_group = workspace.resource_group,
    workspace_name = workspace.name, progress = handle, then_stop = self.then_stop,
    then_mount = self.then_mount,
  }
end

local TICKET = {
  verb = "string", name = "string", request_id = "string", subscription_id = "string",
  resource_group = "string", workspace_name = "string", progress = "table",
}

--- Read a ticket.
---@param text string
---@return table
---@raise an error object `InvalidTicket`
function operation.read_ticket(text)
  return ticket.read(text, TICKET)
end

--- Close the operation: it continues at the service. Wake the tasks that wait for it: their waits
--- raise an error.
function Operation:close()
  self.closed = self.outcome == nil
  within.forget(self)
  if self.entry then self.entry:ended() end
  if self.followed then self.followed:close() end
end

--- Leave the operation to another process: it continues at the service, and the journal keeps it
--- for `azureml.pending`. In this process it is closed.
function Operation:leave()
  self.entry = nil
  self:close()
end

options.check_colon(Operation, metatable, "op")
metatable.__close = Operation.close

function metatable:__tostring()
  if self.outcome then return label_of(self) .. ": " .. (self.outcome.ok and "done" or "failed") end
  if not self.followed then return label_of(self) .. ": accepted" end
  return tostring(self.followed.handle)
end

return operation
