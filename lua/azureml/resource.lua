--- A collection of a workspace's resources from a table of verbs: paths, pages, short calls and
--- long ones. Files above this one know no HTTP.
local later = require "azureml.tool.later"
local client = require "azureml.client"
local core = require "azureml.core"
local errors = later "azureml.error"
local pace = require "azureml.pace"
local reply = require "azureml.reply"
local task = require "azureml.task"

local resource = {}

local SUBSCRIPTION = "/subscriptions/%s"
local PROVIDER = "/providers/Microsoft.MachineLearningServices"

---@class azureml.Verb
---@field method string
---@field path string              below the workspace, or below the provider where it begins with
---                                "/"; {name} and {location} are filled in
---@field query table?
---@field api_version string?      nil: the client's
---@field final_state_via string?
---@field is_repeatable boolean?   see verbs.lua

local function path_of(workspace)
  return SUBSCRIPTION:format(core.escape(workspace.subscription_id)) .. "/resourceGroups/"
    .. core.escape(workspace.resource_group) .. PROVIDER .. "/workspaces/"
    .. core.escape(workspace.name)
end

-- Return what a verb's path begins with: the workspace's path, or the provider's.
local function base_of(workspace, path)
  if path:sub(1, 1) ~= "/" then return path_of(workspace) .. (path == "" and "" or "/") end
  return SUBSCRIPTION:format(core.escape(workspace.subscription_id)) .. PROVIDER
end

