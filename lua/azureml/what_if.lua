--- What a deployment would change, as ws:deploy { what_if = true } returns it.
--- Source: spec/contract/neighbours.md, section 2.
local errors = require "azureml.error"
local json = require "azureml.json"

local what_if = {}

---@class azureml.WhatIfField
---@field path string             "properties.properties.vmSize"
---@field change string           "Create", "Modify", "Delete", "Array" and so on
---@field from any                decoded; nil: absent
---@field to any

---@class azureml.WhatIfChange
---@field id string               of the resource
---@field name string             of the instance
---@field change string           "Create", "Modify", "NoChange", "Ignore", "Delete" and so on
---@field fields azureml.WhatIfField[]      what differs, of a change "Modify"
---@field before table?           the resource as it is
---@field after table?            the resource as it would be

---@class azureml.WhatIf          a list of azureml.WhatIfChange
---@field name string             of the deployment

-- Members that may hold secrets, in any path.
local SECRET = { "setupScripts", "customServices" }

--- Tell whether a field may hold a secret, which messages and tables do not show.
---@param field azureml.WhatIfField
---@return boolean
function what_if.is_secret(field)
  for _, word in ipairs(SECRET) do
    if field.path:find(word, 1, true) then return true end
  end
  return false
end

-- Add the fields of a delta and of what is inside them.
local function add_fields(fields, delta, prefix)
  for _, entry in ipairs(type(delta) == "table" and delta or {}) do
    local path = prefix .. tostring(json.get(entry, "path"))
    local children = json.get(entry, "children")
    if type(children) == "table" and #children > 0 then
      add_fields(fields, children, path .. ".")
    else
      fields[#fields + 1] = {
        path = path, change = tostring(json.get(entry, "propertyChangeType")),
        from = json.get(entry, "before"), to = json.get(entry, "after"),
      }
    end
  end
  return fields
end

local function change_of(entry)
  local id = tostring(json.get(entry, "resourceId"))
  return {
    id = id, name = id:match "[^/]+$", change = tostring(json.get(entry, "changeType")),
    fields = add_fields({}, json.get(entry, "delta"), ""),
    before = json.get(entry, "before"), after = json.get(entry, "after"),
  }
end

--- Read the service's answer.
---@param answer any        decoded
---@param name string       of the deployment
---@return azureml.WhatIf
---@raise an error object when the service could not tell
function what_if.of(answer, name)
  local fault = json.get(answer, "error")
  if fault then
    local err = errors.new(errors.read(fault))
    err.message = ("cannot tell what would change by %s: %s"):format(name, tostring(err.message))
    errors.raise(err)
  end
  local changes = json.get(answer, "properties", "changes")
  if type(changes) ~= "table" then
    errors.raise { code = "InvalidReply",
      message = ("the service's answer does not tell what would change by %s"):format(name) }
  end
  local list = { name = name }
  for index, entry in ipairs(changes) do list[index] = change_of(entry) end
  return list
end

return what_if
