local core = require "azureml.core"
local roles = require "azureml.emulator.roles"
local world = require "azureml.emulator.world"

local ML = "Microsoft.MachineLearningServices/"
local C = ML .. "workspaces/computes/"
local SUBSCRIPTION = "/subscriptions/s"
local GROUP = SUBSCRIPTION .. "/resourceGroups/g"
local WORKSPACE = GROUP .. "/providers/Microsoft.MachineLearningServices/workspaces/w"

local function open()
  return roles.new {
    guid = core.guid,
    world = world.new { guid = core.guid, clock = { now = function() return 0 end, speed = 1 } },
  }
end

-- Source: spec/contract/compute-rest.md, section 10.
local may = {
  Owner = {
    C .. "read", C .. "write", C .. "delete", C .. "start/action", ML .. "locations/usages/read",
    "Microsoft.Authorization/x/write",
  },
  Contributor = {
    C .. "read", C .. "write", C .. "delete", C .. "start/action", C .. "applicationaccess/action",
  },
  ["AzureML Compute Operator"] = {
    C .. "read", C .. "write", C .. "delete", C .. "stop/action", C .. "applicationaccess/action",
  },
  ["AzureML Data Scientist"] = {
    C .. "read", C .. "start/action", C .. "stop/action", C .. "restart/action",
    C .. "applicationaccess/action", ML .. "workspaces/read",
    ML .. "workspaces/jobs/write", ML .. "workspaces/checkComputeNameAvailability/action",
  },
  Reader = { C .. "read", ML .. "workspaces/read", ML .. "locations/computeOperationsStatus/read" },
}
local may_not = {
  Contributor = {
    "Microsoft.Authorization/roleAssignments/write",
    "Microsoft.Authorization/roleAssignments/delete",
  },
  ["AzureML Compute Operator"] = {
    ML .. "workspaces/read", ML .. "workspaces/jobs/write", ML .. "locations/usages/read",
  },
  ["AzureML Data Scientist"] = {
    C .. "write", C .. "delete", C .. "listKeys/action", ML .. "workspaces/write",
    ML .. "workspaces/delete",
  },
  Reader = {
    C .. "write", C .. "delete", C .. "start/action",
    ML .. "workspaces/checkComputeNameAvailability/action", C .. "readers",
  },
}

describe("the built-in role", function()
  local all = open()

  for name, actions in pairs(may) do
    for _, action in ipairs(actions) do
      it(("%s may do %s, in any case"):format(name, action), function()
        assert.is_true(roles.holds(all:role(name), action))
        assert.is_true(roles.holds(all:role(name:upper()), action:lower()))
      end)
    end
  end

  for name, actions in pairs(may_not) do
    for _, action in ipairs(actions) do
      it(("%s may not do %s"):format(name, action), function()
        assert.is_false(roles.holds(all:role(name), action))
      end)
    end
  end

  for name, id in pairs {
    ["AzureML Compute Operator"] = "e503ece1-11d0-4e8e-8e2c-7a6c3bf38815",
    ["AzureML Data Scientist"] = "f6c7c914-8db3-469d-8ca1-694a8f32e121",
  } do
    it(name .. " has the id that Azure gave it", function()
      assert.equal(all:role(name), all:role(id:upper()))
    end)
  end
end)

describe("a role", function()
  for _, row in ipairs {
    { { "*" }, nil, C .. "read", true }, { {}, nil, C .. "read", false },
    { { C .. "*" }, nil, C .. "start/action", true },
    { { C .. "*/action" }, nil, C .. "start/action", true },
    { { C .. "*/action" }, nil, C .. "read", false },
    { { C .. "st*/action" }, nil, C .. "stop/action", true },
    { { C .. "st*/action" }, nil, C .. "restart/action", false },
    { { "*/read" }, { ML .. "*" }, C .. "read", false },
    { { "*" }, { "*/DELETE" }, C .. "delete", false },
    { { C .. "read" }, nil, C .. "reads", false }, { { "a.b/c" }, nil, "aXb/c", false },
    { { "a-b/c+(d)" }, nil, "a-b/c+(d)", true },
  } do
    it(
      ("with %s%s %s %s"):format(row[1][1] or "nothing", row[2] and " but " .. row[2][1] or "",
        row[4] and "holds" or "does not hold",
      row[3]), function()
      assert.equal(row[4], roles.holds({ actions = row[1], not_actions = row[2] }, row[3]))
    end)
  end

  for _, row in ipairs {
    { 5, "a table of options expected" }, { { name = "x" }, "a role needs 'name' and 'actions'" },
    { { name = "x", actions = { 5 } }, "an action of the role 'x' is a number" },
    { { name = "x", actions = {}, notActions = {} }, "no option 'notActions'" },
  } do
    it("is refused: " .. row[2], function()
      assert.is_truthy(roles.fault_of(row[1]):find(row[2], 1, true))
    end)
  end
end)

describe("an assignment", function()
  for _, row in ipairs {
    { SUBSCRIPTION, WORKSPACE .. "/computes/c", true }, { GROUP, WORKSPACE, true },
    { WORKSPACE, WORKSPACE .. "/computes/c", true },
    { WORKSPACE, GROUP, false }, { GROUP, SUBSCRIPTION .. "/resourceGroups/gg", false },
    { GROUP:upper(), WORKSPACE:lower(), true },
    { "/", SUBSCRIPTION, true }, { GROUP .. "/", WORKSPACE, true },
    { SUBSCRIPTION, "/subscriptions/s2", false },
  } do
    it(("at %s %s %s"):format(row[1], row[3] and "reaches" or "does not reach", row[2]), function()
      local all = open()
      assert(all:assign { principal_id = "ann", role = "Reader", scope = row[1] })
      assert.equal(row[3], all:may("ann", C .. "read", row[2]))
      assert.is_false(all:may("bob", C .. "read", row[2]))
      assert.is_false(all:may("ann", C .. "write", row[2]))
    end)
  end

  it("holds from when it is made until it is taken away", function()
    local all = open()
    assert.is_false(all:may("ann", C .. "read", WORKSPACE))
    local one = all:assign { principal_id = "ann", role = "Reader", scope = WORKSPACE }
    assert.is_true(all:may("ann", C .. "read", WORKSPACE))
    assert.is_true(all:may_somewhere("ann", C .. "read", SUBSCRIPTION))
    assert.is_false(all:may_somewhere("ann", C .. "read", "/subscriptions/other"))
    assert.same({ one }, all:assignments "ANN")
    all:unassign(one.id:upper())
    assert.is_false(all:may("ann", C .. "read", WORKSPACE))
    assert.is_nil(all:unassign "nothing")
  end)

  it("of a custom role follows its definition", function()
    local all = open()
    local role = all:define { name = "Starter", actions = { C .. "start/action" } }
    all:assign { principal_id = "ann", role = "starter", scope = SUBSCRIPTION }
    assert.is_true(all:may("ann", C .. "start/action", WORKSPACE))
    all:define { id = role.id, name = "Starter", actions = { C .. "stop/action" } }
    assert.is_false(all:may("ann", C .. "start/action", WORKSPACE))
    assert.is_true(all:may("ann", C .. "stop/action", WORKSPACE))
  end)

  it("of no role is none", function()
    assert.same({ nil, "there is no role 'King'" },
      { open():assign { principal_id = "ann", role = "King", scope = "/" } })
  end)
end)
