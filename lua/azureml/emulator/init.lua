--- Emulate Azure Machine Learning's compute service and Entra's token endpoint in this process, on
--- loopback. The state follows the emulator's clock: real, sped up, or moved by hand. What no
--- source states about the service is in inferred.lua; the parts of Entra are in entra/.
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
local deploying = require "azureml.emulator.deploying"
local device = require "azureml.emulator.entra.device"
local directory = require "azureml.emulator.entra.directory"
local discovery = require "azureml.emulator.discovery"
local entra = require "azureml.emulator.entra"
local environments = require "azureml.emulator.environments"
local errors = require "azureml.error"
local fault = require "azureml.emulator.fault"
local graph = require "azureml.emulator.graph"
local job_logs = require "azureml.emulator.jobs.logs"
local key_file = require "azureml.emulator.key_file"
local later = require "azureml.tool.later"
local manager = require "azureml.emulator.manager"
local networks = require "azureml.emulator.networks"
local options = require "azureml.options"
local origin_of = require "azureml.emulator.origin"
local people = require "azureml.emulator.entra.people"
local refusal = require "azureml.emulator.refusal"
local replay = later "azureml.emulator.replay"
local roles = require "azureml.emulator.roles"
local route = require "azureml.emulator.route"
local seed = require "azureml.emulator.seed"
local server = require "azureml.tool.http_server"
local shorten = require "azureml.emulator.shorten"
local sign_in = require "azureml.emulator.entra.sign_in"
local sizes = require "azureml.emulator.sizes"
local ssh_keys = require "azureml.emulator.ssh_keys"
local state_file = require "azureml.emulator.state_file"
local subscriptions = require "azureml.emulator.subscriptions"
local tables = require "azureml.tool.tables"
local throttle = require "azureml.emulator.throttle"
local world = require "azureml.emulator.world"

local host = later "azureml.emulator.machine.host"

local emulator = {}

-- What exists if no seed says otherwise. The ids are invented.
local DEFAULTS = {
  subscription_id = "11111111-1111-1111-1111-111111111111",
  resource_group = "emulator",
  workspace_name = "emulator",
  location = "eastus",
  tenant_id = "22222222-2222-2222-2222-222222222222",
  client_id = "33333333-3333-3333-3333-333333333333",
}

--- An emulator of the service in this process.
---@class azureml.Emulator
---@field url string              "http://127.0.0.1:43210"
---@field authority string        where it issues tokens: the same origin
---@field ca_file string?         the certificates that clients have to trust, if it uses TLS
local Emulator = { in_process = true }
local metatable = { __name = "azureml.Emulator", __index = Emulator }

local KNOWN = {
  port = "integer", address = "string", tls = "boolean", azure_names = "boolean",
  speed = "number", manual = "boolean", machine = "string", state = "string", seed = "table",
  faults = "table", log = "callable", replay = "string",
}

-- Requests ----------------------------------------------------------------------------------------

-- Answer 500 for an error of the emulator itself, so that other requests go on. An interrupt by
-- Ctrl-C is raised again.
local function crashed(why)
  if errors.is_interrupted(why) or tostring(why):find "interrupted!$" then error(why, 0) end
  local message = "The emulator failed: " .. tostring(why)
  if not utf8.len(message) then message = message:gsub("[\x80-\xff]", "?") end
  return { status = 500, json = { error = { code = "InternalServerError", message = message } } }
end

local LONGEST_METHOD = 32      -- bytes
local LONGEST_PATH = 200       -- bytes of a path that a message repeats

local function malformed(message)
  return { status = 400, json = { error = { code = "BadRequest", message = message } } }
end

local function nothing_at(target)
  local path = target:match "^[^?]*"
  if #path > LONGEST_PATH then path = shorten(path, LONGEST_PATH - 1) .. "..." end
  local message = "There is nothing at " .. path .. "."
  return { status = 404, json = { error = { code = "NotFound", message = message } } }
end

