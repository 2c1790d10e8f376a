local iso8601 = require "azureml.emulator.iso8601"

describe("a duration of ISO 8601", function()
  for text, seconds in pairs {
    PT15M = 900, PT120M = 7200, P3D = 259200, PT72H = 259200, PT4320M = 259200, P1DT12H = 129600,
    P1W = 604800, PT1H30M5S = 5405, PT0S = 0,
    pt30m = 1800, ["PT1.5H"] = 5400,
  } do
    it(("'%s' is %d seconds"):format(text, seconds), function()
      assert.equal(seconds, iso8601.seconds(text))
    end)
  end

  for _, text in ipairs {
    "", "P", "PT", "P1Y", "P1M", "30M", "PT1M1H", "PT1M1M", "P1D12H", "PTM", "P-1D", "PT5", "P1DT",
    "PT1H ", "1D",
  } do
    it(("'%s' is none"):format(text), function() assert.is_nil(iso8601.seconds(text)) end)
  end
end)
