--- Answer requests to Resource Manager, in this order: planned trouble, authentication, the
--- api-version, authorisation, throttling, and the handler of the route. The routes are in
--- route.lua. The data plane of a workspace serves the same paths below a prefix of its own: the v1
--- SDK reads there. The run history is another part of the data plane, with routes of its own.
local answer = require "azureml.emulator.answer"
local authenticate = require "azureml.emulator.authenticate"
local authorise = require "azureml.emulator.authorise"
local fault = require "azureml.emulator.fault"
local history = require "azureml.emulator.jobs.history"
local new_request = require("azureml.emulator.request").new
local planned = require "azureml.emulator.planned"
local refusal = require "azureml.emulator.refusal"
local route = require "azureml.emulator.route"
local tables = require "azureml.tool.tables"
local trouble = require "azureml.emulator.trouble"

local manager = {}

-- The prefixes of the data plane, and the audience that it accepts besides Resource Manager's.
local DATA_PLANE = "/rp/workspaces"
local PREFIXES = { DATA_PLANE, history.PREFIX }
local AUDIENCES = { ["https://ml.azure.com"] = true }

local function scope_of(request)
  return request.path:match "^(.*/[cC]omputes/[^/]+)" or request.path
end

-- Return the principal of a request and its token. A planned expiry happens before the token is
-- checked; a planned challenge asks a principal that was recognised for claims.
local function identify(emulator, request, received)
  local name = request.trouble and request.trouble.name
  if name == "expire_token" then emulator.tokens:expire(request.now) end
  local home = request.subscription and request.subscription.tenant_id
    or emulator.directory:home().id
  local audiences = request.prefix ~= "" and AUDIENCES or nil
  local principal, token = authenticate(emulator, received, request.now, home, audiences)
  if name == "claims_challenge" then
    emulator.tokens:demand(principal, trouble.claims(request.trouble, request.now))
    authenticate(emulator, received, request.now, home, audiences)
  end
  return principal, token
end

-- Find the route of a request, count its verb and take its trouble.
local function find_route(emulator, request)
  local row, found = route.find(request.segments)
  local is_history = request.prefix == history.PREFIX
  if not row or (row.is_history == true) ~= is_history then
    refusal.raise("unknown_path", request.path, request.query["api-version"] or "")
  end
  local verb = route.verb(row, request.method)
  request.row, request.verb = row, verb
  if verb then emulator.verbs[verb] = (emulator.verbs[verb] or 0) + 1 end
  request.trouble = emulator.faults:take {
    method = request.method, path = request.path, verb = verb, name = found.compute,
  }
  return row, found
end

local function act(emulator, request, received)
  local row, found = find_route(emulator, request)
  local entry = row[request.method]
  local instead = trouble.instead(request.trouble)
  if instead then return instead end
  request.subscription = request.world:subscription(request.segments[2])
  request.application, request.token = identify(emulator, request, received)
  if not entry then refusal.raise("wrong_method", request.method) end
  route.check_version(request, row, emulator.names.location)
  if not request.subscription then refusal.raise("no_subscription", request.segments[2]) end
  if entry[1] then
    authorise(emulator.roles, request.application, entry[1], scope_of(request))
  end
  request.budget = emulator.throttle:take(request.application.object_id, request.subscription.id,
    request.method)
  route.resolve(request, found)
  request.has_reached_service = true
  planned.refuse(request)
  return entry[2](request)
end

-- Keep a trouble of the machines for the next request if this one was refused before its handler.
local function give_back_trouble(emulator, request)
  local known = request.trouble and fault.troubles[request.trouble.name]
  if known and known.by == "service" and not request.has_reached_service then
    emulator.faults:give_back(request.trouble)
  end
end

local function finish(request, reply)
  reply.headers = tables.merge(reply.headers, request.budget)
  return trouble.mark(request.trouble, reply)
end

-- Return the prefix of a path and the segments behind it; nil if the path is not served here.
local function split(segments)
  if (segments[1] or ""):lower() == "subscriptions" then return "", segments end
  if (segments[3] or ""):lower() ~= "subscriptions" then return nil end
  local first = ("/%s/%s"):format(segments[1], segments[2]):lower()
  for _, prefix in ipairs(PREFIXES) do
    if first == prefix then return prefix, { table.unpack(segments, 3) } end
  end
end

--- Tell whether a path is Resource Manager's or the data plane's.
---@param segments string[]
---@return boolean
function manager.concerns(segments)
  return split(segments) ~= nil
end

--- Answer a request below /subscriptions, /rp/workspaces/subscriptions or
--- /history/v1.0/subscriptions.
---@param emulator table
---@param received table      the request as it came by HTTP
---@param segments string[]
---@param query table<string, string>
---@return table reply        without status: the request is left unanswered
---@raise an error of the emulator itself, which is not a refusal
function manager.answer(emulator, received, segments, query)
  local prefix, rest = split(segments)
  local request = new_request(emulator, received, rest, query, prefix)
  local ok, reply = pcall(act, emulator, request, received)
  if not ok then
    if not refusal.is(reply) then error(reply, 0) end
    give_back_trouble(emulator, request)
    reply = answer.of_refusal(reply, request.origin)
  end
  return finish(request, reply)
end

return manager