-- Answer from the recording. What leads a client there is the emulator's own: tokens, the metadata
-- of the cloud, and the list of subscriptions if it was not recorded.
local function answer_replay(self, request, segments, query)
  local origin = origin_of(self, request)
  local own = entra.answer(self, request, segments, query)
  if own then return own end
  local reply = self.replay:answer(request, origin, self.clock)
  if reply.status ~= 501 then return reply end
  if discovery.concerns(segments) then return discovery.answer(origin, request.method) end
  if subscriptions.concerns(segments) then
    return subscriptions.answer(self, request, segments, query)
  end
  return reply
end

local function dispatch(self, request)
  if #request.method > LONGEST_METHOD or not request.method:find "^%u+$" then
    return malformed "The request's method is not valid."
  end
  local segments, query = route.split(request.target)
  if not segments then return malformed "The request URL is malformed." end
  local first = (segments[1] or ""):lower()
  if first == "emulator" then
    local reply = control.answer(self, request, segments)
    if self.host then self.host:turn(true) end      -- the clock may have moved
    return reply
  end
  if self.replay then return answer_replay(self, request, segments, query) end
  if first == "instances" then return access.answer(self, request, segments) end
  if job_logs.concerns(segments) then return job_logs.answer(self, request, segments, query) end
  if graph.concerns(segments) then return graph.answer(self, request, segments, query) end
  if subscriptions.concerns(segments) then
    return subscriptions.answer(self, request, segments, query)
  end
  if discovery.concerns(segments) then
    return discovery.answer(origin_of(self, request), request.method)
  end
  if manager.concerns(segments) then return manager.answer(self, request, segments, query) end
  return entra.answer(self, request, segments, query) or nothing_at(request.target)
end

-- Write the changes of a request to disk before it is answered. Return the answer to a request
-- whose changes cannot be written, else nil.
local function keep(self)
  if not self.state then return nil end
  local ok, why = self.state:commit()
  return not ok and crashed("its state cannot be written: " .. why) or nil
end

local function respond(self, request)
  local ok, reply = pcall(dispatch, self, request)
  if not ok then reply = crashed(reply) end
  reply = keep(self) or reply
  return reply.status == nil and {} or answer.complete(request, reply, self.world)
end

--- A request to an emulator.
---@class azureml.EmulatorRequest
---@field method string  "GET" and so on
---@field target string  the path and the query
---@field headers table<string, string>  names in lower case
---@field body? string  the text of the request

--- Answer a request without a socket.
---@param request azureml.EmulatorRequest
---@return table response
---  status integer? (nil: the request is left unanswered), headers table<string, string>,
---  body string, fault string?, delay number? (seconds)
function Emulator:handle(request)
  self.requests = self.requests + 1
  local began = self.log and core.now()
  local ok, response = pcall(respond, self, request)
  if not ok then response = answer.complete(request, crashed(response), self.world) end
  if self.log then self.log(request, response, core.now() - began) end
  return response
end

-- Write the changes of a script to disk, or raise.
local function must_keep(self)
  local failed = keep(self)
  if failed then errors.raise { code = "StateFailed", message = failed.json.error.message } end
end

-- The script's side -------------------------------------------------------------------------------

--- Return the names and ids of the default world, with the secret, which opens only this emulator.
---@return table<string, string>
---  subscription_id, resource_group, workspace_name, location, tenant_id, client_id, client_secret
function Emulator:settings()
  return tables.copy(self.names)
end

--- The name of a workspace, and where it is.
---@class azureml.EmulatorNames
---@field subscription_id string  the id of the subscription
---@field resource_group string  the resource group
---@field workspace_name string  the name of the workspace

--- Create a workspace if it does not exist.
---@param names azureml.EmulatorNames
function Emulator:ensure_workspace(names)
  self.world:ensure_workspace {
    subscription_id = names.subscription_id,
    resource_group = names.resource_group,
    workspace_name = names.workspace_name,
    location = self.names.location,
  }
  must_keep(self)
end