-- Split the path of a verb: a text, a name, a text and so on.
local function split(path)
  local parts = {}
  for text, name in (path .. "{}"):gmatch "(.-){(%w*)}" do      -- {} ends the last text
    parts[#parts + 1], parts[#parts + 2] = text, name
  end
  parts[#parts] = nil
  return parts
end

-- workspace -> path of a verb -> the parts of the whole path. To split the path, and to make that
-- of the workspace, would take 13,000 instructions, of 300,000 of a GET.
local known = setmetatable({}, { __mode = "k" })

local function parts_of(workspace, path)
  local by_path = known[workspace]
  if not by_path then
    by_path = {}
    known[workspace] = by_path
  end
  local parts = by_path[path]
  if not parts then
    parts = split(path)
    parts[1] = base_of(workspace, path) .. parts[1]
    by_path[path] = parts
  end
  return parts
end

--- Return the path of a verb.
---@param workspace azureml.Workspace
---@param verb azureml.Verb
---@param values table        name, location
---@return string
function resource.path(workspace, verb, values)
  local parts = parts_of(workspace, verb.path)
  local path = parts[1]
  for i = 2, #parts, 2 do
    local value = values[parts[i]] or errors.mistake("a %s is missing", parts[i])
    path = path .. core.escape(value) .. parts[i + 1]
  end
  return path
end

local function request_of(workspace, verb, values, what)
  return {
    method = verb.method,
    path = resource.path(workspace, verb, values),
    query = verb.query,
    body = what.body,
    label = what.label,
    timeout = what.timeout,
    request_id = what.request_id,
    cautious = what.cautious,
    api_version = what.api_version or verb.api_version,
  }
end

-- Send a request, and again after a lost answer if the verb may be repeated.
local function send(workspace, verb, request)
  local opened = workspace:client()
  if not verb.is_repeatable then return opened:fetch(request) end
  for tries = 1, pace.lost_looks do
    local came, err = errors.try(opened.fetch, opened, request)
    if came then return came end
    local is_last = tries == pace.lost_looks
    if is_last or not err.outcome_unknown then errors.raise(err) end
    task.sleep(core.pace_after(0))
  end
end

--- Do a short call and return its reply.
---@param workspace azureml.Workspace
---@param verb azureml.Verb
---@param values table
---@param what { label: string, body: table?, timeout: number? }
---@return azureml.Reply
function resource.fetch(workspace, verb, values, what)
  return send(workspace, verb, request_of(workspace, verb, values, what))
end

--- Do a short call and return its value.
---@param workspace azureml.Workspace
---@param verb azureml.Verb
---@param values table
---@param what { label: string, body: table?, timeout: number? }
---@return any value, azureml.Reply reply
function resource.call(workspace, verb, values, what)
  local came = resource.fetch(workspace, verb, values, what)
  return came.json, came
end

--- Get a resource and read it as a document.
---@param workspace azureml.Workspace
---@param verb azureml.Verb       a GET whose path ends with {name}, without query and api_version
---@param request { name: string, verb: string, api_version: string?,
---  reader: azureml.DocumentReader }      verb: for which it is looked at
---@return azureml.Document?      nil: the reply is not JSON
---@return number? retry_after    seconds that the service asks the caller to wait
function resource.read(workspace, verb, request)
  return client.read(workspace:client(), parts_of(workspace, verb.path)[1], request)
end

---@class azureml.Asked           a short call whose answer has not been waited for
local Asked = {}
local asked_metatable = { __name = "azureml.Asked", __index = Asked }

--- Send a short call now, and wait for its answer later. Close what comes back.
---@param workspace azureml.Workspace
---@param verb azureml.Verb
---@param values table
---@param what { label: string, timeout: number? }
---@return azureml.Asked
function resource.ask(workspace, verb, values, what)
  local request = request_of(workspace, verb, values, what)
  local op = workspace:client():submit(request, false)
  core.send()
  return setmetatable({ op = op, request = request }, asked_metatable)
end

--- Wait for the answer.
---@return any value
---@raise an error object if the service refused the call
function Asked:wait()
  task.wait(self.op)
  return reply.of(self.op, self.request).json
end

--- Close the call. An answer that has not come is dropped.
function Asked:close()
  self.op:close()
end

asked_metatable.__close = Asked.close

--- Get any resource of the cloud by its ARM id.
---@param workspace azureml.Workspace
---@param id string
---@param api_version string      of the resource's provider
---@param label string            for errors: "get the subnet"
---@return any value
function resource.look(workspace, id, api_version, label)
  local path = id:gsub("[^/]+", core.escape)
  return workspace:client():request {
    method = "GET", path = path, api_version = api_version, label = label,
  }.json
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

--- Return the remaining throttling budget for requests of this verb's method; nil if the service
--- does not count them.
---@return integer?
function resource.budget(workspace, verb)
  return workspace:client():budget(parts_of(workspace, verb.path)[1], verb.method)
end

--- Iterate over a list, whatever its pages. With a reader the items are documents.
---@param what { label: string, reader: azureml.DocumentReader? }
---@return fun(): table?
---@return fun(): integer      the number of pages that were read so far
function resource.list(workspace, verb, values, what)
  local request = request_of(workspace, verb, values, what)
  request.reader = what.reader
  return workspace:client():pages(request)
end

-- What refusals mean ------------------------------------------------------------------------------

local ABOVE = {
  ParentResourceNotFound = true, ResourceGroupNotFound = true, SubscriptionNotFound = true,
  InvalidResourceType = true,
}

--- Tell whether an error says that the compute itself is missing, not its workspace or group. The
--- code that the provider gives is not documented; ARM's own text names what it misses.
---@param err azureml.Error
---@return boolean
function resource.is_missing(err)
  local misses_workspace = err.message:find "'Microsoft%.MachineLearningServices/workspaces/[^/']+'"
  return err.status == 404 and not ABOVE[err.code] and not misses_workspace
end

--- Tell whether an error says that the caller may not do what was asked.
---@param err azureml.Error
---@return boolean
function resource.is_forbidden(err)
  return err.status == 403
end

--- Tell whether an error passes by itself: a lost connection, throttling, an error of the server.
---@param err azureml.Error
---@return boolean
function resource.is_temporary(err)
  local status = err.status or 0
  return err.kind == "transport" or status == 429 or status >= 500
end

--- Tell whether an error says that a verb does not fit the state of its instance.
---@param err azureml.Error
---@return boolean
function resource.is_conflict(err)
  return err.status == 409 or err.status == 400
end

local ACTIVE = { Conflict = true, AnotherOperationInProgress = true }

--- Tell whether an error says that another operation is active.
---@param err azureml.Error
---@return boolean
function resource.is_busy(err)
  return err.status == 409 and ACTIVE[err.code] == true
end

--- Tell whether an error says that the name of a new compute is taken.
---@param err azureml.Error
---@return boolean
function resource.is_name_taken(err)
  local says_so = err.message:find "already in use" or err.message:find "already exists"
  return err.code == "AlreadyExists" or resource.is_conflict(err) and says_so ~= nil
end

--- Tell whether the status of an operation cannot be read any more because its URL is gone.
---@param err azureml.Error
---@return boolean
function resource.is_status_gone(err)
  return err.outcome_unknown == true and (err.status == 404 or err.status == 410)
end

return resource
