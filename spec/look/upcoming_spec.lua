local instance = require "azureml.instance"
local moment = require "azureml.tool.moment"
local upcoming = require "azureml.look.upcoming"

describe("what comes next", function()
  local function item(action, hour, more)
    local schedule = { action = action, cron = ("0 %d * * *"):format(hour), time_zone = "UTC" }
    for name, value in pairs(more or {}) do schedule[name] = value end
    return schedule
  end

  local SCHEDULES = require("azureml.definition.schedule").check {
    item("start", 8), item("stop", 20), item("stop", 18), item("stop", 17, { status = "disabled" }),
  }
  local NOON = moment.read "2026-11-28T12:00:00Z"

  it("is the earliest of the enabled schedules", function()
    assert.equal("2026-11-28T18:00:00Z", upcoming.firing(SCHEDULES, "stop", NOON).utc)
    assert.equal("2026-11-29T08:00:00Z", upcoming.firing(SCHEDULES, "start", NOON).utc)
  end)

  it("is nothing without schedules", function()
    assert.is_nil(upcoming.firing({}, "stop", NOON))
    assert.is_nil(upcoming.time(nil, "stop"))
  end)

  it("is not known where a schedule is not understood", function()
    local found, fault = upcoming.firing({ { action = "Stop", verbatim = {} } }, "stop", NOON)
    assert.is_nil(found)
    assert.matches("does not understand", fault)
  end)

  it("is a field of an instance", function()
    local vm = instance.new({}, { name = "ann", properties = { properties = { schedules = {
      computeStartStop = { { action = "Stop", triggerType = "Cron", status = "Enabled",
        cron = { expression = "0 18 * * *", timeZone = "UTC" } } } } } } })
    assert.matches("^%d%d%d%d%-%d%d%-%d%dT18:00:00Z$", vm.next_stop)
    assert.is_nil(vm.next_start)
  end)
end)
