local process = require "spec.process"
local surroundings = require "spec.surroundings"
local time_zone = require "azureml.definition.time_zone"

local function refusal(name)
  local ok, err = pcall(time_zone.windows, name)
  assert.is_false(ok, name)
  assert.equal("InvalidArgument", err.code)
  return err
end

describe("a time zone", function()
  for given, wanted in pairs {
    ["Europe/Amsterdam"] = "W. Europe Standard Time",
    ["America/New_York"] = "Eastern Standard Time",
    ["Asia/Kolkata"] = "India Standard Time",
    ["Etc/UTC"] = "UTC", UTC = "UTC",
    ["Europe/Ljubljana"] = "Central Europe Standard Time", ["Europe/Tallinn"] = "FLE Standard Time",
    ["Asia/Colombo"] = "Sri Lanka Standard Time",
    ["Asia/Calcutta"] = "India Standard Time", ["US/Pacific"] = "Pacific Standard Time",
    ["Europe/Kiev"] = "FLE Standard Time", ["Europe/Kyiv"] = "FLE Standard Time",
    ["America/Ciudad_Juarez"] = "Mountain Standard Time",
    ["America/Chihuahua"] = "Central Standard Time (Mexico)",
    ["Asia/Almaty"] = "West Asia Standard Time",
    ["europe/amsterdam"] = "W. Europe Standard Time",
    ["w. europe standard time"] = "W. Europe Standard Time",
  } do
    it(given .. " is " .. wanted .. " to the service", function()
      assert.equal(wanted, time_zone.windows(given))
    end)
  end

  it("has the IANA name of the zone whose clocks a Windows zone follows", function()
    assert.equal("Europe/Berlin", time_zone.iana "W. Europe Standard Time")
    assert.equal("Europe/Berlin", time_zone.iana "w. europe standard time")
    assert.equal("Etc/UTC", time_zone.iana "UTC")
    assert.is_nil(time_zone.iana "Mars Standard Time")
  end)

  for _, row in ipairs {
    { "W. Europe Standard Time", "Europe/Amsterdam", "Europe/Amsterdam" },
    { "W. Europe Standard Time", "America/New_York", "Europe/Berlin" },
    { "W. Europe Standard Time", "", "Europe/Berlin" },
    { "W. Europe Standard Time", "CET", "Europe/Berlin" },
    { "UTC", "Etc/UTC", "UTC" }, { "Mars Standard Time", "Mars/Olympus", "Mars Standard Time" },
  } do
    it(("%s is shown as %s to a user in '%s'"):format(row[1], row[3], row[2]), function()
      assert.equal(row[3], time_zone.label(row[1], row[2]))
    end)
  end

  it("of the user is the one of TZ", function()
    local variables <close> = surroundings { TZ = ":Europe/Amsterdam" }
    assert.equal("Europe/Amsterdam", time_zone.label "W. Europe Standard Time")
    variables:close()
  end)

  it("may be looked for without an error", function()
    assert.equal("UTC", time_zone.find "etc/utc")
    local windows, fault, hint = time_zone.find "Amsterdam"
    assert.same({ nil, "the time zone 'Amsterdam' is not known here",
      "did you mean 'Europe/Amsterdam'?" }, { windows, fault, hint })
  end)

  it("of a Windows name stays as it is", function()
    local name = "Central Standard Time (Mexico)"
    assert.equal(name, time_zone.windows(name))
    assert.equal("UTC+12", time_zone.windows "UTC+12")
  end)

  it("of a Windows name that is younger than the table stays as it is", function()
    for _, name in ipairs { "Mars Standard Time", "Lunar Standard Time (Moon)" } do
      assert.equal(name, time_zone.windows(name))
    end
  end)

  it("that is not known is refused, with what would be right", function()
    for _, name in ipairs { "Mars/Olympus", "Europe/", "", "UTC+1", ("x"):rep(1000) } do
      local err = refusal(name)
      assert.matches("is not known here", err.message)
      assert.matches("Windows name, such as 'W. Europe Standard Time'", err.hint)
      assert.is_true(#err.message < 120, #err.message)
    end
  end)

  for given, wanted in pairs {
    ["Europe/Ljubljanna"] = "'Europe/Ljubljana'", Amsterdam = "'Europe/Amsterdam'",
    ["new york"] = "'America/New_York'", ["Europe/New_York"] = "'America/New_York'",
    ["W. Europe Standart Time"] = "'W. Europe Standard Time'",
    ["Egipt Standard Time"] = "'Egypt Standard Time'",
    ["Indianapolis"] = "'America/Indiana/Indianapolis' or 'America/Indianapolis'",
  } do
    it(given .. " is refused, and " .. wanted .. " suggested", function()
      assert.equal("did you mean " .. wanted .. "?", refusal(given).hint)
    end)
  end

  it("costs nothing before a schedule names it", function()
    local out, err, code = process.executable({ "--emulator", "--speed", "1000", "-e", [[
      local azureml = require "azureml"
      local function is_loaded()
        return package.loaded["azureml.definition.windows_zones"] ~= nil
      end
      local ws = azureml.workspace()
      ws.instances:create("ann", { vm_size = "Standard_DS3_v2" }):wait()
      ws.instances:stop("ann"):wait()
      print(is_loaded())
      local stop = { action = "stop", cron = "0 18 * * *", time_zone = "Europe/Tallinn" }
      ws.instances:create("bob", { vm_size = "Standard_DS3_v2", schedules = { stop } })
      print(is_loaded())
    ]] })
    assert.same({ "false\ntrue\n", "", 0 }, { out, err, code })
  end)
end)
