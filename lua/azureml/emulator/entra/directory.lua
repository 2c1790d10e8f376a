--- Keep the directory: tenants, users, applications, managed identities and outside issuers. Each
--- is a record of the world, plain data that emulator/world.lua owns. Names and ids are compared
--- without case.
local crypto = require("azureml.core").crypto
local options = require "azureml.options"
local tables = require "azureml.tool.tables"
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

--- Encode bytes as base64url without padding.
directory.base64url = crypto.base64url

--- Create the directory of a world.
---@param settings { world: table, guid: function }
---@return table
function directory.new(settings)
  local self = setmetatable({
    world = settings.world, guid = settings.guid, principals = {},
    certificates = setmetatable({}, { __mode = "v" }),
  }, Directory)
  settings.world:watch(function(kind)
    if kind == "user" or kind == "application" or kind == "identity" then self.principals = {} end
  end)
  return self
end

-- Members of each kind, in the seed and at the control endpoint. Times are seconds since 1970.
local KINDS = {
  user = {
    object_id = "string", tenant_id = "string", name = "string", display_name = "string",
    mail = "string", password = "string", disabled = "boolean",
  },
  application = {
    object_id = "string", tenant_id = "string", client_id = "string", name = "string",
    client_secret = "string", secrets = "table", certificates = "table", federated = "table",
    redirect_uris = "table", public = "boolean", multi_tenant = "boolean",
    single_use_assertions = "boolean", family = "string", disabled = "boolean",
    app_roles = "table",
  },
  identity = {
    object_id = "string", tenant_id = "string", client_id = "string", resource_id = "string",
    name = "string", system = "boolean", app_roles = "table",
  },
  issuer = { issuer = "string", keys = "table" },
}

local function fault_of_certificates(list)
  for _, text in ipairs(list or {}) do
    local certificate, fault = crypto.certificate(tostring(text))
    if not certificate then return "a certificate of an application: " .. fault end
  end
end

-- Read a key: a JWK, or the PEM text of a key or a certificate.
local function key_of(value)
  if type(value) == "table" then return crypto.jwk_key(value) end
  local key, fault = crypto.read_key(tostring(value))
  if key then return key end
  local certificate = crypto.certificate(tostring(value))
  return certificate and certificate.key, fault
end

local function fault_of_keys(list)
  for _, value in ipairs(list or {}) do
    local key, fault = key_of(value)
    if not key then return "a key of an issuer: " .. fault end
  end
end

local function fault_of_app_roles(list)
  for _, value in ipairs(list or {}) do
    if type(value) ~= "string" then return "app_roles must be a list of texts: User.Read.All" end
  end
end

local NEEDED = {
  user = { "name" }, application = {}, identity = {}, issuer = { "issuer", "keys" },
}

--- Check a record before it is added.
---@param kind string          "user", "application", "identity", "issuer"
---@param record any
---@return string? fault       nil if the record is good
function directory.fault_of(kind, record)
  local fault = options.fault_of("a record of kind " .. kind, record, KINDS[kind])
  if fault then return fault end
  for _, name in ipairs(NEEDED[kind]) do
    if record[name] == nil then return ("a record of kind %s needs '%s'"):format(kind, name) end
  end
  return fault_of_certificates(record.certificates)
    or fault_of_app_roles(record.app_roles)
    or fault_of_keys(kind == "issuer" and record.keys)
end

-- Tenants -----------------------------------------------------------------------------------------

--- Add a tenant. The first tenant becomes the home of records without a tenant_id.
---@param tenant { id: string, name: string? }      name: its domain
---@return table
function Directory:add_tenant(tenant)
  local is_first = self:home() == nil
  return self.world:save("tenant", { id = tenant.id, name = tenant.name, home = is_first })
end

--- Return the home tenant, which records without a tenant_id belong to.
---@return table?      nil before the first tenant is added
function Directory:home()
  for _, tenant in pairs(self.world.records.tenant) do
    if tenant.home then return tenant end
  end
end

--- Find a tenant by its id or its domain.
---@param text string
---@return table?
function Directory:tenant(text)
  local wanted = text:lower()
  local found = self.world:record("tenant", wanted)
  if found then return found end
  for _, tenant in pairs(self.world.records.tenant) do
    if (tenant.name or ""):lower() == wanted then return tenant end
  end
end

-- Records -----------------------------------------------------------------------------------------

local function complete(self, kind, record)
  local copy = tables.merge({ kind = kind }, record)
  copy.tenant_id = copy.tenant_id or self:home().id
  copy.object_id = copy.object_id or self.guid()
  if not self:tenant(copy.tenant_id) then self:add_tenant { id = copy.tenant_id } end
  return copy
end

