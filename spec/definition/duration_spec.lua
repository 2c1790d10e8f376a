local duration = require "azureml.definition.duration"

describe("a duration", function()
  local kind = duration.kind(15, 3 * 24 * 60)

  for text, seconds in pairs {
    ["30m"] = 1800, ["2h"] = 7200, ["1h30m"] = 5400, ["1d12h"] = 129600, ["1D"] = 86400,
    PT30M = 1800, pt1h30m = 5400, P1DT12H = 129600, P1W = 604800, PT90S = 90, PT0M = 0, P1D = 86400,
  } do
    it("is read: " .. text, function() assert.equal(seconds, duration.seconds(text)) end)
  end

  for _, text in ipairs {
    "", "P", "PT", "P1DT", "m", "30", "30s", "m30", "30m1h", "1h1h", "P1H", "PT1D", "P1M", "P1Y",
    "-30m", "1.5h", " 30m", "30m ", "PT1H30", ("9"):rep(40) .. "m", "soon",
  } do
    it("is refused: '" .. text .. "'", function()
      assert.is_nil(duration.seconds(text))
      assert.is_nil((kind.check(text)))
    end)
  end

  it("has minutes, with a fraction where it has seconds", function()
    assert.equal("integer", math.type(duration.minutes "2h"))
    assert.equal(1.5, duration.minutes "PT90S")
    assert.is_nil(duration.minutes "soon")
  end)

  it("lies between the bounds, in whole minutes", function()
    assert.equal("PT15M", kind.check "PT900S")
    assert.equal("PT4320M", kind.check "3d")
    for _, wrong in ipairs { "14m", "PT3D", "4321m", "PT901S", "PT0M", 30, true, {} } do
      assert.matches("^must be whole minutes from 15 minutes to 3 days",
        select(2, kind.check(wrong)))
    end
  end)

  it("is the same in any form; false is the same as none", function()
    assert.is_true(kind.same("PT120M", "PT2H"))
    assert.is_false(kind.same("PT120M", "PT1H"))
    assert.is_false(kind.same("PT120M", "soon"))
    assert.is_false(kind.same("PT120M", nil))
    assert.is_true(kind.same(false, nil))
    assert.is_false(kind.same(false, "PT2H"))
  end)
end)
