local times = require "azureml.engine.times"

describe("the times of a job", function()
  it("are read in the words of a schedule, and written for cron and systemd", function()
    for words, expected in pairs {
      ["weekdays 19:00 Europe/Amsterdam"] = { "0 19 * * 1-5", "Europe/Amsterdam",
        "Mon..Fri *-*-* 19:00:00 Europe/Amsterdam" },
      ["daily 7:05"] = { "5 7 * * *", "UTC", "*-*-* 07:05:00 UTC" },
      ["mon,thu 8:00 W. Europe Standard Time"] = { "0 8 * * 1,4", "Europe/Berlin",
        "Mon,Thu *-*-* 08:00:00 Europe/Berlin" },
      ["cron */15 8-18 * * 0"] = { "*/15 8-18 * * 0", "UTC", "Sun *-*-* 08..18:00/15:00 UTC" },
      ["cron 30 6 1,15 */3 *"] = { "30 6 1,15 */3 *", "UTC", "*-1/3-1,15 06:30:00 UTC" },
    } do
      local read = times.read(words)
      assert.same(expected, { read.cron, read.zone, times.calendar(read) })
    end
  end)

  it("are refused where an engine has none such", function()
    for words, message in pairs {
      ["every 2 weeks"] = "has no periods such as 'every 2 weeks'",
      ["soon"] = "^%-%-at: 'soon' is not a time: .* does not say when",
      ["daily 25:00"] = "'25:00' is not a time of the day",
      ["daily 18:00 Mars/Base"] = "time zone 'Mars/Base' is not known",
      ["daily 18:00 disabled"] = "takes neither 'from' nor 'disabled'",
      ["daily 18:00 from 2026-11-30"] = "takes neither 'from' nor 'disabled'",
      ["daily 18:00 Contoso Standard Time"] = "by its IANA name",
    } do
      local ok, err = pcall(times.read, words)
      assert.is_false(ok, words)
      assert.equal("Usage", err.code)
      assert.matches(message, err.message)
    end
  end)

  it("are refused for systemd where it means another thing than cron", function()
    for words, message in pairs {
      ["cron 0 4 1 * 1"] = "give one of them", ["cron 0 4 * * 1-5/2"] = "list them",
    } do
      local ok, err = pcall(times.calendar, times.read(words))
      assert.is_false(ok)
      assert.matches(message, err.message)
    end
  end)
end)
