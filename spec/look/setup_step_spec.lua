local setup_step = require "azureml.look.setup_step"
local world = require "spec.world"

describe("the setup script that runs", function()
  local function step(verb, state, ...)
    local scripts = {}
    for _, name in ipairs { ... } do scripts[name] = { text = "x" } end
    return setup_step.of(verb, { state = state, setup_scripts = scripts })
  end

  it("follows from the verb and the scripts of the instance", function()
    assert.equal("the creation script runs", step("create", "UserSettingUp", "creation_script"))
    assert.equal("the startup script runs", step("create", "UserSettingUp", "startup_script"))
    assert.equal("the creation script and then the startup script run",
      step("create", "UserSettingUp", "creation_script", "startup_script"))
    assert.equal("the startup script runs",
      step("start", "UserSettingUp", "creation_script", "startup_script"))
  end)

  it("is not known in other states, or where the service names no script", function()
    assert.is_nil(step("create", "SettingUp", "creation_script"))
    assert.is_nil(step("start", "UserSettingUp", "creation_script"))
    assert.is_nil(setup_step.of("create", nil))
    assert.is_nil(setup_step.of("create", { state = "UserSettingUp" }))
  end)

  it("is told by the progress of a creation", function()
    local emulator, ws = world.open {}
    local told, own = {}, io.stderr
    io.stderr = {      -- luacheck: ignore
      write = function(_, ...) told[#told + 1] = table.concat { ... } end, flush = function() end,
    }
    local ok, err = pcall(function()
      ws.instances:create("ci-ann", {
        setup_scripts = { creation_script = { text = "sleep 100" } },
      }):wait { progress = "lines" }
    end)
    io.stderr = own      -- luacheck: ignore
    world.close(emulator, ws)
    assert.is_true(ok, err)
    assert.matches("create ci%-ann: SettingUp, .*create ci%-ann: UserSettingUp %(the creation "
      .. "script runs%), .*create ci%-ann: Running, ", table.concat(told))
  end)
end)
