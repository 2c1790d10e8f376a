--- Change an existing instance: each field by the verb that the service has for it.
--- Sources: spec/contract/compute-rest.md, sections 3.3 and 3.9 to 3.13.
local completing = require "azureml.change.completing"
local core = require "azureml.core"
local data_mount = require "azureml.definition.data_mount"
local definition = require "azureml.definition"
local errors = require "azureml.error"
local followed = require "azureml.followed"
local json = require "azureml.json"
local later = require "azureml.tool.later"
local operation = require "azureml.operation"
local notice = require "azureml.tool.notice"
local options = require "azureml.options"
local pace = require "azureml.pace"
local power_state = require "azureml.definition.power_state"
local resource = require "azureml.resource"
local sizes = later "azureml.look.sizes"
local tables = require "azureml.tool.tables"
local task = require "azureml.task"
local verbs = require "azureml.verbs"

local changing = {}

---@class azureml.Changing              a change of an instance that is under way
---@field collection azureml.Instances
---@field vm azureml.Instance           as it was last seen
---@field api_version string?           of the GETs; nil: the workspace's
---@field deadline number               on core.now()'s clock
---@field change_tags boolean?          replace tags and description, which have no verb
---@field stop boolean?                 stop the instance before a resize
---@field is_strict boolean?            refuse what can be neither changed nor verified
---@field changes azureml.FieldChange[]      what was changed so far

--- What a change has done to a field.
---@class azureml.FieldChange
---@field field string  the name of the field
---@field from any  the value before
---@field to any  the value afterwards

local function label_of(self, what)
  return ("%s of %s"):format(what, self.vm.name)
end

-- Verbs with one request --------------------------------------------------------------------------

-- What each verb sends, made of the field as it is written.
local bodies = {
  update_idle_time = function(written) return { idleTimeBeforeShutdown = written } end,
  update_schedules = function(written) return written end,
  update_custom_services = function(written) return written end,
  update_data_mounts = function(_, wanted, vm)
    return json.array(data_mount.actions(wanted, vm.data_mounts))
  end,
  enable_sso = function(written) return { enableSSO = written } end,
}

local function send(self, difference)
  local written = definition.write(difference.field, difference.wanted)
  local body = bodies[difference.change](written, difference.wanted, self.vm)
  resource.call(self.collection.workspace, verbs[difference.change], { name = self.vm.name },
    { label = "set " .. label_of(self, difference.field), body = body })
end

-- Resizing ----------------------------------------------------------------------------------------

