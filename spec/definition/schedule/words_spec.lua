local schedule = require "azureml.definition.schedule"
local random = require "spec.definition.schedule.random"
local words = require "azureml.definition.schedule.words"

local function checked(value)
  local list, fault = schedule.check { value }
  assert.is_nil(fault)
  return list[1]
end

describe("a schedule in words", function()
  for text, wanted in pairs {
    ["stop weekdays 18:00 Asia/Tokyo"] = "stops Monday to Friday at 18:00 (Asia/Tokyo)",
    ["start daily 8:05"] = "starts every day at 08:05 (UTC)",
    ["stop weekends 10:00 disabled"] = "stops Saturday and Sunday at 10:00 (UTC), disabled",
    ["start mon,wed,fri 08:00 from 2026-11-30"] =
      "starts Monday, Wednesday and Friday at 08:00 (UTC), from 2026-11-30 00:00",
    ["stop cron 0 8,12 * * sun"] = "stops Sunday at 08:00 and 12:00 (UTC)",
    ["stop cron 0 18 * * sat-sat"] = "stops Saturday at 18:00 (UTC)",
    ["stop cron 0 18 * * 0,5,6"] = "stops Friday to Sunday at 18:00 (UTC)",
    ["stop cron * * * * *"] = "stops every minute (UTC)",
    ["stop cron */15 * * * *"] = "stops every 15 minutes (UTC)",
    ["stop cron 0 * * * *"] = "stops every hour on the hour (UTC)",
    ["stop cron 0 */3 * * *"] = "stops every 3 hours on the hour (UTC)",
    ["stop cron 30 * * * *"] = "stops at minute 30 of every hour (UTC)",
    ["stop cron */10 8-18 * * 1-5"] =
      "stops Monday to Friday every 10 minutes of the hours 8 to 18 (UTC)",
    ["stop cron 7/13 * * * mon"] =
      "stops Monday at minute 7, 20, 33, 46 and 59 of every hour (UTC)",
    ["stop cron 0 0 1,15 * *"] = "stops on day 1 and 15 of every month at 00:00 (UTC)",
    ["stop cron 0 0 29 feb *"] = "stops on day 29 of February at 00:00 (UTC)",
    ["stop cron 0 0 13 * fri"] =
      "stops on day 13 of every month, if it is Friday, at 00:00 (UTC)",
    ["stop cron 0 9 * jun-aug mon"] = "stops Monday in June to August at 09:00 (UTC)",
    ["stop every hour from 2026-11-30"] = "stops every hour (UTC), from 2026-11-30 00:00",
    ["stop every 2 weeks at 18:00"] = "stops every 2 weeks at 18:00 (UTC)",
  } do
    it("is told: " .. text, function() assert.equal(wanted, words.of(checked(text))) end)
  end

  it("names the days of a recurrence", function()
    assert.equal("starts every 2 weeks on Monday and Friday at 08:30 and 12:30 (UTC)",
      words.of(checked { action = "start", recurrence = { frequency = "week", interval = 2,
        week_days = { "friday", "monday" }, hours = { 8, 12 }, minutes = { 30 } } }))
    assert.equal("stops every month on day 1 and 31 at 08:00 (UTC)",
      words.of(checked { action = "stop", recurrence = { frequency = "month",
        month_days = { 31, 1 }, hours = { 8 } } }))
  end)

  it("names the zone as it is asked to", function()
    assert.equal("stops every day at 18:00 (Europe/Amsterdam)",
      words.of(checked "stop daily 18:00 Europe/Amsterdam", "Europe/Amsterdam"))
  end)

  it("that is not understood shows the beginning of its JSON, on one line", function()
    local text = words.of { verbatim = { name = "a\nb" .. ("x"):rep(1000) } }
    assert.matches("^a schedule that this version does not understand: '{\"name\":\"a\\nb", text)
    assert.is_true(#text < 150, #text)
  end)

  it("is one line for any schedule", function()
    for seed = 1, 300 do
      for _, item in ipairs(schedule.check(random.list(seed))) do
        local text = words.of(item)
        assert.matches("^st%a+s .+ %(.+%)", text)
        assert.is_nil(text:find "  ")
        assert.is_true(#text < 400, text)
      end
    end
  end)
end)
