--- Send a verb to one instance: look at it first, wait for its turn, send the verb, and find out
--- whether it ran if the answer was lost. operation.lua follows the verb that the service has
--- accepted.
local core = require "azureml.core"
local errors = require "azureml.error"
local notice = require "azureml.tool.notice"
local operation = require "azureml.operation"
local pace = require "azureml.pace"
local power_state = require "azureml.definition.power_state"
local reply = require "azureml.reply"
local resource = require "azureml.resource"
local task = require "azureml.task"
local verdict = require "azureml.verdict"
local verbs = require "azureml.verbs"

local sending = {}

---@class azureml.Sending
---@field collection azureml.Instances
---@field verb string
---@field name string
---@field body table?                 of a create
---@field api_version string?         of the request and of the GETs after it; nil: the workspace's
---@field check_instance? fun(vm: azureml.Instance)      raises if the verb is not meant for it
---@field check_accepted? fun(status: integer)    raises if the reply that accepted the verb, by its
---  HTTP status, shows that it met something else
---@field conclude? fun(op: azureml.Operation, vm: azureml.Instance, deadline: number):
---  azureml.Instance    does what follows when the instance has settled; raises if it differs from
---  the request
---@field is_part boolean?            of a recreation, which the journal has as a whole
---@field then_stop boolean?          stop the instance when the verb is done
---@field then_mount table[]?         data mounts that the instance gets when the verb is done
---@field vm azureml.Instance|false|nil         the instance as it is: false where it is missing,
---  nil before a look
---@field before azureml.Instance|false|nil     the instance as it was last seen before the verb
---  was sent
---@field deadline number             on core.now()'s clock
---@field timeout number              seconds, for messages
---@field no_wait boolean?            raise `Busy` instead of waiting for another operation
---@field wait_for_capacity boolean?  try again while the region is full
---@field reporter table?             told of waits, as console/progress.lua makes it

local function label_of(self)
  return self.verb .. " " .. self.name
end

-- Looking -----------------------------------------------------------------------------------------

-- Return the instance; false if it is missing.
local function find(self)
  return self.collection:find(self.name, self.api_version) or false
end

local function look(self)
  self.vm = find(self)
  self.before = self.vm
end

local function raise_busy(self, reason)
  errors.raise(verdict.busy(label_of(self), reason))
end

local function raise_overdue(self, what)
  errors.raise(verdict.overdue(label_of(self), what, self.timeout))
end

-- Pause before the next look, or raise that the time is over.
local function pause(self, seconds, what)
  if self.reporter then self.reporter.state(what) end
  local left = self.deadline - core.now()
  task.sleep(math.max(0, math.min(seconds, left)))
  if core.now() >= self.deadline then raise_overdue(self, what) end
end

--- Wait until no other operation is active on the instance.
---@param self azureml.Sending
local function wait_for_turn(self)
  local next_pause = pace.pauses(self.collection)
  while self.vm and power_state.is_transitional(self.vm.state) do
    if self.no_wait then raise_busy(self, self.vm.state) end
    pause(self, next_pause(), "still " .. self.vm.state)
    look(self)
  end
end

--- Wait until an instance's state does not change by itself.
---@param collection azureml.Instances
---@param vm azureml.Instance
---@param deadline number         on core.now()'s clock
---@param api_version string?     of the looks; nil: the workspace's
---@return azureml.Instance
---@raise an error object: `Timeout`; `ResourceNotFound` if it goes away meanwhile
function sending.settled(collection, vm, deadline, api_version)
  if not power_state.is_transitional(vm.state) then return vm end
  local self = {
    collection = collection, verb = "update", name = vm.name, vm = vm, api_version = api_version,
    deadline = deadline, timeout = math.max(0, deadline - core.now()),
  }
  wait_for_turn(self)
  return self.vm or collection:get(vm.name, api_version)
end

local function finished(self, vm)
  return operation.finished {
    verb = self.verb, name = self.name, workspace = self.collection.workspace, vm = vm,
  }
end

-- Return the finished operation if the instance is where the verb leads already. Raise if the
-- service would refuse the verb.
local function judge_state(self)
  if self.verb == "create" or self.vm == nil then return nil end
  local is_there, err = verdict.before_sending(self.verb, self.vm, label_of(self))
  if err then errors.raise(err) end
  return is_there and finished(self, self.vm or nil) or nil
end

-- Sending -----------------------------------------------------------------------------------------

-- Look at the instance until its state shows the verb, a few times.
local function find_out(self)
  local next_pause = pace.pauses(self.collection)
  for i = 1, pace.lost_looks do
    if verdict.shows(self.verb, self.before, find(self)) then return true end
    if i < pace.lost_looks then task.sleep(next_pause()) end
  end
  return false
end

