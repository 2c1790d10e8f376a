local aadsts = require "azureml.emulator.entra.aadsts"
local door = require "spec.door"

local SCOPE = "https://management.azure.com/.default"

local function ask(at)
  return at:ask_token {
    grant_type = "client_credentials", client_id = at.names.client_id,
    client_secret = at.names.client_secret, scope = SCOPE,
  }
end

describe("Entra, in trouble", function()
  for _, number in ipairs(aadsts.numbers()) do
    it(("refuses as AADSTS%d when asked to, once"):format(number), function()
      local at = door.open()
      at.emulator:fault {
        match = { path = "/token$" },
        trouble = { name = "entra", code = number },
      }
      local status, value = ask(at)
      assert.same({ number }, value.error_codes)
      assert.is_truthy(
        status >= 400 and value.error_description:find("^AADSTS" .. number .. ": %u"))
      assert.is_nil(value.error_description:find("%s", 1, true))
      assert.equal(200, (ask(at)))
    end)
  end

  it("can be busy, slow and garbled like any server", function()
    local at = door.open()
    local match = { path = "oauth2" }
    at.emulator:fault {
      match = match,
      answer = { status = 503, headers = { ["Retry-After"] = "2" }, body = "busy" },
    }
    local status, _, headers = ask(at)
    assert.same({ 503, "2" }, { status, headers["Retry-After"] })
    for _, name in ipairs { "reset", "garbage" } do
      at.emulator:fault { match = match, trouble = name }
      local response = at.emulator:handle {
        method = "POST",
        target = "/x/oauth2/v2.0/token",
        headers = {},
        body = "",
      }
      assert.equal(name, response.fault)
    end
    at.emulator:fault { match = match, trouble = { name = "slow", seconds = 7 } }
    assert.equal(
      7,
      at.emulator:handle({
        method = "POST",
        target = "/x/oauth2/v2.0/token",
        headers = {},
        body = "",
      }).delay)
    at.emulator:fault { match = match, trouble = "hang" }
    assert.is_nil(at.emulator:handle({
      method = "POST",
      target = "/x/oauth2/v2.0/token",
      headers = {},
      body = "",
    }).status)
    at.emulator:fault { match = match, trouble = "throttle" }
    local limited, _, with = ask(at)
    assert.same({ 429, "1" }, { limited, with["Retry-After"] })
    at.emulator:fault { match = match, trouble = { name = "throttle", retry_after = 0 } }
    local _, _, without = ask(at)
    assert.is_nil(without["Retry-After"])
  end)

  it("is left alone by trouble that was asked for elsewhere", function()
    local at = door.open()
    at.emulator:fault { trouble = "reset" }
    assert.equal(200, (ask(at)))
    at.emulator:fault { match = { path = "/computes" }, trouble = "reset" }
    assert.equal(200, (ask(at)))
  end)
end)
