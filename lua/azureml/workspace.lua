--- A workspace: the container of instances. Making one sends no request; the first call that needs
--- the service does.
local later = require "azureml.tool.later"
local client = require "azureml.client"
local cloud = require "azureml.cloud"
local computes = later "azureml.look.computes"
local config = require "azureml.config"
local credential = require "azureml.credential"
local deployment = later "azureml.deployment"
local errors = later "azureml.error"
local instances = require "azureml.instances"
local jobs = later "azureml.jobs"
local journal = later "azureml.journal"
local json = require "azureml.json"
local once = require "azureml.tool.once"
local options = require "azureml.options"
local quotas = later "azureml.look.quotas"
local resource = require "azureml.resource"
local roles = later "azureml.look.roles"
local sizes = later "azureml.look.sizes"
local tables = require "azureml.tool.tables"
local watch = later "azureml.watch"

-- The newest version with a complete specification. Fields of later versions survive in `raw`.
local API_VERSION = "2025-12-01"

local verbs = {
  get = { method = "GET", path = "" },
}

--- A workspace: it contains instances. Making one sends no request.
---@class azureml.Workspace
---@field subscription_id string  the id of the subscription
---@field resource_group string  the resource group of the workspace
---@field name string  its name
---@field instances azureml.Instances  its compute instances
---@field jobs azureml.Jobs  its jobs
---@field api_version string        of requests whose verb needs no other
---@field facts table               what was fetched once: the workspace, the sizes, the usages
local Workspace = {}
local metatable = {
  __name = "azureml.Workspace", __methods = Workspace,
  __fields = { instances = true, jobs = true },
}

local workspace = { API_VERSION = API_VERSION }

--- How to reach the service.
---@class azureml.ConnectionOptions
---@field credential? azureml.Credential  signs in; default: credential.default
---@field cloud? string|table  the Azure cloud: "AzureCloud", "AzureUSGovernment", or a table
---@field client? azureml.Client  send the requests with this client
---@field tenant_id? string  the tenant of the subscription, if it is not the credential's own
---@field timeout? number  seconds of a request with all its tries
---@field poll_interval? number  seconds between polls of an operation, and between looks at an
---  instance, where the service asks for no other pause; default: 1 to 10, growing
---@field retry? azureml.RetryOptions  when a request is sent again
---@field ca_file? string  certificate authorities to trust instead of the system's
---@field proxy? string  the URL of the proxy; default: the environment's
---@field on_reply? fun(seen: table)  called after each reply, as for azureml.client

--- Which workspace, and how to reach it.
---@class azureml.WorkspaceOptions: azureml.ConnectionOptions
---@field subscription_id? string  the id of the subscription
---@field resource_group? string  the resource group of the workspace
---@field name? string  the name of the workspace
---@field instance_scope? string  of the tokens for the instances' own endpoints, such as Jupyter;
---  default: the cloud's
---@field journal? boolean  record pending operations on disk, so that another process can continue
---  them: see azureml.pending; default: true in the executable, elsewhere false

--- The options of a client that `workspace.new` takes too, with their types.
---@type table<string, string>
workspace.client_options = {
  credential = "credential", cloud = "any", client = "client", tenant_id = "string",
  timeout = "number", poll_interval = "number", retry = "table", ca_file = "string",
  proxy = "string", on_reply = "callable",
}

local KNOWN = tables.merge(workspace.client_options, {
  subscription_id = "string", resource_group = "string", name = "string", journal = "boolean",
  instance_scope = "string",
})

-- Check the names by the rules of the service. A refusal tells the source of a name that the caller
-- did not give.
local function check_names(names, named, source)
  for _, field in ipairs { "subscription_id", "resource_group", "workspace_name" } do
    local fault = config.fault(field, names[field])
    if fault then
      local is_found = source and names[field] ~= named[field]
      errors.raise { code = "InvalidArgument",
        message = (is_found and source .. ": " or "") .. fault }
    end
  end
end

