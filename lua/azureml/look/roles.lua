--- Rights: what the caller may do in a workspace, which actions a verb needs, which built-in roles
--- hold an action, and custom roles with no more than that.
--- Sources: spec/contract/compute-rest.md, section 10, and spec/contract/neighbours.md, section 1.
local core = require "azureml.core"
local errors = require "azureml.error"
local json = require "azureml.json"
local resource = require "azureml.resource"
local tables = require "azureml.tool.tables"

local roles = {}

local PREFIX = "Microsoft.MachineLearningServices/workspaces/"
local COMPUTES = PREFIX .. "computes/"
local API_VERSION = "2022-04-01"
local KEPT = 60      -- seconds for which the permissions of a workspace are kept

-- The actions that each verb needs.
local ACTIONS = {
  list = { COMPUTES .. "read" },
  get = { COMPUTES .. "read" },
  create = { COMPUTES .. "write", PREFIX .. "checkComputeNameAvailability/action" },
  delete = { COMPUTES .. "delete" },
  start = { COMPUTES .. "start/action" },
  stop = { COMPUTES .. "stop/action" },
  restart = { COMPUTES .. "restart/action" },
  resize = { COMPUTES .. "resize/action" },
  update_idle_time = { COMPUTES .. "updateIdleShutdownSetting/action" },
  update_schedules = { COMPUTES .. "updateSchedules/action" },
  update_data_mounts = { COMPUTES .. "updateDataMounts/action" },
  enable_sso = { COMPUTES .. "enableSso/action" },
  applications = { COMPUTES .. "applicationaccess/action" },
  jobs = { PREFIX .. "jobs/read", PREFIX .. "jobs/write" },
}

--- The verbs that `can` knows, sorted.
---@type string[]
roles.verbs = tables.keys(ACTIONS)

-- Actions -----------------------------------------------------------------------------------------

