--- Resource Manager's side: what a request goes through until it is answered. Trouble that was asked for, who it is, whether he may, how
--- much he asked, what he asked for.
local answer = require "azureml.emulator.answer"
local authenticate = require "azureml.emulator.authenticate"
local authorise = require "azureml.emulator.authorise"
local fault = require "azureml.emulator.fault"
local refusal = require "azureml.emulator.refusal"
local request = require "azureml.emulator.request"
local route = require "azureml.emulator.route"
local tables = require "azureml.tables"
local trouble = require "azureml.emulator.trouble"

local manager = {}

local function scope_of(at)
  return at.path:match "^(.*/[cC]omputes/[^/]+)" or at.path
end

-- Tokens that are to end, end before they are looked at; claims are asked of whoever was recognised.
local function who(emulator, at, received)
  local one = at.trouble
  if one and one.name == "expire_token" then emulator.tokens:expire(at.now) end
  local home = at.subscription and at.subscription.tenant_id or emulator.directory:home().id
  local principal, token = authenticate(emulator, received, at.now, home)
  if one and one.name == "claims_challenge" then
    emulator.tokens:demand(principal, trouble.claims(one, at.now))
    authenticate(emulator, received, at.now, home)
  end
  return principal, token
end

local function act(emulator, at, received)
  local row, found = route.find(at.segments)
  if not row then refusal.raise("unknown_path", at.path, at.query["api-version"] or "") end
  local entry = row[received.method]
  at.row, at.verb = row, route.verb(row, received.method)
  if at.verb then emulator.verbs[at.verb] = (emulator.verbs[at.verb] or 0) + 1 end
  at.trouble = emulator.faults:take { method = received.method, path = at.path, verb = at.verb, name = found.compute }
  local instead = trouble.instead(at.trouble)
  if instead then return instead end
  at.subscription = at.world:subscription(at.segments[2])
  at.application, at.token = who(emulator, at, received)
  if not entry then refusal.raise("wrong_method", received.method) end
  route.check_version(at, row, emulator.names.location)
  if not at.subscription then refusal.raise("no_subscription", at.segments[2]) end
  authorise(emulator.roles, at.application, entry[1], scope_of(at))
  at.budget = emulator.throttle:take(at.application.object_id, at.subscription.id, received.method)
  route.resolve(at, found)
  at.has_reached_service = true
  return entry[2](at)
end

-- Trouble of the machines that was asked for waits for a request that gets as far as to them.
local function give_back_trouble(emulator, at)
  local known = at.trouble and fault.troubles[at.trouble.name]
  if known and known.by == "service" and not at.has_reached_service then emulator.faults:give_back(at.trouble) end
end

local function finish(at, given)
  given.headers = tables.merge(given.headers, at.budget)
  return trouble.mark(at.trouble, given)
end

--- Answer a request below /subscriptions.
---@param emulator table
---@param received table
---@param segments string[]
---@param query table<string, string>
---@return table given      an answer, or nothing that has a status: it is never answered
---@raise what went wrong here, and is no refusal
function manager.answer(emulator, received, segments, query)
  local at = request.new(emulator, received, segments, query)
  local ok, given = pcall(act, emulator, at, received)
  if not ok then
    if not refusal.is(given) then error(given, 0) end
    give_back_trouble(emulator, at)
    given = answer.of_refusal(given, at.origin)
  end
  return finish(at, given)
end

return manager
