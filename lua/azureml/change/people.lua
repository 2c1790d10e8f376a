--- Find users in the directory by e-mail address, through Microsoft Graph.
--- Source: spec/contract/neighbours.md, section 3.
local core = require "azureml.core"
local errors = require "azureml.error"
local json = require "azureml.json"
local kinds = require "azureml.definition.kinds"

local people = {}

local SELECTED = "id,displayName,userPrincipalName,mail"
local REMEDY = "give the ids instead: assigned_user_object_id and assigned_user_tenant_id"

local function explain(err, mail)
  if err.status == 403 then err.hint = "the credential may not read users: " .. REMEDY end
  err.message = ("cannot find the user %s: %s"):format(mail, err.message)
  return err
end

-- Send a GET. Return the decoded reply; nil where the directory has no such object.
local function get(graph, mail, path, query)
  local reply, err = errors.try(graph.request, graph, { path = path, query = query })
  if reply then return reply.json end
  if err.status == 404 then return nil end
  errors.raise(explain(err, mail))
end

local function list_in(answer)
  local list = json.get(answer, "value")
  return type(list) == "table" and list or {}
end

-- Return the users that have an address: by their name for signing in, or by mail.
local function users_of(graph, mail)
  local user = get(graph, mail, "/v1.0/users/" .. core.escape(mail), { ["$select"] = SELECTED })
  if user then return { user } end
  local quoted = mail:gsub("'", "''")
  return list_in(get(graph, mail, "/v1.0/users", {
    ["$filter"] = ("mail eq '%s'"):format(quoted), ["$select"] = SELECTED,
  }))
end

-- Return the tenant of the directory. The token tells it without a further request.
local function tenant_of(workspace, graph, mail)
  local credential = workspace.credential
  return credential and credential:claim "tid"
    or json.get(list_in(get(graph, mail, "/v1.0/organization")), 1, "id")
end

local function refuse(code, message, ...)
  errors.raise { code = code, message = message:format(...), hint = REMEDY }
end

--- Return the ids of a user.
---@param workspace azureml.Workspace
---@param mail string          the e-mail address or the name for signing in
---@return { object_id: string, tenant_id: string }
---@raise an error object: `UserNotFound`, `AmbiguousUser`; what the directory refuses
function people.find(workspace, mail)
  local graph <close> = workspace:open_graph()
  local users = users_of(graph, mail)
  if #users == 0 then refuse("UserNotFound", "the directory has no user %s", mail) end
  if #users > 1 then
    refuse("AmbiguousUser", "the directory has %d users with the address %s", #users, mail)
  end
  local user, fault = kinds.user.check {
    object_id = json.get(users[1], "id"), tenant_id = tenant_of(workspace, graph, mail),
  }
  if user then return user end
  refuse("InvalidReply", "cannot find the user %s: the directory's reply %s", mail, fault)
end

return people