---@class azureml.emulator.User
---@field name string              as Entra has it: ann@contoso.com
---@field object_id string?        by default a new GUID
---@field tenant_id string?        by default the home tenant
---@field display_name string?
---@field mail string?             by default the user has no mail address
---@field password string?
---@field disabled boolean?

--- Add a user. Replace the record with the same object id, if there is one.
---@param user azureml.emulator.User
---@return table
function Directory:add_user(user)
  return self.world:save("user", complete(self, "user", user))
end

---@class azureml.emulator.Application
---@field client_id string?        by default a new GUID
---@field object_id string?        of its service principal; by default a new GUID
---@field tenant_id string?        by default the home tenant
---@field name string?
---@field client_secret string?    a secret that never expires
---@field secrets { value: string, expires: number? }[]?      expires: seconds since 1970
---@field certificates string[]?   PEM texts
---@field federated { issuer: string, subject: string, audience: string? }[]?
---@field redirect_uris string[]?
---@field public boolean?          it needs no proof where a user signs in
---@field multi_tenant boolean?    all tenants know it
---@field disabled boolean?
---@field app_roles string[]?      application permissions at Microsoft Graph: "User.Read.All"
---@field single_use_assertions boolean?      it may send each assertion only once
---@field family string?           "1": other applications of the family may use its refresh tokens

--- Add an application. Replace the record with the same object id, if there is one.
---@param application azureml.emulator.Application
---@return table
function Directory:add_application(application)
  local record = complete(self, "application", application)
  record.client_id = record.client_id or self.guid()
  if record.client_secret then
    local others = record.secrets or {}
    local secrets = { { value = record.client_secret } }
    record.secrets = table.move(others, 1, #others, 2, secrets)
    record.client_secret = nil
  end
  return self.world:save("application", record)
end

--- Add a managed identity of the machine that the emulator's metadata endpoints imitate.
---@param identity table      client_id, object_id, resource_id, tenant_id, name, app_roles;
---  system: true for the system-assigned identity
---@return table
function Directory:add_identity(identity)
  local record = complete(self, "identity", identity)
  record.client_id = record.client_id or self.guid()
  return self.world:save("identity", record)
end

--- Add an outside issuer. Federated credentials may accept its tokens as proof.
---@param issuer { issuer: string, keys: table[] }
---  keys: JWKs, or PEM texts of public keys or certificates
function Directory:add_issuer(issuer)
  return self.world:save("issuer", { issuer = issuer.issuer, keys = issuer.keys })
end

--- Save a changed record.
---@param record table
function Directory:change(record)
  return self.world:save(record.kind, record)
end

--- Remove a record. Its tokens stop working.
---@param record table
function Directory:remove(record)
  self.world:drop(record.kind, record)
end

-- Looking up --------------------------------------------------------------------------------------

local NAMES = { "object_id", "client_id", "name" }

-- Fill the index of principals. An object id takes precedence over a client id, a client id over a
-- name.
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

--- Find a user, application or identity by its object id, client id or name.
---@param text string
---@return table?
function Directory:principal(text)
  if not next(self.principals) then index(self) end
  return self.principals[text:lower()]
end

--- Find an application by its client id, as a tenant sees it.
---@param tenant_id string
---@param client_id string
---@return table?
function Directory:application(tenant_id, client_id)
  local found = self:principal(client_id)
  if not found or found.kind ~= "application" then return nil end
  if found.client_id:lower() ~= client_id:lower() then return nil end
  local is_visible = found.multi_tenant or found.tenant_id:lower() == tenant_id:lower()
  return is_visible and found or nil
end

--- Find a user by name or object id.
---@param text string
---@return table?
function Directory:user(text)
  local found = self:principal(text)
  return found and found.kind == "user" and found or nil
end

--- Return all managed identities, the system-assigned identity first.
---@return table[]
function Directory:identities()
  return tables.values(self.world.records.identity, function(a, b)
    if (a.system or false) ~= (b.system or false) then return a.system or false end
    return a.object_id < b.object_id
  end)
end

--- Return the certificates of an application, parsed.
---@param application table
---@return table[]      results of core.crypto.certificate
function Directory:certificates_of(application)
  local list = {}
  for i, text in ipairs(application.certificates or {}) do
    self.certificates[text] = self.certificates[text] or assert(crypto.certificate(text))
    list[i] = self.certificates[text]
  end
  return list
end

--- Return the keys of an outside issuer.
---@param issuer string
---@return userdata[]?      nil if the issuer is unknown
function Directory:keys_of(issuer)
  local found = self.world:record("issuer", issuer)
  if not found then return nil end
  local list = {}
  for i, value in ipairs(found.keys) do list[i] = assert(key_of(value)) end
  return list
end

return directory
