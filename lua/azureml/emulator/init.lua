--- An emulator of Azure Machine Learning's compute service and of Entra's token endpoint, in this process, on loopback. State follows its
--- clock: real, sped up, or moved by hand. It is honest about what no source states: emulator/inferred.lua.
local access = require "azureml.emulator.access"
local access_token = require "azureml.emulator.entra.access_token"
local answer = require "azureml.emulator.answer"
local certificate_authority = require "azureml.emulator.certificate_authority"
local circumstance = require "azureml.emulator.circumstance"
local clock = require "azureml.emulator.clock"
local computes = require "azureml.emulator.computes"
local config = require "azureml.config"
local control = require "azureml.emulator.control"
local core = require "azureml.core"
local credential = require "azureml.credential"
local device = require "azureml.emulator.entra.device"
local directory = require "azureml.emulator.entra.directory"
local entra = require "azureml.emulator.entra"
local errors = require "azureml.error"
local fault = require "azureml.emulator.fault"
local manager = require "azureml.emulator.manager"
local options = require "azureml.options"
local people = require "azureml.emulator.entra.people"
local refusal = require "azureml.emulator.refusal"
local roles = require "azureml.emulator.roles"
local route = require "azureml.emulator.route"
local seed = require "azureml.emulator.seed"
local server = require "azureml.emulator.server"
local sign_in = require "azureml.emulator.entra.sign_in"
local state_file = require "azureml.emulator.state_file"
local subscriptions = require "azureml.emulator.subscriptions"
local tables = require "azureml.tables"
local throttle = require "azureml.emulator.throttle"
local world = require "azureml.emulator.world"

local emulator = {}

-- What there is where no seed says otherwise. The ids are nobody's.
local DEFAULTS = {
  subscription_id = "11111111-1111-1111-1111-111111111111", resource_group = "emulator", workspace_name = "emulator", location = "eastus",
  tenant_id = "22222222-2222-2222-2222-222222222222", client_id = "33333333-3333-3333-3333-333333333333",
}


---@class azureml.Emulator
---@field url string              "http://127.0.0.1:43210"
---@field authority string        where it issues tokens: the same origin
---@field ca_file string?         what clients are to trust, where it speaks TLS
local Emulator = { in_process = true }
local metatable = { __name = "azureml.Emulator", __index = Emulator }

local KNOWN = {
  port = "integer", address = "string", tls = "boolean", azure_names = "boolean", speed = "number", manual = "boolean",
  state = "string", seed = "table", faults = "table", log = "callable",
}

-- Requests ----------------------------------------------------------------------------------------

-- A fault of ours is the service's: the answer to this request says it, and other requests do not notice. Ctrl-C is none.
local function crashed(why)
  if errors.is_interrupted(why) or tostring(why):find "interrupted!$" then error(why, 0) end
  local message = "The emulator failed: " .. tostring(why)
  if not utf8.len(message) then message = message:gsub("[\x80-\xff]", "?") end
  return { status = 500, json = { error = { code = "InternalServerError", message = message } } }
end

local LONGEST_METHOD, LONGEST_PATH = 32, 200      -- bytes; of a path, that are said again

local function malformed(message)
  return { status = 400, json = { error = { code = "BadRequest", message = message } } }
end

local function dispatch(self, request)
  if #request.method > LONGEST_METHOD or not request.method:find "^%u+$" then return malformed "The request's method is none." end
  local segments, query = route.split(request.target)
  if not segments then return malformed "The request URL is malformed." end
  local first = (segments[1] or ""):lower()
  if first == "emulator" then return control.answer(self, request, segments) end
  if first == "instances" then return access.answer(self, request, segments) end
  if subscriptions.concerns(segments) then return subscriptions.answer(self, request, segments, query) end
  if first == "subscriptions" then return manager.answer(self, request, segments, query) end
  local given = entra.answer(self, request, segments, query)
  if given then return given end
  local path = request.target:match "^[^?]*"
  if #path > LONGEST_PATH then path = path:sub(1, utf8.offset(path, 0, LONGEST_PATH) - 1) .. "..." end
  return { status = 404, json = { error = { code = "NotFound", message = "There is nothing at " .. path .. "." } } }
