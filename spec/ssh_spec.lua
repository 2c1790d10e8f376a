local errors = require "azureml.error"
local process = require "spec.process"
local ssh = require "azureml.ssh"
local surroundings = require "spec.surroundings"

-- The rules of exec, copy and forward, with programs in place of ssh and scp that do as they are
-- told. The real ones are tried by spec/machine.
describe("SSH to an instance", function()
  local home, variables, vm

  before_each(function()
    home = process.directory()
    os.execute(("mkdir '%s/bin'"):format(home))
    variables = surroundings {
      HOME = home, XDG_STATE_HOME = false, SSH_AUTH_SOCK = "/agent",
      PATH = home .. "/bin:" .. os.getenv "PATH",
    }
    vm = {
      name = "ci-ann", id = "/x", state = "Running", public_ip_address = "20.1.2.3",
      ssh = { enabled = true, user = "azureuser", host = "20.1.2.3", port = 50000 },
    }
  end)
  after_each(function()
    variables:close()
    process.remove(home)
  end)

  local function program(name, script)
    process.write(("%s/bin/%s"):format(home, name), "#!/bin/sh\n" .. script, "755")
  end

  -- An ssh that runs the command here.
  local LOCAL = 'for last; do :; done; exec sh -c "$last"\n'

  it("runs a command: output, exit code and errors", function()
    program("ssh", LOCAL)
    local output, code, printed = ssh.exec(vm, "echo out; echo bad >&2; exit 7")
    assert.same({ "out\n", 7, "bad\n" }, { output, code, printed })
  end)

  it("gives the command its input, and streams its output", function()
    program("ssh", LOCAL)
    assert.equal("typed", (ssh.exec(vm, "cat", { stdin = "typed" })))
    local pieces = {}
    local output = ssh.exec(vm, "echo a; echo b", {
      on_output = function(text) pieces[#pieces + 1] = text end,
    })
    assert.same({ "", "a\nb\n" }, { output, table.concat(pieces) })
  end)

  it("tells a failure of ssh from an exit code of 255", function()
    program("ssh", LOCAL)
    assert.equal(255, select(2, ssh.exec(vm, "exit 255")))
    program("ssh", "echo 'ssh: connect to host h port 1: Connection refused' >&2; exit 255\n")
    local _, err = errors.try(ssh.exec, vm, "true")
    assert.equal("Unreachable", err.code)
  end)

  it("gives up when the time is over", function()
    program("ssh", "sleep 600\n")
    local _, err = errors.try(ssh.exec, vm, "true", { timeout = 0.1 })
    assert.equal("Timeout", err.code)
  end)

  it("starts a stopped instance when the caller wants it", function()
    program("ssh", LOCAL)
    vm.state = "Stopped"
    vm.start = function() return { wait = function() end } end
    vm.refresh = function() vm.state = "Running" end
    assert.equal("x\n", (ssh.exec(vm, "echo x", { start = true })))
  end)

  it("copies with one path on the instance, and says why it failed", function()
    program("scp", ('echo "$@" >%s/words\n'):format(home))
    ssh.copy(vm, "a b", ":c")
    local file <close> = assert(io.open(home .. "/words"))
    assert.matches("%-P 50000 %-%- %./a b azureuser@20%.1%.2%.3:c\n$", file:read "a")
    for _, pair in ipairs { { "a", "b" }, { ":a", ":b" } } do
      local _, err = errors.try(ssh.copy, vm, pair[1], pair[2])
      assert.equal("InvalidArgument", err.code)
    end
    program("scp", "echo 'scp: x: No such file or directory' >&2; exit 1\n")
    local _, err = errors.try(ssh.copy, vm, ":x", ".")
    assert.equal("CopyFailed", err.code)
    assert.matches("No such file", err.message)
  end)

  it("forwards once ssh says so, until it is closed", function()
    program("ssh", "echo 'debug1: Entering interactive session.' >&2; exec sleep 600\n")
    local tunnel <close> = ssh.forward(vm, 8888, 80)
    assert.equal("127.0.0.1:8888 -> ci-ann:80", tostring(tunnel))
    assert.is_false(tunnel.process.has_ended)
    tunnel:close()
    assert.is_true(tunnel.process.has_ended)
  end)

  it("says why a port cannot be forwarded, or is no longer", function()
    program("ssh", "echo 'bind [127.0.0.1]:80: Address already in use' >&2; exit 255\n")
    local _, err = errors.try(ssh.forward, vm, 80)
    assert.equal("PortTaken", err.code)
    program("ssh", "echo 'debug1: Entering interactive session.' >&2; read x\n"
      .. "echo 'Connection to h closed by remote host.' >&2; exit 255\n")
    local tunnel = ssh.forward(vm, 8888)
    _, err = errors.try(tunnel.wait, tunnel)
    assert.equal("Unreachable", err.code)
  end)

  it("says that OpenSSH is missing", function()
    variables:set { PATH = home .. "/bin" }
    local _, err = errors.try(ssh.exec, vm, "true")
    assert.equal("SshMissing", err.code)
  end)
end)
