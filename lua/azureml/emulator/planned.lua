--- Refuse a request as a fault rule plans, in the words that the service has for that case. Tests
--- thus meet refusals that their client would avoid. fault.lua lists these troubles with the
--- others; manager.lua calls `planned.refuse` before the handler of a request.
--- Source: spec/contract/compute-rest.md, section 6.
local refusal = require "azureml.emulator.refusal"
local tables = require "azureml.tool.tables"

local planned = {}

local function name_of(request) return request.compute_name end
local function path_of(request) return request.path end
local function verb_of(request) return request.verb end
local function location_of(request) return request.workspace.location end
local function workspace_of(request) return request.workspace.name end
local function group_of(request) return request.workspace.group.name end

local function size_of(request)
  local compute = request.world:compute(request.workspace, request.compute_name)
  return compute and compute.vm_size or "STANDARD_DS3_V2"
end

local function client_of(request)
  local application = request.application
  return application.kind == "user" and application.name or application.client_id
end

local function object_id_of(request) return request.application.object_id end

local function action_of(request)
  local action = request.row[request.method][1] or "Microsoft.Authorization/permissions/read"
  return action:find "^Microsoft%." and action or "Microsoft.MachineLearningServices/" .. action
end

local function set(...)
  local verbs = {}
  for _, verb in ipairs { ... } do verbs[verb] = true end
  return verbs
end

local CREATE = set "create"
local SETTINGS = set("updateIdleShutdownSetting", "customServices", "updateDataMounts",
  "updateSchedules", "enableSso")

local LONG = set("delete", "start", "stop", "restart", "resize")

---@class azureml.emulator.PlannedRow
---@field verbs table<string, true>?      that it can happen to; nil: all requests
---@field says string                     what happens
---@field row string                      of refusal.lua
---@field values any[]?                   of its placeholders: functions of the request, or texts
---@field details table?                  of the error

--- The planned refusals by the names of their troubles.
---@type table<string, azureml.emulator.PlannedRow>
planned.rows = {
  forbidden = {
    says = "403: the principal has no right to the action", row = "forbidden",
    values = { client_of, object_id_of, action_of, path_of },
  },
  compute_not_found = {
    verbs = tables.merge(SETTINGS, LONG), says = "404: the compute does not exist",
    row = "no_compute", values = { workspace_of, name_of, group_of },
  },
  name_invalid = {
    verbs = CREATE, says = "400: the name breaks the rule for names", row = "name_invalid",
    values = { name_of },
  },
  name_taken = {
    verbs = CREATE, says = "409: the name is in use in the region", row = "name_taken",
    values = { name_of },
  },
  size_not_offered = {
    verbs = set("create", "resize"), says = "400: the region does not offer the size",
    row = "unknown_size", values = { size_of, location_of },
    details = { { code = "SupportedVMSizes", message = "Standard_DS11_v2" } },
  },
  size_not_allowed = {
    verbs = set "resize", says = "400: the instance cannot get that size", row = "bad_resize",
    values = { size_of, "Standard_DS11_v2" },
  },
  not_stopped = {
    verbs = set "resize", says = "400: the instance must be stopped first", row = "only_from",
    values = { "Running", verb_of },
  },
  state_refused = {
    verbs = SETTINGS, says = "400: the instance's state does not allow the change",
    row = "only_from", values = { "CreateFailed", verb_of },
  },
  not_assignee = {
    verbs = set "enableSso", says = "403: only the instance's user may switch single sign-on",
    row = "not_assignee", values = { name_of },
  },
  idle_time_refused = {
    verbs = set("create", "updateIdleShutdownSetting"), says = "400: the idle time is not valid",
    row = "bad_idle", values = { "PT5M" },
  },
  schedules_refused = {
    verbs = set("create", "updateSchedules"), says = "400: the schedules are not valid",
    row = "bad_schedule", values = { "an instance has at most 4, not 5" },
  },
  services_refused = {
    verbs = set("create", "customServices"), says = "400: the custom services are not valid",
    row = "bad_service", values = { "the published port 8787 is given twice" },
  },
  mount_refused = {
    verbs = set "updateDataMounts", says = "400: there is no such data mount", row = "no_mount",
    values = { "data" },
  },
  ssh_key_refused = {
    verbs = CREATE, says = "400: the SSH key is not valid", row = "ssh_key",
    values = { "ssh-ed25519 AAAA" },
  },
  ssh_on_behalf = {
    verbs = CREATE, says = "400: no SSH key for an instance of another user",
    row = "ssh_on_behalf",
  },
  user_refused = {
    verbs = CREATE, says = "400: the assigned user's object id is not a GUID", row = "not_guid",
    values = { "objectId", "ann" },
  },
  subnet_refused = {
    verbs = CREATE, says = "400: the subnet does not exist", row = "subnet_missing",
    values = { "default" },
  },
  no_public_ip = {
    verbs = CREATE, says = "400: without a public address it needs a subnet",
    row = "no_public_ip",
  },
  two_networks = {
    verbs = CREATE, says = "400: no subnet in a workspace with a managed network",
    row = "two_networks",
  },
  locked = {
    verbs = set "delete", says = "409: a lock forbids it", row = "locked",
    values = { path_of, path_of },
  },
  policy = {
    verbs = CREATE, says = "403: a policy forbids it", row = "disallowed",
    values = { name_of, "deny-public-ip" },
  },
}

local function values_of(row, request)
  local values = {}
  for index, value in ipairs(row.values or {}) do
    values[index] = type(value) == "function" and value(request) or value
  end
  return table.unpack(values)
end

--- Refuse a request if its trouble is one of `planned.rows`.
---@param request table
---@raise a refusal
function planned.refuse(request)
  local row = request.trouble and planned.rows[request.trouble.name]
  if not row then return end
  if row.details then refusal.raise_with(row.details, row.row, values_of(row, request)) end
  refusal.raise(row.row, values_of(row, request))
end

return planned