--- Remove a workspace of the default resource group.
---@param name string
function Emulator:forget_workspace(name)
  self.world:forget_workspace {
    subscription_id = self.names.subscription_id,
    resource_group = self.names.resource_group,
    workspace_name = name,
  }
  must_keep(self)
end

--- A compute that an emulator begins with.
---@class azureml.ComputeSeed
---@field state? azureml.State  default: "Running"
---@field vm_size? azureml.SizeName  the size of its virtual machine
---@field description? string  a text for people
---@field tags? table<string, string>  texts by name
---@field kind? "ComputeInstance"|"AmlCompute"  default: an instance
---@field properties? table  the innermost object of a PUT

--- Put a compute into a workspace in a state, as if it had existed for long.
---@param name string
---@param instance_seed azureml.State|azureml.ComputeSeed
---@param workspace? azureml.EmulatorNames      the default workspace if nil
function Emulator:seed_instance(name, instance_seed, workspace)
  if type(instance_seed) == "string" then instance_seed = { state = instance_seed } end
  local request = {
    world = self.world,
    now = self.clock:now(),
    application = self.owner,
    workspace = workspace or self.world:ensure_workspace(self.names),
  }
  local ok, raised = pcall(computes.seed, request, name, instance_seed)
  if not ok then
    if not refusal.is(raised) then error(raised, 0) end
    errors.mistake("the seed of '%s': %s", name, raised.message)
  end
  must_keep(self)
end

--- Move the clock ahead.
---@param time string|number     "3h", "90s", seconds
function Emulator:advance(time)
  local seconds = clock.seconds(time)
  if not seconds then
    local text = tostring(time)
    errors.mistake("advance: '%s' is not a time such as '3h', '90s' or a number of seconds", text)
  end
  self.clock:advance(seconds)
  if self.host then self.host:turn(true) end
  must_keep(self)
end

--- Trouble on request: which requests, and what happens to them.
---@class azureml.FaultRule
---@field match? azureml.FaultMatch  the requests; default: any
---@field after? integer  requests to let pass; 0
---@field times? integer  requests to disturb; 1
---@field trouble? string|table  a name of emulator/fault.lua, with its options beside it, or { name
---  =, options }
---@field answer? table  instead, { status =, headers =, body = or json = }; or { operation =
---  "Failed", code =, message = }: how the operation that begins will end
---@field [string] any  the options of a trouble

--- Which requests.
---@class azureml.FaultMatch
---@field method? string  "GET" and so on
---@field path? string  a Lua pattern
---@field verb? string  "start" and so on
---@field name? string  of a compute

--- Add a fault rule: see Faults:add in emulator/fault.lua.
---@param rule azureml.FaultRule
function Emulator:fault(rule)
  local wrong = fault.fault_of(rule)
  if wrong then errors.mistake("%s", wrong) end
  self.faults:add(rule)
end

--- Return what has run so far and what it costs: the seconds of each compute by size, removed
--- computes included.
---@return { seconds: number, cost: number, currency: string, computes: table[] }
function Emulator:bill()
  local bill = { seconds = 0, cost = 0, currency = "USD", computes = self.world:bills() }
  for _, compute in ipairs(bill.computes) do
    bill.seconds, bill.cost = bill.seconds + compute.seconds, bill.cost + compute.cost
  end
  return bill
end

--- What happens to an instance.
---@class azureml.EmulatorEvents
---@field unusable? boolean  its node breaks
---@field disk_full? boolean  its disk fills up, or has room again
---@field active? boolean  a user works on it, which postpones its idle shutdown
---@field outdated? boolean  a newer image of its operating system exists, or it has the newest

--- Let events happen to an instance: { unusable = true }, { disk_full = true }, { active = true }.
--- See emulator/circumstance.lua.
---@param name string
---@param events azureml.EmulatorEvents
function Emulator:affect(name, events)
  local wrong = circumstance.fault_of_affect(events)
  local instance = self.world:instance_named(name)
  if not instance then wrong = wrong or ("there is no instance '%s'"):format(name) end
  if wrong then errors.mistake("%s", wrong) end
  circumstance.affect(self.world, instance, events)
  must_keep(self)
