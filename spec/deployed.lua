--- Build templates and deployments for specs.
local door = require "spec.door"
local json = require "azureml.json"

local deployed = {}

deployed.TYPE = "Microsoft.MachineLearningServices/workspaces/computes"

--- Return a resource of a template that creates an instance.
---@param name string        of the instance
---@param more table?        other members of the resource
---@param inner table?       members of properties.properties
function deployed.resource(name, more, inner)
  local resource = door.instance(inner)
  resource.type, resource.apiVersion = deployed.TYPE, "2025-12-01"
  resource.name = "emulator/" .. name
  return door.merged(resource, more)
end

--- Return a template.
---@param resources table[]
---@param more table?        other members of the template
function deployed.template(resources, more)
  return door.merged({
    ["$schema"] = "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
    contentVersion = "1.0.0.0", resources = json.array(resources),
  }, more)
end

--- Return the body of a deployment.
---@param resources table[]
---@param more table?            other members of the template
---@param parameters table?
function deployed.body(resources, more, parameters)
  return { properties = {
    mode = "Incremental", template = deployed.template(resources, more), parameters = parameters,
  } }
end

--- Return the path of a deployment.
---@param name string
---@param below string?      "/validate"
function deployed.path(name, below)
  return ("/subscriptions/%s/resourceGroups/emulator/providers/Microsoft.Resources/deployments/"
    .. "%s%s?api-version=2021-04-01"):format(door.SUBSCRIPTION, name, below or "")
end

return deployed
