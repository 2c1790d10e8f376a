local door = require "spec.door"
local origin_of = require "azureml.emulator.origin"

describe("the emulator's origin", function()
  local OWN = "https://127.0.0.1:8443"

  for _, row in ipairs {
    { { host = "localhost:8443" }, "https://localhost:8443", "localhost:8443" },
    { { host = "management.azure.com" }, "https://management.azure.com", "management.azure.com" },
    { { host = "[::1]:80", ["x-forwarded-proto"] = "http" }, "http://[::1]:80", "[::1]:80" },
    { { host = "x", ["x-forwarded-proto"] = "javascript" }, "https://x", "x" },
    { { host = "evil/path" }, OWN, "127.0.0.1:8443" },
    { { host = "a\r\nb" }, OWN, "127.0.0.1:8443" }, { {}, OWN, "127.0.0.1:8443" },
  } do
    it(("is %s for the Host %s"):format(row[2], (tostring(row[1].host):gsub("%c", "?"))), function()
      assert.same({ row[2], row[3] }, { origin_of({ url = OWN }, { headers = row[1] }) })
    end)
  end

  it("is where an operation's status is asked for: at the name by which the client came", function()
    local at = door.open { seed = { instances = { ["ci-ann"] = "Running" } } }
    local _, _, headers = at:ask("POST", at:path "computes/ci-ann/stop", nil, {
      host = "management.azure.com",
    })
    assert.is_truthy(
      headers["Azure-AsyncOperation"]:find "^http://management%.azure%.com/subscriptions/")
  end)
end)