--- Make a workspace; send no request. Missing names come from the first source that has all of
--- them: AZUREML_ARM_SUBSCRIPTION, _RESOURCEGROUP and _WORKSPACE_NAME; a config.json in the current
--- directory or above; the defaults of `azureml config`; the Azure CLI's defaults.
---@param settings? azureml.WorkspaceOptions
---@return azureml.Workspace
---@raise an error object that lists the sources that were tried
---@usage local ws = azureml.workspace { name = "team", resource_group = "ml" }
function workspace.new(settings)
  settings = options.check("workspace", settings, KNOWN)
  local named = {
    subscription_id = settings.subscription_id, resource_group = settings.resource_group,
    workspace_name = settings.name,
    cloud = type(settings.cloud) == "string" and settings.cloud or nil,
  }
  local names, source = config.workspace(named)
  check_names(names, named, source)
  local self = setmetatable({
    subscription_id = names.subscription_id, resource_group = names.resource_group,
    name = names.workspace_name, settings = settings, api_version = API_VERSION, facts = {},
    closed = false,      -- set, because each request looks at it: an absent field calls __index
  }, metatable)
  self.instances = instances.new(self)
  local world = config.emulator()
  if world and world.ensure_workspace then world:ensure_workspace(names) end
  return self
end

-- Return the endpoint, credential and certificate authorities of an emulator.
local function emulated(world, settings)
  local names, ca_file = world:settings(), settings.ca_file or world.ca_file
  return world.url, settings.credential or credential.client_secret {
    authority = world.authority, tenant_id = names.tenant_id, client_id = names.client_id,
    client_secret = names.client_secret, ca_file = ca_file, proxy = settings.proxy,
  }, ca_file
end

-- Return the endpoint, credential and certificate authorities of a cloud.
local function real(settings)
  local chosen = settings.credential or credential.default {
    cloud = settings.cloud, ca_file = settings.ca_file, proxy = settings.proxy,
  }
  return cloud.of(settings.cloud).resource_manager, chosen, settings.ca_file
end

--- Open a client of the world that is in use: the emulator, unless the caller names a cloud.
---@param settings table      credential, cloud, tenant_id, ca_file, proxy, timeout,
---  poll_interval, retry; the default credential is the emulator's, or credential.default
---@return azureml.Client client, azureml.Credential credential
function workspace.open_client(settings)
  local world = config.emulator()
  local endpoint, chosen, ca_file
  local target = cloud.of(settings.cloud or world and cloud.default)
  if world and not settings.cloud then
    endpoint, chosen, ca_file = emulated(world, settings)
  else
    endpoint, chosen, ca_file = real(settings)
  end
  return client.new {
    endpoint = endpoint, credential = chosen, scope = target.scope,
    api_version = API_VERSION, tenant_id = settings.tenant_id, timeout = settings.timeout,
    poll_interval = settings.poll_interval, retry = settings.retry, ca_file = ca_file,
    proxy = settings.proxy, on_reply = settings.on_reply,
  }, chosen
end

--- Return the client among the options of a caller, or else open one.
---@param settings table      client, or what `open_client` takes
---@return azureml.Client client, azureml.Credential? credential
function workspace.client_of(settings)
  if not settings.client then return workspace.open_client(settings) end
  return settings.client:with_version(API_VERSION), settings.credential
end

--- Open a client of Microsoft Graph, which knows the users. The caller closes it.
---@package
---@return azureml.Client
---@raise an error object `NoDirectory` for a custom cloud without Microsoft Graph
function Workspace:open_graph()
  local opened, settings, world = self:client(), self.settings, config.emulator()
  local is_emulated = world and opened:endpoint() == world.url
  local endpoint, scope = cloud.graph(settings.cloud)
  if is_emulated then endpoint = world.url .. cloud.EMULATED_GRAPH end
  return client.new {
    endpoint = endpoint, credential = self.credential, scope = scope,
    tenant_id = settings.tenant_id, timeout = settings.timeout, proxy = settings.proxy,
    ca_file = settings.ca_file or is_emulated and world.ca_file or nil,
  }
end

-- Open a client of the data plane, which is a service of the workspace's region.
local function open_data_plane(self)
  local opened, settings, world = self:client(), self.settings, config.emulator()
  local endpoint, scope
  if world and opened:endpoint() == world.url then
    endpoint, scope = world.url, cloud.of(cloud.default).data_plane_scope
  else
    endpoint, scope = cloud.data_plane(settings.cloud, self:location())
  end
  return client.new {
    endpoint = endpoint, credential = self.credential, scope = scope,
    tenant_id = settings.tenant_id, timeout = settings.timeout, retry = settings.retry,
    proxy = settings.proxy, on_reply = settings.on_reply,
    ca_file = settings.ca_file or world and endpoint == world.url and world.ca_file or nil,
  }
end