end

-- What a request has changed is on disk before it is answered; else it is not acknowledged.
local function keep(self)
  if not self.state then return nil end
  local ok, why = self.state:commit()
  return not ok and crashed("its state cannot be written: " .. why) or nil
end

local function respond(self, request)
  local ok, given = pcall(dispatch, self, request)
  if not ok then given = crashed(given) end
  given = keep(self) or given
  return given.status == nil and {} or answer.complete(request, given, self.world)
end

--- Answer a request, without a socket.
---@param request { method: string, target: string, headers: table<string, string>, body: string? }    header names in lower case
---@return { status: integer?, headers: table<string, string>, body: string, fault: string? }      without status: it is never answered
function Emulator:handle(request)
  self.requests = self.requests + 1
  local began = self.log and core.now()
  local ok, response = pcall(respond, self, request)
  if not ok then response = answer.complete(request, crashed(response), self.world) end
  if self.log then self.log(request, response, core.now() - began) end
  return response
end

-- The same for what a script does to it.
local function must_keep(self)
  local failed = keep(self)
  if failed then errors.raise { code = "StateFailed", message = failed.json.error.message } end
end

-- What a script asks of it ------------------------------------------------------------------------

--- The names and ids of its default world, secret included: it opens nothing but this emulator.
---@return table<string, string>       subscription_id, resource_group, workspace_name, location, tenant_id, client_id, client_secret
function Emulator:settings()
  return tables.copy(self.names)
end

--- Make sure that a workspace is there.
---@param names { subscription_id: string, resource_group: string, workspace_name: string }
function Emulator:ensure_workspace(names)
  self.world:ensure_workspace { subscription_id = names.subscription_id, resource_group = names.resource_group,
    workspace_name = names.workspace_name, location = self.names.location }
  must_keep(self)
end

--- Take a workspace away.
---@param name string
function Emulator:forget_workspace(name)
  self.world:forget_workspace { subscription_id = self.names.subscription_id, resource_group = self.names.resource_group,
    workspace_name = name }
  must_keep(self)
end

--- Put an instance into a workspace, as if it had long been there.
---@param name string
---@param given string|{ state: string?, vm_size: string?, tags: table?, description: string?, kind: string?, properties: table? }
---  a text is its state; kind "AmlCompute" for a cluster; properties as a PUT's innermost
---@param workspace table?      the default one
function Emulator:seed_instance(name, given, workspace)
  if type(given) == "string" then given = { state = given } end
  local at = {
    world = self.world, now = self.clock:now(), application = self.owner, workspace = workspace or self.world:ensure_workspace(self.names),
  }
  local ok, raised = pcall(computes.seed, at, name, given)
  if not ok then
    if not refusal.is(raised) then error(raised, 0) end
    errors.mistake("the seed of '%s': %s", name, raised.message)
  end
  must_keep(self)
end

--- Move its clock ahead.
---@param time string|number     "3h", "90s", seconds
function Emulator:advance(time)
  local seconds = clock.seconds(time)
  if not seconds then errors.mistake("advance: '%s' is not a time such as '3h', '90s' or a number of seconds", tostring(time)) end
  self.clock:advance(seconds)
  must_keep(self)
end

--- Ask for trouble: see emulator/fault.lua.
---@param rule table
function Emulator:fault(rule)
  local wrong = fault.fault_of(rule)
  if wrong then errors.mistake("%s", wrong) end
  self.faults:add(rule)
end

--- What has been run so far, and what it costs: each compute's seconds by size, those that have gone included.
---@return { seconds: number, cost: number, currency: string, computes: table[] }
function Emulator:bill()
  local bill = { seconds = 0, cost = 0, currency = "USD", computes = self.world:bills() }
  for _, one in ipairs(bill.computes) do bill.seconds, bill.cost = bill.seconds + one.seconds, bill.cost + one.cost end
  return bill
