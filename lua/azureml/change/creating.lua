--- Create an instance, or take the one that is there: ws.instances:create and ws.instances:ensure.
local changing = require "azureml.change.changing"
local completing = require "azureml.change.completing"
local core = require "azureml.core"
local definition = require "azureml.definition"
local errors = require "azureml.error"
local json = require "azureml.json"
local naming = require "azureml.definition.naming"
local notice = require "azureml.tool.notice"
local options = require "azureml.options"
local pace = require "azureml.pace"
local preflight = require "azureml.change.preflight"
local resource = require "azureml.resource"
local tables = require "azureml.tool.tables"
local warning = require "azureml.tool.warning"

local creating = {}

-- Check the name and the options; raise all that is wrong with them at once.
local function check(owner, collection, name, settings, checks_name)
  local subscription_id = collection.workspace.subscription_id
  local wanted, findings = definition.check(owner, settings, subscription_id)
  local fault = checks_name and naming.fault(name)
  if fault then
    table.insert(findings, 1, { field = "name", level = "error", text = fault })
  end
  definition.refuse(findings)
  return wanted, findings
end

local function raise_exists(vm, wanted)
  local differences = definition.describe(definition.differences(wanted, vm))
  errors.raise { code = "InstanceExists", instance = vm,
    message = ("cannot create '%s': an instance of this name exists (%s, %s)%s"):format(vm.name,
      tostring(vm.state), tostring(vm.vm_size), differences ~= "" and "; " .. differences or ""),
    hint = "ensure takes the instance that is there if it fits, and starts it" }
end

-- The service answers 201 for a new instance, and 200 where it met an existing one.
-- Source: spec/contract/compute-rest.md, section 3.3.
local function check_is_new(name, status)
  if status ~= 200 then return end
  errors.raise { code = "InstanceExists",
    message = ("create %s: the service answered that an instance of this name exists; it was made "
      .. "at the same time, and may not be what was asked"):format(name),
    hint = "look at it with get; ensure takes it if it fits" }
end

-- Add warnings to an operation.
local function add_warnings(op, findings)
  for _, finding in ipairs(findings) do
    if finding.level ~= "error" then table.insert(op.warnings, finding.text) end
  end
end

-- Warn of the fields that the service does not return. What the user has been given is marked, for
-- callers that print the warnings of an operation.
local function warn_of_hidden(op, name, fields)
  for _, field in ipairs(fields) do
    local text = ("%s of '%s' cannot be verified: the service does not return it"):format(field,
      name)
    table.insert(op.warnings, text)
    warning.give(text)
    op.given = op.given or {}
    op.given[text] = true
  end
end

local IS_BILLED = "the instance exists and is billed: change it, or delete it"

-- Check that a new instance is what was asked.
local function verify(vm, wanted, op)
  local differences, hidden = definition.differences(wanted, vm)
  warn_of_hidden(op, vm.name, hidden)
  if #differences == 0 then return end
  errors.raise { code = "NotAsAsked", instance = vm,
    message = ("'%s' was created, but %s"):format(vm.name, definition.describe(differences)),
    hint = IS_BILLED }
end

--- Mount the data of a new instance.
---@param collection azureml.Instances
---@param mounts table[]         canonical
---@param version string?        of the looks; nil: the workspace's
---@param vm azureml.Instance
---@param deadline number        on core.now()'s clock
---@return azureml.Instance      as it is then; it may lack a mount
---@raise an error object with `instance` if the service refuses the mounts
function creating.mount(collection, mounts, version, vm, deadline)
  local changed, err = errors.try(changing.converge, collection, vm, { data_mounts = mounts },
    { api_version = version, deadline = deadline })
  if changed then return changed end
  if err.code == "NotChanged" then return err.instance end      -- `verify` tells what differs
  err.message = ("'%s' was created, but its data is not mounted: %s"):format(vm.name, err.message)
  err.instance, err.hint = vm, (err.hint and err.hint .. "; " or "") .. IS_BILLED
  errors.raise(err)
end

-- Do what follows a creation: mount data, and check what came of it.
local function conclude(collection, wanted, version, op, vm, deadline)
  if wanted.data_mounts then
    vm = creating.mount(collection, wanted.data_mounts, version, vm, deadline)
  end
  verify(vm, wanted, op)
  return vm
end

--- Mount the data of a new instance for a process that did not begin its creation.
---@param op azureml.Operation
---@param vm azureml.Instance
---@param deadline number
---@return azureml.Instance
function creating.mount_later(op, vm, deadline)
  local wanted = definition.checked("resume", { data_mounts = op.then_mount })
  return conclude(op.workspace.instances, wanted, nil, op, vm, deadline)
end