end

--- How the service behaves where it has several ways.
---@class azureml.EmulatorBehaviour
---@field location? boolean  whether the Location header is also sent with operations
---@field retry_after? number  the Retry-After of operations in seconds; 0: no header
---@field put? "ignore"|"refuse"  what becomes of schedules in a PUT on an existing instance
---@field tags? "replace"|"ignore"  what a PUT on an existing instance does to its tags and
---  description
---@field resize? "any"|"stopped"  whether a running instance can be resized
---@field full? boolean|string[]  whether the region has no machines left, for all sizes or for a
---  list of families
---@field locked? boolean  whether a lock forbids to delete
---@field policy? string|false  the name of a policy that forbids public addresses; false: there is
---  no policy

--- Change how the service behaves where it has several ways: see emulator/circumstance.lua.
---@param behaviour azureml.EmulatorBehaviour
function Emulator:behave(behaviour)
  local wrong = circumstance.fault_of_behaviour(behaviour)
  if wrong then errors.mistake("%s", wrong) end
  circumstance.behave(self.world, behaviour)
end

--- Set how many computes a page of the list holds.
---@param count integer
function Emulator:set_page_size(count)
  self.world.page_size = count
end

--- Return how many requests were made.
---@return integer
function Emulator:request_count() return self.requests end

--- Return how many tokens were issued.
---@return integer
function Emulator:token_count() return self.tokens.issued end

--- Return how many requests each verb had: create, delete, start, stop, restart.
---@return table<string, integer>
function Emulator:verb_counts()
  return tables.merge({ create = 0, delete = 0, start = 0, stop = 0, restart = 0 }, self.verbs)
end

--- Issue a token of the default application, for programs that need one as text.
---@return string
function Emulator:issue_token()
  local audience = "https://management.azure.com"
  return (self.tokens:issue { principal = self.owner, audience = audience, proof = "secret" })
end

--- People and what they may do, networks and keys: see emulator/entra/people.lua,
--- emulator/networks.lua and emulator/ssh_keys.lua.
---@class azureml.EmulatorAdditions
---@field tenants? table[]  further tenants
---@field users? table[]  { name = "ann@contoso.com" }
---@field applications? table[]  applications that sign in
---@field identities? table[]  managed identities
---@field issuers? table[]  issuers of assertions
---@field roles? table[]  roles of your own
---@field role_assignments? table[]  { principal =, role = }
---@field virtual_networks? table[]  networks with subnets
---@field ssh_keys? table[]  stored SSH keys

--- Add people and what they may do, virtual networks and stored SSH keys.
---@param additions azureml.EmulatorAdditions
---@usage emulator:add {
---    users = { { name = "ann" } },
---    role_assignments = { { principal = "ann", role = "Reader" } },
---  }
function Emulator:add(additions)
  local wrong = seed.fault_of(additions) or people.add(self, additions)
  if wrong then errors.mistake("add: %s", wrong) end
  networks.add(self, additions.virtual_networks)
  ssh_keys.add(self, additions.ssh_keys)
end

local function user_of(self, name)
  return self.directory:user(name)
    or errors.mistake("there is no user called '%s' in the emulator", tostring(name))
end

--- Choose the user that signs in at the browser's page from now on.
---@param name string|false      the user's name; false: the user declines
function Emulator:sign_in(name)
  sign_in.set_person(self, name and user_of(self, name) or nil)
end

--- Enter the code that a device shows, as a user who signs in or declines.
---@param code string
---@param name string|false|nil
---  the user's name; nil: the user that signs in at the browser's page; false: the user declines
---@return boolean      whether a device was waiting with that code
function Emulator:enter_code(code, name)
  local user = name and user_of(self, name) or name == nil and sign_in.person(self) or nil
  return device.decide(self.world, code, user) ~= nil
end

