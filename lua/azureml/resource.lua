--- A collection of a workspace's resources from a table of verbs: paths, pages, short calls and long ones.
--- Above this file nobody knows HTTP.
local core = require "azureml.core"
local errors = require "azureml.error"
local reply = require "azureml.reply"

local resource = {}

---@class azureml.Verb
---@field [1] string            method
---@field [2] string            path below the workspace, or below the provider where it begins with "/"; {name}, {location} are filled in
---@field query table?
---@field final_state_via string?

local function fill(path, values)
  return (path:gsub("{(%w+)}", function(name)
    return core.escape(values[name] or errors.mistake("a %s is missing", name))
  end))
end

-- Return what a verb's path begins with: the workspace's path, or the provider's.
local function base_of(workspace, path)
  local subscription = "/subscriptions/" .. core.escape(workspace.subscription_id)
  local provider = "/providers/Microsoft.MachineLearningServices"
  if path:sub(1, 1) == "/" then return subscription .. provider end
  return subscription .. "/resourceGroups/" .. core.escape(workspace.resource_group) .. provider
    .. "/workspaces/" .. core.escape(workspace.name) .. (path == "" and "" or "/")
end

--- The path of a verb.
---@param workspace azureml.Workspace
---@param verb azureml.Verb
---@param values table        name, location
---@return string
function resource.path(workspace, verb, values)
  return base_of(workspace, verb[2]) .. fill(verb[2], values)
end

local function request_of(workspace, verb, values, what)
  return {
    method = verb[1],
    path = resource.path(workspace, verb, values),
    query = verb.query,
    body = what.body,
    label = what.label,
    timeout = what.timeout,
    request_id = what.request_id,
  }
end

--- Do a short call and return its value.
---@param workspace azureml.Workspace
---@param verb azureml.Verb
---@param values table
---@param what { label: string, body: table?, timeout: number? }
---@return any value, azureml.Reply reply
function resource.call(workspace, verb, values, what)
  local came = workspace:client():request(request_of(workspace, verb, values, what))
  return came.json, came
end

--- Begin a long one; returns when the service has accepted it.
---@return userdata op
function resource.begin(workspace, verb, values, what)
  local request = request_of(workspace, verb, values, what)
  request.final_state_via = verb.final_state_via
  return workspace:client():begin(request)
end

--- Begin a long one without waiting for the service to accept it.
---@return userdata op
function resource.submit(workspace, verb, values, what)
  local request = request_of(workspace, verb, values, what)
  request.final_state_via = verb.final_state_via
  return workspace:client():submit(request, true)
end

--- Go on with a long one that another process began.
---@return userdata op
function resource.resume(workspace, verb, values, what, progress)
  return workspace:client():go_on(request_of(workspace, verb, values, what), progress)
end

--- What is left of the budget of requests like this one's; nil where the service does not count them.
---@return integer?
function resource.budget(workspace, verb)
  return workspace:client():budget(base_of(workspace, verb[2]), verb[1])
end

--- Iterate over a list, whatever its pages.
---@return fun(): table?
function resource.list(workspace, verb, values, what)
  return workspace:client():pages(request_of(workspace, verb, values, what))
end

--- The result of a long call that is done; raises its error.
resource.result = reply.of

return resource