local function create(collection, name, wanted, findings, is_part)
  local workspace = collection.workspace
  local version = definition.api_version(wanted, workspace.api_version)
  local body = definition.body(wanted)
  body.location = workspace:location()
  local op = collection:send("create", name, nil, {
    body = body, before = false, api_version = version, is_part = is_part,
    then_stop = wanted.state == "Stopped" or nil, then_mount = wanted.data_mounts,
    check_accepted = function(status) check_is_new(name, status) end,
    conclude = function(op, vm, deadline)
      return conclude(collection, wanted, version, op, vm, deadline)
    end,
  })
  add_warnings(op, findings)
  return op
end

-- Tell whether an error says that the service has not created the instance.
local function is_not_made(err)
  local status = errors.is(err) and err.status or 0
  if errors.is(err) and err.code == "InstanceExists" then return true end
  return status >= 400 and status < 500 and status ~= 408
end

-- Complete a definition and create its instance. A new pair of keys is removed if the service
-- refuses the creation, so that the same call can be made again.
local function complete_and_create(collection, name, wanted, findings)
  local complete, discard = completing.complete(collection.workspace, wanted)
  local ok, op = pcall(create, collection, name, complete, findings)
  if ok then return op end
  if discard and is_not_made(op) then discard() end
  error(op, 0)
end

--- Do what follows a creation that another process sent: mount data, and check what came of it.
---@param collection azureml.Instances
---@param wanted table           canonical and complete
---@param op azureml.Recreation  for its warnings
---@param vm azureml.Instance
---@param deadline number        on the clock of `core.now`
---@return azureml.Instance
---@raise an error object: `NotAsAsked`, or why the data is not mounted
function creating.conclude(collection, wanted, op, vm, deadline)
  local version = definition.api_version(wanted, collection.workspace.api_version)
  return conclude(collection, wanted, version, op, vm, deadline)
end

--- Send the creation of an instance that has been checked, as a part of a recreation.
---@param collection azureml.Instances
---@param name string
---@param wanted table           canonical and complete
---@return azureml.Operation
function creating.send(collection, name, wanted)
  return create(collection, name, wanted, {}, true)
end

--- Create an instance.
---@param collection azureml.Instances
---@param name string
---@param settings table?
---@return azureml.Operation
function creating.create(collection, name, settings)
  local wanted, findings = check("create", collection, name, settings, true)
  local report = preflight.run(collection, name, wanted)
  if report.instance then raise_exists(report.instance, wanted) end
  report:refuse()
  return complete_and_create(collection, name, wanted, tables.append(findings, report.findings))
end

local ENSURE_OPTIONS = { change_tags = "boolean", stop = "boolean", timeout = "number" }

-- Return the instance of a name; nil if there is none. One that is being deleted is waited for.
local function find(collection, name, version, deadline)
  local vm = collection:find(name, version)
  if not vm or vm.state ~= "Deleting" then return vm end
  local left, err = errors.try(collection.settled, collection, vm, deadline, version)
  if err and not resource.is_missing(err) then error(err, 0) end
  return left
end

-- Create the instance that ensure did not find. Return nil if another caller has made it meanwhile.
local function create_missing(collection, name, wanted, findings)
  local report = preflight.report(collection, name, wanted, findings)
  if report.instance then return nil end
  report:refuse()
  local op, err = errors.try(complete_and_create, collection, name, wanted, report.findings)
  if err and err.code == "InstanceExists" then
    notice.tell("forgave", err)
    return nil
  end
  if err then errors.raise(err) end
  op.changes = json.array {}
  return op
end

-- Bring an instance to the state that a definition wants.
local function settle_in(collection, vm, wanted, deadline)
  local verb = wanted.state == "Stopped" and "stop" or "start"
  return collection:send(verb, vm, { timeout = math.max(0, deadline - core.now()) }, { vm = vm })
end

--- Take an instance that is there, changed where it differs; or create it.
---@param collection azureml.Instances
---@param name string
---@param settings table?
---@return azureml.Operation
function creating.ensure(collection, name, settings)
  local own, of_instance = definition.split("ensure", settings, ENSURE_OPTIONS)
  local wanted, findings = check("ensure", collection, name, of_instance, false)
  local timeout = own.timeout or pace.wait_timeout
  options.check_seconds("ensure: timeout", timeout)
  local deadline = core.now() + timeout
  local version = definition.api_version(wanted, collection.workspace.api_version)
  local vm = find(collection, name, version, deadline)
  if not vm then
    local op = create_missing(collection, name, wanted, findings)
    if op then return op end
    vm = collection:get(name, version)
  end
  local complete = completing.compare(collection.workspace, wanted, vm)
  local changes, hidden
  vm, changes, hidden = changing.converge(collection, vm, complete, {
    api_version = version, deadline = deadline, change_tags = own.change_tags, stop = own.stop,
  })
  local op = settle_in(collection, vm, wanted, deadline)
  op.changes = changes
  warn_of_hidden(op, vm.name, hidden)
  return op
end

return creating
