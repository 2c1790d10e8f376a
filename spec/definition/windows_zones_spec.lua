local calendar = require "azureml.emulator.machine.calendar"
local time_zone = require "azureml.definition.time_zone"
local windows_zones = require "azureml.definition.windows_zones"
local zone = require "azureml.emulator.machine.zone"

local ZONEINFO = "/usr/share/zoneinfo/"

-- What CLDR 41 and tzdata 2025b leave out: no Windows zone has the rules of these.
local WITHOUT_WINDOWS_ZONE = {
  ["Antarctica/Troll"] = true, ["America/Coyhaique"] = true, CET = true, EET = true, MET = true,
  WET = true, Factory = true,
}

local function read_all(path)
  local file <close> = assert(io.open(path))
  return file:read "a"
end

-- The zones and links of the system's tzdata: alias -> name of today, or true for a zone.
local function names_of_tzdata()
  local names = {}
  for line in io.lines(ZONEINFO .. "tzdata.zi") do
    local zone_name, target, alias = line:match "^Z (%S+)", line:match "^L (%S+) (%S+)"
    if zone_name then names[zone_name] = true elseif alias then names[alias] = target end
  end
  return names
end

-- The names that the system has since the table was made are not the table's fault.
local made_of = read_all("lua/azureml/definition/windows_zones.lua"):match "tzdata (%w+)"
local is_older = made_of < read_all(ZONEINFO .. "tzdata.zi"):match "# version (%w+)"

local function it_of_tzdata(sentence, check)
  if is_older then return pending(sentence .. ": tzdata is newer, run make time-zones") end
  it(sentence, check)
end

describe("the table of time zones", function()
  it("has every Windows zone, and each IANA name once", function()
    local zones, names, owner = 0, 0, {}
    for windows, list in pairs(windows_zones) do
      zones = zones + 1
      for name in list:gmatch "%S+" do
        assert.is_nil(owner[name], name)
        owner[name], names = windows, names + 1
      end
    end
    assert.equal(139, zones)
    assert.is_true(names > 590, names)
  end)

  it("leads from each Windows zone over its IANA names back to it", function()
    for windows, list in pairs(windows_zones) do
      assert.equal(windows, time_zone.windows(windows))
      for name in list:gmatch "%S+" do assert.equal(windows, time_zone.windows(name), name) end
    end
  end)

  it_of_tzdata("knows every zone of the system's tzdata that has a Windows zone", function()
    local count = 0
    for name in pairs(names_of_tzdata()) do
      if not WITHOUT_WINDOWS_ZONE[name] then
        assert.is_string(windows_zones[time_zone.windows(name)], name)
        count = count + 1
      end
    end
    assert.is_true(count > 580, count)
  end)

  it_of_tzdata("gives an alias the zone of the name that replaced it", function()
    for alias, today in pairs(names_of_tzdata()) do
      if today ~= true then
        assert.equal(time_zone.windows(today), time_zone.windows(alias), alias)
      end
    end
  end)

  it_of_tzdata("names first a zone by its name of today", function()
    local names = names_of_tzdata()
    for windows, list in pairs(windows_zones) do
      assert.is_true(names[list:match "%S+"], windows)
    end
  end)

  it("gives the emulator the clocks of every zone that the client sends", function()
    local noon = calendar.parse "2026-07-01T12:00:00"
    for _, list in pairs(windows_zones) do
      for name in list:gmatch "%S+" do
        local clock = assert(zone.find(time_zone.windows(name)))
        assert.is_true(math.abs(clock:offset_at(noon)) <= 14 * 3600, name)
      end
    end
  end)
end)