-- Return the names of the sizes that the service allows for an instance; nil if the caller may not
-- ask.
local function allowed_sizes(collection, name)
  local function ask()
    return (resource.call(collection.workspace, verbs.allowed_sizes, { name = name },
      { label = "list the sizes allowed for " .. name }))
  end
  local answer, err = errors.try(ask)
  if err and resource.is_forbidden(err) then return nil end
  if err then error(err, 0) end
  local names = {}
  for _, allowed in ipairs(json.get(answer, "value") or {}) do
    local allowed_name = json.get(allowed, "name")
    if type(allowed_name) == "string" then names[#names + 1] = allowed_name end
  end
  return names
end

local function contains(names, size)
  for _, name in ipairs(names) do
    if name:lower() == size:lower() then return true end
  end
  return false
end

--- Tell whether the service allows a size for an instance. What the caller may not ask is left to
--- the service.
---@param collection azureml.Instances
---@param name string
---@param size string
---@return boolean
function changing.may_resize(collection, name, size)
  local names = allowed_sizes(collection, name)
  return names == nil or contains(names, size)
end

local function check_size(collection, name, size)
  local names = allowed_sizes(collection, name)
  if not names or contains(names, size) then return end
  local allowed = #names == 0 and "no other size"
    or ("%d other sizes, such as %s"):format(#names, sizes.alike(size, names))
  errors.raise { code = "DoesNotFit",
    message = ("'%s' cannot be resized to %s; the service allows %s"):format(name, size, allowed),
    hint = "choose an allowed size, or recreate the instance" }
end

local function size_of(size)
  if type(size) ~= "string" then
    errors.mistake("bad argument #2 to 'resize' (size expected, got %s)", type(size))
  end
  return definition.checked("resize", { vm_size = size }).vm_size
end

local function has_size(vm, size)
  return vm.vm_size ~= nil and vm.vm_size:lower() == size:lower()
end

-- Check that an instance has the size that the service says it has.
local function verify_size(vm, size)
  if has_size(vm, size) then return vm end
  errors.raise { code = "NotChanged", instance = vm,
    message = ("the service says that the resize of '%s' succeeded, but its size is %s, not %s")
      :format(vm.name, tostring(vm.vm_size), size) }
end

-- Stop an instance within the caller's time. Return the settings for the resize, with the time that
-- is left.
local function stop_first(collection, name, settings)
  local timeout = settings.timeout or pace.wait_timeout
  options.check_seconds("resize: timeout", timeout)
  local deadline = core.now() + timeout
  local limits = { timeout = timeout, no_wait = settings.no_wait }
  collection:stop(name, limits):wait { timeout = math.max(0, deadline - core.now()) }
  return tables.merge(settings, { timeout = math.max(0, deadline - core.now()) })
end

--- Give an instance another size: ws.instances:resize. An instance that has the size is a success.
---@param collection azureml.Instances
---@param subject string|azureml.Instance
---@param size string
---@param settings table          checked
---@return azureml.Operation
function changing.resize(collection, subject, size, settings)
  size = size_of(size)
  local vm = collection:get(type(subject) == "table" and subject.name or subject)
  if has_size(vm, size) then
    return operation.finished {
      verb = "resize", name = vm.name, workspace = collection.workspace, vm = vm,
    }
  end
  check_size(collection, vm.name, size)
  if settings.stop then settings = stop_first(collection, vm.name, settings) end
  return collection:send("resize", vm.name, settings, {
    body = { targetVMSize = size },
    conclude = function(_, resized) return verify_size(resized, size) end,
  })
end

local function time_left(self)
  return math.max(0, self.deadline - core.now())
end

local function resize(self, difference)
  local settings = { stop = self.stop, timeout = time_left(self) }
  local op = self.collection:resize(self.vm, difference.wanted, settings)
  op:wait { timeout = time_left(self) }
end

-- Tags and description ----------------------------------------------------------------------------

-- Where the members stand that only a PUT of the whole definition can change.
local REPLACED = {
  tags = function(value) return { tags = value } end,
  description = function(value) return { properties = { description = value } } end,
}

-- Return the text of a definition with a member replaced as a whole.
local function replaced(text, difference)
  local write = REPLACED[difference.field]
  return json.merge(json.merge(text, write(json.null)), write(difference.wanted))
end

-- Send the service's own text back with one member changed, and wait until it is done.
local function replace(self, difference)
  local workspace, values = self.collection.workspace, { name = self.vm.name }
  local what = { label = "get " .. self.vm.name, api_version = self.api_version }
  local _, reply = resource.call(workspace, verbs.get, values, what)
  local label = "replace " .. label_of(self, difference.field)
  local handle, err = errors.try(resource.begin, workspace, verbs.replace, values, {
    label = label, body = replaced(reply.body, difference), api_version = self.api_version,
    cautious = true,
  })
  if err then
    err.hint = err.hint or "the field has no verb of its own, and the service refuses to replace "
      .. "the definition of this instance: recreate the instance"
    errors.raise(err)
  end
  local change = followed.new(handle, label)
  if not change:wait(self.deadline) then
    change:close()
    errors.raise { code = "Timeout", message = label .. ": not done in time" }
  end
  change:result()
end

local changers = { resize = resize, replace = replace }

-- Applying ----------------------------------------------------------------------------------------

-- Add to an error what was changed before it.
local function tell_changes(err, changes)
  if not errors.is(err) then return end
  err.changes = changes
  if #changes == 0 then return end
  local names = {}
  for i, change in ipairs(changes) do names[i] = change.field end
  err.message = ("%s; changed before: %s"):format(err.message, table.concat(names, ", "))
end

-- Look whether a change was made whose answer was lost.
local function was_made(self, difference)
  local vm = self.collection:get(self.vm.name, self.api_version)
  vm = self.collection:settled(vm, self.deadline, self.api_version)
  return #definition.differences({ [difference.field] = difference.wanted }, vm) == 0
end

local function apply_all(self, differences)
  for _, difference in ipairs(differences) do
    local ok, err = pcall(changers[difference.change] or send, self, difference)
    if not ok and errors.is(err) and err.outcome_unknown then
      ok = errors.try(was_made, self, difference)
    end
    if not ok then
      tell_changes(err, self.changes)
      error(err, 0)
    end
    table.insert(self.changes,
      { field = difference.field, from = difference.actual, to = difference.wanted })
  end
end

-- Look at the instance until none of its data mounts is in progress.
local function settle_mounts(self)
  local next_pause = pace.pauses(self.collection)
  while data_mount.is_in_progress(self.vm.data_mounts) do
    if core.now() >= self.deadline then
      errors.raise { code = "Timeout", instance = self.vm, changes = self.changes,
        message = label_of(self, "mount the data") .. ": not done in time",
        hint = "the service goes on: look at data_mounts of the instance later" }
    end
    task.sleep(math.min(next_pause(), time_left(self)))
    self.vm = self.collection:get(self.vm.name, self.api_version)
  end
end

-- Leave out of the changes the fields that have not changed.
local function keep_changed(changes, left)
  local unchanged, kept = {}, json.array {}
  for _, difference in ipairs(left) do unchanged[difference.field] = true end
  for _, change in ipairs(changes) do
    if not unchanged[change.field] then kept[#kept + 1] = change end
  end
  return kept
end

-- Look at the instance again and check that it has become what was asked.
local function verify(self, wanted)
  self.vm = self.collection:get(self.vm.name, self.api_version)
  if wanted.data_mounts then settle_mounts(self) end
  local left = definition.differences(wanted, self.vm)
  if #left == 0 then return end
  local has_mounts = left[1].field == "data_mounts"
  local err = errors.new { code = "NotChanged", instance = self.vm,
    message = ("the service accepted the change of '%s', but %s"):format(self.vm.name,
      definition.describe(left)),
    hint = has_mounts and "see the error of the mount: check its source, and who may read it"
      or "the service ignored the change: recreate the instance to have it" }
  tell_changes(err, keep_changed(self.changes, left))
  errors.raise(err)
end

-- Tell whether a difference can be changed as the caller wants it.
local function can_change(self, difference)
  if not difference.change then return false end
  return difference.change ~= "replace" or self.change_tags == true
end

local RECREATE = "recreate the instance (vm:recreate, 'azureml recreate')"
local CHANGE_TAGS = "change_tags = true (--change-tags) replaces the whole definition for it"
local HINTS = {
  admin_user_ssh_public_key = "add the key to ~/.ssh/authorized_keys there: 'azureml terminal' "
    .. "opens a shell",
  tags = CHANGE_TAGS, description = CHANGE_TAGS, state = "start or stop the instance",
}

-- Return what to do about differences that cannot be changed: each hint after its fields.
local function hint_for(fixed, is_strict)
  local hints, fields = {}, {}
  local recreate = RECREATE .. (is_strict and "" or ", or choose another name")
  for _, difference in ipairs(fixed) do
    local hint = HINTS[difference.field] or recreate
    if not fields[hint] then
      hints[#hints + 1], fields[hint] = hint, {}
    end
    table.insert(fields[hint], difference.field)
  end
  for index, hint in ipairs(hints) do
    hints[index] = ("%s: %s"):format(table.concat(fields[hint], ", "), hint)
  end
  return table.concat(hints, "; ")
end

-- Raise that some differences cannot be changed.
local function refuse_fixed(self, fixed)
  if #fixed == 0 then return end
  local form = self.is_strict and "cannot update '%s': %s"
    or "'%s' exists, but %s; this cannot be changed"
  errors.raise { code = "DoesNotFit", instance = self.vm, differences = fixed,
    message = form:format(self.vm.name, definition.describe(fixed)),
    hint = hint_for(fixed, self.is_strict) }
end

-- Split differences into those that can be changed and those that cannot.
local function sort_out(self, differences)
  local changeable, fixed = {}, {}
  for _, difference in ipairs(differences) do
    local list = can_change(self, difference) and changeable or fixed
    list[#list + 1] = difference
  end
  return changeable, fixed
end

-- List what a strict caller wants and cannot have: fields that the service does not return and has
-- no verb for, and another state.
local function unchangeable(vm, wanted, hidden)
  local list = {}
  for _, field in ipairs(hidden) do
    list[#list + 1] = { field = field,
      text = ("%s is not returned by the service, and has no verb"):format(field) }
  end
  local state = wanted.state
  if state and not (power_state.is_aim(state == "Stopped" and "stop" or "start", vm.state)) then
    list[#list + 1] = { field = "state", wanted = state, actual = vm.state,
      text = ("state is %s, not %s"):format(tostring(vm.state), state) }
  end
  return list
end

-- Make the changes when no other operation is active, and check them.
local function change(self, differences, wanted)
  self.vm = self.collection:settled(self.vm, self.deadline, self.api_version)
  apply_all(self, differences)
  verify(self, wanted)
end

--- Change an instance until it is what a definition wants.
---@param collection azureml.Instances
---@param vm azureml.Instance
---@param wanted table          canonical
---@param settings table        api_version: string?, deadline: number?, change_tags: boolean?,
---  stop: boolean?, is_strict: boolean?
---@return azureml.Instance vm                  as it is now
---@return azureml.FieldChange[] changes
---@return string[] hidden                      fields that the service does not return
---@raise an error object: `DoesNotFit` that names each field that cannot be changed, before
---  anything is changed; `NotChanged` where the service ignored a change; what the service refuses,
---  with `changes`
function changing.converge(collection, vm, wanted, settings)
  local self = {
    collection = collection, vm = vm, changes = json.array {}, api_version = settings.api_version,
    deadline = settings.deadline or core.now() + pace.wait_timeout,
    change_tags = settings.change_tags, stop = settings.stop, is_strict = settings.is_strict,
  }
  local differences, hidden = definition.differences(wanted, vm)
  local changeable, fixed = sort_out(self, differences)
  if self.is_strict then tables.append(fixed, unchangeable(vm, wanted, hidden)) end
  refuse_fixed(self, fixed)
  if #changeable == 0 then return vm, self.changes, hidden end
  local ok, err = pcall(change, self, changeable, wanted)
  notice.tell("changed", collection.workspace, vm.name, not ok and err or nil)
  if not ok then error(err, 0) end
  return self.vm, self.changes, hidden
end

-- Refresh the object in hand after a change that failed part of the way. An error of this look is
-- dropped, so that the caller sees the failure itself.
local function refresh_after(vm, err)
  if vm and errors.is(err) and err.changes then errors.try(vm.refresh, vm) end
end

local UPDATE_OPTIONS = { stop = "boolean", timeout = "number" }

--- Change an instance: ws.instances:update.
---@param collection azureml.Instances
---@param subject string|azureml.Instance
---@param settings table
---@return azureml.Instance
function changing.update(collection, subject, settings)
  local own, of_instance = definition.split("update", settings, UPDATE_OPTIONS)
  local workspace = collection.workspace
  local wanted = definition.checked("update", of_instance, workspace.subscription_id)
  if not next(wanted) then errors.mistake("update: no field to change is given") end
  local timeout = own.timeout or pace.wait_timeout
  options.check_seconds("update: timeout", timeout)
  local version = definition.api_version(wanted, workspace.api_version)
  local held = type(subject) == "table" and subject or nil
  local vm = collection:get(held and held.name or subject, version)
  local complete = completing.compare(workspace, wanted, vm)
  local ok, changed = pcall(changing.converge, collection, vm, complete, {
    api_version = version, deadline = core.now() + timeout, change_tags = true, stop = own.stop,
    is_strict = true,
  })
  if ok then return held and held:refresh() or changed end
  refresh_after(held, changed)
  error(changed, 0)
end

return changing
