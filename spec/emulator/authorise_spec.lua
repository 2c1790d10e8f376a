local door = require "spec.door"

local LONELY = "99999999-9999-9999-9999-999999999999"

describe("the emulator, asked by who may not", function()
  local function ask(role, scope, method, path, body)
    local at = door.open { seed = { instances = { ["ci-ann"] = "Running" } } }
    local robot = at.emulator.directory:add_application { client_id = LONELY }
    if role then
      assert(at.emulator.roles:assign {
        principal_id = robot.object_id, role = role, scope = scope or "/",
      })
    end
    at.token = at.emulator.tokens:issue {
      principal = robot, audience = "https://management.azure.com",
    }
    local status, value = at:ask(method, at:path(path), body)
    return status, value, robot, at
  end

  it("denies by default, and names the client, the action and the scope", function()
    local status, value, robot, at = ask(nil, nil, "POST", "computes/ci-ann/stop")
    assert.same({ 403, "AuthorizationFailed" }, { status, value.error.code })
    for _, part in ipairs { "'" .. LONELY .. "'", "'" .. robot.object_id .. "'",
      "'Microsoft.MachineLearningServices/workspaces/computes/stop/action'",
      at:path "computes/ci-ann" } do
      assert.is_truthy(value.error.message:find(part, 1, true), part)
    end
  end)

  for _, row in ipairs {
    { "Reader", "GET", "computes/ci-ann", 200 }, { "Reader", "POST", "computes/ci-ann/stop", 403 },
    { "Reader", "PUT", "computes/ci-new", 403 },
    { "Reader", "DELETE", "computes/ci-ann?underlyingResourceAction=Delete", 403 },
    { "AzureML Data Scientist", "POST", "computes/ci-ann/stop", 202 },
    { "AzureML Data Scientist", "PUT", "computes/ci-new", 403 },
    { "AzureML Compute Operator", "PUT", "computes/ci-new", 201 },
    { "AzureML Compute Operator", "GET", "", 403 },
    { "Contributor", "DELETE", "computes/ci-ann?underlyingResourceAction=Delete", 202 },
  } do
    it(("answers %s %s of a %s with %d"):format(row[2], row[3], row[1], row[4]), function()
      assert.equal(row[4],
        (ask(row[1], nil, row[2], row[3] ~= "" and row[3] or nil,
          row[2] == "PUT" and door.instance() or nil)))
    end)
  end

  it("wants the right to join a subnet of who creates in one", function()
    local subnet = "/subscriptions/" .. door.SUBSCRIPTION
      .. "/resourceGroups/net/providers/Microsoft.Network/virtualNetworks/v/subnets/s"
    local body = door.instance { subnet = { id = subnet } }
    local status, value, robot, at = ask("AzureML Compute Operator", nil, "PUT", "computes/ci-new",
      body)
    assert.same({ 403, "AuthorizationFailed" }, { status, value.error.code })
    assert.is_truthy(
      value.error.message:find(
        "'Microsoft.Network/virtualNetworks/subnets/join/action' over scope '" .. subnet, 1, true))
    at.emulator.roles:define {
      id = "joiner", name = "Joiner",
      actions = { "Microsoft.Network/virtualNetworks/subnets/join/action" },
    }
    at.emulator.roles:assign { principal_id = robot.object_id, role = "Joiner", scope = subnet }
    assert.equal(201, (at:ask("PUT", at:path "computes/ci-new", body)))
  end)

  it("lets who may act in one workspace alone act there, poll, and nothing else", function()
    local at = door.open { seed = { instances = { ["ci-ann"] = "Running" } } }
    local robot = at.emulator.directory:add_application { client_id = LONELY }
    assert(at.emulator.roles:assign {
      principal_id = robot.object_id, role = "AzureML Compute Operator", scope = at:path(),
    })
    at.token = at.emulator.tokens:issue {
      principal = robot, audience = "https://management.azure.com",
    }
    local status, _, headers = at:ask("POST", at:path "computes/ci-ann/stop")
    assert.equal(202, status)
    assert.equal(200, (at:follow(headers)))
    at.emulator:ensure_workspace {
      subscription_id = door.SUBSCRIPTION, resource_group = "emulator", workspace_name = "other",
    }
    assert.equal(403,
      (at:ask("GET", (at:path "computes":gsub("workspaces/emulator", "workspaces/other")))))
    assert.equal(403, (at:ask("GET", at:region "usages")))
  end)
end)
