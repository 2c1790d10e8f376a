--- Deployments of templates in a workspace's resource group: ws:deploy checks a template, lets the
--- service validate it, sends it and follows it; ws:deployment opens one that was begun before.
--- template_check.lua has the checks, template_file.lua reads files.
--- Source: spec/contract/neighbours.md, section 2.
local core = require "azureml.core"
local errors = require "azureml.error"
local followed = require "azureml.followed"
local json = require "azureml.json"
local kinds = require "azureml.definition.kinds"
local later = require "azureml.tool.later"
local counts = later "azureml.tool.count"
local options = require "azureml.options"
local pace = require "azureml.pace"
local progress = later "azureml.console.progress"
local task = require "azureml.task"
local template_check = later "azureml.template_check"
local template_file = later "azureml.template_file"
local what_if = later "azureml.what_if"

--- A deployment of a template, which the service has accepted.
---@class azureml.Deployment
---@field name string  its name
---@field workspace azureml.Workspace  where it deploys
---@field targets string[]?       the names of its instances; nil: it was begun elsewhere
---@field warnings string[]       what the caller should know
local Deployment = {}
local metatable = { __name = "azureml.Deployment", __index = Deployment }

local deployment = {}

-- deployment that may go on at the service -> when it began
local started = setmetatable({}, { __mode = "k" })

local API_VERSION = "2021-04-01"      -- of Microsoft.Resources/deployments

--- What a deployment has come to.
---@class azureml.DeploymentResult
---@field name string  of the deployment
---@field instances azureml.Instance[]      as they are now
---@field outputs table<string, any>        of the template, by name
---@field correlation_id string?            which the service's logs have
---@field raw table                         the deployment, decoded

-- Requests ----------------------------------------------------------------------------------------

-- What can be asked of a deployment.
local verbs = {
  get = { method = "GET", path = "", label = "get the deployment " },
  put = { method = "PUT", path = "", label = "deploy " },
  validate = { method = "POST", path = "/validate", label = "validate the deployment " },
  what_if = {
    method = "POST", path = "/whatIf", label = "tell what would change by the deployment ",
    final_state_via = "location",
  },
  cancel = { method = "POST", path = "/cancel", label = "cancel the deployment " },
  operations = {
    method = "GET", path = "/operations", parent = "/deployments/",
    label = "list the operations of ",
  },
}

local PARENT = "/providers/Microsoft.Resources/deployments/"

local function request_of(workspace, name, verb, body)
  local row = verbs[verb]
  return {
    method = row.method, api_version = API_VERSION, label = row.label .. name, body = body,
    path = ("/subscriptions/%s/resourceGroups/%s%s%s%s"):format(
      core.escape(workspace.subscription_id), core.escape(workspace.resource_group),
      row.parent or PARENT, core.escape(name), row.path),
  }
end

-- Do a call that may be long-running, to its end. Return its last reply.
local function call(workspace, name, verb, body)
  local request = request_of(workspace, name, verb, body)
  request.final_state_via = verbs[verb].final_state_via
  local op <close> = workspace:client():operation(request)
  return op:wait()
end

-- Before sending ----------------------------------------------------------------------------------

local KNOWN = {
  template = "any", parameters = "any", name = "string", mode = "string", what_if = "boolean",
}

-- Return a table that a caller gave itself or by the path of its file, and what messages call it.
local function read(name, value)
  if type(value) == "table" then return value, "the " .. name end
  if type(value) == "string" then return template_file.read(value), value end
  errors.mistake("deploy: option '%s' must be a table or the path of a file, not %s", name,
    type(value))
end

local function check_mode(mode)
  if mode == nil or mode:lower() == "incremental" then return "Incremental" end
  if mode:lower() == "complete" then
    options.refuse("deploy: mode 'Complete' deletes everything in the resource group that the "
      .. "template does not name, the workspace too: deploy takes 'Incremental' alone")
  end
  options.refuse("deploy: mode must be 'Incremental', not '%s'", mode)
end

local function check_name(name)
  if #name >= 1 and #name <= 64 and name:find "^[%w_.()-]+$" then return name end
  options.refuse("deploy: '%s' cannot be the name of a deployment: it has 1 to 64 letters, digits, "
    .. "'-', '_', '.', '(' and ')'", name:sub(1, 80))
end

local function new_name()
  return ("azureml-%s-%s"):format(os.date("!%Y%m%d-%H%M%S", math.floor(core.time())),
    core.guid():sub(1, 8))
