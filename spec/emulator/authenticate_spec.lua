local door = require "spec.door"

describe("the emulator, asked without the right token", function()
  local function ask(authorization, change)
    local at = door.open()
    if change then change(at) end
    local status, value, headers = at:send { method = "GET", target = at:path "computes?api-version=2024-04-01",
      headers = { authorization = authorization == "own" and "Bearer " .. at.token or authorization } }
    return status, value, headers
  end

  for _, row in ipairs {
    { "none", nil }, { "another scheme", "Basic abc" }, { "nothing behind the scheme", "Bearer " }, { "two words", "Bearer a b" },
    { "a token of somebody else", "Bearer abc.def.ghi" }, { "a very long one", "Bearer " .. ("x"):rep(60000) },
  } do
    it("answers 401 and where one signs in: " .. row[1], function()
      local status, value, headers = ask(row[2])
      assert.same({ 401, "InvalidAuthenticationToken" }, { status, value.error.code })
      assert.equal("gateway", headers["x-ms-failure-cause"])
      assert.is_truthy(headers["WWW-Authenticate"]:find('^Bearer authorization_uri="http', 1), headers["WWW-Authenticate"])
    end)
  end

  it("takes its own", function()
    assert.equal(200, (ask "own"))
  end)

  it("does not take one for another audience", function()
    local status, value = ask("own", function(at) at.token = at.emulator.directory:issue(at.emulator.owner, "https://vault.azure.net") end)
    assert.equal(401, status)
    assert.is_truthy(value.error.message:find("wrong audience or resource 'https://vault.azure.net'", 1, true))
  end)

  it("takes one for the old audience, with a slash", function()
    assert.equal(200, (ask("own", function(at)
      at.token = at.emulator.directory:issue(at.emulator.owner, "https://management.core.windows.net/")
    end)))
  end)

  it("does not take one that has expired, and says when", function()
    local status, value = ask("own", function(at) at.emulator:advance "61m" end)
    assert.same({ 401, "ExpiredAuthenticationToken" }, { status, value.error.code })
    assert.is_truthy(value.error.message:find "'%d+/%d+/%d+ [%d:]+ [AP]M' is earlier than current UTC time '%d+/")
  end)
end)