-- Find out whether a verb ran whose answer was lost. Do not send it again: look at the instance.
local function reconcile(self, entry, err)
  local is_taken, trouble = errors.try(find_out, self)
  if is_taken then
    if entry then entry:accepted(nil) end
    return nil, entry
  end
  if trouble then
    err.message = ("%s; looking at the instance failed too: %s"):format(err.message,
      trouble.message)
  end
  err.outcome_unknown = true
  errors.raise(err)
end

-- Let the caller judge the reply that accepted the verb.
local function check_accepted(self, handle, entry)
  local first = self.check_accepted and (reply.first(handle) or reply.of(handle))
  if not first then return end
  local ok, err = pcall(self.check_accepted, first.status)
  if ok then return end
  if entry then entry:ended() end
  handle:close()
  error(err, 0)
end

--- Send the verb once.
---@return boolean is_accepted
---@return userdata|azureml.Error|nil handle       of the operation, where there is a status to
---  poll; or the refusal
---@return azureml.JournalEntry? entry
local function send(self)
  local workspace = self.collection.workspace
  local id = core.guid()
  local entry = not self.is_part
    and workspace:intend(self.verb, self.name, id,
      { then_stop = self.then_stop, then_mount = self.then_mount }) or nil
  local what = { label = label_of(self), body = self.body, request_id = id, cautious = true,
    api_version = self.api_version }
  local values = { name = self.name }
  notice.tell("sent", workspace, self.verb, self.name)
  local handle, err = errors.try(resource.begin, workspace, verbs[self.verb], values, what)
  if handle then
    if entry then entry:accepted(handle) end
    check_accepted(self, handle, entry)
    return true, handle, entry
  end
  if err.outcome_unknown then return true, reconcile(self, entry, err) end
  if entry then entry:ended() end
  return false, err
end

-- Refusals ----------------------------------------------------------------------------------------

local function has_time(self, seconds)
  return core.now() + seconds < self.deadline
end

-- Pause if the region is full and the caller waits for capacity. Return whether the verb may be
-- sent again.
local function waited_for_capacity(self, err)
  if not self.wait_for_capacity or err.code ~= "AllocationFailed" then return false end
  if not has_time(self, pace.capacity_pause) then sending.raise_full(self, err) end
  pause(self, pace.capacity_pause, "no capacity")
  return true
end

-- Judge a refusal by the instance's state. Return the finished operation; nil if the verb may be
-- sent again.
local function judge_refusal(self, err, tries)
  if waited_for_capacity(self, err) then return nil end
  if not resource.is_conflict(err) then errors.raise(err) end
  look(self)
  if not self.vm and self.verb == "delete" then return finished(self) end
  if not self.vm then errors.raise(err) end
  if power_state.is_transitional(self.vm.state) then return wait_for_turn(self) end
  local done = power_state.is_already_there(self.verb, self.vm.state) and judge_state(self)
  if done then return done end
  if not resource.is_busy(err) then errors.raise(err) end
  if self.no_wait then
    err.code = "Busy"
    errors.raise(err)
  end
  if tries >= pace.lost_looks then errors.raise(err) end      -- no operation shows: a lock, perhaps
  pause(self, tries, "refused: " .. err.code)
end

--- Name sizes of the same family in the error of a start that found no capacity, and raise it.
---@param self azureml.Sending
---@param err azureml.Error
function sending.raise_full(self, err)
  local workspace = self.collection.workspace
  local size = self.before and self.before.vm_size
  local names = errors.try(workspace.sizes_like, workspace, size) or {}
  if #names > 0 then
    err.hint = ("%s; sizes of the same family: %s"):format(err.hint or "try another size",
      table.concat(names, ", "))
  end
  errors.raise(err)
end

--- Send a verb, and return when the service has accepted it.
---@param self azureml.Sending
---@return azureml.Operation
---@raise an error object: what the service refuses, `Busy`, `WrongState`, `Timeout` before it was
---  sent; one with `outcome_unknown` where the answer was lost and the instance does not show what
---  became of it
function sending.run(self)
  for tries = 1, math.huge do
    if self.verb ~= "delete" then wait_for_turn(self) end
    local done = judge_state(self)
    if done then return done end
    if self.check_instance and self.vm then self.check_instance(self.vm) end
    local is_accepted, handle, entry = send(self)
    if is_accepted then
      return operation.new {
        verb = self.verb, name = self.name, workspace = self.collection.workspace, handle = handle,
        entry = entry, sending = self, then_stop = self.then_stop, then_mount = self.then_mount,
      }
    end
    done = judge_refusal(self, handle, tries)
    if done then return done end
  end
end

--- Send the verb again for an operation that the service has ended without doing it.
---@param self azureml.Sending
---@param deadline number
---@return userdata? handle
---@return azureml.JournalEntry? entry
function sending.again(self, deadline)
  self.deadline = deadline
  local is_accepted, handle, entry = send(self)
  if not is_accepted then errors.raise(handle) end
  return handle, entry
end

return sending
