--- A workspace: where instances live. Making one sends nothing; the first request goes out when something is asked.
local later = require "azureml.later"
local client = require "azureml.client"
local cloud = require "azureml.cloud"
local config = require "azureml.config"
local credential = require "azureml.credential"
local errors = require "azureml.error"
local instances = require "azureml.instances"
local journal = later "azureml.journal"
local json = require "azureml.json"
local options = require "azureml.options"
local resource = require "azureml.resource"
local watch = later "azureml.watch"

local API_VERSION = "2025-12-01"      -- the newest whose specification we have whole; fields of later ones survive in raw

local verbs = {
  get = { method = "GET", path = "" },
  vm_sizes = { method = "GET", path = "/locations/{location}/vmSizes" },
  usages = { method = "GET", path = "/locations/{location}/usages" },
}

---@class azureml.Workspace
---@field subscription_id string
---@field resource_group string
---@field name string
---@field instances azureml.Instances
local Workspace = {}
local metatable = { __name = "azureml.Workspace", __index = Workspace }

local workspace = {}

local KNOWN = {
  subscription_id = "string", resource_group = "string", name = "string", credential = "table", cloud = "any", client = "table",
  tenant_id = "string",
  timeout = "number", poll_interval = "number", retry = "table", ca_file = "string", proxy = "string", journal = "boolean",
}

-- Source: spec/contract/compute-rest.md, section 1.
local function check_names(names)
  local function refuse(what, value, rule)
    errors.raise { code = "InvalidArgument", message = ("'%s' cannot be a %s: it %s"):format(value:sub(1, 100), what, rule) }
  end
  if not names.subscription_id:find "^%x+%-%x+%-%x+%-%x+%-%x+$" then
    refuse("subscription_id", names.subscription_id, "is a GUID such as 00000000-0000-0000-0000-000000000000")
  end
  if #names.resource_group > 90 or not names.resource_group:find "^[%w._()-]+$" then
    refuse("resource_group", names.resource_group, "has 1 to 90 letters, digits, '.', '_', '-' or parentheses")
  end
  if #names.workspace_name < 3 or #names.workspace_name > 33 or not names.workspace_name:find "^%w[%w_-]+$" then
    refuse("workspace name", names.workspace_name, "has 3 to 33 letters, digits, '-' or '_', and begins with a letter or digit")
  end
end

--- The workspace to use. Names that are not given come whole from the first of: AZUREML_ARM_SUBSCRIPTION, _RESOURCEGROUP and
--- _WORKSPACE_NAME; a config.json found upward; the Azure CLI's defaults. No request is sent yet.
---@param given? table
---  subscription_id, resource_group, name string?; tenant_id string? (the subscription's, where it is not the credential's own);
---  credential azureml.Credential? (default: the environment, then the Azure CLI);
---  cloud string|table?; timeout (of a request), poll_interval number? (seconds); retry table?; ca_file, proxy string?;
---  journal boolean? (write pending operations down, so that another process can go on with them: see azureml.pending; in the executable
---  true, elsewhere false)
---@return azureml.Workspace
---@raise an error object that lists what was tried
function workspace.new(given)
  given = options.check("workspace", given, KNOWN)
  local names = config.workspace {
    subscription_id = given.subscription_id, resource_group = given.resource_group, workspace_name = given.name,
  }
  check_names(names)
  local self = setmetatable({
    subscription_id = names.subscription_id, resource_group = names.resource_group, name = names.workspace_name, given = given,
  }, metatable)
  self.instances = instances.new(self)
  local world = config.emulator()
  if world and world.ensure_workspace then world:ensure_workspace(names) end
  return self
end

local function emulated(world, given)
  local settings, ca_file = world:settings(), given.ca_file or world.ca_file
  return world.url, given.credential or credential.client_secret {
    authority = world.authority, tenant_id = settings.tenant_id, client_id = settings.client_id, client_secret = settings.client_secret,
    ca_file = ca_file, proxy = given.proxy,
  }, ca_file
end

local function real(given)
  local who = given.credential or credential.default { cloud = given.cloud, ca_file = given.ca_file, proxy = given.proxy }
  return cloud.of(given.cloud).resource_manager, who, given.ca_file
end

--- A client of the world that is in use, and who asks: as given, else by default.
---@param given table         credential, cloud, ca_file, proxy, timeout, poll_interval, retry
---@return azureml.Client, azureml.Credential
function workspace.open_client(given)
  local world = config.emulator()
  local endpoint, who, ca_file
  if world and not given.cloud then endpoint, who, ca_file = emulated(world, given) else endpoint, who, ca_file = real(given) end
  return client.new {
    endpoint = endpoint, credential = who, scope = cloud.of(given.cloud).scope, api_version = API_VERSION,
    tenant_id = given.tenant_id,
    timeout = given.timeout, poll_interval = given.poll_interval, retry = given.retry, ca_file = ca_file, proxy = given.proxy,
  }, who
