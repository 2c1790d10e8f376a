local failure = require "azureml.ssh.failure"

local where = {
  name = "ci-ann", host = "20.1.2.3", port = 50000,
  vm = { name = "ci-ann", public_ip_address = "x" },
}

local KEY_CHANGED = [[
@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@
@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @
@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@
Host key verification failed.]]

describe("a failure of ssh", function()
  for _, row in ipairs {
    { "ssh: connect to host 20.1.2.3 port 50000: Connection refused", "Unreachable", "refused" },
    { "azureuser@20.1.2.3: Permission denied (publickey).", "KeyRefused", "Permission denied" },
    { KEY_CHANGED, "HostKeyChanged", "HAS CHANGED!$" },
    { "debug1: x\nbind [127.0.0.1]:80: Address already in use\nCould not request local forwarding.",
      "PortTaken", "bind .* in use$" },
    { "Permissions 0644 for 'k' are too open.\nbad permissions", "KeyUnprotected", "bad" },
    { "something else", "SshFailed", "something else" },
    { "debug1: only noise\n", "SshFailed", "ssh gave no reason" },
  } do
    it(("is %s for '%s'"):format(row[2], row[1]:match "[^\n]*"), function()
      local err = failure.of(where, "connect to", row[1])
      assert.equal(row[2], err.code)
      assert.matches("^cannot connect to 'ci%-ann' %(20%.1%.2%.3 port 50000%): ", err.message)
      assert.matches(row[3], err.message)
      assert.equal(row[2] ~= "SshFailed", failure.is_own(row[1]))
    end)
  end

  it("tells which network to enter when the address is private", function()
    local inside = { name = "ci-ann", host = "10.0.0.4", port = 22, vm = { name = "ci-ann",
      subnet = "/virtualNetworks/lab/subnets/west" } }
    local err = failure.of(inside, "connect to", "ssh: connect: Connection timed out")
    assert.matches("enter the virtual network 'lab'", err.hint)
  end)
end)
