--- The end of a token, in each notation that services use: csrc/date.c.
local pure = require "pure"
local date_read = pure.date_read

describe("date_read", function()
  for text, expected in pairs {
    ["1764072000"] = 1764072000,
    ["0"] = 0,
    ["2025-11-25T12:00:00Z"] = 1764072000,
    ["2025-11-25T12:00:00.123456Z"] = 1764072000,
    ["2025-11-25 12:00:00"] = 1764072000,
    ["2025-11-25T13:30:00+01:30"] = 1764072000,
    ["2025-11-25T07:00:00-0500"] = 1764072000,
    ["2025-11-25T12:00:00 +00:00"] = 1764072000,
    ["11/25/2025 12:00:00 PM +00:00"] = 1764072000,
    ["11/25/2025 01:00:00 PM +01:00"] = 1764072000,
    ["11/25/2025 12:00:00 AM +00:00"] = 1764028800,
    ["1/5/2025 1:02:03 am +00:00"] = 1736038923,
    ["11/25/2025 12:00:00 +00:00"] = 1764072000,
    ["11/25/2025 13:00:00 +01:00"] = 1764072000,
    ["11/25/2025 00:00:00"] = 1764028800,
    ["11/25/2025 23:59:59 Z"] = 1764115199,
    ["2024-02-29T00:00:00Z"] = 1709164800,
    ["9999-12-31T23:59:59Z"] = 253402300799,
  } do
    it(("reads '%s'"):format(text), function() assert.equal(expected, date_read(text)) end)
  end

  for _, text in ipairs {
    "", "N/A", "soon", "-1", "1e9", "253402300800", "2025-11-25", "2025-13-25T12:00:00Z",
    "2025-11-25T24:00:00Z", "2025-11-25T12:60:00Z",
    "2025-11-25T12:00:00X", "2025-11-25T12:00:00Z and more", "2025-11-25T12:00:00+1",
    "2025-11-25T12:00:00+99:00", "1969-12-31T23:59:59Z",
    "11/25/2025 13:00:00 PM +00:00", "11/25/2025 00:00:00 PM +00:00", "11/25/2025 24:00:00 +00:00",
    "11/25/2025 12:00:00 P +00:00", "11/25/2025 12:00:00 PMX", "11/25/2025 12:00 PM",
    "11/25/2025 12:00:00 XM +00:00",
    "25/11/2025 12:00:00 PM +00:00",
  } do
    it(("does not take '%s' for a date"):format(text), function()
      assert.equal(0, date_read(text))
    end)
  end

  it("returns 0 without a text", function() assert.equal(0, date_read(nil)) end)
end)

describe("date_read_local", function()
  local now = 1764072000

  it("takes a date without a zone as local time", function()
    assert.equal(now, pure.date_read_local(os.date("%Y-%m-%d %H:%M:%S.123456", now)))
    assert.equal(now, pure.date_read_local(os.date("%m/%d/%Y %H:%M:%S", now)))
  end)

  it("reads numbers and dates with a zone as date_read does", function()
    for _, text in ipairs { "1764072000", "2025-11-25T12:00:00Z", "2025-11-25 13:00:00+01:00" } do
      assert.equal(now, pure.date_read_local(text))
    end
    assert.equal(0, pure.date_read_local "N/A")
    assert.equal(0, pure.date_read_local(nil))
  end)
end)
