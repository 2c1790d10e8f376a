--- All computes of a workspace, whatever their type: instances, clusters, attached machines. They
--- are only looked at; instances.lua has the verbs for instances.
local json = require "azureml.json"
local options = require "azureml.options"
local resource = require "azureml.resource"
local verbs = require "azureml.verbs"

--- A compute of a workspace, of any type.
---@class azureml.Compute
---@field name string  its name
---@field id string  the ARM id
---@field type string            "ComputeInstance", "AmlCompute", "Kubernetes" and so on
---@field state string?          of an instance or a cluster, else of the resource
---@field vm_size string?  of an instance or a cluster
---@field nodes integer?         of a cluster, at present
---@field created_on string?     ISO 8601
---@field raw table              as the service sends it

--- Which computes to list.
---@class azureml.ComputeOptions
---@field type? "ComputeInstance"|"AmlCompute"|"Kubernetes"|string  only computes of this type

local computes = {}

local function integer(number)
  return type(number) == "number" and math.tointeger(number) or nil
end

local function compute_of(raw)
  local inner = json.get(raw, "properties", "properties")
  return {
    name = json.get(raw, "name"), id = json.get(raw, "id"),
    type = json.get(raw, "properties", "computeType"),
    state = json.get(inner, "state") or json.get(inner, "allocationState")
      or json.get(raw, "properties", "provisioningState"),
    vm_size = json.get(inner, "vmSize"), nodes = integer(json.get(inner, "currentNodeCount")),
    created_on = json.get(raw, "properties", "createdOn"), raw = raw,
  }
end

--- Iterate over the computes of a workspace. Single-pass; the first request goes out at first use.
---@param workspace azureml.Workspace
---@param wanted? { type: string? }      only computes of this type, in any case: "AmlCompute"
---@return fun(): azureml.Compute?
---@raise an error object rather than ending early: no list is partial
function computes.list(workspace, wanted)
  wanted = options.check("computes", wanted, { type = "string" })
  local label = "list the computes of " .. workspace.name
  local next_raw = resource.list(workspace, verbs.list, {}, { label = label })
  local kind = wanted.type and wanted.type:lower()
  return function()
    for raw in next_raw do
      local compute = compute_of(raw)
      if not kind or (compute.type or ""):lower() == kind then return compute end
    end
  end
end

return computes
