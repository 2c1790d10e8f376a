--- What the page for a new instance asks: whether a name is free, which sizes fit, what the service
--- would refuse; and the creation. Source: spec/contract/studio.md, section 4.
local completing = require "azureml.change.completing"
local fields = require "azureml.definition.fields"
local json = require "azureml.json"
local operations = require "azureml.studio.operations"
local options = require "azureml.options"
local preflight = require "azureml.change.preflight"
local recipe = require "azureml.studio.recipe"
local sizes = require "azureml.look.sizes"

local wizard = {}

-- Settings ----------------------------------------------------------------------------------------

-- The options of create that a page may give: all but those that name files of this machine.
local ALLOWED = {
  vnet_resourcegroup_name = true, vnet_name = true, subnet_name = true, ssh_key_id = true,
  assigned_user_object_id = true, assigned_user_tenant_id = true,
}
for _, field in ipairs(fields) do ALLOWED[field.name] = true end

local function settings_of(arguments)
  local settings = arguments.settings
  if type(settings) ~= "table" then options.refuse("'settings' must be an object") end
  for name in pairs(settings) do
    if not ALLOWED[name] then options.refuse("there is no setting '%s'", tostring(name)) end
  end
  return settings
end

local function name_of(arguments)
  if type(arguments.name) ~= "string" then options.refuse("'name' must be a text") end
  return arguments.name
end

-- Actions -----------------------------------------------------------------------------------------

local function findings_of(report)
  local list = json.array {}
  for index, finding in ipairs(report:sorted()) do
    list[index] = { level = finding.level, field = finding.field, text = finding.text,
      hint = finding.hint }
  end
  return { ok = report:ok(), findings = list }
end

--- Tell whether a name can be given to a new instance.
---@param studio azureml.Studio
---@param arguments { name: string }
---@return table
function wizard.name(studio, arguments)
  return findings_of(preflight.check_name(studio.workspace.instances, name_of(arguments)))
end

--- List the sizes, with the price of an hour and what the quota leaves.
---@param studio azureml.Studio
---@return table
function wizard.sizes(studio)
  local list = json.array {}
  for index, size in ipairs(studio.workspace:vm_sizes { quota = true }) do
    list[index] = {
      name = size.name, family = size.family, vcpus = size.vcpus, gpus = size.gpus,
      memory_gb = size.memory_gb, disk_gb = size.disk_gb, price = size.price,
      currency = size.currency, cores_left = size.cores_left, instances_left = size.instances_left,
    }
  end
  return { sizes = list }
end

--- Make a pair of SSH keys. This program keeps neither of them.
---@return { private: string, public: string }
function wizard.new_key()
  local pem, line = completing.new_pair()
  return { private = pem, public = line }
end

--- Report what the service would refuse of a creation, what it costs, and how other tools do it.
---@param studio azureml.Studio
---@param arguments { name: string, settings: table }
---@return table
function wizard.check(studio, arguments)
  local name, settings = name_of(arguments), settings_of(arguments)
  local workspace = studio.workspace
  local report = findings_of(workspace.instances:check(name, settings))
  local size = sizes.find(workspace, settings.vm_size) or {}
  report.price, report.currency = size.price, size.currency
  report.recipe = recipe.of_settings(workspace, name, settings)
  return report
end

--- Create an instance. Return when the service has accepted it; an operation waits for its end.
---@param studio azureml.Studio
---@param arguments { name: string, settings: table }
---@return { operation: integer }
---@raise an error object: what is wrong, or what the service refuses
function wizard.create(studio, arguments)
  local name, settings = name_of(arguments), settings_of(arguments)
  local op = studio.workspace.instances:create(name, settings)
  local creation = operations.work(studio.board, function() return op end)
  return { operation = studio.operations:begin("create", name, creation).id }
end

return wizard
