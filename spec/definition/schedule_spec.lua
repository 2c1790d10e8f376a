local schedule = require "azureml.definition.schedule"
local json = require "azureml.json"

describe("schedules", function()
  local function refusal(list)
    local ok, err = pcall(schedule.body, list)
    assert.is_false(ok)
    return type(err) == "table" and err.message or err
  end

  it("are not sent where there are none", function()
    assert.is_nil(schedule.body(nil))
    assert.equal('{"computeStartStop":[]}', json.encode(schedule.body {}))
  end)

  it("of cron's form: five fields, a Windows time zone", function()
    local body = schedule.body {
      { action = "stop", cron = "0 18 * * 1-5", time_zone = "Europe/Amsterdam" },
    }
    assert.same({
      action = "Stop", status = "Enabled", triggerType = "Cron",
      cron = { expression = "0 18 * * 1-5", timeZone = "W. Europe Standard Time" },
    }, body.computeStartStop[1])
  end)

  it("of a recurrence, whose words may be in any case", function()
    local body = schedule.body { {
      action = "START", status = "disabled", start_time = "2026-11-30T08:00:00",
      recurrence = {
        frequency = "week", interval = 2, hours = { 8, 12 }, minutes = { 30 },
        week_days = { "monday", "Friday" },
      },
    } }
    local written = body.computeStartStop[1]
    assert.same({ "Start", "Disabled", "Recurrence" },
      { written.action, written.status, written.triggerType })
    local recurrence = written.recurrence
    assert.same({ "Week", 2, "UTC", "2026-11-30T08:00:00" },
      { recurrence.frequency, recurrence.interval, recurrence.timeZone, recurrence.startTime })
    assert.equal('{"hours":[8,12],"minutes":[30],"weekDays":["Monday","Friday"]}',
      json.encode(recurrence.schedule))
  end)

  it("of a recurrence need only its frequency", function()
    local written = schedule.body({
      { action = "stop", recurrence = { frequency = "day" } },
    }).computeStartStop[1]
    assert.equal('{"hours":[0],"minutes":[0]}', json.encode(written.recurrence.schedule))
    assert.equal(1, written.recurrence.interval)
  end)

  local stop = { action = "stop", cron = "0 18 * * *" }
  for _, row in ipairs {
    { { stop, stop, stop, stop, stop }, "5 schedules: the service takes at most 4" },
    { { { action = "pause", cron = "0 18 * * *" } }, "action is one of Start, Stop, not 'pause'" },
    { { { cron = "0 18 * * *" } }, "action is one of Start, Stop, not 'nil'" },
    { { { action = "stop" } }, "needs either cron or recurrence" },
    { { { action = "stop", cron = "0 18 * * *", recurrence = { frequency = "day" } } },
      "needs either cron or recurrence" },
    { { { action = "stop", cron = "0 18 * *" } }, "cron '0 18 %* %*' is wrong: .*five fields" },
    { { { action = "stop", cron = "0 18 * * * ; rm" } }, "five fields" },
    { { { action = "stop", cron = "99 77 * * *" } }, "'99' is not a minute" },
    { { action = "stop", cron = "0 18 * * *" }, "schedules must be a list .* the key '" },
    { { { action = "stop", recurrence = { frequency = "day", hours = { at = 18 } } } },
      "a recurrence's hours must be a list" },
    { { { action = "stop", cron = "0 18 * * *", status = "on" } },
      "status is one of Disabled, Enabled, not 'on'" },
    { { { action = "stop", cron = "0 18 * * *", start_time = "tomorrow" } },
      "start_time is 'tomorrow': a time in its time_zone" },
    { { { action = "stop", cron = "0 18 * * *", time_zone = "Mars/Olympus" } },
      "time zone 'Mars/Olympus' is not known" },
    { { { action = "stop", recurrence = {} } },
      "frequency is one of Day, Hour, Minute, Month, Week, not 'nil'" },
    { { { action = "stop", recurrence = { frequency = "day", interval = 0 } } },
      "interval is 1 or more, not 0" },
    { { { action = "stop", recurrence = { frequency = "day", hours = { 24 } } } },
      "hours are whole numbers from 0 to 23, not '24'" },
    { { { action = "stop", recurrence = { frequency = "day", minutes = { 0.5 } } } },
      "minutes are whole numbers from 0 to 59, not '0.5'" },
    { { { action = "stop", recurrence = { frequency = "week", week_days = { "Mo" } } } },
      "week day is one of Friday, .*, not 'Mo'" },
    { { { action = "stop", recurrence = { frequency = "month", month_days = { 0 } } } },
      "month days are whole numbers from 1 to 31" },
    { { { action = "stop", corn = "0 18 * * *" } }, "a schedule has no option 'corn'" },
    { { { action = "stop", recurrence = { frequncy = "day" } } },
      "a recurrence has no option 'frequncy'" },
  } do
    it("are refused with the rule: " .. row[2]:gsub("%%", ""), function()
      assert.matches(row[2], refusal(row[1]))
    end)
  end
end)
