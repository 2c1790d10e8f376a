local cron = require "azureml.definition.cron"
local emulated = require "azureml.emulator.machine.cron"

describe("a cron expression", function()
  for _, text in ipairs {
    "0 18 * * 1-5", "*/15 8-18/2 1,15 jan-mar MON", "59 23 31 12 6", "5/10 * * * sunday",
    "0 0 29 2 *", "0 0 30 1,2 *",
  } do
    it("is taken by the client and by the emulator: " .. text, function()
      assert.is_nil(cron.fault(text))
      assert.is_truthy(emulated.parse(text))
    end)
  end

  for _, row in ipairs {
    { "", "five fields" }, { "0 18 * *", "five fields" }, { "0 18 * * * *", "five fields" },
    { "60 * * * *", "'60' is not a minute, which goes from 0 to 59" },
    { "0 24 * * *", "'24' is not an hour" }, { "0 0 0 * *", "'0' is not a day of the month" },
    { "0 0 * 13 *", "'13' is not a month" }, { "0 0 * * 7", "'7' is not a day of the week" },
    { "5-1 * * * *", "'5%-1' is not a minute" }, { "*/0 * * * *", "'%*/0' is not a minute" },
    { "1,,2 * * * *", "'' is not a minute" }, { "1- * * * *", "'1%-' is not a minute" },
    { "*/ * * * *", "is not a minute" }, { "-1 * * * *", "is not a minute" },
    { "0 0 * * monkey", "'monkey' is not a day of the week" },
    { "0 0 * * mo", "'mo' is not a day of the week" },
    { "*/" .. ("9"):rep(400) .. " * * * *", "is not a minute" },
    { ("9"):rep(400) .. " * * * *", "is not a minute" },
    { "0 0 31 2 *", "no month of it has such a day" },
    { "0 0 31 4,6,9,11 *", "no month of it has such a day" },
  } do
    it(("is refused: '%s'"):format(row[1]), function()
      assert.matches(row[2], cron.fault(row[1]))
    end)
  end
end)

describe("two cron expressions", function()
  for _, row in ipairs {
    { "0 18 * * 1-5", " 0  18 * * MON-fri ", true }, { "0 18 * * 1-5", "0 18 * * 1,2,3,4,5", true },
    { "*/15 * * * *", "0,15,30,45 * * * *", true }, { "0 0 1 1 *", "0 0 1 january *", true },
    { "0 18 * * 1-5", "0 18 * * 1-6", false }, { "0 18 * * *", "0 18 * * 1", false },
    { "0 18 * *", "0 18 * *", true }, { "0 18 * *", "0 18 * * *", false },
  } do
    it(("name %s times: '%s', '%s'"):format(row[3] and "the same" or "other", row[1], row[2]),
      function()
        assert.equal(row[3], cron.same(row[1], row[2]))
        assert.equal(row[3], cron.same(row[2], row[1]))
      end)
  end

  it("are read as sets of numbers", function()
    local fields = assert(cron.parse "5,10 18/3 * feb sun-tue/2")
    assert.same({ [5] = true, [10] = true }, fields.minutes)
    assert.same({ [18] = true, [21] = true }, fields.hours)
    assert.same({ [2] = true }, fields.months)
    assert.same({ [0] = true, [2] = true }, fields.week_days)
  end)
end)
