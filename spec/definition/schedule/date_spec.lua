local date = require "azureml.definition.schedule.date"

describe("a date", function()
  it("is what the C library says, over four hundred years and more", function()
    for day = date.day(1890, 1, 1), date.day(2310, 1, 1), 13 do
      local year, month, day_of_month = date.of(day)
      local parts = os.date("!*t", day * date.DAY)
      assert.same({ parts.year, parts.month, parts.day, parts.wday - 1 },
        { year, month, day_of_month, date.weekday(day) })
      assert.equal(day, date.day(year, month, day_of_month))
    end
  end)

  for _, row in ipairs {
    { 2026, 2, 28 }, { 2024, 2, 29 }, { 2000, 2, 29 }, { 2100, 2, 28 }, { 2026, 12, 31 },
    { 2026, 4, 30 },
  } do
    it(("ends its month: %d-%d-%d"):format(table.unpack(row)), function()
      assert.equal(row[3], date.month_length(row[1], row[2]))
    end)
  end

  for text, wanted in pairs {
    ["2026-11-30"] = "2026-11-30T00:00:00", ["2026-11-30T08:05"] = "2026-11-30T08:05:00",
    ["2026-11-30 08:05"] = "2026-11-30T08:05:00",
    ["2026-11-30T23:59:59"] = "2026-11-30T23:59:59", ["2024-02-29"] = "2024-02-29T00:00:00",
    ["0001-01-01"] = "0001-01-01T00:00:00", ["9999-12-31T23:59:59"] = "9999-12-31T23:59:59",
  } do
    it("is read: " .. text, function() assert.equal(wanted, date.write(date.parse(text))) end)
  end

  for text, wanted in pairs {
    ["2026-11-30T08:00:00Z"] = "2026-11-30T08:00:00",
    ["2026-11-30T08:00:00.1234567Z"] = "2026-11-30T08:00:00",
    ["2026-11-30T08:00:00.123+00:00"] = "2026-11-30T08:00:00",
  } do
    it("of the service is read: " .. text, function()
      assert.equal(wanted, date.write(date.parse_utc(text)))
    end)
  end

  it("of the service is in UTC", function()
    for _, text in ipairs { "", "now", "2026-11-30T08:00:00", "2026-11-30T08:00:00+01:00", 5 } do
      assert.is_nil(date.parse_utc(text))
    end
    assert.is_nil(date.parse_utc(nil))
  end)

  for _, text in ipairs {
    "", "2026", "2026-13-01", "2026-00-01", "2026-01-00", "2026-02-29", "2100-02-29", "2026-04-31",
    "2026-11-30T24:00", "2026-11-30T08:60", "2026-11-30T08:00:60", "2026-11-30T08:00:",
    "2026-11-30T08:00:0", "2026-11-30T08:00:00Z", "2026-11-30T08:00:00+01:00", "26-11-30",
    "2026-11-30x", " 2026-11-30", "2026-11-30T",
  } do
    it(("is not one: '%s'"):format(text), function() assert.is_nil(date.parse(text)) end)
  end
end)