end

--- The low-level client that this workspace uses.
---@return azureml.Client
function Workspace:client()
  if self.closed then errors.mistake("%s was closed", tostring(self)) end
  if not self.opened then
    self.opened, self.credential = self.given.client, self.given.credential
    if not self.opened then self.opened, self.credential = workspace.open_client(self.given) end
  end
  return self.opened
end

-- Nothing is written for an emulator in this process: it ends with it.
local function is_journaled(wanted, endpoint)
  local world = config.emulator()
  return journal.is_wanted(wanted) and not (world and world.in_process and world.url == endpoint)
end

--- Write down an operation that is about to be sent.
---@param verb string
---@param name string
---@param id string           the request's
---@return azureml.JournalEntry?      nil: nothing is written
function Workspace:intend(verb, name, id)
  local endpoint = self:client():endpoint()
  if self.is_journaled == nil then self.is_journaled = is_journaled(self.given.journal, endpoint) end
  if not self.is_journaled then return nil end
  return journal.intend({
    id = id, verb = verb, name = name, endpoint = endpoint,
    subscription_id = self.subscription_id, resource_group = self.resource_group, workspace_name = self.name,
  }, self.given.journal)
end

--- The workspace itself, as the service sends it.
---@return table
---@raise an error object, also when there is no such workspace
function Workspace:get()
  return (resource.call(self, verbs.get, {}, { label = "get workspace " .. self.name }))
end

--- Its region; asked for once.
---@return string
function Workspace:location()
  if not self.region then
    self.region = json.get(self:get(), "location")
    if type(self.region) ~= "string" then
      errors.raise { code = "InvalidReply", message = ("the workspace '%s' comes without a location"):format(self.name) }
    end
  end
  return self.region
end

-- 2021-01-01 calls the list amlCompute.
local function sizes_in(answer)
  return json.get(answer, "value") or json.get(answer, "amlCompute") or {}
end

local function serves_instances(size)
  local types = json.get(size, "supportedComputeTypes")
  if not types then return true end
  for _, name in ipairs(types) do
    if name == "ComputeInstance" then return true end
  end
  return false
end

--- The sizes that its region offers to compute instances; asked for once.
---@return table[]           as the service sends them: name, family, vCPUs, gpus, memoryGB, estimatedVMPrices, ...
function Workspace:vm_sizes()
  if not self.sizes then
    local region, sizes = self:location(), {}
    local answer = resource.call(self, verbs.vm_sizes, { location = region }, { label = "list the sizes of " .. region })
    for _, size in ipairs(sizes_in(answer)) do
      if serves_instances(size) then sizes[#sizes + 1] = size end
    end
    self.sizes = sizes
  end
  return self.sizes
end

--- List the sizes that belong to the same family as another one.
---@param name string?       of a size
---@return string[]          names, without that one
function Workspace:sizes_like(name)
  local family, names = nil, {}
  for _, size in ipairs(self:vm_sizes()) do
    if name and size.name:lower() == name:lower() then family = size.family end
  end
  for _, size in ipairs(self:vm_sizes()) do
    if family and size.family == family and size.name:lower() ~= name:lower() then
      names[#names + 1] = size.name
    end
  end
  return names
end

--- What its region's quota is used for.
---@return table[]           as the service sends them: name.value, currentValue, limit, ...
function Workspace:usages()
  local rows = {}
  local region = self:location()
  for row in resource.list(self, verbs.usages, { location = region }, { label = "list the usages of " .. region }) do
    rows[#rows + 1] = row
  end
  return rows
end

--- The object id of who asks, as its token says; fetches a token if there is none yet.
---@return string
function Workspace:object_id()
  local opened = self:client()
  local object_id = self.credential and self.credential:claim "oid"
  if not object_id then
    self:get()
    object_id = self.credential and self.credential:claim "oid"
  end
  if object_id then return object_id end
  errors.raise { code = "IdentityUnknown",
    message = ("the token for %s does not say who it belongs to: 'mine' cannot be told"):format(opened:endpoint()) }
end

--- Iterate over changes of state of its instances, as they are seen: one list per interval for all of them together.
---@param given? table        interval (seconds; 10), timeout, initial, and filters: see azureml.watch
---@return fun(): azureml.Change?     an iterator; each change has name, was, state and vm
---@raise an error object when a list fails; the next call looks again, and nothing that changed meanwhile is lost
---@usage for change in ws:watch { interval = 30, tags = { team = "vision" } } do print(change) end
function Workspace:watch(given)
  return watch.changes(self.instances, given)
end

--- Close its connections' rules; operations under way keep what they need.
function Workspace:close()
  self.closed = true
  if self.opened and not self.given.client then self.opened:close() end
end

metatable.__close = Workspace.close

function metatable:__tostring()
  return ("workspace %s in %s"):format(self.name, self.resource_group)
end

return workspace
