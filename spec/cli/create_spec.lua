local json = require "azureml.json"
local process = require "spec.process"
local run = require "spec.command_line"
local world = require "spec.world"

describe("azureml create", function()
  local emulator, ws

  before_each(function() emulator, ws = world.open {} end)
  after_each(function() world.close(emulator, ws) end)

  it("waits until it runs, says how far it is on standard error, and prints it", function()
    local out, err, code = run("create", "-n", "ci-new", "-o", "json", "--tags", "team=vision",
      "a=b=c", "--description", "for Ann")
    assert.equal(0, code)
    assert.matches("create ci%-new: Running", err)
    local value = json.decode(out)
    assert.same({ "Running", "STANDARD_DS3_V2", "for Ann", "vision", "b=c" },
      { value.state, value.vm_size, value.description, value.tags.team, value.tags.a })
  end)

  it("takes every option", function()
    local directory = process.directory()
    local key = process.write(directory .. "/key.pub",
      "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABgQ== ann@home\n")
    local _, err, code = run("create", "-n", "ci-new", "--size", "Standard_D2s_v3",
      "--idle-time-before-shutdown", "30m",
      "--ssh-key-file", key)
    process.remove(directory)
    assert.equal(0, code, err)
    local vm = ws.instances:get "ci-new"
    assert.same({ "STANDARD_D2S_V3", "PT30M", true },
      { vm.vm_size, vm.idle_time_before_shutdown, vm.ssh.enabled })
  end)

  it("with --no-wait prints its ticket, and leaves it at the service", function()
    local out, _, code = run("create", "-n", "ci-new", "--no-wait", "-o", "json")
    local accepted = json.decode(out)
    assert.same({ "create", "ci-new", 0 }, { accepted.verb, accepted.name, code })
    assert.equal("Running", require("azureml").resume(accepted.ticket):wait().state)
  end)

  for _, row in ipairs {
    { { "-n", "my_ci" }, 2, "a name holds only letters" },
    { { "-n", "ci-new", "--size", "STANDARD_DS3_V9" }, 2, "is not offered" },
    { { "-n", "ci-new", "--idle-time-before-shutdown", "1m" }, 2, "from 15 minutes to 3 days" },
    { { "-n", "ci-new", "--user-object-id", "x" }, 2, "needs both ids" },
    { { "-n", "ci-new", "--tags", "vision" }, 2, "is not a tag" },
    { { "-n", "ci-new", "--ssh-key-file", "/nowhere" }, 2,
      "%-%-ssh%-key%-file: /nowhere: No such file" },
    { { "-n", "ci-new", "--vnet-name", "vnet" }, 2, "needs all of" },
  } do
    it("refuses " .. table.concat(row[1], " ") .. ", and creates nothing", function()
      local out, err, code = run("create", table.unpack(row[1]))
      assert.same({ "", row[2] }, { out, code })
      assert.matches(row[3], err)
      assert.equal(0, emulator:verb_counts().create)
    end)
  end
end)
