local azureml = require "azureml"
local hosted = require "spec.hosted"
local json = require "azureml.json"
local process = require "spec.process"

describe("reaching real machines", function()
  local world, vm

  setup(function()
    world = hosted.open()
    vm = world:create "ci-ann"
    world:create "ci-bob"
  end)
  teardown(function() world:close() end)

  it("runs commands: output, errors, exit code, signals, input", function()
    local output, code, errors = vm:exec "echo out; echo bad >&2; exit 3"
    assert.same({ "out\n", 3, "bad\n" }, { output, code, errors })
    assert.equal(143, select(2, vm:exec "kill -TERM $$"))
    assert.equal(255, select(2, vm:exec "exit 255"))
    assert.equal("a b|$HOME|it's|", (vm:exec { "printf", "%s|", "a b", "$HOME", "it's" }))
    local long = ("line\n"):rep(200000)
    assert.is_true(vm:exec("cat", { stdin = long }) == long)
  end)

  it("refuses another key", function()
    os.execute(("ssh-keygen -q -t rsa -b 2048 -N '' -f '%s/other'"):format(world.home))
    local _, err = azureml.try(vm.exec, vm, "true", { key = world.home .. "/other" })
    assert.equal("KeyRefused", err.code)
  end)

  it("refuses a machine with another host key, unless it was created again", function()
    local path = require("azureml.ssh.keys").known_hosts(vm)
    process.write(path, "ci-ann ssh-ed25519 "
      .. "AAAAC3NzaC1lZDI1NTE5AAAAIJzWH1zU5Xr0d5Xk0q1v0Yx3m9w3Zk2c9b1j8y7t6r5E\n")
    local _, err = azureml.try(vm.forward, vm, process.free_port(), 22)
    os.remove(path)
    assert.equal("HostKeyChanged", err.code)
    assert.matches("do not go on", err.hint)
  end)

  it("copies files and directories both ways", function()
    local here = world.home .. "/tree"
    os.execute(("mkdir -p '%s/a b'; head -c 300000 /dev/urandom >'%s/a b/data'"):format(here, here))
    vm:copy(here, ":")
    vm:copy(":tree", world.home .. "/back")
    assert.is_true((os.execute(("diff -r '%s' '%s/back'"):format(here, world.home))))
    local _, err = azureml.try(vm.copy, vm, ":nothing", world.home)
    assert.equal("CopyFailed", err.code)
  end)

  it("forwards a port", function()
    local port = process.free_port()
    local tunnel <close> = vm:forward(port, vm.ssh.port)
    local output = world:run { "bash", "-c",
      ("exec 3<>/dev/tcp/127.0.0.1/%d; head -1 <&3"):format(port) }
    assert.matches("^SSH%-2%.0%-OpenSSH", output)
    local _, err = azureml.try(vm.forward, vm, tunnel.port, 80)
    assert.equal("PortTaken", err.code)
  end)

  it("becomes ssh: output and exit code are the command's", function()
    local output, errors, code = world:azureml("ssh", "ci-ann", "--", "echo out; exit 7")
    assert.same({ "out\n", "", 7 }, { output, errors, code })
    output = world:run({ process.executable_path, "ssh", "ci-ann", "--", "cat" }, "typed")
    assert.equal("typed", output)
  end)

  -- A server that is not root's must give the terminal to the group tty, which some sandboxes
  -- forbid.
  local function gives_terminals()
    local _, id = require("azureml.core").user()
    local file <close> = assert(io.open "/proc/mounts")
    return id == 0 or file:read("a"):find "devpts[^\n]*gid=5" ~= nil
  end

  local terminal = gives_terminals() and it or pending
  terminal("gives a terminal of the user's size", function()
    local script = ("%s ssh -t ci-ann -- 'stty size; exit 5'"):format(process.executable_path)
    local output, _, code = world:run { "script", "-qec",
      "stty rows 33 cols 101; " .. script, "/dev/null" }
    assert.matches("33 101", output)
    assert.equal(5, code)
  end)

  it("runs a command on all, side by side", function()
    local output, errors, code = world:azureml("exec", "--all", "--", "echo $AZUREML_INSTANCE; "
      .. "test $AZUREML_INSTANCE = ci-ann")
    assert.matches("==> ci%-ann <==\nci%-ann\n", output)
    assert.matches("==> ci%-bob <==\nci%-bob\n", output)
    assert.matches("2 run, 1 failed: ci%-bob %(exit code 1%), 0 skipped\n$", errors)
    assert.equal(1, code)
    output = world:azureml("exec", "--all", "-o", "json", "--", "echo", "a  b")
    local list = json.decode(output)
    assert.same({ "ci-ann", 0, "a  b\n" }, { list[1].name, list[1].code, list[1].output })
  end)

  it("copies by command", function()
    process.write(world.home .. "/one", "text\n")
    assert.equal(0, select(3, world:azureml("cp", world.home .. "/one", "ci-ann:two")))
    assert.equal(0, select(3, world:azureml("cp", "ci-ann:two", world.home .. "/three")))
    assert.equal("text\n", world:read "three")
    assert.equal(1, select(3, world:azureml("cp", "ci-ann:nothing", world.home)))
  end)

  it("forwards by command until it is interrupted", function()
    local port = process.free_port()
    local output, _, code = world:run { "timeout", "-s", "INT", "2", process.executable_path,
      "forward", "ci-ann", ("%d:%d"):format(port, vm.ssh.port) }
    assert.equal(("127.0.0.1:%d -> ci-ann:%d\n"):format(port, vm.ssh.port), output)
    assert.equal(124, code)
  end)

  it("writes a configuration that plain ssh uses", function()
    assert.equal(0, select(3, world:azureml("ssh-config", "--write")))
    local output = world:run { "ssh", "-F", world.home .. "/.ssh/config", "ci-bob",
      "echo $AZUREML_INSTANCE" }
    assert.equal("ci-bob\n", output)
  end)

  it("starts a stopped instance with --start, and says so without it", function()
    local other = world.workspace.instances:get "ci-bob"
    other:stop():wait()
    local _, errors, code = world:azureml("ssh", "ci-bob", "--", "true")
    assert.equal(1, code)
    assert.matches("is Stopped: SSH needs a running instance", errors)
    assert.equal(0, select(3, world:azureml("ssh", "--start", "ci-bob", "--", "true")))
  end)
end)