local NAMED = { owner = "owner", reader = "reader", user = "user" }

local function secret_of(principal)
  local first = (principal.secrets or {})[1]
  return first and first.value
end

--- Return a credential for the emulator.
---@param name string?
---  "owner" (an application that may do all), "reader" (an application that may only read),
---  "user" (a person that may do all), or a principal's name, client id or object id; nil: "owner"
---@return azureml.Credential
function Emulator:credential(name)
  local principal = self[NAMED[name or "owner"]] or self.directory:principal(name)
  if not principal then
    errors.mistake("credential: there is no principal called '%s' in the emulator", name)
  end
  local secret = secret_of(principal)
  if not secret then      -- a principal with another way to sign in gets its tokens directly
    return credential.callback(function(scope)
      local audience = scope:gsub("/%.default$", "")
      local text, lifetime = self.tokens:issue { principal = principal, audience = audience }
      return text, self.clock:in_real_time(lifetime) or lifetime
    end)
  end
  return credential.client_secret {
    authority = self.authority,
    tenant_id = principal.tenant_id,
    client_id = principal.client_id,
    client_secret = secret,
    ca_file = self.ca_file,
  }
end

--- Stop the emulator. Its state is lost unless it has a state file.
function Emulator:close()
  if self.server then self.server:close() end
  if self.host then self.host:close() end
  if self.key_file then os.remove(self.key_file) end
  self.key_file = nil
  if self.state then self.state:close() end
  self.server, self.state = nil, nil
  config.deselect_emulator(self)
end

options.check_colon(Emulator, metatable, "emulator")
metatable.__close = Emulator.close
metatable.__gc = Emulator.close

function metatable:__tostring()
  return "emulator at " .. tostring(self.url)
end

-- Start -------------------------------------------------------------------------------------------

-- Seconds that a start waits for the computers of instances that run from the beginning.
local READY = 120

local function secret()
  return directory.base64url(core.random(30))
end

-- Records of the emulator's own names, ids, quotas and sizes.
world.kinds.setting = { key = function(record) return record.id end }

-- Begin a new world from a seed.
local function begin_world(self, seed_table)
  self.names = seed.names(seed_table, DEFAULTS)
  self.names.client_secret = seed_table.client_secret or secret()
  people.settle(self, self.names)
  self.world:save("setting", { id = "names", names = self.names })
  self.world:save("setting", { id = "quotas", quotas = seed_table.quotas })
  if seed_table.sizes then
    self.world:save("setting", { id = "sizes", sizes = seed_table.sizes })
  end
  local wrong = people.add(self, seed_table)
  if wrong then errors.mistake("seed: %s", wrong) end
  networks.add(self, seed_table.virtual_networks)
  ssh_keys.add(self, seed_table.ssh_keys)
  environments.add(self.world, self.world:ensure_workspace(self.names), seed_table.environments,
    self.owner)
  seed.sow(self, seed_table)
end

-- Restore the world of an earlier process.
local function restore_world(self, records)
  self.names = records.setting.names.names
  self.world:restore(records)
  people.settle(self, self.names)
end

-- Write each change of the world to the state file from now on.
local function write_down(self)
  self.state:begin(self.clock, function(visit) self.world:each(visit) end)
  self.world:watch(function(...) self.state:note(...) end)
  self.clock.moves = function() self.state:note() end
end

local function check_seed(seed_table)
  local wrong = seed.fault_of(seed_table or {})
  if wrong then errors.mistake("seed: %s", wrong) end
  return seed_table or {}
end

-- Check how instances are to be served; return nil, or a host for "local".
local function host_of(settings, sown)
  local kind = settings.machine or sown.machine
  if kind == nil then return nil end
  if kind ~= "local" then errors.mistake("machine must be 'local', not '%s'", kind) end
  local address = settings.address or "127.0.0.1"
  if not core.is_loopback("http://" .. (address:find ":" and "[" .. address .. "]" or address)) then
    errors.mistake("machine = 'local' gives a shell: its address must be loopback, not %s", address)
  end
  return host.new(settings.state, function(message, ...)
    io.stderr:write(message:format(...), "\n")
  end)
