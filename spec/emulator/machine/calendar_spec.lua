local calendar = require "azureml.emulator.machine.calendar"

describe("the emulator's calendar", function()
  for _, row in ipairs {
    { 1970, 1, 1, 0 },
    { 1969, 12, 31, -1 },
    { 2000, 2, 29, 11016 },
    { 2100, 3, 1, 47541 },
    { 2026, 13, 1, 20819 },
    { 2026, 0, 31, 20453 },
  } do
    it(("counts %d-%d-%d as day %d"):format(table.unpack(row)), function()
      assert.equal(row[4], calendar.days(row[1], row[2], row[3]))
    end)
  end

  it("agrees with the C library on every day of four centuries", function()
    for day = calendar.days(1900, 1, 1), calendar.days(2300, 1, 1), 13 do
      local parts = calendar.parts(day * calendar.DAY)
      assert.equal(day, calendar.days(parts.year, parts.month, parts.day))
    end
  end)

  it("reads what the service writes for a start time", function()
    assert.equal(calendar.seconds(2021, 4, 23, 1, 30), calendar.parse "2021-04-23T01:30:00")
    assert.equal(calendar.seconds(2021, 4, 23, 1, 30), calendar.parse "2021-04-23T01:30")
    assert.equal(calendar.seconds(2024, 2, 29, 23, 59, 59), calendar.parse "2024-02-29T23:59:59")
  end)

  for _, text in ipairs {
    "", "2021-04-23", "2021-02-29T00:00:00", "2021-04-31T00:00:00", "2021-13-01T00:00:00",
    "2021-04-23T24:00:00", "2021-04-23T01:60:00", "2021-04-23T01:30:60", "2021-04-23T01:30:00Z",
    "2021-04-23T01:30:00+02:00", "23-04-2021T01:30:00",
  } do
    it("does not take '" .. text .. "' for a date", function()
      assert.is_nil(calendar.parse(text))
    end)
  end
end)
