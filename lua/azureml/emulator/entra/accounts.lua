--- Serve the part of the control endpoint that deals with accounts: users, applications,
--- identities, issuers, roles and their assignments, sign-in, and waiting device codes. It accepts
--- secrets and never returns them. emulator/control.lua routes the requests.
local device = require "azureml.emulator.entra.device"
local directory = require "azureml.emulator.entra.directory"
local json = require "azureml.json"
local managed = require "azureml.emulator.entra.managed"
local people = require "azureml.emulator.entra.people"
local roles = require "azureml.emulator.roles"
local sign_in = require "azureml.emulator.entra.sign_in"
local tables = require "azureml.tool.tables"

local accounts = {}

---@type table<string, fun(emulator: table, body: any, id: string?): table>
local actions = {}

accounts.actions = actions

local function refuse(status, message)
  return { status = status, json = { error = { code = "EmulatorControl", message = message } } }
end

local SECRET = { secrets = true, password = true, client_secret = true }

local function without_secrets(record)
  local shown = {}
  for name, value in pairs(record) do shown[name] = not SECRET[name] and value or nil end
  return shown
end

local function order_of(record)
  return tostring(record.object_id or record.id or record.issuer)
end

local function listed(records)
  local list = json.array {}
  for _, record in pairs(records) do list[#list + 1] = without_secrets(record) end
  table.sort(list, function(a, b) return order_of(a) < order_of(b) end)
  return { status = 200, json = list }
end

-- Records -----------------------------------------------------------------------------------------

-- name in the path -> the kind of record, and the function that adds a record of that kind
local kinds = {
  users = {
    "user", function(emulator, record) return emulator.directory:add_user(record) end,
  },
  applications = {
    "application", function(emulator, record) return emulator.directory:add_application(record) end,
  },
  identities = {
    "identity", function(emulator, record) return emulator.directory:add_identity(record) end,
  },
  issuers = {
    "issuer", function(emulator, record) return emulator.directory:add_issuer(record) end,
  },
}

for name, row in pairs(kinds) do
  local kind, add = table.unpack(row)

  actions["GET " .. name] = function(emulator) return listed(emulator.world.records[kind]) end

  actions["POST " .. name] = function(emulator, body)
    if type(body) == "table" then body.kind = nil end      -- so a listed record can be sent back
    local fault = directory.fault_of(kind, body)
    if fault then return refuse(400, fault) end
    return { status = 201, json = without_secrets(add(emulator, body)) }
  end

  actions[("DELETE %s/*"):format(name)] = function(emulator, _, id)
    local found = kind == "issuer" and emulator.world:record(kind, id)
      or emulator.directory:principal(id)
    if not found or kind ~= "issuer" and found.kind ~= kind then
      return refuse(404, ("there is no %s called '%s'"):format(kind, id))
    end
    emulator.world:drop(kind, found)
    return { status = 204 }
  end
end

-- Change a user: disabled, password, ...; `revoke` makes all earlier grants void.
actions["POST users/*"] = function(emulator, body, id)
  local user = emulator.directory:user(id)
  if not user then return refuse(404, ("there is no user called '%s'"):format(id)) end
  local changed = tables.merge({ name = user.name }, type(body) == "table" and body or nil)
  local is_revoked = changed.revoke
  changed.revoke = nil
  local fault = directory.fault_of("user", changed)
  if fault then return refuse(400, fault) end
  for name, value in pairs(changed) do user[name] = value end
  if is_revoked then user.valid_from = emulator.clock:now() end
  emulator.directory:change(user)
  return { status = 200, json = without_secrets(user) }
end

-- Roles -------------------------------------------------------------------------------------------

actions["GET roles"] = function(emulator)
  return { status = 200, json = json.array(emulator.roles:list()) }
end

actions["POST roles"] = function(emulator, body)
  local fault = roles.fault_of(body)
  if fault then return refuse(400, fault) end
  return { status = 201, json = emulator.roles:define(body) }
end

actions["GET role_assignments"] = function(emulator)
  return listed(emulator.world.records.assignment)
end

actions["POST role_assignments"] = function(emulator, body)
  local assignment, fault = people.assign(emulator, body)
  if not assignment then return refuse(400, fault) end
  return { status = 201, json = assignment }
end

actions["DELETE role_assignments/*"] = function(emulator, _, id)
  if emulator.roles:unassign(id) then return { status = 204 } end
  return refuse(404, ("there is no role assignment '%s'"):format(id))
end

-- Signing in --------------------------------------------------------------------------------------

-- Set the user that the sign-in page signs in: { user }, or { declines = true }.
actions["POST sign_in"] = function(emulator, body)
  local name = json.get(body, "user")
  local user = type(name) == "string" and emulator.directory:user(name) or nil
  if not user and json.get(body, "declines") ~= true then
    return refuse(400, "'user' must be the name of a user, or 'declines' true")
  end
  sign_in.set_person(emulator, user)
  return { status = 204 }
end

actions["GET devices"] = function(emulator)
  return { status = 200, json = json.array(device.waiting(emulator.world)) }
end

-- Enter a device's code for a user: { user_code, user }, or { user_code, declines = true }. Without
-- `user` it is the user that the sign-in page would sign in.
actions["POST devices"] = function(emulator, body)
  local code, name = json.get(body, "user_code"), json.get(body, "user")
  local user = type(name) == "string" and emulator.directory:user(name)
    or not name and sign_in.person(emulator)
    or nil
  if json.get(body, "declines") == true then
    user = nil
  elseif not user then
    return refuse(400, "'user' must be the name of a user")
  end
  if type(code) ~= "string" or not device.decide(emulator.world, code, user) then
    return refuse(404, "no device waits for this code: GET devices lists the waiting codes")
  end
  return { status = 204 }
end

-- Tokens ------------------------------------------------------------------------------------------

local MANAGEMENT = "https://management.azure.com"

-- Issue a token for any principal, for programs without a sign-in: { principal, audience, claims }.
actions["POST tokens"] = function(emulator, body)
  local name, audience = json.get(body, "principal"), json.get(body, "audience")
  local claims = json.get(body, "claims")
  local principal = type(name) == "string" and emulator.directory:principal(name)
  if not principal then
    return refuse(404, ("there is no principal called '%s'"):format(tostring(name)))
  end
  if type(audience or "") ~= "string" or type(claims or "") ~= "string" then
    return refuse(400, "'audience' and 'claims' must be texts")
  end
  local text, lifetime = emulator.tokens:issue {
    principal = principal, audience = audience or MANAGEMENT, claims = claims,
  }
  return {
    status = 200,
    json = { access_token = text, expires_in = lifetime, object_id = principal.object_id },
  }
end

actions["POST expire_tokens"] = function(emulator)
  emulator.tokens:expire()
  return { status = 204 }
end

-- Return the environment variables that a program needs, by the way in which it signs in.
actions["GET environment"] = function(emulator)
  local all, names = managed.environments(emulator), emulator:settings()
  all.secret = {
    AZURE_TENANT_ID = names.tenant_id, AZURE_CLIENT_ID = names.client_id,
    AZURE_CLIENT_SECRET = names.client_secret, AZURE_AUTHORITY_HOST = emulator.authority,
  }
  return { status = 200, json = all }
end

return accounts
