-- Run the examples of the comments, each in a world that has what it speaks of.
local azureml = require "azureml"
local json = require "azureml.json"
local process = require "spec.process"
local reference = require "azureml.reference"
local vectors = require "spec.vectors"
local world = require "spec.world"

-- Examples that wait for what a spec does not have: a person who signs in, a change that comes, a
-- terminal.
local NOT_RUN = {
  ["azureml.Instance.shell"] = true,
  ["azureml.credential.device_code"] = true, ["azureml.Workspace.watch"] = true,
}

-- Examples that need a machine behind the instance: spec/machine/usage.lua runs them. Here they say
-- that there is none.
local NEEDS_MACHINE = require "spec.usages"

local function submit(ws)
  return ws.jobs:submit { command = "sleep 600", environment = "sklearn:3", compute = "ci-ann",
    name = "train" }
end

-- What is done before an example.
local BEFORE = {
  ["azureml.Instances.create"] = function(ws) ws.instances:delete("ci-ann"):wait() end,
  ["azureml.Jobs.cancel"] = submit,
}

-- Values that examples take for granted, made when an example uses them.
local MADE = {
  vm = function(ws) return ws.instances:get "ann" end,
  id = function(ws) return ws.subscription_id end,
  client = function(ws) return ws:client() end,
  path = function(ws)
    return ("/subscriptions/%s/resourceGroups/%s/providers/Microsoft.MachineLearningServices/"
      .. "workspaces/%s/computes/bob"):format(ws.subscription_id, ws.resource_group, ws.name)
  end,
  job = submit,
  kernel = function(ws) return ws.instances:get("ann").jupyter:start_kernel() end,
  log = function(ws) return ws.instances:get("ann"):logs()[1] end,
  ticket = function(ws) return ws.instances:restart("ann"):ticket() end,
}

describe("the example of", function()
  local emulator, ws, environment, directory, material

  setup(function() material = vectors.open() end)
  teardown(function() vectors.close(material) end)

  before_each(function()
    emulator, ws = world.open(
      { ann = "Running", bob = "Stopped", a = "Stopped", b = "Stopped", ["ci-ann"] = "Running" },
      { environments = { "sklearn:3" },
        workspaces = { { name = "lab", resource_group = "ml", location = "eastus" } } })
    directory = process.directory()
    local given = {
      azureml = azureml, ws = ws, emulator = emulator, tenant = "t", app = "a",
      print = function() end,
    }
    environment = setmetatable(given, { __index = function(_, name)
      if MADE[name] then return MADE[name](ws) end
      return _G[name]
    end })
  end)
  after_each(function()
    process.remove(directory)
    world.close(emulator, ws)
  end)

  -- Write the files that examples name.
  local function with_files(usage)
    local template, parameters = azureml.template({ vm_size = "STANDARD_DS3_V2" },
      { name = "ci-new" })
    for key, parameter in pairs(parameters) do
      template.parameters[key].defaultValue = parameter.value or parameter
    end
    process.write(directory .. "/instance.json", json.encode(template))
    return usage:gsub('"instance.json"', '"' .. directory .. '/instance.json"')
      :gsub("/etc/robot.pem", material.directory .. "/client.combined.pem")
  end

  for _, record in ipairs(reference.index().records) do
    local name = record.usage and record.owner .. "." .. record.name
    if name and not NOT_RUN[name] then
      it(name, function()
        if BEFORE[name] then BEFORE[name](ws) end
        local run = assert(load(with_files(record.usage), name, "t", environment))
        if not NEEDS_MACHINE[name] then return run() end
        local _, err = azureml.try(run)
        assert.equal("NoMachine", err.code)
      end)
    end
  end
end)
