local aadsts = require "azureml.emulator.aadsts"
local door = require "spec.door"

local SCOPE = "https://management.azure.com/.default"

local function ask(at)
  return at:ask_token { grant_type = "client_credentials", client_id = at.names.client_id, client_secret = at.names.client_secret,
    scope = SCOPE }
end

describe("Entra, in trouble", function()
  for _, number in ipairs(aadsts.numbers()) do
    it(("refuses as AADSTS%d when asked to, once"):format(number), function()
      local at = door.open()
      at.emulator:fault { match = { path = "/token$" }, trouble = { name = "entra", code = number } }
      local status, value = ask(at)
      assert.same({ number }, value.error_codes)
      assert.is_truthy(status >= 400 and value.error_description:find("^AADSTS" .. number .. ": %u"))
      assert.is_nil(value.error_description:find("%s", 1, true))
      assert.equal(200, (ask(at)))
    end)
  end

  it("knows the rows of every table of errors", function()
    -- Source: auth.md, sections 1, 2, 8 and 9.
    for _, number in ipairs {
      7000215, 7000222, 700016, 90002, 900023, 70011, 1002012, 700027, 700021, 700023, 700024, 50027, 700030, 700211, 700212, 700213,
      70021, 700082, 50076, 7000218, 53003, 50011, 65001, 54005, 50173, 70043, 70008, 50079, 700025, 7000112, 900144, 500011, 50001,
      650057, 900382, 900384, 90038, 50196, 90006, 90012, 90024, 90033, 90055, 90090, 70016, 70018, 70019, 70020, 9001023,
    } do
      assert.is_true(aadsts.knows(number), number)
    end
  end)

  it("can be busy, slow and garbled like any server", function()
    local at = door.open()
    local match = { path = "oauth2" }
    at.emulator:fault { match = match, answer = { status = 503, headers = { ["Retry-After"] = "2" }, body = "busy" } }
    local status, _, headers = ask(at)
    assert.same({ 503, "2" }, { status, headers["Retry-After"] })
    for _, name in ipairs { "reset", "garbage" } do
      at.emulator:fault { match = match, trouble = name }
      local response = at.emulator:handle { method = "POST", target = "/x/oauth2/v2.0/token", headers = {}, body = "" }
      assert.equal(name, response.fault)
    end
    at.emulator:fault { match = match, trouble = { name = "slow", seconds = 7 } }
    assert.equal(7, at.emulator:handle({ method = "POST", target = "/x/oauth2/v2.0/token", headers = {}, body = "" }).delay)
    at.emulator:fault { match = match, trouble = "hang" }
    assert.is_nil(at.emulator:handle({ method = "POST", target = "/x/oauth2/v2.0/token", headers = {}, body = "" }).status)
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
