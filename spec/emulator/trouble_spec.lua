local door = require "spec.door"
local trouble = require "azureml.emulator.trouble"

describe("trouble of the service", function()
  local at

  before_each(function()
    at = door.open { seed = { instances = { ["ci-ann"] = "Running", ["ci-off"] = "Stopped" } } }
  end)

  local function create(name)
    return at:ask("PUT", at:path("computes/" .. name), door.instance())
  end

  local function verb(name, of)
    return at:ask("POST", at:path(("computes/%s/%s"):format(of or "ci-ann", name)))
  end

  local function state(name)
    local _, value = at:ask("GET", at:path("computes/" .. name))
    return value.properties.properties.state
  end

  -- Source: spec/contract/compute-rest.md, section 6.
  for _, row in ipairs {
    { "quota_family", "family vCPU quota of" }, { "quota_total", "total vCPU quota of" },
    { "quota_count", "limit of" },
  } do
    it(("refuses a creation for %s, once, and makes nothing"):format(row[1]), function()
      at.emulator:fault { trouble = row[1] }
      assert.equal(200, (at:ask("GET", at:path "computes")))      -- it waits for a creation
      local status, value = create "ci-new"
      assert.same({ 400, "BadRequest" }, { status, value.error.code })
      assert.is_truthy(value.error.message:find(row[2], 1, true), value.error.message)
      assert.equal(404, (at:ask("GET", at:path "computes/ci-new")))
      assert.equal(201, (create "ci-new"))
    end)
  end

  it("waits for a request that is let through to it", function()
    at.emulator:fault { trouble = "quota_total" }
    local token = at.token
    at.token = "nobody's"
    assert.equal(401, (create "ci-new"))
    at.token = token
    assert.equal(400, (create "ci-new"))
    assert.equal(201, (create "ci-new"))
  end)

  it("refuses a verb for another one at work", function()
    at.emulator:fault { trouble = "conflict", match = { name = "ci-ann" } }
    assert.equal(202, (verb("start", "ci-off")))
    local status, value = verb "stop"
    assert.same({ 409, "Conflict" }, { status, value.error.code })
    assert.equal(202, (verb "stop"))
  end)

  it("refuses a stop for a full disk", function()
    at.emulator:fault { trouble = "disk_full" }
    assert.equal(202, (verb("start", "ci-off")))
    local status, value = verb "stop"
    assert.equal(400, status)
    assert.is_truthy(value.error.message:find("disk is full", 1, true))
    assert.equal(202, (verb "stop"))
  end)

  for _, row in ipairs {
    { "capacity", "create", "AllocationFailed", "CreateFailed" },
    { "capacity", "start", "AllocationFailed", "Stopped" },
    { "unusable_node", "start", "UnusableNode", "Unusable" },
    { "setup_script", "create", "SetupScriptsError", "UserSetupFailed" },
    { { name = "operation_failed", code = "X", message = "y" }, "start", "X", "Stopped" },
    { "operation_failed", "create", "OperationFailed", "CreateFailed" },
  } do
    local name = row[1].name or row[1]
    it(("lets a %s end with %s, and the machine %s"):format(row[2], row[3], row[4]), function()
      at.emulator:fault { trouble = row[1] }
      local of = row[2] == "create" and "ci-new" or "ci-off"
      local status, _, headers = (row[2] == "create" and create
        or function(one) return verb(row[2], one) end)(of)
      assert.is_true(status == 201 or status == 202, name)
      at.emulator:advance "30m"
      local _, told = at:follow(headers)
      assert.same({ "Failed", row[3] }, { told.status, told.error.code })
      assert.equal(row[4], state(of))
    end)
  end

  it("lets an operation hang until it is given up", function()
    at.emulator:fault { trouble = "operation_hung" }
    local _, _, headers = verb "stop"
    at.emulator:advance "10m"
    local _, told = at:follow(headers)
    assert.equal("InProgress", told.status)
  end)
end)

describe("trouble on the way", function()
  it("is an answer, or none, instead of what was asked", function()
    assert.same({}, trouble.instead { name = "hang" })
    assert.equal(418, trouble.instead({ name = "answer", status = 418 }).status)
    assert.equal(429, trouble.instead({ name = "throttle" }).status)
    assert.is_nil(trouble.instead { name = "reset" })
    assert.is_nil(trouble.instead(nil))
  end)

  it("marks the answer that it befalls", function()
    assert.equal("truncate", trouble.mark({ name = "truncate" }, { status = 200 }).fault)
    assert.equal(5, trouble.mark({ name = "slow" }, { status = 200 }).delay)
    assert.is_nil(trouble.mark({ name = "slow" }, { status = 200 }).fault)
    assert.is_nil(trouble.mark({ name = "capacity" }, { status = 200 }).fault)
    assert.same({ a = "b" },
      trouble.mark({ name = "lose_header" }, { headers = { a = "b", Location = "x" } }).headers)
  end)

  it("asks for claims that no token has yet, unless the rule names them", function()
    assert.are_not.equal(trouble.claims({}, 1), trouble.claims({}, 1))
    assert.equal("x", trouble.claims({ claims = "x" }, 1))
  end)
end)
