local visitor = require "azureml.emulator.visitor"

describe("a visitor", function()
  for _, row in ipairs {
    { { host = "127.0.0.1:80" }, false }, { { host = "localhost" }, false },
    { { host = "[::1]:8080" }, false }, { {}, true }, { { host = "" }, true },
    { { host = "evil.example" }, true }, { { host = "127.0.0.1.evil.example" }, true },
    { { host = "127.0.0.1", origin = "https://evil.example" }, true },
    { { host = "127.0.0.1", origin = "null" }, true },
    { { host = "127.0.0.1", origin = "http://127.0.0.1:1" }, false },
  } do
    it(("with Host %s and Origin %s %s"):format(row[1].host, row[1].origin,
      row[2] and "is foreign" or "is on this machine"), function()
      assert.equal(row[2], visitor.is_foreign { headers = row[1] })
    end)
  end
end)
