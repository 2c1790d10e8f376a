--- Tell what a deployment would change: compare each resource of a template with what exists.
--- Source: spec/contract/neighbours.md, section 2.
local deploying = require "azureml.emulator.deploying"
local json = require "azureml.json"
local tables = require "azureml.tool.tables"

local what_if = {}

-- Return a value's JSON text, for comparisons. The service spells some words and sizes in its own
-- case.
local function text_of(value)
  return json.encode(json.array { value }):lower()
end

local function is_object(value)
  return type(value) == "table" and not json.is_array(value)
end

local function is_nothing(value)
  return value == nil or value == json.null
end

-- Tell whether a value of the service has all that the template says: the service adds members of
-- its own to the items of a list.
local function has_all(before, after)
  if is_nothing(before) or is_nothing(after) then return is_nothing(before) == is_nothing(after) end
  if type(before) ~= "table" or type(after) ~= "table" then
    return text_of(before) == text_of(after)
  end
  if json.is_array(after) and #before ~= #after then return false end
  for name, item in pairs(after) do
    if not has_all(before[name], item) then return false end
  end
  return true
end

local compare

local function add(delta, path, before, after)
  local kind = is_nothing(before) and "Create" or is_nothing(after) and "Delete" or "Modify"
  delta[#delta + 1] = {
    path = path, propertyChangeType = kind, before = before, after = after, children = json.null,
  }
end

-- Compare the members that the template has. Members that it lacks stay as they are.
function compare(delta, path, before, after)
  for _, name in ipairs(tables.keys(after)) do
    local below = path == "" and name or path .. "." .. name
    local old, new = before[name], after[name]
    if is_object(old) and is_object(new) then
      compare(delta, below, old, new)
    elseif not has_all(old, new) then
      add(delta, below, old, new)
    end
  end
  return delta
end

-- Members of a resource that a comparison leaves out: names, and what is written in two ways.
local IGNORED = {
  id = true, name = true, type = true, apiVersion = true, location = true, sku = true,
}

local function change_of(request, resource)
  local wanted, before = deploying.wanted(resource), deploying.existing(request, resource)
  local change = { resourceId = resource.id, after = wanted, before = before }
  if not before then
    change.changeType = "Create"
    return change
  end
  local members = {}
  for name, value in pairs(wanted) do members[name] = not IGNORED[name] and value or nil end
  change.delta = compare(json.array {}, "", before, members)
  change.changeType = #change.delta > 0 and "Modify" or "NoChange"
  return change
end

--- List the changes that a deployment would make.
---@param request table
---@param resources azureml.emulator.Deployed[]
---@return table[]
function what_if.changes(request, resources)
  local changes = json.array {}
  for index, resource in ipairs(resources) do changes[index] = change_of(request, resource) end
  return changes
end

return what_if