--- Return the client of the workspace's data plane, such as the run history; open it at the first
--- call. Its tokens have an audience of their own.
---@return azureml.Client
---@raise an error object `NoDataPlane` for a custom cloud that does not say where it is
function Workspace:data_plane()
  self:client()
  return once.get(self.facts, "data_plane", function() return open_data_plane(self) end)
end

--- Return the low-level client of this workspace; open it at the first call.
---@return azureml.Client
function Workspace:client()
  if self.closed then errors.mistake("%s was closed", tostring(self)) end
  if not self.opened then
    self.opened, self.credential = workspace.client_of(self.settings)
  end
  return self.opened
end

-- An emulator in this process ends with it, and so do its operations.
local function outlives_process(endpoint)
  local world = config.emulator()
  return not (world and world.in_process and world.url == endpoint)
end

-- Tell whether an operation is recorded: as the caller of the workspace said, or because it must
-- be.
local function is_recorded(self, is_needed, endpoint)
  if self.is_journaled == nil then
    self.is_lasting = outlives_process(endpoint)
    self.is_journaled = self.is_lasting and journal.is_wanted(self.settings.journal)
  end
  return self.is_journaled or is_needed and self.is_lasting
end

--- Record in the journal an operation that is about to be sent.
---@package
---@param verb string         "start"
---@param name string         of the instance
---@param id string           of the request
---@param more { then_stop: boolean?, then_mount: table[]?, is_needed: boolean? }?  then_stop: the
---  instance is stopped when the verb is done; then_mount: it gets these data mounts; is_needed:
---  record it even if the workspace keeps no journal
---@return azureml.JournalEntry?      nil: it is not recorded
function Workspace:intend(verb, name, id, more)
  local endpoint, is_needed = self:client():endpoint(), more and more.is_needed
  if not is_recorded(self, is_needed, endpoint) then return nil end
  return journal.intend({
    id = id, verb = verb, name = name, endpoint = endpoint, then_stop = more and more.then_stop,
    then_mount = more and more.then_mount,
    subscription_id = self.subscription_id, resource_group = self.resource_group,
    workspace_name = self.name,
  }, is_needed or self.settings.journal)
end

--- Get the workspace resource from the service.
---@return table              the decoded reply
---@raise an error object, also if the workspace does not exist
function Workspace:get()
  return (resource.call(self, verbs.get, {}, { label = "get workspace " .. self.name }))
end

--- Get the workspace resource and keep it.
---@package
---@return azureml.Reply      with the headers of the service
function Workspace:look()
  local found, reply = resource.call(self, verbs.get, {}, { label = "get workspace " .. self.name })
  once.keep(self.facts, "workspace", found)
  return reply
end

--- Return the workspace resource. Ask the service at the first call only.
---@return table              the decoded reply
function Workspace:get_once()
  return once.get(self.facts, "workspace", function() return self:get() end)
end

--- Return the region of the workspace. Ask the service at the first call only.
---@return string             "westeurope"
function Workspace:location()
  local region = json.get(self:get_once(), "location")
  if type(region) == "string" then return region end
  errors.raise {
    code = "InvalidReply",
    message = ("the workspace '%s' comes without a location"):format(self.name),
  }
end

--- List the sizes that the region offers to compute instances, cheapest first. The service is asked
--- for the sizes at the first call only, and for the quota at each call that needs it.
---@param settings? azureml.SizeOptions
---@return azureml.Size[]
---@usage local size = ws:vm_sizes { min_gpus = 1, max_price = 2, available = true }[1]
function Workspace:vm_sizes(settings)
  return sizes.list(self, settings)
end

--- List the names of the sizes in the same family as a size.
---@param name? azureml.SizeName      of the size
---@return string[]          names, without `name`
function Workspace:sizes_like(name)
  return sizes.like(self, name)
end

--- List what is used of the region's quota: cores by family and in total, and computes.
---@param settings? azureml.RegionOptions
---@return azureml.Usage[]       name, title, used, limit, left; without limit the last two are nil
---@usage for _, usage in ipairs(ws:usages()) do print(usage.title, usage.used, usage.limit) end
function Workspace:usages(settings)
  return quotas.usages(self, settings)
end

--- List the limits of the region's quota: of each family, for the subscription and each workspace.
---@param settings? azureml.RegionOptions
---@return azureml.Quota[]       name (of the family), title, limit, workspace
function Workspace:quotas(settings)
  return quotas.list(self, settings)
end

