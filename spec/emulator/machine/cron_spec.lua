local calendar = require "azureml.emulator.machine.calendar"
local cron = require "azureml.emulator.machine.cron"

local function text(seconds) return seconds and os.date("!%a %Y-%m-%d %H:%M", seconds) end

describe("an NCrontab expression", function()
  -- expression, after, next
  for _, row in ipairs {
    { "0 18 * * *", "2026-11-26T17:59:59", "Thu 2026-11-26 18:00" },
    { "0 18 * * *", "2026-11-26T18:00:00", "Fri 2026-11-27 18:00" },
    { "0 18 * * 1-5", "2026-11-27T18:00:00", "Mon 2026-11-30 18:00" },
    { "0 18 * * mon-fri", "2026-11-27T18:00:00", "Mon 2026-11-30 18:00" },
    { "0 18 * * Monday,Friday", "2026-11-24T00:00:00", "Fri 2026-11-27 18:00" },
    { "*/15 * * * *", "2026-11-26T10:14:59", "Thu 2026-11-26 10:15" },
    { "5/20 * * * *", "2026-11-26T10:26:00", "Thu 2026-11-26 10:45" },
    { "10-20/5 8 * * *", "2026-11-26T08:15:00", "Thu 2026-11-26 08:20" },
    { "0 0 1 */3 *", "2026-11-26T00:00:00", "Fri 2027-01-01 00:00" },
    { "0 0 1 Feb *", "2026-11-26T00:00:00", "Mon 2027-02-01 00:00" },
    { "30 7 * * 0", "2026-11-26T00:00:00", "Sun 2026-11-29 07:30" },
    { "0 9 13 * 5", "2026-11-26T00:00:00", "Fri 2027-08-13 09:00" },      -- both, not either
    { "0 0 29 2 *", "2026-11-26T00:00:00", "Tue 2028-02-29 00:00" },
    { "0 0 29 2 1", "2026-11-26T00:00:00", "Mon 2044-02-29 00:00" },
    { "59 23 31 12 *", "2026-12-31T23:59:00", "Fri 2027-12-31 23:59" },
    { "0 0 31 2 *", "2026-11-26T00:00:00", nil },
  } do
    it(("'%s' comes after %s on %s"):format(row[1], row[2], row[3] or "no day"), function()
      assert.equal(row[3], text(cron.next(assert(cron.parse(row[1])), calendar.parse(row[2]))))
    end)
  end

  for _, row in ipairs {
    { "0 18 * *", "it has 4 fields, not 5" },
    { "0 0 18 * * *", "it has 6 fields" },
    { "", "it has 0 fields" },
    { "60 * * * *", "'60' is no minute" },
    { "* 24 * * *", "'24' is no hour" },
    { "* * 0 * *", "'0' is no day" },
    { "* * * 13 *", "'13' is no month" },
    { "* * * * 7", "'7' is no weekday" },
    { "*/0 * * * *", "'*/0' is no minute" },
    { "5-1 * * * *", "'5-1' is no minute" },
    { "1,,2 * * * *", "'1,,2' is no minute" },
    { "a * * * *", "'a' is no minute" },
    { "-1 * * * *", "'-1' is no minute" },
    { "1/ * * * *", "'1/' is no minute" },
    { "99999999999999999999 * * * *", "is no minute" },
    { "*/99999999999999999999 * * * *", "is no minute" },
    { "L * * * *", "'L' is no minute" },
    { "* * ? * *", "'?' is no day" },
  } do
    it(("'%s' is none: %s"):format(row[1], row[2]), function()
      local parsed, why = cron.parse(row[1])
      assert.is_nil(parsed)
      assert.is_truthy(why:find(row[2], 1, true), why)
    end)
  end
end)
