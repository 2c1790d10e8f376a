--- Put the resources of a template into an order in which each comes after those that it depends
--- on.
--- Source: spec/contract/neighbours.md, section 2.
local fault = require "azureml.emulator.template.fault"
local json = require "azureml.json"
local shorten = require "azureml.emulator.shorten"

local order = {}

-- Return the index of the resource that a text of `dependsOn` names: by its id or its name.
local function index_of(resources, text, place)
  for index, resource in ipairs(resources) do
    local wanted = text:lower()
    if wanted == resource.id:lower() or wanted == resource.name:lower()
      or wanted == ("%s/%s"):format(resource.type, resource.name):lower() then
      return index
    end
  end
  fault.raise(place, "The resource '%s' is not defined in the template", shorten(text, 300))
end

-- Write into each resource what it needs: the indexes of others.
local function link(resources)
  for _, resource in ipairs(resources) do
    resource.needs = json.array {}
    for number, text in ipairs(resource.depends_on) do
      local place = ("%s.dependsOn[%d]"):format(resource.place, number - 1)
      if type(text) ~= "string" then
        fault.raise(place, "the id or name of a resource is expected")
      end
      resource.needs[#resource.needs + 1] = index_of(resources, text, place)
    end
  end
end

local UNSEEN, OPEN = nil, 1

-- Visit a resource after what it needs. Refuse a cycle.
local function visit(resources, states, index)
  local resource = resources[index]
  if states[index] == OPEN then
    fault.raise(resource.place, "Circular dependency detected on resource: '%s'", resource.id)
  end
  if states[index] ~= UNSEEN then return end
  states[index] = OPEN
  for _, need in ipairs(resource.needs) do visit(resources, states, need) end
  states[index] = 2
end

--- Find what each resource needs.
---@param resources table[]      with id, name, type, place and depends_on; gets `needs`: indexes
---@raise a refusal for an unknown resource, and for a cycle
function order.link(resources)
  link(resources)
  local states = {}
  for index in ipairs(resources) do visit(resources, states, index) end
end

return order
