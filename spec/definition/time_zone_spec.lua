local time_zone = require "azureml.definition.time_zone"

describe("a time zone", function()
  for given, wanted in pairs {
    ["Europe/Amsterdam"] = "W. Europe Standard Time", ["America/New_York"] = "Eastern Standard Time",
    ["Asia/Kolkata"] = "India Standard Time",
    ["Etc/UTC"] = "UTC", UTC = "UTC",
  } do
    it(given .. " is " .. wanted .. " to the service", function()
      assert.equal(wanted, time_zone.windows(given))
    end)
  end

  it("of a Windows name stays as it is", function()
    assert.equal("Central Standard Time (Mexico)", time_zone.windows "Central Standard Time (Mexico)")
    assert.equal("UTC+12", time_zone.windows "UTC+12")
  end)

  it("that is not known is refused, with what would be right", function()
    for _, name in ipairs { "Mars/Olympus", "Europe/", "" } do
      local ok, err = pcall(time_zone.windows, name)
      assert.is_false(ok)
      assert.matches("is not known here", err.message)
      assert.matches("Windows name, such as 'W. Europe Standard Time'", err.hint)
    end
  end)
end)
