--- Delete an instance and create it again under its name: vm:recreate. The definition is saved
--- before the delete, so that any process can go on from any moment: the instance itself shows how
--- far it is.
local completing = require "azureml.change.completing"
local core = require "azureml.core"
local creating = require "azureml.change.creating"
local definition = require "azureml.definition"
local errors = require "azureml.error"
local instance_fields = require "azureml.instance.fields"
local json = require "azureml.json"
local options = require "azureml.options"
local pace = require "azureml.pace"
local preflight = require "azureml.change.preflight"
local progress = require "azureml.console.progress"
local resource = require "azureml.resource"
local state_directory = require "azureml.state_directory"
local tables = require "azureml.tool.tables"
local task = require "azureml.task"

--- An operation that deletes an instance and creates it again.
---@class azureml.Recreation
---@field verb "recreate"  always "recreate"
---@field name string  of the instance
---@field workspace azureml.Workspace  the workspace of the instance
---@field wanted table               canonical and complete
---@field created_on string          of the instance that is deleted
---@field path string?               of the saved definition
---@field entry azureml.JournalEntry?  of the journal
---@field phase "there"|"deleting"|"deleted"|"creating"|"done"  how far it is
---@field operation azureml.Operation?      of the phase
---@field warnings string[]  what the caller should know
local Recreation = {}
local metatable = { __name = "azureml.Recreation", __index = Recreation }

local recreating = {}

-- What must be given again ------------------------------------------------------------------------

local function refuse(message, hint, ...)
  errors.raise { code = "NotRecreatable", message = message:format(...), hint = hint }
end

-- Refuse to make the caller the owner of another user's instance.
local function check_owner(vm, wanted)
  if wanted.assigned_user or not vm.created_by then return end
  if vm.created_by:lower() == vm.workspace:object_id():lower() then return end
  refuse("'%s' was created by another user (%s), and a new one would be yours",
    "give assigned_user to create it for a user", vm.name, vm.created_by)
end