end

--- Let something befall an instance: { unusable = true }, { disk_full = true }, { active = true }: see emulator/circumstance.lua.
---@param name string
---@param what table
function Emulator:affect(name, what)
  local wrong = circumstance.fault_of_affect(what)
  local one = self.world:instance_named(name)
  if not one then wrong = wrong or ("there is no instance '%s'"):format(name) end
  if wrong then errors.mistake("%s", wrong) end
  circumstance.affect(self.world, one, what)
  must_keep(self)
end

--- Choose how the service behaves where it has several ways: see emulator/circumstance.lua.
---@param behaviour { location: boolean?, retry_after: number?, put: string?, full: boolean|string[]? }
function Emulator:behave(behaviour)
  local wrong = circumstance.fault_of_behaviour(behaviour)
  if wrong then errors.mistake("%s", wrong) end
  circumstance.behave(self.world, behaviour)
end

--- How many computes a page of the list holds.
function Emulator:set_page_size(count)
  self.world.page_size = count
end

--- How many requests came, and how many tokens were issued.
function Emulator:request_count() return self.requests end
function Emulator:token_count() return self.tokens.issued end

--- How often each verb was asked for: create, delete, start, stop, restart.
---@return table<string, integer>
function Emulator:verb_counts()
  return tables.merge({ create = 0, delete = 0, start = 0, stop = 0, restart = 0 }, self.verbs)
end

--- A token of its default application, for what wants to hold one itself.
---@return string
function Emulator:issue_token()
  return (self.tokens:issue { principal = self.owner, audience = "https://management.azure.com", proof = "secret" })
end

--- Add people, and what they may do.
---@param given table      { tenants, users, applications, identities, issuers, roles, role_assignments }, each a list: see
---  emulator/people.lua
---@usage emulator:add { users = { { name = "ann" } }, role_assignments = { { principal = "ann", role = "Reader" } } }
function Emulator:add(given)
  local wrong = seed.fault_of(given) or people.add(self, given)
  if wrong then errors.mistake("add: %s", wrong) end
end

local function user_of(self, name)
  return self.directory:user(name) or errors.mistake("there is no user called '%s' in the emulator", tostring(name))
end

--- Who signs in at its browser's page from now on.
---@param name string|false      a user's; false: whoever is there declines
function Emulator:sign_in(name)
  sign_in.set_person(self, name and user_of(self, name) or nil)
end

--- A person enters the code that a device shows, and signs in or declines.
---@param code string
---@param name string|false|nil      a user's; whoever signs in; false: he declines
---@return boolean      whether that code waited
function Emulator:enter_code(code, name)
  local user = name and user_of(self, name) or name == nil and sign_in.person(self) or nil
  return device.decide(self.world, code, user) ~= nil
end

local NAMED = { owner = "owner", reader = "reader", user = "user" }

local function secret_of(principal)
  local first = (principal.secrets or {})[1]
  return first and first.value
end

--- A credential for it.
---@param who string?      "owner" (an application that may do all), "reader" (one that may only look), "user" (a person who may do all), or
---  whoever has that name, client id or object id
---@return azureml.Credential
function Emulator:credential(who)
  local principal = self[NAMED[who or "owner"]] or self.directory:principal(who)
  if not principal then errors.mistake("credential: there is nobody called '%s' in the emulator", who) end
  local secret = secret_of(principal)
  if not secret then      -- who signs in otherwise is given a token without it
    return credential.callback(function(scope)
      local text, lifetime = self.tokens:issue { principal = principal, audience = scope:gsub("/%.default$", "") }
      return text, self.clock:in_real_time(lifetime) or lifetime
    end)
  end
  return credential.client_secret { authority = self.authority, tenant_id = principal.tenant_id, client_id = principal.client_id,
    client_secret = secret, ca_file = self.ca_file }
end

--- Stop it; what was in it is gone.
function Emulator:close()
  if self.server then self.server:close() end
  if self.state then self.state:close() end
  self.server, self.state = nil, nil
  config.deselect_emulator(self)
