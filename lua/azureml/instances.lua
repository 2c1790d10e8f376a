--- The compute instances of a workspace: what one can ask of them. A verb returns when the service has accepted it.
local later = require "azureml.later"
local core = require "azureml.core"
local errors = require "azureml.error"
local fleet = later "azureml.fleet"
local instance = require "azureml.instance"
local list = later "azureml.list"
local naming = require "azureml.definition.naming"
local operation = later "azureml.operation"
local power_state = later "azureml.definition.power_state"
local resource = require "azureml.resource"
local spec = later "azureml.definition.spec"
local verbs = require "azureml.verbs"

---@class azureml.Instances
---@field workspace azureml.Workspace
local Instances = {}
local metatable = { __name = "azureml.Instances", __index = Instances }

local instances = {}

--- The collection of a workspace.
---@param workspace azureml.Workspace
---@return azureml.Instances
function instances.new(workspace)
  return setmetatable({ workspace = workspace }, metatable)
end

local function check_name(verb, name)
  if type(name) ~= "string" then errors.mistake("bad argument #1 to '%s' (name expected, got %s)", verb, type(name)) end
  naming.check(name)
  return name
end

local function another_type(self, raw)
  errors.raise {
    code = "AnotherComputeType",
    message = ("'%s' in workspace '%s' is a compute of type %s, not a compute instance"):format(raw.name, self.workspace.name,
      tostring(raw.properties and raw.properties.computeType)),
  }
end

-- Whether the instance shows that a verb was taken on, though nobody saw it accepted.
local function is_taken_on(self, verb, name)
  local vm = self:find(name)
  if not vm then return verb == "delete" end
  return power_state.shows(verb, vm.state)
end

-- A verb is not sent twice: where its answer was lost the instance tells whether it was taken on; then its state is waited for.
local function settle_answer(self, verb, name, err)
  return err.outcome_unknown and errors.try(is_taken_on, self, verb, name) == true
end

local function begin(self, verb, name, body)
  local id = core.guid()
  local entry = self.workspace:intend(verb, name, id)
  local what = { label = verb .. " " .. name, body = body, request_id = id }
  local handle, err = errors.try(resource.begin, self.workspace, verbs[verb], { name = name }, what)
  if not handle and not settle_answer(self, verb, name, err) then
    if entry then entry:ended() end
    error(err, 0)
  end
  if entry then entry:accepted(handle) end
  return operation.new { verb = verb, name = name, workspace = self.workspace, handle = handle, entry = entry }
end

--- Look at an instance.
---@param name string
---@return azureml.Instance
---@raise an error object: `ResourceNotFound` when it is not there, `AnotherComputeType`
function Instances:get(name)
  check_name("get", name)
  local raw = resource.call(self.workspace, verbs.get, { name = name }, { label = "get " .. name })
  if type(raw) ~= "table" then errors.raise { code = "InvalidReply", message = "cannot get " .. name .. ": the reply is not JSON" } end
  if not instance.is_one(raw) then another_type(self, raw) end
  return instance.new(self.workspace, raw)
end

local ABOVE = { ParentResourceNotFound = true, ResourceGroupNotFound = true, SubscriptionNotFound = true, InvalidResourceType = true }

-- Of the compute itself, not of its workspace or group. The code that the provider gives is not documented; ARM's own text names what
-- it misses.
local function is_missing(err)
  local misses_workspace = err.message:find "'Microsoft%.MachineLearningServices/workspaces/[^/']+'"
  return err.status == 404 and not ABOVE[err.code] and not misses_workspace
end

--- Look whether an instance is there.
---@param name string
---@return azureml.Instance?      nil when it is not there
---@raise an error object for everything else, another type of compute of that name included
function Instances:find(name)
  check_name("find", name)
  local vm, err = errors.try(self.get, self, name)
  if vm then return vm end
  if is_missing(err) then return nil end
  error(err, 0)
end

--- Create an instance. Its name must be free in the whole region; its size is fixed from then on.
---@param name string   3 to 24 letters, digits and '-': spec/contract/compute-rest.md, section 8.1
---@param given? table           vm_size ("STANDARD_DS3_V2"), ssh_public_access, admin_user_ssh_public_key, vnet_resourcegroup_name,
---  vnet_name, subnet_name, tags, description, assigned_user_object_id, assigned_user_tenant_id, idle_time_before_shutdown ("30m"),
---  schedules, setup_scripts, custom_services (each described by its file in definition/),
---  identity ("SystemAssigned" or a list of ids), enable_node_public_ip, enable_sso,
---  enable_root_access, enable_os_patching, release_quota_on_stop, application_sharing_policy
---@return azureml.Operation
---@raise an error object: what is wrong with the name or an option, before anything is changed; what the service refuses
---@usage local vm = ws.instances:create("ci-ann", { vm_size = "STANDARD_DS3_V2" }):wait()
function Instances:create(name, given)
  check_name("create", name)
  local body = spec.body(given, self.workspace.subscription_id)
  spec.check_size(self.workspace, body.properties.properties.vmSize)
  body.location = self.workspace:location()
  return begin(self, "create", name, body)
end

--- Take an instance that is there if it fits, starting it if it is stopped; else create it.
---@param name string
---@param given? table           as for create
---@return azureml.Operation
---@raise an error object: `DoesNotFit` when what is there differs in what cannot be changed
function Instances:ensure(name, given)
  local body = spec.body(given, self.workspace.subscription_id)
  local vm = self:find(name)
  if not vm then return self:create(name, given) end
  spec.check_fit(vm, given or {}, body)
  if vm.state == "Stopped" then return self:start(name) end
  return operation.new { verb = "create", name = name, workspace = self.workspace }
