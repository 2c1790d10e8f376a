local deployed = require "spec.deployed"
local door = require "spec.door"
local json = require "azureml.json"

local body, path, resource = deployed.body, deployed.path, deployed.resource

local function target_of(url) return (url:gsub("^http://[^/]+", "")) end

describe("deployments", function()
  local at

  before_each(function()
    at = door.open { seed = { applications = { { name = "robot" } } } }
  end)

  local function error_of(method, target, content)
    local status, value = at:ask(method, target, content)
    return status, value.error and value.error.code, value.error and value.error.message
  end

  it("are put, followed and got", function()
    local status, accepted, headers = at:ask("PUT", path "d1", body({ resource "ci-ann" }, {
      parameters = { secret = { type = "securestring" } },
      outputs = { region = { type = "string", value = "[resourceGroup().location]" } },
    }, { secret = { value = "hidden" } }))
    assert.same({ 201, "Accepted", "Incremental", "SecureString" }, { status,
      accepted.properties.provisioningState, accepted.properties.mode,
      accepted.properties.parameters.secret.type })
    assert.is_nil(accepted.properties.parameters.secret.value)
    local poll = target_of(headers["Azure-AsyncOperation"])
    local _, running = at:ask("GET", poll)
    assert.equal("Running", running.status)
    at.emulator:advance "10m"
    local _, ended = at:ask("GET", poll)
    assert.equal("Succeeded", ended.status)
    local _, shown = at:ask("GET", path "D1")
    assert.same({ "Succeeded", "PT5M0S", "eastus", "Microsoft.Resources/deployments",
        at:path "computes/ci-ann" },
      { shown.properties.provisioningState, shown.properties.duration,
        shown.properties.outputs.region.value, shown.type, shown.properties.outputResources[1].id })
    assert.equal(204, (at:ask("HEAD", path "d1")))
    assert.equal(200, (at:ask("GET", at:path "computes/ci-ann")))
  end)

  it("tell the error of each resource that failed, and go on with the others", function()
    at:ask("PUT", path "d1", body { resource "ci-ann",
      resource("ci-bob", nil, { vmSize = "NO_SUCH" }) })
    at.emulator:advance "10m"
    local _, shown = at:ask("GET", path "d1")
    local fault = shown.properties.error
    assert.same({ "Failed", "DeploymentFailed", "InvalidPropertyValue" },
      { shown.properties.provisioningState, fault.code, fault.details[1].code })
    assert.equal("InvalidPropertyValue", json.decode(fault.details[1].message).error.code)
    local _, list = at:ask("GET", path("d1", "/operations"))
    local short = path("d1", "/operations"):gsub("providers/Microsoft.Resources/", "")
    assert.same(list, select(2, at:ask("GET", short)))
    local found = {}
    for _, item in ipairs(list.value) do
      local properties = item.properties
      found[properties.targetResource.resourceName] = properties.provisioningState .. " "
        .. properties.statusCode
      assert.equal("Create", properties.provisioningOperation)
      if properties.statusMessage then
        assert.equal("SupportedVMSizes", properties.statusMessage.error.details[1].code)
      end
    end
    assert.same({ ["emulator/ci-ann"] = "Succeeded OK", ["emulator/ci-bob"] = "Failed BadRequest" },
      found)
  end)

  it("are refused while one of the name runs, then replaced", function()
    at:ask("PUT", path "d1", body { resource "ci-ann" })
    local status, code = error_of("PUT", path "d1", body { resource "ci-bob" })
    assert.same({ 409, "DeploymentActive" }, { status, code })
    assert.equal(409, (error_of("DELETE", path "d1")))
    at.emulator:advance "10m"
    assert.equal(200, (at:ask("PUT", path "d1", body { resource "ci-bob" })))
    local _, _, _, text = at:ask("GET", path("d1", "/operations"))
    assert.is_nil(text:find("ci-ann", 1, true))
  end)

  it("are validated without an effect", function()
    local status, value = at:ask("POST", path("d1", "/validate"), body {
      resource "ci-ann", resource("ci-bob", { dependsOn = json.array { "emulator/ci-ann" } }) })
    assert.same({ 200, "Succeeded", at:path "computes/ci-ann", "emulator/ci-bob",
        "emulator/ci-ann" },
      { status, value.properties.provisioningState, value.properties.validatedResources[1].id,
        value.properties.dependencies[1].resourceName,
        value.properties.dependencies[1].dependsOn[1].resourceName })
    local missing, code = error_of("GET", path "d1")
    assert.same({ 404, "DeploymentNotFound" }, { missing, code })
    assert.equal(404, (at:ask("GET", at:path "computes/ci-ann")))
  end)

  it("are refused with all that the service sees before it begins", function()
    local status, value = at:ask("PUT", path "d1", body {
      resource("a", { name = "other/ci-ann" }), resource("b", { name = "third/ci-bob" }) })
    assert.same({ 400, "InvalidTemplateDeployment", 2, "ParentResourceNotFound" },
      { status, value.error.code, #value.error.details, value.error.details[1].code })
    assert.equal(404, (at:ask("GET", path "d1")))
  end)

  it("need a name, a mode and a body of the right form", function()
    local _, code = error_of("PUT", path(("x"):rep(65)), body {})
    assert.equal("InvalidDeploymentName", code)
    local complete = body {}
    complete.properties.mode = "Complete"
    local _, _, message = error_of("PUT", path "d1", complete)
    assert.is_truthy(message:find("'properties.mode' is 'Complete': it must be one of Incremental",
      1, true), message)
    assert.equal(400, (error_of("PUT", path "d1", "{")))
    assert.equal(400, (error_of("PUT", path "d1", "{}")))
    assert.equal(400, (error_of("PUT", path "d1", "[]")))
    assert.equal(400, (error_of("POST", path("d1", "/whatIf"), { properties = { mode = 1 } })))
  end)

  it("are cancelled: what waits is not begun, what runs goes on", function()
    at:ask("PUT", path "d1", body { resource "ci-ann",
      resource("ci-bob", { dependsOn = json.array { "emulator/ci-ann" } }) })
    assert.equal(204, (at:ask("POST", path("d1", "/cancel"))))
    assert.equal(409, (error_of("POST", path("d1", "/cancel"))))
    at.emulator:advance "20m"
    local _, shown = at:ask("GET", path "d1")
    assert.same({ "Canceled", "DeploymentCanceled" },
      { shown.properties.provisioningState, shown.properties.error.code })
    assert.equal(200, (at:ask("GET", at:path "computes/ci-ann")))
    assert.equal(404, (at:ask("GET", at:path "computes/ci-bob")))
  end)

  it("are listed, the newest first, by pages, and deleted without their resources", function()
    for _, name in ipairs { "d1", "d2" } do at:ask("PUT", path(name), body {}) end
    at.emulator:set_page_size(1)
    local _, first = at:ask("GET", path "")
    assert.equal("d2", first.value[1].name)
    local _, second = at:ask("GET", target_of(first.nextLink))
    assert.equal("d1", second.value[1].name)
    assert.equal(204, (at:ask("DELETE", path "d1")))
    assert.equal(204, (at:ask("DELETE", path "d1")))
    assert.equal(404, (at:ask("GET", path "d1")))
  end)

  it("tell what they would change, after a while, to their caller alone", function()
    local status, _, headers = at:ask("POST", path("d1", "/whatIf"), body { resource "ci-ann" })
    local poll = target_of(headers.Location)
    assert.equal(202, status)
    assert.equal(202, (at:ask("GET", poll)))
    at.emulator:advance "5s"
    local _, value = at:ask("GET", poll)
    assert.same({ "Succeeded", "Create" }, { value.status, value.properties.changes[1].changeType })
    at.emulator:add { role_assignments = { { principal = "robot", role = "Contributor" } } }
    at:use(at.emulator.directory:principal "robot")
    assert.equal(404, (at:ask("GET", poll)))
    at:use(at.emulator.owner)
    at.emulator:advance "2h"
    at:use(at.emulator.owner)
    assert.equal(404, (at:ask("GET", poll)))
  end)

  it("know their operations by their ids", function()
    at:ask("PUT", path "d1", body {})
    assert.equal(404, (at:ask("GET", path("d1", "/operationStatuses/x"))))
    assert.equal(404, (at:ask("GET", path("d1", "/operationResults/x"))))
    assert.equal(405, (at:ask("POST", path "d1", body {})))
  end)

  it("need a right for each call, and one for each resource", function()
    at.emulator:add { role_assignments = {
      { principal = "robot", role = "AzureML Data Scientist" } } }
    at:use(at.emulator.directory:principal "robot")
    for _, case in ipairs { { "PUT", path "d1", "deployments/write" },
      { "GET", path "d1", "deployments/read" },
      { "POST", path("d1", "/validate"), "deployments/validate/action" },
      { "POST", path("d1", "/whatIf"), "deployments/whatIf/action" },
      { "POST", path("d1", "/cancel"), "deployments/cancel/action" },
      { "GET", path("d1", "/operations"), "deployments/operations/read" } } do
      local status, _, message = error_of(case[1], case[2], body {})
      assert.equal(403, status)
      assert.is_truthy(message:find("'Microsoft.Resources/" .. case[3], 1, true), message)
    end
    at.emulator:add { roles = { { name = "Deployer", actions = { "Microsoft.Resources/*" } } },
      role_assignments = { { principal = "robot", role = "Deployer" } } }
    local status, value = at:ask("PUT", path "d1", body { resource "ci-ann" })
    assert.same({ 400, "AuthorizationFailed" }, { status, value.error.details[1].code })
  end)
end)
