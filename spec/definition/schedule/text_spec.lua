local text = require "azureml.definition.schedule.text"

describe("a schedule as a text", function()
  for line, wanted in pairs {
    ["stop weekdays 18:00 Europe/Amsterdam"] = {
      action = "stop", weekdays = "18:00", time_zone = "Europe/Amsterdam",
    },
    ["Start daily at 8:00"] = { action = "start", daily = "8:00" },
    ["stop weekends 10:00 W. Europe Standard Time"] = {
      action = "stop", weekends = "10:00", time_zone = "W. Europe Standard Time",
    },
    ["start mon,thu 08:00 disabled"] = {
      action = "start", weekly = "mon,thu 08:00", status = "disabled",
    },
    ["stop Monday-Thursday 18:00 UTC from 2026-11-30 enabled"] = {
      action = "stop", weekly = "Monday-Thursday 18:00", time_zone = "UTC",
      start_time = "2026-11-30", status = "enabled",
    },
    ["stop cron 0 18 * * 1-5"] = { action = "stop", cron = "0 18 * * 1-5" },
    ["  stop  cron */5 8-18 1 jan mon   Asia/Tokyo from 2027-01-01T08:00"] = {
      action = "stop", cron = "*/5 8-18 1 jan mon", time_zone = "Asia/Tokyo",
      start_time = "2027-01-01T08:00",
    },
    -- The check of cron refuses this one.
    ["stop cron 0 18 *"] = { action = "stop", cron = "0 18 *" },
    ["stop every 2 weeks at 18:30 Europe/Paris from 2026-11-30"] = {
      action = "stop", time_zone = "Europe/Paris", start_time = "2026-11-30",
      recurrence = { frequency = "week", interval = 2, hours = { 18 }, minutes = { 30 } },
    },
    ["start every hour"] = { action = "start", recurrence = { frequency = "hour", interval = 1 } },
    ["stop every 90 minutes from 2026-11-30T08:00 disabled"] = {
      action = "stop", recurrence = { frequency = "minute", interval = 90 },
      start_time = "2026-11-30T08:00", status = "disabled",
    },
  } do
    it("is read: " .. line, function()
      local fields, fault = text.parse(line)
      assert.same({ wanted, nil }, { fields, fault })
    end)
  end

  for _, row in ipairs {
    { "", "'' is not a schedule: it begins with start or stop; an example is 'stop weekdays" },
    { "halt daily 18:00", "it begins with start or stop" },
    { "stop", "'' does not say when: daily, weekdays, weekends, days such as 'mon,thu', cron" },
    { "stop weekly mon 18:00", "'weekly' does not say when" },
    { "stop 18:00", "'18:00' does not say when" },
    { "stop every", "after 'every' comes a period, such as '2 weeks'" },
    { "stop every 2 years", "after 'every' comes a period" },
    { "stop every day at noon", "'noon' is not a time of the day, such as '18:00'" },
    { "stop " .. ("x"):rep(1000), "its text exceeds 300 characters" },
    { "stop \27[2J", "'stop %?%[2J' is not a schedule" },
  } do
    it("is refused with the rule: " .. row[2], function()
      local fields, fault = text.parse(row[1])
      assert.is_nil(fields)
      assert.matches(row[2], fault)
    end)
  end
end)
