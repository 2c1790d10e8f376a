--- Who there is: tenants, users, applications and managed identities, as Entra has them. Each is a record of the world, plain data. Names
--- and ids are compared without case.
local crypto = require("azureml.core").crypto
local options = require "azureml.options"
local tables = require "azureml.tables"
local world = require "azureml.emulator.world"

local directory = {}

local Directory = {}
Directory.__index = Directory

local PRINCIPALS = { "user", "application", "identity" }

for _, kind in ipairs(PRINCIPALS) do
  world.kinds[kind] = { key = function(record) return record.object_id:lower() end }
end
world.kinds.tenant = { key = function(record) return record.id:lower() end }
world.kinds.issuer = { key = function(record) return record.issuer end }

--- base64url without padding.
directory.base64url = crypto.base64url

--- The directory of a world.
---@param given { world: table, guid: function }
function directory.new(given)
  local self = setmetatable({
    world = given.world, guid = given.guid, principals = {}, certificates = setmetatable({}, { __mode = "v" }),
  }, Directory)
  given.world:watch(function(kind)
    if kind == "user" or kind == "application" or kind == "identity" then self.principals = {} end
  end)
  return self
end

-- What may be said of each; the seed and the control endpoint take the same. Times are seconds since 1970.
local KINDS = {
  user = {
    object_id = "string", tenant_id = "string", name = "string", display_name = "string", password = "string", disabled = "boolean",
  },
  application = {
    object_id = "string", tenant_id = "string", client_id = "string", name = "string", client_secret = "string", secrets = "table",
    certificates = "table", federated = "table", redirect_uris = "table", public = "boolean", multi_tenant = "boolean",
    single_use_assertions = "boolean", family = "string", disabled = "boolean",
  },
  identity = {
    object_id = "string", tenant_id = "string", client_id = "string", resource_id = "string", name = "string", system = "boolean",
  },
  issuer = { issuer = "string", keys = "table" },
}

local function fault_of_certificates(list)
  for _, text in ipairs(list or {}) do
    local certificate, why = crypto.certificate(tostring(text))
    if not certificate then return "a certificate of an application: " .. why end
  end
end

-- A key in a list is a JWK or a PEM text.
local function key_of(given)
  if type(given) == "table" then return crypto.jwk_key(given) end
  local key, why = crypto.read_key(tostring(given))
  if key then return key end
  local certificate = crypto.certificate(tostring(given))
  return certificate and certificate.key, why
end

local function fault_of_keys(list)
  for _, given in ipairs(list or {}) do
    local key, why = key_of(given)
    if not key then return "a key of an issuer: " .. why end
  end
end

local NEEDED = {
  user = { "name" }, application = {}, identity = {}, issuer = { "issuer", "keys" },
}

--- What is wrong with a record; nil if nothing is.
---@param kind string          "user", "application", "identity", "issuer"
---@param record any
---@return string?
function directory.fault_of(kind, record)
  local wrong = options.fault_of("a record of kind " .. kind, record, KINDS[kind])
  if wrong then return wrong end
  for _, name in ipairs(NEEDED[kind]) do
    if record[name] == nil then return ("a record of kind %s needs '%s'"):format(kind, name) end
  end
  return fault_of_certificates(record.certificates) or fault_of_keys(kind == "issuer" and record.keys)
end

-- Tenants -----------------------------------------------------------------------------------------------------------------

--- Add a tenant. The first is home to whatever names none.
---@param tenant { id: string, name: string? }      name: its domain
---@return table
function Directory:add_tenant(tenant)
  return self.world:save("tenant", { id = tenant.id, name = tenant.name, home = self:home() == nil })
end

--- The tenant that is home to whatever names none; nil while there is none.
---@return table?
function Directory:home()
  for _, tenant in pairs(self.world.records.tenant) do
    if tenant.home then return tenant end
  end
end

--- A tenant by its id or its domain; nil if there is none.
function Directory:tenant(text)
  local wanted = text:lower()
  local found = self.world:record("tenant", wanted)
  if found then return found end
  for _, tenant in pairs(self.world.records.tenant) do
    if (tenant.name or ""):lower() == wanted then return tenant end
  end
end

-- Records -----------------------------------------------------------------------------------------------------------------

