local core = require "azureml.core"
local hosted = require "spec.hosted"
local process = require "spec.process"

describe("an emulator with real machines", function()
  it("answers control calls only with its key, which a private file has", function()
    local world <close> = hosted.open()
    local url, key = world.emulator.url, world.emulator.key
    for _, path in ipairs { "token", "settings", "state" } do
      assert.equal(401, (world:fetch(("%s/emulator/%s"):format(url, path))))
      assert.equal(401, (world:fetch(("%s/emulator/%s"):format(url, path), nil,
        "-H", "X-Emulator-Key: wrong")))
      assert.equal(200, (world:fetch(("%s/emulator/%s"):format(url, path), nil,
        "-H", "X-Emulator-Key: " .. key)))
    end
    local file = world.emulator.key_file
    assert.equal(key .. "\n", world:read(file:sub(#world.home + 2)))
    assert.equal("600\n", (world:run { "stat", "-c", "%a", file }))
    assert.equal(0, select(3, world:azureml "list"))      -- it reads the file
    world.emulator:close()
    assert.is_nil(io.open(file))
  end)

  it("signs no person in without the key", function()
    local world <close> = hosted.open()
    local page = ("%s/common/oauth2/v2.0/authorize?client_id=x"):format(world.emulator.url)
    assert.equal(403, (world:fetch(page)))
    assert.not_equal(403, (world:fetch(page .. "&emulator_key=" .. world.emulator.key)))
    assert.equal(403, (world:fetch(world.emulator.url .. "/metadata/identity/oauth2/token"
      .. "?api-version=2018-02-01&resource=https://management.azure.com", nil,
      "-H", "Metadata: true")))
    assert.equal(403, (world:fetch(world.emulator.url .. "/devicelogin")))
  end)

  it("refuses an address that other computers reach", function()
    local emulator = require "azureml.emulator"
    assert.error_matches(function()
      emulator.start { machine = "local", address = "0.0.0.0" }
    end, "gives a shell: its address must be loopback")
    local _, err, code = process.executable { "emulator", "--machine", "local",
      "--address", "0.0.0.0" }
    assert.equal(2, code)
    assert.matches("needs a loopback address", err)
  end)

  it("says in its banner what it gives, and leaves nothing running when it is killed", function()
    local home, log = process.directory(), os.tmpname()
    local pid, url
    local served <close> = process.background({ "env", "HOME=" .. home, process.executable_path,
      "emulator", "--machine", "local", "--speed", "1000000", "--seed",
      process.write(home .. "/seed.lua", "return { instances = { ['ci-crash'] = 'Running' } }") },
      log)
    for _ = 1, 400 do
      url = io.open(log):read("a"):match "\n(http://[%d.:]+)\n"
      if url then break end
      require("azureml").sleep(0.05)
    end
    pid = served.pid
    local banner = io.open(log):read "a"
    assert.matches("shells truly run", banner)
    assert.matches("X%-Emulator%-Key: %S+", banner)
    local run = ("/tmp/azureml-machines-%d-"):format(pid)
    assert.is_true(#hosted.processes(run) > 0)
    os.execute("kill -KILL " .. pid)
    for _ = 1, 400 do
      if #hosted.processes(run) == 0 then break end
      require("azureml").sleep(0.05)
    end
    assert.same({}, hosted.processes(run))
    -- The next emulator removes the directory.
    local world <close> = hosted.open()
    for _, name in ipairs(core.entries "/tmp") do
      assert.is_nil(name:find(("^azureml%%-machines%%-%d%%-"):format(pid)))
    end
    assert.is_truthy(world)
    process.remove(home)
    os.remove(log)
  end)

  it("keeps the machines' files with a state file, across a restart", function()
    local directory = process.directory()
    local state = directory .. "/state"
    do
      local world <close> = hosted.open(nil, { state = state })
      local vm = world:create "ci-kept"
      vm:exec "echo kept >file"
      os.execute(("cp '%s'/.ssh/id_rsa* '%s'"):format(world.home, directory))
    end
    assert.same({}, hosted.processes(state))
    do
      local world <close> = hosted.open(nil, { state = state })
      local vm = world.workspace.instances:get "ci-kept"
      assert.equal("Running", vm.state)
      assert.equal("kept\n", (vm:exec("cat file", { key = directory .. "/id_rsa" })))
      vm:delete():wait()
      assert.same({}, core.entries(state .. ".machines/1-ci-kept"))
    end
    process.remove(directory)
  end)
end)