end

--- Start a stopped instance.
---@param name string
---@return azureml.Operation
function Instances:start(name)
  return begin(self, "start", check_name("start", name))
end

--- Stop an instance: its hours end, its disk and its quota stay.
---@param name string
---@return azureml.Operation
function Instances:stop(name)
  return begin(self, "stop", check_name("stop", name))
end

--- Restart an instance; also the cure for an unusable one.
---@param name string
---@return azureml.Operation
function Instances:restart(name)
  return begin(self, "restart", check_name("restart", name))
end

--- Delete an instance, with its disk. It is looked at first: nothing but a compute instance is deleted, and a wrong name is an error.
---@param given string|azureml.Instance       an instance in hand is not looked at again
---@return azureml.Operation
function Instances:delete(given)
  local vm = type(given) == "table" and given or self:get(check_name("delete", given))
  return begin(self, "delete", vm.name)
end

-- start_all, stop_all, restart_all and delete_all: the verb done to many, side by side; each returns when all have ended.
--
-- Which ones: names or instances in front, or in option `names`; or filters (state, vm_size, tags, mine, where: fun(vm), all of which
-- must hold); or all = true. A script whose list came out empty says names = list, and nothing is done.
--
-- Options: limit integer (how many are under way at once; 10,000); timeout number (seconds for the whole; 1,800); dry_run (only say what
-- would be done); wait (true: until each has ended; false: until the service has accepted or refused each; the results have the operations,
-- which go on); settle (true: look at the states afterwards, as op:wait() does; false: the service's word that it succeeded is enough);
-- show_output (progress, to standard error) or progress string; confirm = true (delete_all by filters, or all, is refused without it);
-- keep_going.
--
-- All are tried, whatever happens to some. Without keep_going a name that cannot be one, or that a look beforehand does not find, is
-- raised before anything is begun; and at the end one error `SomeFailed` lists each failure by name, with `results`. With keep_going no
-- instance's failure is raised: the results tell.
for _, verb in ipairs { "start", "stop", "restart", "delete" } do
  ---@param given table
  ---@return azureml.FleetResults     one result for each instance: done, skipped (and why), failed (and the error)
  ---@raise an error object `SomeFailed`; whatever listing them raises
  ---@usage ws.instances:stop_all { state = "Running", where = function(vm) return vm.tags.keep ~= "on" end }
  Instances[verb .. "_all"] = function(self, given)
    return fleet.run(self, verb, given)
  end
end

-- The world that one is in may be another than the one it was sent to.
local function check_endpoint(self, said)
  local endpoint = self.workspace:client():endpoint()
  if not said.endpoint or said.endpoint == endpoint then return end
  errors.raise { code = "AnotherEndpoint",
    message = ("%s %s was sent to %s, and this is %s"):format(said.verb, said.name, said.endpoint, endpoint),
    hint = "choose the cloud or the emulator that it was sent to" }
end

-- Of one whose process did not live to see the answer. An instance that is there was created, by it or before it.
local function check_taken_on(self, said)
  if said.taken_on or is_taken_on(self, said.verb, said.name) then return end
  if said.verb == "create" and self:find(said.name) then return end
  said:ended()
  errors.raise { code = "NotTakenOn",
    message = ("%s %s: nothing shows that the service took it on"):format(said.verb, said.name),
    hint = "look at the instance's state; then ask for it again if you still want it" }
end

-- An entry goes on to be written to where it stands; a ticket is written down anew.
local function entry_of(self, said, handle)
  if said.file then return said end
  local entry = self.workspace:intend(said.verb, said.name, said.request_id)
  if entry then entry:accepted(handle) end
  return entry
end

--- Go on with an operation that another process began.
---@param said table          what a ticket says, or a journal's entry
---@return azureml.Operation
---@raise an error object: `InvalidTicket`, `AnotherEndpoint`, `NotTakenOn` where a process died before the answer and the instance's
---  state does not show that it was accepted
function Instances:resume(said)
  local verb, name, progress = verbs[said.verb], said.name, said.progress
  if not verb or verb[1] == "GET" then
    errors.raise { code = "InvalidTicket", message = ("the ticket is damaged: there is no verb '%s'"):format(said.verb) }
  end
  check_name("resume", name)
  check_endpoint(self, said)
  local what = { label = said.verb .. " " .. name, request_id = said.request_id or said.id }
  if not progress then check_taken_on(self, said) end
  local handle = progress and resource.resume(self.workspace, verb, { name = name }, what, progress) or nil
  return operation.new {
    verb = said.verb, name = name, workspace = self.workspace, handle = handle, entry = entry_of(self, said, handle),
  }
end

--- Iterate over the instances of the workspace; other types of compute are left out. Single-pass; the first request goes out at
--- first use.
---@param wanted? { state: string?, vm_size: string?, tags: table<string, string>?, mine: boolean? }    all must hold
---@return azureml.List          an iterator, with all()
---@raise an error object rather than ending early: no list is partial
---@usage for vm in ws.instances:list { state = "Running" } do print(vm) end
function Instances:list(wanted)
  local computes = resource.list(self.workspace, verbs.list, {}, { label = "list the computes of " .. self.workspace.name })
  local function next_instance()
    for raw in computes do
      if instance.is_one(raw) then return instance.new(self.workspace, raw) end
    end
  end
  return list.new(next_instance, wanted)
end

function metatable:__tostring()
  return "instances of " .. tostring(self.workspace)
end

return instances
