local log = require "azureml.emulator.log"

local OWN = "/subscriptions/s/resourcegroups/g/providers/microsoft.machinelearningservices"
local COMPUTE = "/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices"
  .. "/workspaces/w/computes/ci-ann"

local function line(method, target, response)
  return log.line({ method = method, target = target }, response, 0.00123, OWN, "12:00:01")
end

describe("the emulator's log", function()
  for _, row in ipairs {
    {
      "PUT", COMPUTE .. "?api-version=x", { status = 201 },
      "PUT    .../workspaces/w/computes/ci-ann 201 1.2 ms  create ci-ann",
    },
    {
      "POST", COMPUTE .. "/stop", { status = 202 },
      "POST   .../workspaces/w/computes/ci-ann/stop 202 1.2 ms  stop ci-ann",
    },
    {
      "DELETE", COMPUTE, { status = 202 },
      "DELETE .../workspaces/w/computes/ci-ann 202 1.2 ms  delete ci-ann",
    },
    {
      "GET", COMPUTE:gsub("ci%-ann", ""), { status = 200 },
      "GET    .../workspaces/w/computes/ 200 1.2 ms",
    },
    { "POST", COMPUTE .. "/start",
      { status = 409, body = '{"error":{"code":"Conflict","message":"x"}}' },
      "POST   .../workspaces/w/computes/ci-ann/start 409 1.2 ms  Conflict" },
    {
      "POST", "/" .. COMPUTE .. "/stop", { status = 202 },
      "POST   .../workspaces/w/computes/ci-ann/stop 202 1.2 ms  stop ci-ann",
    },
    {
      "GET", "/rp/workspaces" .. COMPUTE, { status = 200 },
      "GET    /rp/workspaces.../workspaces/w/computes/ci-ann 200 1.2 ms  look at ci-ann",
    },
    {
      "POST", "/t/oauth2/v2.0/token", { status = 200 },
      "POST   /t/oauth2/v2.0/token 200 1.2 ms  a token",
    },
    { "POST", "/t/oauth2/v2.0/token", { status = 401, body = '{"error":"invalid_client"}' },
      "POST   /t/oauth2/v2.0/token 401 1.2 ms  invalid_client" },
    { "GET", "/x", { status = 200, fault = "reset" }, "GET    /x 200 1.2 ms  fault: reset" },
    { "GET", "http://ann:secret@h/x?y", { status = 404 }, "GET    http://***@h/x 404 1.2 ms" },
    { "GET", "/x", {}, "GET    /x - 1.2 ms  left unanswered" },
    { "GET", "/x", { status = 500, body = "no JSON" }, "GET    /x 500 1.2 ms" },
  } do
    it("says " .. row[4], function()
      assert.equal("12:00:01 " .. row[4], line(row[1], row[2], row[3]))
    end)
  end

  it("shows no control character, nothing without end, and no query", function()
    local shown = line("GET\27", "/a\27[31m\xffb?secret=1", {
      status = 404, body = '{"error":{"code":"\\u001b[31m"}}',
    })
    assert.equal("12:00:01 GET?   /a?[31m?b 404 1.2 ms  ?[31m", shown)
    assert.is_true(#line("GET", "/" .. ("x"):rep(10000), { status = 404 }) < 300)
  end)
end)
