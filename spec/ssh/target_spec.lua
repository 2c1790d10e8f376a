local errors = require "azureml.error"
local target = require "azureml.ssh.target"

local OWN = "aaaaaaaa-0000-0000-0000-000000000000"

-- An instance as far as ssh/target.lua looks at it.
local function vm(changes)
  local all = {
    name = "ci-ann", state = "Running", owner = OWN, public_ip_address = "20.1.2.3",
    ssh = { enabled = true, user = "azureuser", host = "20.1.2.3", port = 50000 },
    workspace = { object_id = function() return OWN:upper() end },
  }
  for name, value in pairs(changes or {}) do
    if name == "ssh" then
      for field, part in pairs(value) do all.ssh[field] = part or nil end
    else
      all[name] = value or nil
    end
  end
  return all
end

local function refusal(changes)
  local _, err = errors.try(target.of, vm(changes))
  return err and err.code, err
end

describe("the target of SSH", function()
  it("is the address, port and user that the service names", function()
    local where = target.of(vm())
    assert.same({ "20.1.2.3", 50000, "azureuser", "ci-ann" },
      { where.host, where.port, where.user, where.name })
  end)

  for _, host in ipairs { "ci.example.org", "fe80::1", "10.0.0.4" } do
    it("may be " .. host, function()
      assert.equal(host, target.of(vm { ssh = { host = host } }).host)
    end)
  end

  for _, row in ipairs {
    { "an option as a host", { host = "-oProxyCommand=id" } },
    { "a host with a command", { host = "a;id" } },
    { "a host with a token of ssh", { host = "%h" } },
    { "a host with a blank", { host = "a b" } },
    { "a host with a line", { host = "a\nb" } },
    { "a host with a user", { host = "me@host" } },
    { "an option as a user", { user = "-l" } },
    { "a user with a shell's word", { user = "$(id)" } },
    { "a port of 0", { port = 0 } },
    { "a port above 65535", { port = 65536 } },
    { "a port that is a text", { port = "22 -o" } },
  } do
    it("refuses " .. row[1], function() assert.equal("SshUnsafe", (refusal { ssh = row[2] })) end)
  end

  it("refuses a name that is an option", function()
    assert.equal("SshUnsafe", (refusal { name = "-oA=b" }))
  end)

  it("is refused when SSH is off, and the refusal names the ways out", function()
    local code, err = refusal { ssh = { enabled = false } }
    assert.equal("SshDisabled", code)
    assert.matches("fixed when an instance is created", err.message)
    assert.matches("recreate", err.hint)
    assert.matches("^'azureml terminal [%w-]+' needs no SSH; 'azureml recreate", err.hint)
  end)

  it("is refused to another user, with both ids", function()
    local code, err = refusal { owner = "bbbbbbbb-0000-0000-0000-000000000000" }
    assert.equal("NotYours", code)
    assert.matches("bbbbbbbb.*yours is AAAAAAAA", err.message)
  end)

  it("is refused on a stopped instance, and the refusal tells how to start it", function()
    local code, err = refusal { state = "Stopped" }
    assert.equal("NotRunning", code)
    assert.matches("%-%-start, or 'azureml start ci%-ann'", err.hint)
  end)

  it("is refused without an address", function()
    assert.equal("NoAddress", (refusal { ssh = { host = false, port = false } }))
  end)

  it("is refused at the addresses that the emulator invents", function()
    local code, err = refusal { ssh = { host = "203.0.113.7" } }
    assert.equal("NoMachine", code)
    assert.matches("%-%-machine local", err.hint)
  end)

  it("tells which network leads to a private address", function()
    local subnet = "/subscriptions/1/resourceGroups/g/providers/Microsoft.Network"
      .. "/virtualNetworks/lab/subnets/west"
    assert.matches("virtual network 'lab' %(subnet 'west'%)",
      target.network(vm { public_ip_address = false, subnet = subnet }))
    assert.matches("managed network", target.network(vm { public_ip_address = false }))
    assert.is_nil(target.network(vm()))
  end)
end)