end

-- Return the body of the request, checked, and what messages call the template.
local function body_of(workspace, settings)
  local template, source = read("template", settings.template)
  template_check.form(template, workspace, source)
  local given, place = {}, source
  if settings.parameters ~= nil then given, place = read("parameters", settings.parameters) end
  local parameters = template_check.parameters(template, given, place, {
    workspaceName = function() return workspace.name end,
    location = function() return workspace:location() end,
  })
  return { properties = {
    mode = check_mode(settings.mode), template = template, parameters = parameters,
  } }, source
end

local TARGET = "^/subscriptions/([^/]+)/resourcegroups/([^/]+)/providers/"
  .. "microsoft%.machinelearningservices/workspaces/([^/]+)/computes/([^/]+)$"

-- Return the name of the instance that an id names; nil if it is not in the workspace.
local function target_of(workspace, id)
  local subscription_id, group, parent = id:lower():match(TARGET)
  local is_here = subscription_id == workspace.subscription_id:lower()
    and group == workspace.resource_group:lower() and parent == workspace.name:lower()
  return is_here and id:match "[^/]+$" or nil
end

-- Return the ids in a list of the service; {} where it sent no list.
local function ids_of(resources)
  local ids = {}
  for _, entry in ipairs(type(resources) == "table" and resources or {}) do
    local id = json.get(entry, "id")
    if type(id) == "string" then ids[#ids + 1] = id end
  end
  return ids
end

-- Return the names of the instances among resources of the service.
local function targets_of(workspace, resources)
  local names = {}
  for _, id in ipairs(ids_of(resources)) do names[#names + 1] = target_of(workspace, id) end
  return names
end

-- Refuse a template whose resources are elsewhere: the service tells their ids when it validates.
local function check_targets(workspace, template, resources, source)
  local ids = ids_of(resources)
  local is_in_order = #ids == #template.resources      -- no condition left a resource out
  for index, id in ipairs(ids) do
    if not target_of(workspace, id) then
      local place = is_in_order and ("resources[%d].name: "):format(index - 1) or ""
      options.refuse("%s: %sit creates %s, which is not in the %s", source, place,
        kinds.excerpt(id, 300), tostring(workspace))
    end
  end
end

-- Let the service validate a deployment. Return the names of its instances; nil: it did not say.
local function validate(workspace, name, body, source)
  local reply = call(workspace, name, "validate", body).json
  local fault = json.get(reply, "error")
  if fault then
    local err = errors.new(errors.read(fault))
    err.message = ("cannot validate the deployment %s: %s"):format(name, tostring(err.message))
    errors.raise(err)
  end
  local resources = json.get(reply, "properties", "validatedResources")
  check_targets(workspace, body.properties.template, resources, source)
  return resources and targets_of(workspace, resources)
end

-- A PUT of an instance that exists changes at most its tags and description, silently.
-- Source: spec/contract/compute-rest.md, section 3.3.
local EXISTS = "'%s' exists: a deployment changes at most its tags and description; --what-if and "
  .. "what_if = true show what differs"

local function warnings_of(workspace, names)
  local found, warnings = {}, {}
  task.each(names or {}, function(name)
    found[name] = errors.try(workspace.instances.find, workspace.instances, name)
  end)
  for _, name in ipairs(names or {}) do
    if found[name] then warnings[#warnings + 1] = EXISTS:format(name) end
  end
  return warnings
end

-- Beginning ---------------------------------------------------------------------------------------

local function follow(fields, request)
  local self = setmetatable(fields, metatable)
  local handle = self.workspace:client():begin(request)
  self.followed = followed.new(handle, "deploy " .. self.name)
  started[self] = core.now()
  return self
end

--- List the deployments that go on at the service and were not waited for to the end, oldest first.
---@return azureml.Deployment[]
function deployment.pending()
  local list = {}
  for self in pairs(started) do
    if not self.outcome and not self.closed and not self.followed:done() then
      list[#list + 1] = self
    end
  end
  table.sort(list, function(a, b) return started[a] < started[b] end)
  return list
end

-- Return the request that follows a deployment from its own state.
local function request_to_open(workspace, name)
  local request = request_of(workspace, name, "put")
  request.resume = {
    mode = "body",
    poll_url = ("%s%s?api-version=%s"):format(workspace:client():endpoint(), request.path,
      API_VERSION),
  }
  return request
end

--- Deploy a template: see Workspace:deploy.
---@param workspace azureml.Workspace
---@param settings table
---@return azureml.Deployment|azureml.WhatIf
function deployment.deploy(workspace, settings)
  settings = options.check("deploy", settings, KNOWN)
  if settings.template == nil then errors.mistake("deploy needs option 'template'") end
  local name = check_name(settings.name or new_name())
  local body, source = body_of(workspace, settings)
  local targets = validate(workspace, name, body, source)
  if settings.what_if then
    body.properties.whatIfSettings = { resultFormat = "FullResourcePayloads" }
    return what_if.of(call(workspace, name, "what_if", body).json, name)
  end
  local fields = {
    name = name, workspace = workspace, targets = targets,
    warnings = warnings_of(workspace, targets),
  }
  local op, err = errors.try(follow, fields, request_of(workspace, name, "put", body))
  if op then return op end
  -- The answer to a first PUT was lost: a name that was just made is no other deployment's.
  if err.code ~= "DeploymentActive" or settings.name then error(err, 0) end
  return follow(fields, request_to_open(workspace, name))
end

--- Open a deployment that was begun before: see Workspace:deployment.
---@param workspace azureml.Workspace
---@param name string
---@return azureml.Deployment
function deployment.open(workspace, name)
  if type(name) ~= "string" then errors.mistake("deployment: its name is missing") end
  check_name(name)
  workspace:client():request(request_of(workspace, name, "get"))      -- whether it exists
  return follow({ name = name, workspace = workspace, warnings = {} },
    request_to_open(workspace, name))
end

-- Failures ----------------------------------------------------------------------------------------

-- Return an error of the service without its wrapping: a message may be the JSON of another error.
local function unwrapped(fault)
  for _ = 1, 5 do
    local message = json.get(fault, "message")
    local inner = type(message) == "string" and message:find "^%s*{" and json.decode(message)
    local below = json.get(inner, "error") or json.get(inner, "code") and inner
    if not below then break end
    fault = below
  end
  return fault
end

---@class azureml.DeploymentOperation      what a deployment does with one resource
---@field name string                      "emulator/ci-ann"
---@field id string?                       of the resource
---@field state string                     "Running", "Succeeded", "Failed" and so on
---@field error azureml.Error?  why it failed

-- Return a text member of what the service sent; nil if it is no text.
local function text_in(value, name)
  local member = json.get(value, name)
  return type(member) == "string" and member or nil
end

-- Return the error of an operation; nil if it has none.
local function error_of(properties, name)
  local told = json.get(properties, "statusMessage")
  if type(told) == "string" then told = json.decode(told) or { message = told } end
  local fault = unwrapped(json.get(told, "error") or told)
  if type(fault) ~= "table" then return nil end
  local err = errors.new(errors.read(fault))
  err.code = err.code or text_in(properties, "statusCode") or "Failed"
  err.message = ("%s: %s"):format(name, err.message or err.code)
  err.request_id = text_in(properties, "serviceRequestId")
  return err
end

local function operation_of(item)
  local properties = json.get(item, "properties") or {}
  local target = json.get(properties, "targetResource")
  if not target then return nil end      -- the end of the deployment itself
  local id, name = text_in(target, "id"), text_in(target, "resourceName")
  name = kinds.excerpt(name or id or "a resource", 300)
  local state = text_in(properties, "provisioningState") or "Unknown"
  return {
    name = name, id = id, state = state,
    error = state == "Failed" and error_of(properties, name) or nil,
  }
end

--- List what the deployment has done with each resource so far.
---@return azureml.DeploymentOperation[]
function Deployment:operations()
  local list = {}
  local request = request_of(self.workspace, self.name, "operations")
  for item in self.workspace:client():pages(request) do list[#list + 1] = operation_of(item) end
  return list
end

-- Raise the error of a deployment that failed, with the error of each resource in its details.
local function raise_failed(self, err)
  if err.kind ~= "operation" then error(err, 0) end
  local list, unlisted = errors.try(Deployment.operations, self)
  local details, count = {}, list and #list or 0
  for _, each in ipairs(list or {}) do
    if each.error then
      details[#details + 1] = { name = each.name, error = each.error, message = each.error.message }
    end
  end
  if unlisted or #details == 0 then error(err, 0) end
  errors.raise {
    kind = "operation", code = err.code, operation = self, details = details,
    request_id = err.request_id,
    message = ("deploy %s: %d of %s failed"):format(self.name, #details,
      counts.of(count, "resource")),
  }
end

-- Waiting -----------------------------------------------------------------------------------------

local function result_of(self, reply)
  local raw = reply.json
  local properties = json.get(raw, "properties")
  local names = self.targets
    or targets_of(self.workspace, json.get(properties, "outputResources"))
  local outputs, found, indexes = {}, {}, {}
  local told = json.get(properties, "outputs")
  for name, output in pairs(type(told) == "table" and told or {}) do
    outputs[name] = json.get(output, "value")
  end
  for index in ipairs(names) do indexes[index] = index end
  task.each(indexes, function(index) found[index] = self.workspace.instances:get(names[index]) end)
  return {
    name = self.name, instances = found, outputs = outputs, raw = raw,
    correlation_id = json.get(properties, "correlationId"),
  }
end

local function check_open(self)
  if self.closed then errors.mistake("the deployment %s was closed", self.name) end
end

local GO_ON = "ws:deployment(name) and 'azureml deploy --follow NAME' go on waiting"

local function raise_overdue(self, timeout)
  local label = "deploy " .. self.name
  local _, err = errors.try(followed.raise_overdue, self.followed, label, timeout, self)
  err.hint = GO_ON
  errors.raise(err)
end

local function wait_to_the_end(self, deadline, timeout, reporter)
  local handle = self.followed
  local function show() reporter.state(handle:status()) end
  local is_over = handle:wait(deadline, reporter and show)
  check_open(self)
  if self.outcome then return self.outcome end      -- another task has waited, too
  if not is_over then raise_overdue(self, timeout) end
  local reply, err = errors.try(handle.result, handle)
  if err then raise_failed(self, err) end
  if reporter then reporter.finish "Succeeded" end
  return result_of(self, reply)
end

local WAIT_OPTIONS = { timeout = "number", show_output = "boolean", progress = "string" }

--- Wait until the deployment is done. May be called again.
---@param settings? azureml.WaitOptions
---@return azureml.DeploymentResult
---@raise an error object `DeploymentFailed` whose details have the error of each resource that
---  failed; `Timeout` or `LostSight` when it goes on at the service
function Deployment:wait(settings)
  settings = options.check("wait", settings, WAIT_OPTIONS)
  check_open(self)
  local timeout = settings.timeout or pace.wait_timeout
  options.check_seconds("wait: timeout", timeout)
  if self.outcome then return self.outcome end
  local reporter = progress.reporter("deploy", self.name, progress.style("wait", settings))
  local ok, result = pcall(wait_to_the_end, self, core.now() + timeout, timeout, reporter)
  if not ok and reporter then reporter.leave() end
  if not ok then error(result, 0) end
  self.outcome = result
  self.followed:close()
  return result
end

--- Return the status as the service words it: "Running", "Succeeded"; "Accepted" before any.
---@return string
function Deployment:status()
  check_open(self)
  return self.outcome and "Succeeded" or self.followed:status()
end

--- Tell whether the service has ended the deployment.
---@return boolean
function Deployment:done()
  check_open(self)
  return self.outcome ~= nil or self.followed:done()
end

--- Iterate over the deployment's statuses, each once, until the service has ended it. Raise its
--- error if it failed.
---@return fun(): string?
function Deployment:events()
  local last, is_over
  local function has_moved() return self:done() or self:status() ~= last end
  return function()
    if is_over then return nil end
    if last and not has_moved() then
      self.followed.handle:watch_polls(true)
      task.wait_until(self.followed.handle, has_moved)
    end
    is_over = self:done()
    if is_over and not self.outcome then
      local _, err = errors.try(self.followed.result, self.followed)
      if err then raise_failed(self, err) end
    end
    local status = self:status()
    if status == last then return nil end
    last = status
    return status
  end
end

--- Cancel the deployment: the service begins no more resources; those that it has begun go on.
---@raise an error object when it is over
function Deployment:cancel()
  self.workspace:client():request(request_of(self.workspace, self.name, "cancel"))
end

--- Stop following it. It goes on at the service; ws:deployment(name) opens it again.
function Deployment:close()
  if self.outcome then return end
  self.closed = true
  self.followed:close()
end

options.check_colon(Deployment, metatable, "deployment")
metatable.__close = Deployment.close

function metatable:__tostring()
  if self.outcome then return ("deploy %s: done"):format(self.name) end
  return ("deploy %s: %s"):format(self.name, self.closed and "closed" or self.followed:status())
end

return deployment
