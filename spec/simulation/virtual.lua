--- Stop an estate on the virtual clock: the real client against the emulator, with its buckets and
--- its handlers, in this process. Requests take no time there, so the figures show the service's
--- limits alone; real.lua measures a runner's own.
local azureml = require "azureml"
local core = require "azureml.core"
local estate = require "spec.simulation.estate"
local server = require "azureml.tool.http_server"
local shift = require "spec.simulation.shift"

local virtual = {}

---@class azureml.simulation.Case
---@field subscriptions integer
---@field instances integer      of each subscription
---@field workspaces integer     of each subscription
---@field principals integer     which share each subscription
---@field runners integer        which share each subscription; they do not know of each other
---@field throttle string|table|nil      the emulator's limits; nil: the service's

---@class azureml.simulation.Figures
---@field seconds number         of virtual time until all are stopped
---@field stops integer          that the service accepted
---@field requests integer       with those that were refused
---@field refused integer        requests that were answered with 429
---@field waited number          seconds that these were told to wait, summed
---@field mean_turn number       seconds until a stop was accepted, on average
---@field last_turn number       seconds until the last stop was accepted

-- Count what the service answers.
local function new_count()
  return { stops = 0, requests = 0, refused = 0, waited = 0, turns = 0, last_turn = 0 }
end

local function add(count, response, passed)
  count.requests = count.requests + 1
  if response.status == 429 then
    count.refused = count.refused + 1
    count.waited = count.waited + tonumber(response.headers["Retry-After"])
  elseif response.status == 202 then      -- no other request of a shift is answered so
    count.stops, count.turns = count.stops + 1, count.turns + passed
    count.last_turn = math.max(count.last_turn, passed)
  end
end

-- Open a client of a runner. Each runner reaches the same emulator by an endpoint of its own: the
-- core counts the budget of each endpoint apart, as processes do.
local function client_of(url, emulator, principal)
  return azureml.client {
    endpoint = url, scope = "https://management.azure.com/.default", api_version = "2025-12-01",
    credential = azureml.credential.client_secret {
      authority = emulator.authority, tenant_id = principal.tenant_id,
      client_id = principal.client_id, client_secret = principal.client_secret,
    },
  }
end

-- Share the resource groups of each subscription out among principals and runners, in turn.
local function shares_of(case, all, clients)
  local shares = {}
  for _, subscription in ipairs(all.subscriptions) do
    for index, group in ipairs(all.groups) do
      local runner = clients[(index - 1) % case.runners + 1]
      shares[#shares + 1] = {
        subscription_id = subscription, resource_group = #all.groups > 1 and group or nil,
        client = runner[(index - 1) % case.principals + 1],
      }
    end
  end
  return shares
end

-- Open the emulator's further endpoints, and the clients: runner -> principal -> client.
local function open(case, emulator, all)
  local opened, clients = {}, {}
  local function handle(request) return emulator:handle(request) end
  for runner = 1, case.runners do
    local door = server.start({}, handle)
    opened[#opened + 1], clients[runner] = door, {}
    for index, principal in ipairs(all.principals) do
      local client = client_of(door:url(), emulator, principal)
      table.insert(opened, 1, client)
      clients[runner][index] = client
    end
  end
  return clients, opened
end

local function stop_all(case, emulator, all)
  local clients, opened = open(case, emulator, all)
  local began = core.now()
  local count = new_count()
  emulator.log = function(_, response) add(count, response, core.now() - began) end
  local ok, err = pcall(shift.stop, shares_of(case, all, clients))
  for _, thing in ipairs(opened) do thing:close() end
  if not ok then error(err, 0) end
  count.seconds = core.now() - began
  count.mean_turn = count.turns / count.stops
  return count
end

--- Stop the instances of a case, and count.
---@param case azureml.simulation.Case
---@return azureml.simulation.Figures
---@raise an error object if an instance is not stopped
function virtual.run(case)
  local all = estate.new {
    subscriptions = case.subscriptions, instances = case.instances, workspaces = case.workspaces,
    groups = math.max(case.principals, case.runners), principals = case.principals,
  }
  core.clock "virtual"
  local emulator = require("azureml.emulator").start { seed = all.seed }
  if case.throttle then emulator.throttle:set(case.throttle) end
  local ok, figures = pcall(stop_all, case, emulator, all)
  emulator:close()
  core.clock "real"
  if not ok then error(figures, 0) end
  return figures
end

return virtual
