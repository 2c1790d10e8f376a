local age = require "azureml.console.age"

describe("an age", function()
  for seconds, words in pairs {
    [-5] = "now", [0] = "now", [0.9] = "now", [1] = "1 second", [59] = "59 seconds",
    [60] = "1 minute", [7199] = "1 hour", [7200] = "2 hours", [86400] = "1 day",
    [86400 * 29] = "29 days", [86400 * 60] = "2 months", [86400 * 800] = "2 years",
  } do
    it(("of %s s is '%s'"):format(seconds, words), function()
      assert.equal(words, age.words(seconds))
    end)
  end

  for text, seconds in pairs {
    ["1970-01-01T00:00:00Z"] = 0, ["2026-11-28T22:10:00.1234Z"] = 1795903800,
    ["2024-02-29T00:00:00+02:00"] = 1709157600, ["2000-03-01T00:00:00Z"] = 951868800,
    ["2023-12-31T23:59:59-01:30"] = 1704072599, ["1999-12-31T23:59:59"] = 946684799,
  } do
    it("reads " .. text, function() assert.equal(seconds, age.read(text)) end)
  end

  it("of what is not a time is nil", function()
    for _, value in ipairs { "yesterday", "2026-11-28", 7, {} } do assert.is_nil(age.of(value)) end
    assert.equal("10 minutes", age.of("1970-01-01T00:00:00Z", 600))
  end)
end)
