--- The control endpoint's part for people: users, applications, identities, issuers, roles and who has them, who signs in, which devices
--- wait. Secrets come in and do not go out.
local device = require "azureml.emulator.entra.device"
local directory = require "azureml.emulator.entra.directory"
local json = require "azureml.json"
local managed = require "azureml.emulator.entra.managed"
local people = require "azureml.emulator.entra.people"
local roles = require "azureml.emulator.roles"
local sign_in = require "azureml.emulator.entra.sign_in"
local tables = require "azureml.tables"

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

local function listed(records)
  local list = json.array {}
  for _, record in pairs(records) do list[#list + 1] = without_secrets(record) end
  table.sort(list, function(a, b) return tostring(a.object_id or a.id or a.issuer) < tostring(b.object_id or b.id or b.issuer) end)
  return { status = 200, json = list }
end

-- Records -----------------------------------------------------------------------------------------------------------------

-- What is asked for by name -> the kind of record, and what adds one.
local kinds = {
  users = { "user", function(emulator, one) return emulator.directory:add_user(one) end },
  applications = { "application", function(emulator, one) return emulator.directory:add_application(one) end },
  identities = { "identity", function(emulator, one) return emulator.directory:add_identity(one) end },
  issuers = { "issuer", function(emulator, one) return emulator.directory:add_issuer(one) end },
}

for name, each in pairs(kinds) do
  local kind, add = table.unpack(each)

  actions["GET " .. name] = function(emulator) return listed(emulator.world.records[kind]) end

  actions["POST " .. name] = function(emulator, body)
    if type(body) == "table" then body.kind = nil end      -- what was listed can be sent again
    local wrong = directory.fault_of(kind, body)
    if wrong then return refuse(400, wrong) end
    return { status = 201, json = without_secrets(add(emulator, body)) }
  end

  actions[("DELETE %s/*"):format(name)] = function(emulator, _, id)
    local found = kind == "issuer" and emulator.world:record(kind, id) or emulator.directory:principal(id)
    if not found or kind ~= "issuer" and found.kind ~= kind then
      return refuse(404, ("there is none of the %s called '%s'"):format(name, id))
    end
    emulator.world:drop(kind, found)
    return { status = 204 }
  end
end

-- Changes of one: disabled, password, and from when on what was granted before is void.
actions["POST users/*"] = function(emulator, body, id)
  local user = emulator.directory:user(id)
  if not user then return refuse(404, ("there is no user called '%s'"):format(id)) end
  local changed = tables.merge({ name = user.name }, type(body) == "table" and body or nil)
  local is_revoked = changed.revoke
  changed.revoke = nil
  local wrong = directory.fault_of("user", changed)
  if wrong then return refuse(400, wrong) end
  for name, value in pairs(changed) do user[name] = value end
  if is_revoked then user.valid_from = emulator.clock:now() end
  emulator.directory:change(user)
  return { status = 200, json = without_secrets(user) }
end

-- Roles -------------------------------------------------------------------------------------------------------------------

actions["GET roles"] = function(emulator) return { status = 200, json = json.array(emulator.roles:list()) } end

actions["POST roles"] = function(emulator, body)
  local wrong = roles.fault_of(body)
  if wrong then return refuse(400, wrong) end
  return { status = 201, json = emulator.roles:define(body) }
end

actions["GET role_assignments"] = function(emulator) return listed(emulator.world.records.assignment) end

actions["POST role_assignments"] = function(emulator, body)
  local made, wrong = people.assign(emulator, body)
  if not made then return refuse(400, wrong) end
  return { status = 201, json = made }
end

actions["DELETE role_assignments/*"] = function(emulator, _, id)
  return emulator.roles:unassign(id) and { status = 204 } or refuse(404, ("there is no role assignment '%s'"):format(id))
end

-- Signing in --------------------------------------------------------------------------------------------------------------

-- Who signs in at the browser's page: { user }, or { declines = true }.
actions["POST sign_in"] = function(emulator, body)
  local name = json.get(body, "user")
  local user = type(name) == "string" and emulator.directory:user(name) or nil
  if not user and json.get(body, "declines") ~= true then
    return refuse(400, "'user' must be the name of a user, or 'declines' true")
  end
  sign_in.set_person(emulator, user)
  return { status = 204 }
end

actions["GET devices"] = function(emulator) return { status = 200, json = json.array(device.waiting(emulator.world)) } end

-- A person enters a device's code: { user_code, user }, or { user_code, declines = true }; without a user whoever signs in.
actions["POST devices"] = function(emulator, body)
  local code, name = json.get(body, "user_code"), json.get(body, "user")
  local user = type(name) == "string" and emulator.directory:user(name) or not name and sign_in.person(emulator) or nil
  if json.get(body, "declines") == true then user = nil elseif not user then return refuse(400, "'user' must be the name of a user") end
  if type(code) ~= "string" or not device.decide(emulator.world, code, user) then return refuse(404, "no such code waits") end
  return { status = 204 }
end

-- Tokens ------------------------------------------------------------------------------------------------------------------

local MANAGEMENT = "https://management.azure.com"

-- A token of anybody, for programs that sign in nowhere: { principal, audience, claims }.
actions["POST tokens"] = function(emulator, body)
  local name, audience, claims = json.get(body, "principal"), json.get(body, "audience"), json.get(body, "claims")
  local principal = type(name) == "string" and emulator.directory:principal(name)
  if not principal then return refuse(404, ("there is nobody called '%s'"):format(tostring(name))) end
  if type(audience or "") ~= "string" or type(claims or "") ~= "string" then return refuse(400, "'audience' and 'claims' must be texts") end
  local text, lifetime = emulator.tokens:issue { principal = principal, audience = audience or MANAGEMENT, claims = claims }
  return { status = 200, json = { access_token = text, expires_in = lifetime, object_id = principal.object_id } }
end

actions["POST expire_tokens"] = function(emulator)
  emulator.tokens:expire()
  return { status = 204 }
end

-- What a program's environment must hold, by the way in which it signs in.
actions["GET environment"] = function(emulator)
  local all, names = managed.environments(emulator), emulator:settings()
  all.secret = {
    AZURE_TENANT_ID = names.tenant_id, AZURE_CLIENT_ID = names.client_id, AZURE_CLIENT_SECRET = names.client_secret,
    AZURE_AUTHORITY_HOST = emulator.authority,
  }
  return { status = 200, json = all }
end

return accounts
