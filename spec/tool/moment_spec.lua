local moment = require "azureml.tool.moment"

describe("a moment", function()
  for text, seconds in pairs {
    ["1970-01-01T00:00:00Z"] = 0,
    ["2024-02-29T12:30:15.1234567+00:00"] = 1709209815,
    ["2024-02-29T12:30:15+05:30"] = 1709190015,
    ["2024-02-29T12:30:15-0800"] = 1709238615,
    ["2024-02-29T12:30:15"] = 1709209815,
  } do
    it("is read: " .. text, function() assert.equal(seconds, moment.read(text)) end)
  end

  it("is nil where the text is not one", function()
    for _, text in ipairs { "", "today", "2024-02-30T00:00:00Z", "2024-02-29T12:30:15 CET", 5 } do
      assert.is_nil(moment.read(text))
    end
    assert.is_nil(moment.read(nil))
  end)

  it("is written in UTC, whole seconds", function()
    assert.equal("2024-02-29T12:30:15Z", moment.write(1709209815.9))
  end)

  it("is read from a header of HTTP", function()
    assert.equal(784111777, moment.read_header "Sun, 06 Nov 1994 08:49:37 GMT")
    for _, text in ipairs { "", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Foo 1994 08:49:37 GMT",
      "Sun, 31 Feb 1994 08:49:37 GMT", 7, false } do
      assert.is_nil(moment.read_header(text))
    end
  end)
end)
