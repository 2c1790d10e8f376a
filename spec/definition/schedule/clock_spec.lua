local clock = require "azureml.definition.schedule.clock"
local date = require "azureml.definition.schedule.date"
local emulated = require "azureml.emulator.machine.zone"
local random = require "spec.definition.schedule.random"
local surroundings = require "spec.surroundings"
local windows_zones = require "azureml.definition.windows_zones"

local function find(name)
  return assert(clock.find(name))
end

-- Return a file of time zone data with one block of 64 bits.
local function file_of(settings)
  local changes, states = settings.changes or {}, settings.states or { { 3600, 0, 0 } }
  local letters = settings.letters or "CET\0CEST\0"
  local function header(version, ...)
    return (">c4 c1 c15 I4 I4 I4 I4 I4 I4"):pack("TZif", version, "", ...)
  end
  local parts = { header("2", 0, 0, 0, 0, 1, 1), (">i4 B B"):pack(0, 0, 0), "\0" }
  parts[#parts + 1] = header("2", 0, 0, settings.leap or 0, settings.count or #changes, #states,
    #letters)
  for _, change in ipairs(changes) do parts[#parts + 1] = (">i8"):pack(change[1]) end
  for _, change in ipairs(changes) do parts[#parts + 1] = string.char(change[2]) end
  for _, state in ipairs(states) do parts[#parts + 1] = (">i4 B B"):pack(table.unpack(state)) end
  parts[#parts + 1] = letters .. "\n" .. (settings.rule or "CET-1") .. "\n"
  return table.concat(parts)
end

describe("a clock", function()
  it("is there for every zone that Windows has, and shows what the emulator's shows", function()
    local draw = random.generator(7)
    for name in pairs(windows_zones) do
      local own, other = find(name), assert(emulated.find(name))
      for _ = 1, 40 do
        local time = draw(0, 1 << 24) * 180 - 400000000      -- 1957 to 2052
        assert.equal(other:local_of(time), own:wall_of(time), name .. " " .. time)
      end
    end
  end)

  for _, row in ipairs {
    { "Europe/Amsterdam", "2026-07-01T12:00", "2026-07-01T14:00:00", "CEST" },
    { "W. Europe Standard Time", "2026-01-01T12:00", "2026-01-01T13:00:00", "CET" },
    { "Europe/Amsterdam", "2260-07-01T12:00", "2260-07-01T14:00:00", "CEST" },
    { "Australia/Sydney", "2260-01-01T12:00", "2260-01-01T23:00:00", "AEDT" },
    { "Europe/Dublin", "2026-01-01T12:00", "2026-01-01T12:00:00", "GMT" },
    { "America/St_Johns", "2026-01-01T12:00", "2026-01-01T08:30:00", "NST" },
    { "Asia/Kathmandu", "2026-01-01T12:00", "2026-01-01T17:45:00", "+0545" },
    { "UTC", "2026-01-01T12:00", "2026-01-01T12:00:00", "UTC" },
  } do
    it(("of %s shows %s when it is %s UTC"):format(row[1], row[3], row[2]), function()
      local zone, time = find(row[1]), date.parse(row[2])
      assert.equal(row[3], date.write(zone:wall_of(time)))
      assert.equal(row[4], zone:state_at(time).name)
    end)
  end

  for _, row in ipairs {
    { "Europe/Amsterdam", "2026-11-26T18:00", "2026-11-26T17:00:00" },
    { "Europe/Amsterdam", "2026-03-29T01:59", "2026-03-29T00:59:00" },
    { "Europe/Amsterdam", "2026-03-29T02:00", "2026-03-29T01:00:00", "skipped" },
    { "Europe/Amsterdam", "2026-03-29T02:30", "2026-03-29T01:30:00", "skipped" },
    { "Europe/Amsterdam", "2026-03-29T03:00", "2026-03-29T01:00:00" },
    { "Europe/Amsterdam", "2026-10-25T01:59", "2026-10-24T23:59:00" },
    { "Europe/Amsterdam", "2026-10-25T02:00", "2026-10-25T00:00:00", "twice" },
    { "Europe/Amsterdam", "2026-10-25T02:59", "2026-10-25T00:59:00", "twice" },
    { "Europe/Amsterdam", "2026-10-25T03:00", "2026-10-25T02:00:00" },
    { "Europe/Amsterdam", "2060-10-31T02:30", "2060-10-31T00:30:00", "twice" },
    { "America/New_York", "2026-03-08T02:30", "2026-03-08T07:30:00", "skipped" },
    { "America/New_York", "2026-11-01T01:30", "2026-11-01T05:30:00", "twice" },
    { "Australia/Sydney", "2026-10-04T02:30", "2026-10-03T16:30:00", "skipped" },
    { "Australia/Sydney", "2026-04-05T02:30", "2026-04-04T15:30:00", "twice" },
    -- Clocks that change by half an hour, and a day that one island left out.
    { "Australia/Lord_Howe", "2026-10-04T02:15", "2026-10-03T15:45:00", "skipped" },
    { "Pacific/Apia", "2011-12-30T12:00", "2011-12-30T22:00:00", "skipped" },
  } do
    it(("of %s shows %s at %s UTC"):format(row[1], row[2], row[3]), function()
      local time, oddity = find(row[1]):time_of(date.parse(row[2]))
      assert.same({ row[3], row[4] }, { date.write(time), oddity })
    end)
  end

  it("knows when its changes are near", function()
    local zone, change = find "Europe/Amsterdam", date.parse "2026-10-25T01:00"
    assert.equal(3600, zone:change_near(change))
    assert.equal(3600, zone:change_near(change - 80000))
    assert.equal(0, zone:change_near(change - 90000))
    assert.equal(0, find("UTC"):change_near(change))
  end)

  for name, wanted in pairs {
    ["Mars/Olympus"] = "the time zone 'Mars/Olympus' is not known here",
    ["../../etc/passwd"] = "is not known here",
    ["Mars Standard Time"] = "the clocks of 'Mars Standard Time' are not known here",
  } do
    it("of an unknown zone is refused: " .. name, function()
      local found, fault = clock.find(name)
      assert.is_nil(found)
      assert.matches(wanted, fault)
    end)
  end
end)

describe("time zone data", function()
  local folder, variables

  before_each(function()
    folder = os.tmpname()
    os.remove(folder)
    assert(os.execute("mkdir -p '" .. folder .. "/Europe'"))
    variables = surroundings { TZDIR = folder }
  end)
  after_each(function()
    variables:close()
    os.execute("rm -rf '" .. folder .. "'")
  end)

  local function write(bytes)
    local file <close> = assert(io.open(folder .. "/Europe/Berlin", "wb"))
    file:write(bytes)
  end

  it("come from TZDIR", function()
    write(file_of { states = { { 3600, 0, 0 }, { 7200, 1, 4 } }, changes = { { 1000, 1 } },
      rule = "CET-1CEST,M3.5.0,M10.5.0/3" })
    local zone = find "Europe/Amsterdam"
    assert.equal("CET", zone:state_at(999).name)
    assert.equal("CEST", zone:state_at(date.parse "2026-07-01").name)
    assert.equal("CET", zone:state_at(date.parse "2026-12-01").name)
  end)

  it("may end without a rule", function()
    write(file_of { states = { { 3600, 0, 0 }, { 7200, 1, 4 } }, changes = { { 1000, 1 } },
      rule = "" })
    assert.equal(7200, find("Europe/Amsterdam"):state_at(2000).offset)
  end)

  it("may have version 1", function()
    local header = (">c4 c1 c15 I4 I4 I4 I4 I4 I4"):pack("TZif", "\0", "", 0, 0, 0, 1, 2, 8)
    write(header .. (">i4"):pack(1000) .. "\1" .. (">i4 B B i4 B B"):pack(3600, 0, 0, 7200, 1, 4)
      .. "CET\0CES\0")
    local zone = find "Europe/Amsterdam"
    assert.same({ 3600, 7200 }, { zone:state_at(0).offset, zone:state_at(1000).offset })
  end)

  it("that are not there are named, with the remedy; UTC needs none", function()
    local found, fault = clock.find "Europe/Amsterdam"
    assert.is_nil(found)
    assert.matches("^this machine has no time zone data of Europe/Berlin: install tzdata, or set "
      .. "TZDIR", fault)
    assert.is_truthy(clock.find "UTC")
  end)

  local good = file_of { changes = { { 1000, 0 }, { 2000, 0 } } }
  for name, bytes in pairs {
    ["are empty"] = "", ["are another file"] = "#!/bin/sh\n",
    ["are a header only"] = good:sub(1, 44),
    ["name a state that is not there"] = file_of { changes = { { 1000, 7 } } },
    ["are not in order"] = file_of { changes = { { 2000, 0 }, { 1000, 0 } } },
    ["have clocks far from UTC"] = file_of { states = { { 1 << 30, 0, 0 } } },
    ["have no state"] = file_of { states = {} },
    ["name a letter that is not there"] = file_of { states = { { 3600, 0, 200 } } },
    ["count leap seconds"] = file_of { leap = 1 } .. ("\0"):rep(12),
    ["count more changes than there are"] = file_of { count = 1 << 31 },
    ["have a rule that is none"] = file_of { rule = "CET-1CEST,M13.5.0,M10.5.0" },
    ["end within the rule"] = good:sub(1, -4),
  } do
    it("are refused where they " .. name, function()
      write(bytes)
      local found, fault = clock.find "Europe/Amsterdam"
      assert.is_nil(found)
      assert.matches("^the time zone data in .*/Europe/Berlin are not valid$", fault)
    end)
  end

  it("are refused or read, wherever they end and whatever byte is wrong", function()
    local draw = random.generator(11)
    for length = 0, #good - 1 do
      write(good:sub(1, length))
      assert.is_nil(clock.find "Europe/Amsterdam")
    end
    for _ = 1, 300 do
      local position = draw(1, #good)
      write(good:sub(1, position - 1) .. string.char(draw(0, 255)) .. good:sub(position + 1))
      variables:set { TZDIR = folder .. ("/"):rep(draw(1, 50)) }      -- past what was read before
      local found = clock.find "Europe/Amsterdam"
      if found then assert.is_true(math.abs(found:state_at(1500).offset) <= 26 * 3600) end
    end
  end)
end)