local function complete(self, kind, record)
  local copy = tables.merge({ kind = kind }, record)
  copy.tenant_id = copy.tenant_id or self:home().id
  copy.object_id = copy.object_id or self.guid()
  if not self:tenant(copy.tenant_id) then self:add_tenant { id = copy.tenant_id } end
  return copy
end

--- Add a user, or replace who has that object id.
---@param user { name: string, object_id: string?, tenant_id: string?, display_name: string?, password: string?, disabled: boolean? }
---  name: as Entra has it, ann@contoso.com
---@return table
function Directory:add_user(user)
  return self.world:save("user", complete(self, "user", user))
end

--- Add an application, or replace the one of that object id.
---@param application table
---  client_id, object_id (of its service principal), tenant_id, name; how it proves itself: client_secret, or secrets { { value,
---  expires } }, certificates (PEM texts), federated { { issuer, subject, audience } }; redirect_uris, public (it needs no proof where a
---  person signs in), multi_tenant, disabled; single_use_assertions (it may not send the same one again); family ("1": its refresh tokens
---  are good for the others of it). Times are seconds since 1970.
---@return table
function Directory:add_application(application)
  local record = complete(self, "application", application)
  record.client_id = record.client_id or self.guid()
  if record.client_secret then
    record.secrets = table.move(record.secrets or {}, 1, #(record.secrets or {}), 2, { { value = record.client_secret } })
    record.client_secret = nil
  end
  return self.world:save("application", record)
end

--- Add a managed identity of the machine that the emulator's metadata endpoints play.
---@param identity table      client_id, object_id, resource_id, tenant_id, name; system: it is the machine's own
---@return table
function Directory:add_identity(identity)
  local record = complete(self, "identity", identity)
  record.client_id = record.client_id or self.guid()
  return self.world:save("identity", record)
end

--- Add an outside issuer, whose tokens federated credentials may take for proof.
---@param issuer { issuer: string, keys: table[] }      keys: JWKs, or PEM texts of public keys or certificates
function Directory:add_issuer(issuer)
  return self.world:save("issuer", { issuer = issuer.issuer, keys = issuer.keys })
end

--- Make a change of a record known.
function Directory:change(record)
  return self.world:save(record.kind, record)
end

--- Take one away: who held a token of it is nobody now.
---@param record table
function Directory:remove(record)
  self.world:drop(record.kind, record)
end

-- Looking up --------------------------------------------------------------------------------------------------------------

local NAMES = { "object_id", "client_id", "name" }

-- By each of its names: an object id goes before a client id, that before a name.
local function index(self)
  for _, name in ipairs(NAMES) do
    for _, kind in ipairs(PRINCIPALS) do
      for _, record in pairs(self.world.records[kind]) do
        local key = record[name] and record[name]:lower()
        if key and not self.principals[key] then self.principals[key] = record end
      end
    end
  end
end

--- Who has that object id, client id or name; nil if nobody.
---@param text string
---@return table?
function Directory:principal(text)
  if not next(self.principals) then index(self) end
  return self.principals[text:lower()]
end

--- An application, as a tenant sees it; nil if there is none of that client id.
---@param tenant_id string
---@param client_id string
---@return table?
function Directory:application(tenant_id, client_id)
  local found = self:principal(client_id)
  if not found or found.kind ~= "application" or found.client_id:lower() ~= client_id:lower() then return nil end
  return (found.multi_tenant or found.tenant_id:lower() == tenant_id:lower()) and found or nil
end

--- A user by name or object id; nil if there is none.
function Directory:user(text)
  local found = self:principal(text)
  return found and found.kind == "user" and found or nil
end

--- All managed identities, the machine's own first.
---@return table[]
function Directory:identities()
  return tables.values(self.world.records.identity, function(a, b)
    if (a.system or false) ~= (b.system or false) then return a.system or false end
    return a.object_id < b.object_id
  end)
end

--- The certificates of an application, read.
---@return table[]      as core.crypto.certificate tells them
function Directory:certificates_of(application)
  local list = {}
  for i, text in ipairs(application.certificates or {}) do
    self.certificates[text] = self.certificates[text] or assert(crypto.certificate(text))
    list[i] = self.certificates[text]
  end
  return list
end

--- The keys of an outside issuer; nil if there is none.
---@return userdata[]?
function Directory:keys_of(issuer)
  local found = self.world:record("issuer", issuer)
  if not found then return nil end
  local list = {}
  for i, given in ipairs(found.keys) do list[i] = assert(key_of(given)) end
  return list
end

return directory