-- Tell whether a text fits a pattern in which `*` stands for any characters. Each piece between two
-- stars is looked for once, so that a hostile pattern costs no more than a long one.
local function fits(pattern, text)
  if not pattern:find("*", 1, true) then return pattern == text end
  local pieces = {}
  for piece in (pattern .. "*"):gmatch "([^*]*)%*" do pieces[#pieces + 1] = piece end
  local first, last = pieces[1], pieces[#pieces]
  if text:sub(1, #first) ~= first then return false end
  local position = #first + 1
  for index = 2, #pieces - 1 do
    local from, to = text:find(pieces[index], position, true)
    if not from then return false end
    position = to + 1
  end
  local rest = text:sub(position)
  return #rest >= #last and rest:sub(#rest - #last + 1) == last
end

-- Tell whether an action is in a list of patterns. "computes/*/write" includes "computes/write":
-- the documents of the role AzureML Data Scientist rely on it.
local function is_in(list, action)
  for _, pattern in ipairs(type(list) == "table" and list or {}) do
    if type(pattern) == "string" then
      local plain = pattern:lower()
      if fits(plain, action) or fits((plain:gsub("/%*/", "/")), action) then return true end
    end
  end
  return false
end

--- Tell whether permissions allow an action: one of them has it, and does not except it.
---@param permissions { actions: string[], notActions: string[]? }[]     as the service sends them
---@param action string      "Microsoft.MachineLearningServices/workspaces/computes/read"
---@return boolean
function roles.allows(permissions, action)
  local wanted = action:lower()
  for _, permission in ipairs(permissions) do
    local is_held = is_in(json.get(permission, "actions"), wanted)
    if is_held and not is_in(json.get(permission, "notActions"), wanted) then return true end
  end
  return false
end

-- What the caller may do --------------------------------------------------------------------------

local PERMISSIONS = { method = "GET", path = "providers/Microsoft.Authorization/permissions" }

--- Ask the service for the caller's permissions in a workspace: an item for each role that applies.
--- Deny assignments and policies are not among them.
---@param workspace azureml.Workspace
---@return table[]           as the service sends them: actions, notActions
function roles.permissions(workspace)
  local list = {}
  for item in resource.list(workspace, PERMISSIONS, {}, {
    label = "list your permissions in " .. workspace.name, api_version = API_VERSION,
  }) do
    list[#list + 1] = item
  end
  return list
end

local function kept_permissions(workspace)
  local now, kept = core.now(), workspace.permissions
  if not kept or now - kept.asked > KEPT then
    kept = { asked = now, list = roles.permissions(workspace) }
    workspace.permissions = kept
  end
  return kept.list
end

--- Return the actions that a verb needs.
---@param verb string        "stop"; or an action with its provider: "Microsoft..."
---@return string[]
---@raise a mistake at the caller's line for an unknown verb
function roles.actions(verb)
  if type(verb) == "string" and verb:find "^%w+%.[%w.]+/" then return { verb } end
  return ACTIONS[verb] or errors.mistake("there is no verb '%s' (known: %s; or an action: %s)",
    tostring(verb), table.concat(roles.verbs, ", "), COMPUTES .. "stop/action")
end

--- Tell whether the caller's roles allow a verb in a workspace. The service is asked for the
--- permissions once a minute. A deny assignment, a lock or a policy may still refuse it.
---@param workspace azureml.Workspace
---@param verb string        "start", "stop", "create" and so on; or an action: "Microsoft..."
---@return boolean
---@return string[] missing  the actions that no role allows
function roles.can(workspace, verb)
  local actions, missing = roles.actions(verb), {}
  local permissions = kept_permissions(workspace)
  for _, action in ipairs(actions) do
    if not roles.allows(permissions, action) then missing[#missing + 1] = action end
  end
  return #missing == 0, missing
end

-- Roles that hold an action -----------------------------------------------------------------------

-- The built-in roles, the narrowest first.
-- Source: spec/contract/compute-rest.md, section 10.
local BUILT_IN = {
  { name = "Reader", actions = { "*/read" } },
  { name = "AzureML Compute Operator",
    actions = { COMPUTES .. "*", PREFIX .. "notebooks/vm/*" } },
  { name = "AzureML Data Scientist",
    actions = {
      PREFIX .. "*/read", PREFIX .. "*/action", PREFIX .. "*/delete", PREFIX .. "*/write",
    },
    notActions = {
      PREFIX .. "delete", PREFIX .. "write", COMPUTES .. "*/write", COMPUTES .. "*/delete",
      COMPUTES .. "listKeys/action", PREFIX .. "listKeys/action", PREFIX .. "hubs/write",
      PREFIX .. "hubs/delete", PREFIX .. "featurestores/write", PREFIX .. "featurestores/delete",
    } },
  { name = "Contributor", actions = { "*" },
    notActions = {
      "Microsoft.Authorization/*/Delete", "Microsoft.Authorization/*/Write",
      "Microsoft.Authorization/elevateAccess/Action",
    } },
  { name = "Owner", actions = { "*" } },
}

--- List the built-in roles that hold an action, the narrowest first.
---@param action string
---@return string[]          names
function roles.holding(action)
  local names = {}
  for _, role in ipairs(BUILT_IN) do
    if roles.allows({ role }, action) then names[#names + 1] = role.name end
  end
  return names
end

-- Custom roles ------------------------------------------------------------------------------------

-- Return the scope at which a custom role can be assigned: a resource group, or what lies above.
local function assignable(scope)
  return scope:match "^(/subscriptions/[^/]+/[rR]esource[gG]roups/[^/]+)"
    or scope:match "^(/subscriptions/[^/]+)" or scope
end

--- Return the definition of a custom role, in the form that `az role definition create` takes.
---@param name string
---@param description string
---@param actions string[]
---@param scope string       where it is needed; the role can be assigned in its resource group
---@return table
function roles.custom(name, description, actions, scope)
  return {
    Name = name, IsCustom = true, Description = description,
    Actions = json.array(tables.copy(actions)), NotActions = json.array {},
    AssignableScopes = json.array { assignable(scope) },
  }
end

-- The roles of Microsoft's article "Create and manage a compute instance".
local ARTICLE = {
  ["on-behalf-of"] = {
    name = "Compute instance user",
    description = "Use a compute instance that was created on behalf of the user: start, stop and "
      .. "restart it, and open its applications.",
    verbs = { "start", "stop", "restart", "applications" },
  },
  operator = {
    name = "Compute instance operator",
    description = "Look at compute instances, create, start, stop, restart and delete them.",
    actions = {
      COMPUTES .. "read", COMPUTES .. "write", COMPUTES .. "delete", COMPUTES .. "start/action",
      COMPUTES .. "stop/action", COMPUTES .. "restart/action",
    },
  },
}

--- The names of the roles that `role` defines.
---@type string[]
roles.names = tables.keys(ARTICLE)

--- Return the definition of a role for compute instances.
---@param name string        "on-behalf-of": for the user that an instance was created for;
---  "operator": for the user that manages instances
---@param scope string       as for `custom`
---@return table
---@raise a mistake at the caller's line for an unknown name
function roles.role(name, scope)
  local row = ARTICLE[name] or errors.mistake("there is no role '%s' (known: %s)", tostring(name),
    table.concat(roles.names, ", "))
  local actions = tables.copy(row.actions)
  for _, verb in ipairs(row.verbs or {}) do tables.append(actions, ACTIONS[verb]) end
  return roles.custom(row.name, row.description, actions, scope)
end

--- Return what to do about a refusal for lack of a role; nil if the service does not name the
--- action and the scope.
---@param message string     of the service
---@return string?
function roles.remedy(message)
  local action = message:match "not have [%l ]*action%(?s?%)? '([%w._*/-]+)'"
  local scope = message:match "over scope '(/[^']+)'"
    or message:match "linked scope%(s%) '(/[^']+)'"
  if not action or not scope then return nil end
  local names = roles.holding(action)
  local custom = roles.custom("azureml " .. action:gsub("^[^/]+/", ""):gsub("/", " "),
    "Allows " .. action .. ".", { action }, scope)
  return ("ask an owner of %s for a role that has %s%s; the smallest custom role is %s; a new role "
    .. "takes some minutes"):format(scope, action,
    #names > 0 and ": " .. table.concat(names, ", ") or "", json.encode(custom))
end

return roles
