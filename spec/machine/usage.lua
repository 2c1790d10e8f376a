-- Run the examples of the comments that need a machine behind the instance.
local azureml = require "azureml"
local hosted = require "spec.hosted"
local process = require "spec.process"
local reference = require "azureml.reference"
local usages = require "spec.usages"

local PATIENCE = 300      -- seconds until an example counts as endless

describe("with a machine, the example of", function()
  local world, vm, opened, directory

  setup(function()
    world = hosted.open()
    vm = world:create("ci-ann", { setup_scripts = { creation_script = { text = "echo done" } } })
    directory = process.directory()
    process.write(directory .. "/train.py", "print(1)\n")
    assert.equal(0, (select(2, vm:exec "cd ~/cloudfiles/code && mkdir -p Users/ann results")))
  end)
  teardown(function()
    process.remove(directory)
    world:close()
  end)

  -- Values that examples take for granted, made when an example uses them.
  local MADE = {
    kernel = function()
      opened = vm.jupyter:start_kernel()
      return opened
    end,
    log = function() return vm:logs()[1] end,
  }

  local function run(usage)
    local given = { azureml = azureml, ws = world.workspace, vm = vm, print = function() end,
      io = { write = function() end } }
    local environment = setmetatable(given, { __index = function(_, name)
      if MADE[name] then return MADE[name]() end
      return _G[name]
    end })
    local text = usage:gsub('"train.py"', ('"%s/train.py"'):format(directory))
      :gsub('"%."', ('"%s"'):format(directory))
    azureml.within(PATIENCE, assert(load(text, "usage", "t", environment)))
  end

  for _, record in ipairs(reference.index().records) do
    local name = record.usage and record.owner .. "." .. record.name
    if name and usages[name] then
      it(name, function()
        run(record.usage)
        if opened then opened:close() end
        opened = nil
      end)
    end
  end
end)
