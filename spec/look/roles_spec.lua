local azureml = require "azureml"
local core = require "azureml.core"
local json = require "azureml.json"
local roles = require "azureml.look.roles"
local scripted = require "spec.scripted"

local ML = "Microsoft.MachineLearningServices/workspaces/"

describe("permissions", function()
  for _, row in ipairs {
    { { "*" }, nil, "computes/delete", true },
    { { "*/read" }, nil, "computes/read", true },
    { { "*/read" }, nil, "computes/delete", false },
    { { "microsoft.machinelearningservices/WORKSPACES/computes/*" }, nil, "computes/stop/action",
      true },
    { { ML .. "*/action" }, nil, "computes/stop/action", true },
    { { ML .. "*/action" }, nil, "computes/write", false },
    { { ML .. "*/write" }, { ML .. "computes/*/write" }, "computes/write", false },
    { { ML .. "*/write" }, { ML .. "computes/*/write" }, "jobs/write", true },
    { { "Microsoft.*/computes/*/action" }, nil, "computes/start/action", true },
    { { "a*a" }, nil, "computes/read", false },
    { { ("*a"):rep(5000) }, nil, "computes/read", false },
    { {}, nil, "computes/read", false },
    { "*", nil, "computes/read", false },
    { { 7 }, nil, "computes/read", false },
  } do
    it(("%s%s: %s is %s"):format(json.encode(row[1]):sub(1, 60), row[2] and " less some" or "",
      row[3], row[4] and "allowed" or "not allowed"), function()
      local permissions = { { actions = row[1], notActions = row[2] or json.null } }
      assert.equal(row[4], roles.allows(permissions, ML .. row[3]))
    end)
  end

  it("add up: what a role excepts another one may allow", function()
    local permissions = {
      { actions = { "*" }, notActions = { ML .. "computes/delete" } },
      { actions = { ML .. "computes/delete" } },
    }
    assert.is_true(roles.allows(permissions, ML .. "computes/delete"))
  end)
end)

describe("ws:can", function()
  local server, client, ws, permissions

  before_each(function()
    core.clock "virtual"
    server = scripted(function()
      return { status = 200, body = json.encode { value = permissions, nextLink = json.null } }
    end)
    client = azureml.client { endpoint = server.url, api_version = "2025-12-01" }
    ws = azureml.workspace { client = client, resource_group = "ml", name = "team",
      subscription_id = "11111111-1111-1111-1111-111111111111" }
  end)
  after_each(function()
    client:close()
    server:close()
    core.clock "real"
  end)

  it("tells what the roles allow, and which actions are missing", function()
    permissions = { { actions = { "*/read", ML .. "computes/*/action" } } }
    assert.is_true(ws:can "stop")
    local may, missing = ws:can "create"
    assert.is_false(may)
    assert.same({ ML .. "computes/write", ML .. "checkComputeNameAvailability/action" }, missing)
    assert.is_true((ws:can "Microsoft.Resources/subscriptions/read"))
    assert.equal("/subscriptions/11111111-1111-1111-1111-111111111111/resourceGroups/ml/providers/"
      .. "Microsoft.MachineLearningServices/workspaces/team/providers/Microsoft.Authorization/"
      .. "permissions?api-version=2022-04-01", server.requests[1].target)
  end)

  it("asks the service once a minute", function()
    permissions = { { actions = { "*" } } }
    for _ = 1, 3 do assert.is_true(ws:can "delete") end
    assert.equal(1, #server.requests)
    permissions = json.array {}
    azureml.sleep(61)
    assert.is_false(ws:can "delete")
    assert.equal(2, #server.requests)
  end)

  it("refuses a verb that it does not know", function()
    assert.error_matches(function() ws:can "fly" end,
      "there is no verb 'fly' %(known: applications, create, delete,")
    assert.error_matches(function() ws:can(nil) end, "there is no verb 'nil'")
  end)
end)

describe("roles", function()
  it("that hold an action are named, the narrowest first", function()
    assert.same({ "AzureML Compute Operator", "AzureML Data Scientist", "Contributor", "Owner" },
      roles.holding(ML .. "computes/stop/action"))
    assert.same({ "AzureML Compute Operator", "Contributor", "Owner" },
      roles.holding(ML .. "computes/write"))
    assert.same({ "Owner" }, roles.holding "Microsoft.Authorization/roleAssignments/write")
  end)

  local SCOPE = "/subscriptions/1/resourceGroups/ml/providers/x/workspaces/team"

  it("of the article have its four and its six actions", function()
    local user, operator = roles.role("on-behalf-of", SCOPE), roles.role("operator", SCOPE)
    local actions = {}
    for i, verb in ipairs { "start", "stop", "restart", "applicationaccess" } do
      actions[i] = ML .. "computes/" .. verb .. "/action"
    end
    assert.same(actions, { table.unpack(user.Actions) })
    assert.equal(6, #operator.Actions)
    assert.same({ "/subscriptions/1/resourceGroups/ml" }, { table.unpack(user.AssignableScopes) })
    assert.same({ true, "[]" }, { user.IsCustom, json.encode(user.NotActions) })
    assert.error_matches(function() roles.role("king", SCOPE) end,
      "there is no role 'king' %(known: on%-behalf%-of, operator%)")
  end)

  local MESSAGE = "The client 'ann' with object id '7' does not have authorization to perform "
    .. "action '" .. ML .. "computes/stop/action' over scope '" .. SCOPE .. "/computes/ci' or the "
    .. "scope is invalid."

  it("are what a refusal advises: by name, and as the smallest custom role", function()
    local remedy = roles.remedy(MESSAGE)
    assert.matches("ask an owner of " .. SCOPE .. "/computes/ci for a role that has ", remedy)
    assert.matches("stop/action: AzureML Compute Operator, AzureML Data Scientist, ", remedy)
    local custom = json.decode(remedy:match "the smallest custom role is (%b{})")
    assert.same({ ML .. "computes/stop/action" }, custom.Actions)
    assert.same({ "/subscriptions/1/resourceGroups/ml" }, custom.AssignableScopes)
  end)

  it("are advised for a scope that the request links to", function()
    local remedy = roles.remedy("The client has permission to perform action 'a/write' on scope "
      .. "'/subscriptions/1'; however, it does not have permission to perform action(s) "
      .. "'Microsoft.Network/virtualNetworks/subnets/join/action' on the linked scope(s) '"
      .. "/subscriptions/1/resourceGroups/net/x' or the linked scope(s) are invalid.")
    assert.matches("^ask an owner of /subscriptions/1/resourceGroups/net/x for a role that has "
      .. "Microsoft.Network/virtualNetworks/subnets/join/action: Contributor, Owner; ", remedy)
  end)

  it("are not guessed where the service names no action", function()
    assert.is_nil(roles.remedy "no")
  end)
end)
