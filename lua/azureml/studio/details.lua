--- Describe one instance for the page of its details: what its cards show.
--- Source: spec/contract/studio.md, section 3.
local audit = require "azureml.look.audit"
local definition = require "azureml.definition"
local errors = require "azureml.error"
local failure = require "azureml.studio.failure"
local json = require "azureml.json"
local schedules = require "azureml.studio.schedules"
local sizes = require "azureml.look.sizes"

local details = {}

-- Fields that are shown as they are.
local PLAIN = {
  "id", "location", "provisioning_state", "description", "created_on", "created_by",
  "created_by_name", "modified_on", "assigned_to", "image_version", "latest_image_version",
  "is_latest_image", "public_ip_address", "private_ip_address", "subnet", "enable_node_public_ip",
  "disable_local_auth", "application_sharing_policy", "enable_root_access", "enable_os_patching",
  "release_quota_on_stop", "mlflow_autologger", "ssh_public_access", "vm_size",
}

local function facts_of(vm)
  local facts = {}
  for _, name in ipairs(PLAIN) do facts[name] = vm[name] end
  facts.has_key = vm.admin_user_ssh_public_key ~= nil
  facts.enable_sso = vm.enable_sso ~= false
  return facts
end

local function identity_of(vm)
  local identity = vm.identity
  if not identity then return nil end
  return {
    system_assigned = identity.system_assigned, user_assigned = json.array(identity.user_assigned),
  }
end

local function size_of(vm)
  local size = errors.try(sizes.find, vm.workspace, vm.vm_size) or {}
  return {
    family = size.family, vcpus = size.vcpus, gpus = size.gpus, memory_gb = size.memory_gb,
    disk_gb = size.disk_gb,
  }
end

-- Return the custom services, without the values of their variables: some are secret.
local function services_of(vm)
  local list = json.array {}
  for index, service in ipairs(vm.custom_services) do
    local endpoints = json.array {}
    for place, endpoint in ipairs(service.endpoints or {}) do
      endpoints[place] = { target = endpoint.target, published = endpoint.published }
    end
    list[index] = {
      name = service.name, endpoints = endpoints,
      image = type(service.image) == "table" and service.image.reference or service.image,
    }
  end
  return list
end

-- Return the scripts without their texts and without the query of a URL, which may be a signature.
local function scripts_of(vm)
  local list = json.array {}
  for _, kind in ipairs { "creation_script", "startup_script" } do
    local script = (vm.setup_scripts or {})[kind]
    if script then
      list[#list + 1] = {
        kind = kind, path = script.path, arguments = script.arguments, timeout = script.timeout,
        url = script.url and script.url:gsub("[?#].*", ""), is_inline = script.text ~= nil or nil,
      }
    end
  end
  return list
end

local function mounts_of(vm)
  local list = json.array {}
  for index, mount in ipairs(vm.data_mounts) do
    list[index] = {
      name = mount.name, source = mount.source, path = mount.path, state = mount.state,
      error = mount.error and tostring(mount.error) or nil,
    }
  end
  return list
end

local RULES = { "idle-stop", "image", "ssh", "local-auth" }      -- they need no request

local function advice_of(vm)
  local list = json.array {}
  for index, finding in ipairs(audit.of({ vm }, { rules = RULES }).findings) do
    list[index] = { rule = finding.rule, text = finding.text, next = finding.next }
  end
  return list
end

local function cost_of(vm)
  local estimate, err = errors.try(vm.cost, vm)
  return estimate or { fault = failure.of(err).message }
end

--- Describe an instance.
---@param studio azureml.Studio
---@param name string
---@return table
---@raise an error object `ResourceNotFound`
function details.of(studio, name)
  local vm = studio.workspace.instances:get(name, definition.newest)
  local shown = studio.board:row(vm)
  return {
    row = shown, facts = facts_of(vm), size = size_of(vm), identity = identity_of(vm), ssh = vm.ssh,
    services = services_of(vm), scripts = scripts_of(vm), mounts = mounts_of(vm),
    schedules = schedules.describe_all(vm.schedules), cost = cost_of(vm), advice = advice_of(vm),
    events = studio.board:history(name),
  }
end

--- Explain the state of an instance, with what to do next.
---@param studio azureml.Studio
---@param name string
---@return table
function details.why(studio, name)
  local found, causes = studio.workspace.instances:get(name):why(), json.array {}
  for index, cause in ipairs(found.causes) do
    causes[index] = { about = cause.about, text = cause.text, next = json.array(cause.next) }
  end
  return { causes = causes, unseen = json.array(found.unseen) }
end

return details
