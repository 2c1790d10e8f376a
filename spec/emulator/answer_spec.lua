local answer = require "azureml.emulator.answer"
local core = require "azureml.core"
local refusal = require "azureml.emulator.refusal"

local GUID = "^%x+%-%x+%-%x+%-%x+%-%x+$"

describe("the emulator's answers", function()
  local function complete(given, headers)
    local world = { guid = core.guid, clock = { now = function() return 0 end } }
    return answer.complete({ method = "GET", headers = headers or {} }, given, world)
  end

  it("carry the service's ids", function()
    local response = complete { status = 200, json = {} }
    local id = response.headers["x-ms-request-id"]
    assert.is_truthy(id:find(GUID))
    assert.equal(id, response.headers["x-ms-correlation-request-id"])
    assert.equal("EMULATOR:19700101T000000Z:" .. id, response.headers["x-ms-routing-request-id"])
    assert.equal("{}", response.body)
    assert.equal("application/json; charset=utf-8", response.headers["Content-Type"])
  end)

  it("echo the caller's ids where asked to", function()
    local headers = {
      ["x-ms-client-request-id"] = "mine", ["x-ms-correlation-request-id"] = "ours",
    }
    assert.is_nil(complete({ status = 200 }, headers).headers["x-ms-client-request-id"])
    headers["x-ms-return-client-request-id"] = "true"
    local response = complete({ status = 200 }, headers)
    assert.same({ "mine", "ours" }, {
      response.headers["x-ms-client-request-id"], response.headers["x-ms-correlation-request-id"],
    })
  end)

  it("have no type where they have no body", function()
    local response = complete { status = 202 }
    assert.same({ "", nil }, { response.body, response.headers["Content-Type"] })
  end)

  it("say refusals as Resource Manager does, with details, "
    .. "Retry-After and where one signs in", function()
    local function said(raise, ...)
      local _, raised = pcall(raise, ...)
      return answer.of_refusal(raised, "http://here")
    end
    local given = said(refusal.raise_with, { { code = "D", message = "d" } }, "no_group", "g")
    assert.same({ 404, "ResourceGroupNotFound", "D" },
      { given.status, given.json.error.code, given.json.error.details[1].code })
    assert.is_falsy(given.gateway)
    given = said(refusal.raise_after, 7, "throttled", "reads")
    assert.same({ 429, "7", true }, { given.status, given.headers["Retry-After"], given.gateway })
    given = said(refusal.raise, "wrong_audience", 'a"b', "c")
    assert.is_nil(given.headers["WWW-Authenticate"]:find('a"b', 1, true))
    assert.is_truthy(given.headers["WWW-Authenticate"]:find("http://here/common", 1, true))
  end)
end)
