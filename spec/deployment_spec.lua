local azureml = require "azureml"
local deployed = require "spec.deployed"
local json = require "azureml.json"
local process = require "spec.process"
local world = require "spec.world"

local resource, template = deployed.resource, deployed.template

describe("ws:deploy", function()
  local emulator, ws, requests

  before_each(function()
    requests = {}
    emulator, ws = world.open({ ann = "Running" }, {
      workspaces = { { name = "other" } },
    })
    emulator.log = function(request) requests[#requests + 1] = request end
  end)
  after_each(function() world.close(emulator, ws) end)

  local function refusal(settings)
    local value, err = azureml.try(ws.deploy, ws, settings)
    assert.is_nil(value)
    return err
  end

  it("creates the instances of a template, and returns them", function()
    local op = ws:deploy { name = "d1", template = template({ resource "ci-a", resource "ci-b" }, {
      outputs = { a = { type = "string", value = "[resourceGroup().name]" } } }) }
    assert.same({ "d1", "Accepted", false, {} }, { op.name, op:status(), op:done(), op.warnings })
    local result = op:wait()
    assert.same({ "d1", "ci-a", "Running", "ci-b", "emulator" }, { result.name,
      result.instances[1].name, result.instances[1].state, result.instances[2].name,
      result.outputs.a })
    assert.matches("^%x+%-%x+", result.correlation_id)
    assert.equal(result, op:wait())
    assert.same({ "Succeeded", true, "deploy d1: done" }, { op:status(), op:done(), tostring(op) })
  end)

  it("reads the template and the parameters from files, and fills in its workspace", function()
    local directory = process.directory()
    local one = resource("x", { name = "[concat(parameters('workspaceName'), '/', "
      .. "parameters('computeName'))]", location = "[parameters('location')]" })
    local text = { type = "string" }
    local path = process.write(directory .. "/t.json", json.encode(template({ one }, {
      parameters = { workspaceName = text, computeName = text, location = text } })))
    local values = process.write(directory .. "/p.json", json.encode {
      ["$schema"] = "https://x/deploymentParameters.json#", contentVersion = "1.0.0.0",
      parameters = { computeName = { value = "ci-new" } } })
    local result = ws:deploy { template = path, parameters = values }:wait()
    assert.equal("ci-new", result.instances[1].name)
    local err = refusal { template = path, parameters = { computeNam = "x" } }
    assert.matches("the parameters: the template has no parameter 'computeNam'", err.message)
    err = refusal { template = path }
    local part = path .. ": the parameter 'computeName' has no value"
    assert.is_truthy(err.message:find(part, 1, true), err.message)
    process.remove(directory)
  end)

  it("reports each failed resource with its own error", function()
    emulator:fault { match = { verb = "create", name = "ci-b" },
      trouble = { name = "operation_failed", code = "AllocationFailed", message = "No room." } }
    local op = ws:deploy { name = "d1", template = template { resource "ci-a", resource "ci-b",
      resource("ci-c", nil, { vmSize = "NO_SUCH" }) } }
    for _ = 1, 2 do
      local _, err = azureml.try(op.wait, op)
      assert.same({ "DeploymentFailed", "deploy d1: 2 of 3 resources failed", 2, "operation" },
        { err.code, err.message, #err.details, err.kind })
      assert.same({ "AllocationFailed", "InvalidPropertyValue" },
        { err.details[1].error.code, err.details[2].error.code })
      assert.is_truthy(tostring(err):find("emulator/ci-b: No room. (AllocationFailed)", 1, true))
    end
    local states = {}
    for _, each in ipairs(op:operations()) do states[each.name] = each.state end
    assert.same({ ["emulator/ci-a"] = "Succeeded", ["emulator/ci-b"] = "Failed",
      ["emulator/ci-c"] = "Failed" }, states)
    op:close()
  end)

  it("yields its statuses, and raises the error at their end", function()
    local op = ws:deploy { template = template { resource "ci-a" } }
    local seen = {}
    for status in op:events() do seen[#seen + 1] = status end
    assert.same({ "Accepted", "Running", "Succeeded" }, seen)
    op:wait()
    op = ws:deploy { template = template { resource("ci-c", nil, { vmSize = "NO_SUCH" }) } }
    local _, err = azureml.try(function() for _ in op:events() do end end)
    assert.same({ "DeploymentFailed", 1 }, { err.code, #err.details })
    op:close()
  end)

  it("warns of instances that exist, which a deployment hardly changes", function()
    local op <close> = ws:deploy { template = template { resource "ann", resource "ci-b" } }
    assert.equal(1, #op.warnings)
    assert.matches("^'ann' exists: a deployment changes at most its tags", op.warnings[1])
    op:wait()
  end)

  it("tells what would change, and changes nothing", function()
    local changes = ws:deploy { what_if = true, template = template {
      resource("ann", nil, { vmSize = "STANDARD_DS11_V2" }), resource "ci-b" } }
    assert.same({ "Modify", "ann", "properties.properties.vmSize", "STANDARD_DS3_V2",
      "STANDARD_DS11_V2", "Create" }, { changes[1].change, changes[1].name,
      changes[1].fields[1].path, changes[1].fields[1].from, changes[1].fields[1].to,
      changes[2].change })
    assert.is_nil(ws.instances:find "ci-b")
  end)

  it("refuses what it sees before it sends anything", function()
    for part, settings in pairs {
      ["mode 'Complete' deletes everything"] = { template = template {}, mode = "Complete" },
      ["mode must be 'Incremental', not 'Half'"] = { template = template {}, mode = "Half" },
      ["'a b' cannot be the name of a deployment"] = { template = template {}, name = "a b" },
      ["it is no template: '$schema' is missing"] = { template = {} },
      ["resources[0].type: it is a A/b"] = { template = template { { type = "A/b" } } },
      ["it is in the workspace 'other', not in 'emulator'"] =
        { template = template { resource("a", { name = "other/ci-a" }) } },
    } do
      if settings.mode then settings.template.resources[1] = resource "ci-a" end
      local err = refusal(settings)
      assert.equal("InvalidArgument", err.code)
      assert.is_truthy(err.message:find(part, 1, true), err.message)
    end
    assert.equal(0, #requests)
    assert.has_error(function() ws:deploy {} end)
    assert.has_error(function() ws:deploy { template = 3 } end)
    assert.has_error(function() ws:deploy { template = template {}, parameter = {} } end)
  end)

  it("lets the service say what only expressions tell", function()
    local err = refusal { template = template({ resource("a", { name = "[variables('a')]" }) },
      { variables = { a = "[variables('b')]", b = "[variables('a')]" } }) }
    assert.equal("InvalidTemplate", err.code)
    assert.matches("variables.a: the template variables form a cycle: a, b, a", err.message)
    err = refusal { template = template {
      resource("a", { dependsOn = json.array { "emulator/b" } }),
      resource("b", { dependsOn = json.array { "emulator/a" } }) } }
    assert.matches("resources%[0%]: Circular dependency detected", err.message)
    err = refusal { template = template { resource("a", { name = "[concat('other', '/ci-a')]" }) } }
    assert.equal("InvalidArgument", err.code)
    assert.matches("the template: resources%[0%]%.name: it creates /subscriptions/.*/"
      .. "workspaces/other/computes/ci%-a, which is not in the workspace emulator", err.message)
    assert.is_nil(ws.instances:find "ci-a")
  end)

  it("lets a wait that times out leave it alone", function()
    local op = ws:deploy { name = "d1", template = template { resource "ci-a" } }
    local _, err = azureml.try(op.wait, op, { timeout = 5 })
    assert.same({ "Timeout", op }, { err.code, err.operation })
    assert.matches("azureml deploy %-%-follow NAME", err.hint)
    assert.equal("ci-a", op:wait().instances[1].name)
    assert.has_error(function() op:wait { timeout = -1 } end)
    assert.has_error(function() op.wait() end)
  end)

  it("is cancelled, and closed, by its methods", function()
    local op = ws:deploy { name = "d1", template = template { resource "ci-a" } }
    op:cancel()
    local _, err = azureml.try(op.wait, op)
    assert.equal("DeploymentCanceled", err.code)
    op:close()
    assert.has_error(function() op:wait() end)
    assert.equal("deploy d1: closed", tostring(op))
  end)

  it("can be waited for by several tasks", function()
    local op = ws:deploy { template = template { resource "ci-a" } }
    local names = {}
    azureml.parallel(function() names[1] = op:wait().instances[1].name end,
      function() names[2] = op:wait().instances[1].name end)
    assert.same({ "ci-a", "ci-a" }, names)
  end)

  it("goes on when the answer to its request was lost", function()
    emulator:fault { match = { method = "PUT", path = "/deployments/" }, trouble = "close" }
    local op = ws:deploy { template = template { resource "ci-a" } }
    assert.equal("ci-a", op:wait().instances[1].name)
    emulator:fault { match = { method = "PUT", path = "/deployments/" }, trouble = "close" }
    assert.equal("DeploymentActive",
      refusal { name = "d1", template = template { resource "ci-b" } }.code)
    ws:deployment("d1"):wait()
  end)

  it("can be followed by its name", function()
    local op = ws:deploy { name = "d1", template = template { resource "ci-a" } }
    op:close()
    local again = ws:deployment "d1"
    assert.equal("ci-a", again:wait().instances[1].name)
    local ended = ws:deployment "d1"
    assert.equal("ci-a", ended:wait().instances[1].name)
    local _, err = azureml.try(ws.deployment, ws, "d2")
    assert.equal("DeploymentNotFound", err.code)
    assert.has_error(function() ws:deployment() end)
  end)

  it("reads what a service says that keeps to no form", function()
    local function say(match, answer)
      emulator:fault { match = match, answer = { status = 200, json = answer } }
    end
    local one = { name = "d1", template = template { resource "ci-a" } }
    for _, answer in ipairs { { properties = "x" }, { properties = { validatedResources = 3 } },
      { properties = { validatedResources = { 3, { id = 4 }, { id = json.null } } } } } do
      say({ method = "POST" }, answer)
      local op <close> = ws:deploy(one)
      say({ method = "GET", path = "/operations$" }, { value = { {}, { properties = 1 },
        { properties = { targetResource = "x", provisioningState = "Failed" } },
        { properties = { targetResource = { id = "/s/5" }, provisioningState = "Failed",
          statusMessage = "down", statusCode = "Conflict" } } } })
      local list = op:operations()
      assert.same({ "a resource", "/s/5", "Conflict", "/s/5: down" },
        { list[1].name, list[2].name, list[2].error.code, list[2].error.message })
      op:wait()
    end
    say({ method = "POST" }, { error = { code = "InvalidTemplate", message = "broken" } })
    local err = refusal(one)
    assert.same({ "InvalidTemplate", "cannot validate the deployment d1: broken" },
      { err.code, err.message })
  end)

  it("raises the refusal of a caller without a right", function()
    emulator:add { applications = { { name = "robot" } },
      role_assignments = { { principal = "robot", role = "AzureML Data Scientist" } } }
    local robot <close> = azureml.workspace { credential = emulator:credential "robot" }
    local _, err = azureml.try(robot.deploy, robot, { template = template { resource "ci-a" } })
    assert.same({ "AuthorizationFailed", 403 }, { err.code, err.status })
    assert.matches("Microsoft.Resources/deployments/validate/action", err.message)
  end)
end)