end

--- Make an emulator without a socket: only `handle` reaches it.
---@param settings? azureml.EmulatorOptions
---@return azureml.Emulator
function emulator.new(settings)
  settings = options.check("emulator", settings, KNOWN)
  local recorded = settings.replay and replay.open(settings.replay)
  local sown = check_seed(recorded and recorded:names() or settings.seed)
  local kept = settings.state and state_file.open(settings.state)
  local records = kept and kept.records.setting and kept.records
  local quotas, more_sizes = sown.quotas, sown.sizes
  if records then
    quotas = records.setting.quotas.quotas
    more_sizes = (records.setting.sizes or {}).sizes
  end
  local time = clock.new {
    now = core.now, time = core.time, speed = settings.speed, manual = settings.manual,
  }
  if records then time:resume(table.unpack(kept.position)) end
  local machines = host_of(settings, sown)
  local self = setmetatable({
    clock = time,
    requests = 0,
    verbs = {},
    faults = fault.new(),
    throttle = throttle.new(time),
    log = settings.log,
    replay = recorded,
    host = machines,
    key = machines and secret() or nil,
    world = world.new {
      clock = time, guid = core.guid, quotas = quotas, host = machines,
      sizes = more_sizes and sizes.new(more_sizes),
    },
  }, metatable)
  if machines then machines:follow(self) end
  self.directory = directory.new { world = self.world, guid = core.guid }
  self.roles = roles.new { world = self.world, guid = core.guid }
  self.tokens = access_token.new {
    world = self.world, clock = time, random = core.random, lifetime = sown.token_lifetime,
  }
  deploying.follow(self)
  if records then restore_world(self, records) else begin_world(self, sown) end
  self.state, self.is_restored = kept, records ~= nil
  if kept then write_down(self) end
  for _, rule in ipairs(settings.faults or {}) do self:fault(rule) end
  return self
end

--- What an emulator is like.
---@class azureml.EmulatorOptions
---@field port? integer  0: any free port
---@field address? string  "127.0.0.1"
---@field tls? boolean  with its own authority: see emulator/certificate_authority.lua
---@field azure_names? boolean  the certificate is good for Azure's names, too
---@field speed? number  how many times as fast as real time the clock runs; 1
---@field manual? boolean  only `advance` moves the clock
---@field machine? "local"  OpenSSH and Jupyter of this computer serve each instance; setup scripts
---  and jobs truly run; this needs the real clock
---@field seed? table  what exists at first: see emulator/seed.lua
---@field state? string  a file that keeps the state; if it has content, the seed is ignored
---@field faults? table[]  rules: see emulator/fault.lua
---@field replay? string  a recording: serve it instead of the emulated service, see
---  emulator/replay.lua
---@field log? fun(request: table, response: table, seconds: number)  called after each request

--- Start an emulator on the loop of this Lua state, and use it for every workspace that is opened
--- until the emulator is closed.
---@param settings? azureml.EmulatorOptions
---@return azureml.Emulator
---@raise an error object when the port is in use, `StateFailed` for a state that cannot be used
---@usage local emulator <close> = require("azureml.emulator").start {
---    speed = 1000, seed = { instances = { ["ci-ann"] = "Stopped" } },
---  }
function emulator.start(settings)
  local self = emulator.new(settings)
  settings = settings or {}
  local tls = settings.tls and certificate_authority.issue(settings.azure_names) or nil
  self.ca_file = tls and tls.ca_file
  local listen = { address = settings.address, port = settings.port, tls = tls }
  self.server = server.start(listen, function(request) return self:handle(request) end)
  self.url = self.server:url()
  self.authority = self.url
  if self.host then
    self.key_file = key_file.write(self.url, self.key)
    self.host:wait_ready(READY)
  end
  config.select_emulator(self)
  return self
end

return emulator
