local hosted = require "spec.hosted"

describe("a real machine behind an instance", function()
  local world

  setup(function() world = hosted.open() end)
  teardown(function() world:close() end)

  it("serves SSH and Jupyter while the instance runs, and keeps its files until delete", function()
    local vm = world:create "ci-life"
    local directory = world.emulator.host.directory .. "/1-ci-life"
    assert.equal("127.0.0.1", vm.ssh.host)
    assert.equal(require("azureml.core").user(), vm.ssh.user)
    assert.equal("ci-life\n", (vm:exec "echo $AZUREML_INSTANCE; echo kept >file"))
    local token = world.emulator:issue_token()
    local jupyter = vm.applications.jupyter:gsub("tree/$", "api/terminals")
    assert.equal(200, (world:fetch(jupyter, token)))
    assert.is_true(#hosted.processes(directory) >= 2)

    vm:stop():wait()
    assert.same({}, hosted.processes(directory))
    assert.equal(409, (world:fetch(jupyter, token)))

    local port = vm.ssh.port
    vm = vm:start():wait()
    assert.equal(port, vm.ssh.port)
    assert.equal("kept\n", (vm:exec "cat file"))

    local before = hosted.processes(directory)
    vm = vm:restart():wait()
    assert.equal("kept\n", (vm:exec "cat file"))
    assert.equal(#before, #hosted.processes(directory))

    vm:delete():wait()
    assert.same({}, hosted.processes(directory))
    assert.is_nil(io.open(directory))
  end)

  it("has a new host key after a recreate, which is expected", function()
    local vm = world:create "ci-again"
    vm:exec "true"
    vm:delete():wait()
    vm = world:create "ci-again"
    assert.equal("fine\n", (vm:exec "echo fine"))
  end)

  it("has no SSH server when SSH is off", function()
    local vm = world.workspace.instances:create("ci-off", {}):wait()
    local directory = world.emulator.host.directory
    for _, line in ipairs(hosted.processes "sshd_config") do
      assert.is_nil(line:find(directory .. "/%d+%-ci%-off"))
    end
    local _, err = require("azureml").try(vm.exec, vm, "true", { over = "ssh" })
    assert.equal("SshDisabled", err.code)
  end)

  it("kills what ignores SIGTERM, and daemons, when it stops", function()
    local vm = world:create "ci-stubborn"
    vm:exec("setsid sh -c 'trap \"\" TERM HUP; : azureml-stubborn; sleep 600; sleep 600' "
      .. ">log 2>&1 &")
    assert.is_true(#hosted.processes "azureml-stubborn" >= 1)      -- perhaps its shell too
    vm:stop():wait()
    assert.same({}, hosted.processes "azureml-stubborn")
  end)

  it("starts a server again that has ended", function()
    local vm = world:create "ci-heal"
    local computer = world.emulator.host:computer(world.emulator.world:instance_named "ci-heal")
    computer.servers.ssh.process:kill()
    local text
    for _ = 1, 100 do
      text = require("azureml").try(vm.exec, vm, "echo back")
      if text then break end
      require("azureml").sleep(0.1)
    end
    assert.equal("back\n", text)
  end)
end)
