local azureml = require "azureml"
local world = require "spec.world"

describe("a schedule of an instance", function()
  local emulator, ws, vm

  before_each(function()
    emulator, ws = world.open { ann = "Running" }
    vm = ws.instances:get "ann"
  end)
  after_each(function() world.close(emulator, ws) end)

  local function shown()
    local list = {}
    for i, item in ipairs(ws.instances:get("ann").schedules) do
      list[i] = ("%s %s %s"):format(item.action, item.cron, item.status)
    end
    return list
  end

  it("is added beside the others, removed, disabled and enabled", function()
    vm:add_schedule "stop weekdays 18:00 Europe/Amsterdam"
    vm:add_schedule { action = "start", cron = "0 8 * * 1-5" }
    assert.same({ "stop 0 18 * * 1-5 enabled", "start 0 8 * * 1-5 enabled" }, shown())
    vm:disable_schedule(2)
    assert.same("start 0 8 * * 1-5 disabled", shown()[2])
    vm:enable_schedule(2)
    assert.same("start 0 8 * * 1-5 enabled", shown()[2])
    assert.equal(vm, vm:remove_schedule(1))
    assert.same({ "start 0 8 * * 1-5 enabled" }, shown())
    assert.equal(1, #vm.schedules)
  end)

  it("that another client has set meanwhile is kept", function()
    ws.instances:update("ann", { schedules = { "stop daily 19:00" } })
    vm:add_schedule "start daily 08:00"      -- vm was read before
    assert.equal(2, #shown())
  end)

  it("stops the instance once less after a skip", function()
    vm:add_schedule "stop daily 18:00"
    local skipped = vm:skip_next_stop()
    assert.is_true(skipped.time > os.time())
    assert.equal(1, #vm.schedules)
    assert.matches("T18:00:00$", vm.schedules[1].start_time)
  end)

  it("cannot be changed where it is not", function()
    for _, change in ipairs {
      function() return vm:remove_schedule(1) end,
      function() return vm:add_schedule "stop sometimes" end,
      function() return vm:skip_next_stop() end,
    } do
      local value, err = azureml.try(change)
      assert.is_nil(value)
      assert.equal("InvalidArgument", err.code)
      assert.matches("^'ann': ", err.message)
    end
  end)
end)