end

metatable.__close = Emulator.close
metatable.__gc = Emulator.close

function metatable:__tostring()
  return "emulator at " .. tostring(self.url)
end

-- Beginning ---------------------------------------------------------------------------------------

local function secret()
  return directory.base64url(core.random(30))
end

-- What the emulator itself is to remember: its names and ids.
world.kinds.setting = { key = function(record) return record.id end }

-- A new world, out of a seed.
local function begin(self, given)
  self.names = seed.names(given, DEFAULTS)
  self.names.client_secret = given.client_secret or secret()
  people.settle(self, self.names)
  self.world:save("setting", { id = "names", names = self.names })
  self.world:save("setting", { id = "quotas", quotas = given.quotas })
  local wrong = people.add(self, given)
  if wrong then errors.mistake("seed: %s", wrong) end
  seed.sow(self, given)
end

-- The world as another process left it.
local function go_on(self, records)
  self.names = records.setting.names.names
  self.world:restore(records)
  people.settle(self, self.names)
end

-- From now on each change of the world is written down.
local function write_down(self)
  self.state:begin(self.clock, function(visit) self.world:each(visit) end)
  self.world:watch(function(...) self.state:note(...) end)
  self.clock.moves = function() self.state:note() end
end

local function check_seed(given)
  local wrong = seed.fault_of(given or {})
  if wrong then errors.mistake("seed: %s", wrong) end
  return given or {}
end

--- A world without a socket: `handle` is its only door.
---@param given? table       as for start
---@return azureml.Emulator
function emulator.new(given)
  given = options.check("emulator", given, KNOWN)
  local sown = check_seed(given.seed)
  local kept = given.state and state_file.open(given.state)
  local records = kept and kept.records.setting and kept.records
  local quotas = sown.quotas
  if records then quotas = records.setting.quotas.quotas end
  local time = clock.new { now = core.now, time = core.time, speed = given.speed, manual = given.manual }
  if records then time:resume(table.unpack(kept.position)) end
  local self = setmetatable({
    clock = time, requests = 0, verbs = {}, faults = fault.new(), throttle = throttle.new(time), log = given.log,
    world = world.new { clock = time, guid = core.guid, quotas = quotas },
  }, metatable)
  self.directory = directory.new { world = self.world, guid = core.guid }
  self.roles = roles.new { world = self.world, guid = core.guid }
  self.tokens = access_token.new { world = self.world, clock = time, random = core.random, lifetime = sown.token_lifetime }
  if records then go_on(self, records) else begin(self, sown) end
  self.state, self.is_restored = kept, records ~= nil
  if kept then write_down(self) end
  for _, rule in ipairs(given.faults or {}) do self:fault(rule) end
  return self
end

--- Start an emulator on this state's loop, and use it for every workspace that is opened from now on, until it is closed.
---@param given? table
---  port integer (0: any), address string ("127.0.0.1"), tls boolean (with an authority of its own: see
---  emulator/certificate_authority.lua),
---  azure_names boolean (its certificate is good for Azure's names too), speed number (1: how much faster than real its clock runs),
---  manual boolean (only `advance` moves it), seed table (what there is at first: see emulator/seed.lua), state string (a file that holds
---  what there is: where there is something in it the seed is not sown), faults table[], log fun(request, response, seconds)
---@return azureml.Emulator
---@raise an error object when the port is in use, `StateFailed` for a state that cannot be used
---@usage local emulator <close> = require("azureml.emulator").start { speed = 1000, seed = { instances = { ["ci-ann"] = "Stopped" } } }
function emulator.start(given)
  local self = emulator.new(given)
  given = given or {}
  local tls = given.tls and certificate_authority.issue(given.azure_names) or nil
  self.ca_file = tls and tls.ca_file
  self.server = server.start({ address = given.address, port = given.port, tls = tls }, function(request) return self:handle(request) end)
  self.url = self.server:url()
  self.authority = self.url
  config.select_emulator(self)
  return self
end

return emulator