-- Refuse to lose what the service does not return.
local function check_readable(vm, changes)
  local lost = {}
  for _, field in ipairs(instance_fields.unreadable(vm)) do
    if changes[field] == nil then lost[#lost + 1] = field end
  end
  if #lost > 0 then
    refuse("the service does not return %s of '%s', so that a new one would lack it",
      "give the value again", table.concat(lost, " and "), vm.name)
  end
end

-- Return the canonical changes that the caller wants.
local function read_changes(changes, subscription_id)
  local wanted = definition.checked("recreate", changes, subscription_id)
  if changes and changes.state == nil then wanted.state = nil end
  return wanted
end

-- Return the definition of the new instance.
local function wanted_of(vm, changes)
  local wanted = tables.merge(definition.of(vm), changes)
  local canonical, findings = definition.check("recreate", wanted)
  definition.refuse(findings)
  return canonical
end

-- Saving ------------------------------------------------------------------------------------------

local function directory_of()
  return state_directory "recreations"
end

local function path_of(id)
  return ("%s/%s.json"):format(directory_of(), id)
end

local function raise_unsaved(name, reason)
  errors.raise { code = "NotSaved",
    message = ("the definition of '%s' cannot be saved, so that nothing was deleted: %s"):format(
      name, reason),
    hint = "set XDG_STATE_HOME to a writable directory" }
end

-- Save the definition for another process, and record the operation. Nothing is saved for an
-- emulator in this process.
local function save(self, id)
  self.entry = self.workspace:intend("recreate", self.name, id, { is_needed = true })
  if not self.entry then return end
  local directory, reason = directory_of(), "neither XDG_STATE_HOME nor HOME is set"
  local is_saved = false
  if directory then
    is_saved, reason = core.write_private(directory, id .. ".json", json.encode {
      name = self.name, created_on = self.created_on, definition = self.wanted,
    }, true)
  end
  if is_saved then
    self.path = path_of(id)
    return
  end
  self.entry:ended()
  raise_unsaved(self.name, reason)
end

local function forget(self)
  if self.path then os.remove(self.path) end
  if self.entry then self.entry:ended() end
  self.path, self.entry = nil, nil
end

-- Phases ------------------------------------------------------------------------------------------

-- Find out how far the recreation is, from the instance.
local function look(self)
  local vm = self.workspace.instances:find(self.name)
  if not vm then return "deleted" end
  return vm.created_on == self.created_on and "there" or "creating", vm
end

local function time_left(deadline)
  return { timeout = math.max(0, deadline - core.now()) }
end

-- Tell in an error of the creation that the instance is deleted, and how to go on.
local function raise_uncreated(self, err)
  err.message = ("%s; the old instance is deleted, and the definition of the new one is saved")
    :format(err.message)
  if self.entry then
    err.hint = (err.hint and err.hint .. "; " or "") .. "'azureml operations wait' tries again"
  end
  errors.raise(err)
end

-- Send the creation. The name may be taken for a while after the delete. Return nil if there is a
-- new instance already: an answer was lost, or another recreation was faster.
local function send_creation(self, deadline)
  local instances = self.workspace.instances
  local next_pause = pace.pauses(instances)
  while true do
    local phase, err = look(self), nil
    if phase == "creating" then return nil end
    if phase == "deleted" then
      local op
      op, err = errors.try(creating.send, instances, self.name, self.wanted)
      if op then return op end
    end
    local pause = next_pause()
    local is_over = core.now() + pause >= deadline
    if is_over or err and not resource.is_name_taken(err) then
      raise_uncreated(self, err or { code = "Timeout",
        message = ("recreate %s: the service still shows the old instance"):format(self.name) })
    end
    task.sleep(pause)
  end
end

-- Keep the delete from an instance that another process has created meanwhile.
local function check_is_old(self, vm)
  if vm.created_on == self.created_on then return end
  errors.raise { code = "InstanceExists", instance = vm,
    message = ("recreate %s: another process has created the instance anew meanwhile; it was not "
      .. "deleted"):format(self.name),
    hint = "look at it; recreate it again if it is not what you want" }
end

local steps = {}

-- Another process may have sent the delete already, and it may end at any moment.
function steps.there(self)
  local instances = self.workspace.instances
  local op, err = errors.try(instances.send, instances, "delete", self.name, nil, {
    is_part = true, check_instance = function(vm) check_is_old(self, vm) end,
  })
  if err and not resource.is_missing(err) then errors.raise(err) end
  self.operation = op
  return op and "deleting" or "deleted"
end

function steps.deleting(self, deadline)
  self.operation:wait(time_left(deadline))
  return "deleted"
end

function steps.deleted(self, deadline)
  self.operation = send_creation(self, deadline)
  return "creating"
end

-- After a resume the creation is not known as an operation: the instance tells its end.
function steps.creating(self, deadline)
  if self.operation then
    self.vm = self.operation:wait(time_left(deadline))
    tables.append(self.warnings, self.operation.warnings)
    return "done"
  end
  local instances = self.workspace.instances
  local version = definition.api_version(self.wanted, self.workspace.api_version)
  local vm = instances:settled(instances:get(self.name, version), deadline, version)
  vm = require("azureml.operation").check_aim("create", vm, self.name, self)
  self.vm = creating.conclude(instances, self.wanted, self, vm, deadline)
  if self.wanted.state == "Stopped" and self.vm.state ~= "Stopped" then
    self.vm = instances:stop(self.vm):wait(time_left(deadline))
  end
  return "done"
end

-- Tell whether an error is the end: the new instance is there, and is not what was asked.
local function is_end(self, err)
  if self.phase ~= "creating" or not errors.is(err) then return false end
  return err.code == "NotAsAsked" or err.operation == self
    or self.operation ~= nil and self.operation.outcome ~= nil
end

local function advance(self, deadline)
  local ok, phase = pcall(steps[self.phase], self, deadline)
  if not ok then
    if is_end(self, phase) then forget(self) end
    error(phase, 0)
  end
  self.phase = phase
  if phase == "done" then forget(self) end
end

-- Beginning ---------------------------------------------------------------------------------------

local function new(fields)
  fields.verb, fields.warnings = "recreate", {}
  return setmetatable(fields, metatable)
end

--- Begin to recreate an instance; return when the service has accepted the delete.
---@param collection azureml.Instances
---@param name string
---@param changes table?
---@return azureml.Recreation
function recreating.recreate(collection, name, changes)
  local workspace = collection.workspace
  local canonical = read_changes(changes, workspace.subscription_id)
  local vm = collection:get(name, definition.newest)
  if vm.state == "Deleting" then
    refuse("'%s' is being deleted", "create it when it is gone", vm.name)
  end
  check_readable(vm, canonical)
  local wanted = wanted_of(vm, canonical)
  check_owner(vm, wanted)
  preflight.run(collection, name, wanted, {}, vm):refuse()
  local self = new {
    name = vm.name, workspace = workspace, created_on = vm.created_on, phase = "there",
    wanted = completing.complete(workspace, wanted),
  }
  save(self, core.guid())
  local ok, err = pcall(advance, self, core.now() + pace.wait_timeout)
  if ok then return self end
  if errors.is(err) and not err.outcome_unknown then forget(self) end
  error(err, 0)
end

local MOST_BYTES = 4 << 20

local function read_saved(entry)
  local path = path_of(entry.id)
  local file = io.open(path)
  local text = file and file:read(MOST_BYTES)
  if file then file:close() end
  local saved = text and json.decode_exact(text)
  if type(saved) == "table" and type(saved.definition) == "table" then return saved, path end
  entry:ended()
  errors.raise { code = "NotSaved",
    message = ("recreate %s: the saved definition %s is missing or damaged"):format(entry.name,
      path) }
end

--- Go on with a recreation that another process began.
---@param collection azureml.Instances
---@param entry azureml.JournalEntry
---@return azureml.Recreation
function recreating.resume(collection, entry)
  if not entry.ended then
    errors.raise { code = "InvalidTicket", message = "a recreation has no ticket" }
  end
  local saved, path = read_saved(entry)
  local self = new {
    name = entry.name, workspace = collection.workspace, created_on = saved.created_on,
    wanted = definition.checked("recreate", saved.definition), path = path, entry = entry,
  }
  self.phase = look(self)
  return self
end

--- Give a recreation up that another process began: remove it from the journal, and its definition.
---@param entry azureml.JournalEntry
function recreating.discard(entry)
  os.remove(path_of(entry.id))
  entry:ended()
end

-- The operation -----------------------------------------------------------------------------------

local WORDS = {
  there = "Deleting", deleting = "Deleting", deleted = "Creating", creating = "Creating",
  done = "Succeeded",
}

local WAIT_OPTIONS = { timeout = "number", show_output = "boolean", progress = "string" }

--- Wait until the old instance is gone and the new one is there.
---@param settings? azureml.WaitOptions
---@return azureml.Instance
---@raise an error object; until the new instance is accepted, another wait tries again
function Recreation:wait(settings)
  settings = options.check("wait", settings, WAIT_OPTIONS)
  local timeout = settings.timeout or pace.wait_timeout
  options.check_seconds("wait: timeout", timeout)
  local reporter = progress.reporter(self.verb, self.name, progress.style("wait", settings))
  local deadline = core.now() + timeout
  local ok, err = pcall(function()
    while self.phase ~= "done" do
      if reporter then reporter.state(WORDS[self.phase]) end
      advance(self, deadline)
    end
  end)
  if not ok then
    if reporter then reporter.leave() end
    error(err, 0)
  end
  if reporter then reporter.finish(self.vm.state) end
  return self.vm
end

--- Iterate over what happens: "Deleting", "Creating", "Succeeded". The iterator does the work.
---@return fun(): string?
function Recreation:events()
  local last
  return function()
    local deadline = core.now() + pace.wait_timeout
    while WORDS[self.phase] == last and self.phase ~= "done" do advance(self, deadline) end
    if WORDS[self.phase] == last then return nil end
    last = WORDS[self.phase]
    return last
  end
end

--- Return how far it is: "Deleting", "Creating" or "Succeeded".
---@return string
function Recreation:status()
  return WORDS[self.phase]
end

--- Tell whether the new instance is there.
---@return boolean
function Recreation:done()
  return self.phase == "done"
end

--- A recreation has no ticket: it goes on by what is saved on this machine.
---@return nil
function Recreation:ticket()
  return nil
end

--- Leave it to another process on this machine: 'azureml operations wait' goes on.
function Recreation:leave()
  if self.operation then self.operation:leave() end
end

--- Stop following it: it is left to another process on this machine.
function Recreation:close()
  self:leave()
end

options.check_colon(Recreation, metatable, "op")
metatable.__close = Recreation.leave

function metatable:__tostring()
  return ("recreate %s: %s"):format(self.name, WORDS[self.phase])
end

return recreating
