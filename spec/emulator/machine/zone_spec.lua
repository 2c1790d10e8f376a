local calendar = require "azureml.emulator.machine.calendar"
local windows_zones = require "azureml.definition.windows_zones"
local zone = require "azureml.emulator.machine.zone"

local function shows(name, utc)
  return os.date("!%Y-%m-%d %H:%M", assert(zone.find(name)):local_of(calendar.parse(utc)))
end

describe("a time zone", function()
  it("is there for every name that Windows has", function()
    local count = 0
    for name in pairs(windows_zones) do
      assert.is_table(assert(zone.find(name)))
      count = count + 1
    end
    assert.is_true(count > 130, count)
  end)

  for _, row in ipairs {
    { "UTC", "2026-07-01T12:00:00", "2026-07-01 12:00" },
    { "W. Europe Standard Time", "2026-01-01T12:00:00", "2026-01-01 13:00" },
    { "W. Europe Standard Time", "2026-07-01T12:00:00", "2026-07-01 14:00" },
    -- beyond what the file lists
    { "W. Europe Standard Time", "2060-01-01T12:00:00", "2060-01-01 13:00" },
    { "W. Europe Standard Time", "2060-07-01T12:00:00", "2060-07-01 14:00" },
    { "Pacific Standard Time", "2026-03-08T09:59:00", "2026-03-08 01:59" },
    { "Pacific Standard Time", "2026-03-08T10:00:00", "2026-03-08 03:00" },
    { "Pacific Standard Time", "2060-07-01T12:00:00", "2060-07-01 05:00" },
    -- south of the equator
    { "AUS Eastern Standard Time", "2060-01-01T12:00:00", "2060-01-01 23:00" },
    { "AUS Eastern Standard Time", "2060-07-01T12:00:00", "2060-07-01 22:00" },
    { "India Standard Time", "2026-01-01T12:00:00", "2026-01-01 17:30" },
    { "UTC-02", "2026-01-01T12:00:00", "2026-01-01 10:00" },
    { "Nepal Standard Time", "2026-01-01T12:00:00", "2026-01-01 17:45" },
    { "Eastern Standard Time", "1950-01-01T12:00:00", "1950-01-01 07:00" },
  } do
    it(("%s shows %s when it is %s"):format(row[1], row[3], row[2]), function()
      assert.equal(row[3], shows(row[1], row[2]))
    end)
  end

  for _, row in ipairs {
    { "2026-11-26T18:00:00", "2026-11-26 17:00" }, { "2026-07-01T18:00:00", "2026-07-01 16:00" },
    -- clocks leap over it: half past three, an hour after half past one
    { "2026-03-29T02:30:00", "2026-03-29 01:30" },
    { "2026-10-25T02:30:00", "2026-10-25 00:30" },      -- it comes twice: the first
    { "2060-10-31T02:30:00", "2060-10-31 00:30" },
  } do
    it(("turns %s of its clocks into %s"):format(row[1], row[2]), function()
      local berlin = assert(zone.find "W. Europe Standard Time")
      assert.equal(row[2], os.date("!%Y-%m-%d %H:%M", berlin:utc_of(calendar.parse(row[1]))))
    end)
  end

  for _, name in ipairs {
    "Europe/Berlin", "", "../../etc/passwd", "w. europe standard time", "Mars Standard Time",
  } do
    it(("is not called '%s'"):format(name), function()
      local found, why = zone.find(name)
      assert.same({ nil, "it is no Windows name of a time zone" }, { found, why })
    end)
  end
end)