--- Set limits of this workspace. What the other workspaces may use does not change.
---@param limits table<string, integer>        cores by family: { standardDSv2Family = 24 }
---@param settings? azureml.RegionOptions
---@return azureml.Quota[]       the limits of the workspace afterwards
---@raise an error object `QuotaRefused` with a detail for each limit that the service refused; the
---  other limits are set
function Workspace:set_quotas(limits, settings)
  return quotas.set(self, limits, settings)
end

---@alias azureml.VerbName "list"|"create"|"start"|"stop"|"restart"|"delete"|"resize"|"applications"
---  a verb that a role allows

--- Tell whether the caller's roles allow a verb in this workspace. The service is asked for the
--- permissions once a minute. A deny assignment, a lock or a policy may still refuse the verb.
---@param verb azureml.VerbName|string  a verb, or an action such as
---  "Microsoft.MachineLearningServices/workspaces/computes/stop/action"
---@return boolean
---@return string[] missing  the actions that no role of the caller allows
---@usage if not ws:can "stop" then print "ask for the role AzureML Compute Operator" end
function Workspace:can(verb)
  return roles.can(self, verb)
end

--- Iterate over all computes of the workspace, whatever their type: clusters and attached machines
--- too. ws.instances has the compute instances alone, and the verbs.
---@param wanted? azureml.ComputeOptions
---@return fun(): azureml.Compute?       name, type, state, vm_size, nodes, created_on
---@usage for compute in ws:computes() do print(compute.type, compute.name, compute.state) end
function Workspace:computes(wanted)
  return computes.list(self, wanted)
end

--- Return the object id of the user or application, from the credential's token. Fetch a token if
--- the credential has none.
---@return string
---@raise an error object `IdentityUnknown` if the token has no object id
function Workspace:object_id()
  local opened = self:client()
  local object_id = self.credential and self.credential:claim "oid"
  if not object_id then
    self:get()
    object_id = self.credential and self.credential:claim "oid"
  end
  if object_id then return object_id end
  errors.raise {
    code = "IdentityUnknown",
    message = ("the token for %s contains no object id, which the filter 'mine' needs"):format(
      opened:endpoint()),
  }
end

--- Iterate over changes of state of the instances. One list request per interval covers all.
---@param settings? azureml.WatchOptions
---@return fun(): azureml.Change?     an iterator; each change has name, was, state and vm
---@raise an error object if a list fails; the next call lists again and reports all changes
---@usage for change in ws:watch { interval = 30, tags = { team = "vision" } } do print(change) end
function Workspace:watch(settings)
  return watch.changes(self.instances, settings)
end

--- What to deploy.
---@class azureml.DeployOptions
---@field template table|string  the template, or the path of its file
---@field parameters? table|string  values by name, { value = } by name, or the path of a parameters
---  file
---@field name? string  of the deployment; default: a new name
---@field mode? "Incremental"  how resources that are not in the template are treated: they stay
---@field what_if? boolean  deploy nothing; return what would change

--- Deploy a template that creates instances in this workspace: check it here, let the service
--- validate it, then deploy it. See azureml.deployment.
---@param settings azureml.DeployOptions
---@return azureml.Deployment|azureml.WhatIf
---@raise an error object: `InvalidArgument` for what is wrong here, the service's for the rest
---@usage ws:deploy { template = "instance.json", parameters = { computeName = "ci-ann" } }:wait()
function Workspace:deploy(settings)
  return deployment.deploy(self, settings)
end

--- Open a deployment of the workspace's resource group, to wait for it or to look at it.
---@param name string
---@return azureml.Deployment
---@raise an error object `DeploymentNotFound`
function Workspace:deployment(name)
  return deployment.open(self, name)
end

--- Close the workspace and its client. Running operations keep their own reference. A client that
--- the script passed stays open.
function Workspace:close()
  self.closed = true
  if self.opened and not self.settings.client then self.opened:close() end
  local plane = self.facts.data_plane
  if plane and plane.value then plane.value:close() end
end

options.check_colon(Workspace, metatable, "ws")

-- Make the collection of jobs when it is first used: most scripts have none.
function metatable.__index(self, name)
  if name ~= "jobs" then return Workspace[name] end
  local made = jobs.new(self)
  rawset(self, "jobs", made)
  return made
end

metatable.__close = Workspace.close

function metatable:__tostring()
  return ("workspace %s in %s"):format(self.name, self.resource_group)
end

return workspace
