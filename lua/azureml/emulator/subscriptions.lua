--- List tenants and subscriptions to a signed-in principal, as Resource Manager does. A login
--- begins with them. A principal sees what it may read. Requests inside a subscription go to
--- manager.lua.
local answer = require "azureml.emulator.answer"
local authenticate = require "azureml.emulator.authenticate"
local authorise = require "azureml.emulator.authorise"
local json = require "azureml.json"
local origin_of = require "azureml.emulator.origin"
local refusal = require "azureml.emulator.refusal"
local tables = require "azureml.tool.tables"

local subscriptions = {}

local READ = "Microsoft.Resources/subscriptions/read"
local ANYTHING = "Microsoft.MachineLearningServices/workspaces/computes/read"

--- Show a subscription.
---@param emulator table      or another table with its directory
---@param subscription table
---@return table
function subscriptions.show(emulator, subscription)
  local tenant = subscription.tenant_id or emulator.directory:home().id
  return {
    id = "/subscriptions/" .. subscription.id,
    subscriptionId = subscription.id,
    displayName = "Emulator",
    state = "Enabled",
    tenantId = tenant,
    authorizationSource = "RoleBased",
    managedByTenants = json.array {},
    subscriptionPolicies = {
      locationPlacementId = "Public_2014-09-01",
      quotaId = "PayAsYouGo_2014-09-01",
      spendingLimit = "Off",
    },
  }
end

-- Tell whether a principal may see a subscription: a role anywhere in it is enough.
local function is_visible(emulator, principal, subscription)
  local scope = "/subscriptions/" .. subscription.id
  return emulator.roles:may(principal.object_id, READ, scope)
    or emulator.roles:may_somewhere(principal.object_id, ANYTHING, scope)
end

local function list(emulator, principal)
  local shown = json.array {}
  for _, subscription in pairs(emulator.world.subscriptions) do
    if is_visible(emulator, principal, subscription) then
      shown[#shown + 1] = subscriptions.show(emulator, subscription)
    end
  end
  table.sort(shown, function(a, b) return a.id < b.id end)
  return shown
end

local function tenants(emulator, _, token)
  local tenant = emulator.directory:tenant(token.tenant_id)
  return json.array { {
    id = "/tenants/" .. tenant.id,
    tenantId = tenant.id,
    displayName = "Emulator",
    countryCode = "NL",
    defaultDomain = tenant.name,
    domains = json.array { tenant.name },
    tenantCategory = "Home",
  } }
end

local lists = { subscriptions = list, tenants = tenants }

local function find(emulator, principal, id)
  local subscription = emulator.world:subscription(id) or refusal.raise("no_subscription", id)
  if not is_visible(emulator, principal, subscription) then
    authorise(emulator.roles, principal, READ, "/subscriptions/" .. id)
  end
  return answer.of(subscriptions.show(emulator, subscription))
end

local function act(emulator, request, segments, query)
  local principal, token = authenticate(emulator, request, emulator.clock:now())
  if request.method ~= "GET" then refusal.raise("wrong_method", request.method) end
  if not query["api-version"] then refusal.raise "no_api_version" end
  local tenant_id = token.tenant_id
  local budget = emulator.throttle:take_of_tenant(principal.object_id, tenant_id, request.method)
  local id = segments[2]
  local reply = id and find(emulator, principal, id)
    or answer.of { value = lists[segments[1]:lower()](emulator, principal, token) }
  reply.headers = tables.merge(reply.headers, budget)
  return reply
end

--- Tell whether a path is /tenants, /subscriptions or a subscription.
---@param segments string[]
---@return boolean
function subscriptions.concerns(segments)
  local first = (segments[1] or ""):lower()
  return lists[first] ~= nil and (#segments == 1 or first == "subscriptions" and #segments == 2)
end

--- Answer a request for /tenants, /subscriptions or a subscription.
---@param emulator table
---@param request table
---@param segments string[]
---@param query table<string, string>
---@return table reply
function subscriptions.answer(emulator, request, segments, query)
  local ok, reply = pcall(act, emulator, request, segments, query)
  if ok then return reply end
  if not refusal.is(reply) then error(reply, 0) end
  return answer.of_refusal(reply, (origin_of(emulator, request)))
end

return subscriptions
