local shorten = require "azureml.emulator.shorten"

describe("a text that a message repeats", function()
  for _, row in ipairs {
    { "short", 10, "short" }, { "exactly ten", 11, "exactly ten" }, { "too long", 3, "too" },
    { "aéé", 4, "aé" }, { "aéé", 5, "aéé" }, { "a€€", 3, "a" }, { "a€€", 4, "a€" },
    { "😀😀", 7, "😀" }, { "😀", 3, "" },
  } do
    it(("is cut to whole characters: '%s' to %d bytes"):format(row[1], row[2]), function()
      assert.equal(row[3], shorten(row[1], row[2]))
    end)
  end

  it("has 60 bytes where the caller names no number", function()
    assert.equal(60, #shorten(("x"):rep(100)))
  end)
end)
