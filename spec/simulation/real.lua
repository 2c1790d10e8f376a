--- Measure what one runner needs: a process of its own, the real clock, TLS, and an emulator in
--- another process that answers each request after a while, as a distant service does.
local azureml = require "azureml"
local estate = require "spec.simulation.estate"
local process = require "spec.process"

local real = {}

-- Seconds until a reply: a service in another region, with its own work.
local DISTANCE = 0.1

---@class azureml.simulation.Need      what a runner needs
---@field seconds number      of real time
---@field cpu number          seconds of a processor
---@field memory number       MB at its peak

-- Let the emulator take its time.
local function hold_replies(url, ca_file)
  local client <close> = azureml.client { endpoint = url, ca_file = ca_file }
  client:request {
    method = "POST", path = "/emulator/faults",
    body = { trouble = "slow", seconds = DISTANCE, times = math.maxinteger },
  }
end

local function measure(home, url, subscriptions)
  local output, errors = process.run({
    process.root .. "/build/bench/measure", process.executable_path,
    "spec/simulation/one_runner.lua", subscriptions,
  }, { AZUREML_EMULATOR = url, HOME = home, XDG_STATE_HOME = home })
  local took = azureml.json.decode(output)
  assert(took.code == 0, errors)
  return {
    seconds = took.seconds, cpu = took.user + took.system, memory = took.memory / 1024,
  }
end

--- Stop an estate with one runner, and measure the runner.
---@param subscriptions integer
---@param given { instances: integer, workspaces: integer, speed: number? }      of each
---  subscription; speed: of the emulator's clock, 1
---@return azureml.simulation.Need
function real.run(subscriptions, given)
  local all = estate.new {
    subscriptions = subscriptions, instances = given.instances, workspaces = given.workspaces,
    groups = 1, principals = 1,
  }
  local home = process.directory()
  local seed = process.write(home .. "/seed.json", azureml.json.encode(all.seed))
  local served <close> = process.served_emulator {
    speed = given.speed, options = { "--tls", "--seed", seed },
    environment = { HOME = home, XDG_STATE_HOME = home },
  }
  hold_replies(served.url, home .. "/azureml/emulator/trusted.pem")
  local ok, need = pcall(measure, home, served.url, subscriptions)
  process.remove(home)
  if not ok then error(need, 0) end
  return need
end

return real
