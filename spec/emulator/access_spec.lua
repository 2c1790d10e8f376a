local door = require "spec.door"

local TENANT = "22222222-2222-2222-2222-222222222222"

describe("an instance's applications", function()
  local at, ann, bob

  before_each(function()
    at = door.open { seed = {
      users = {
        { name = "ann@contoso.com" }, { name = "bob@contoso.com" }, { name = "eve@contoso.com" },
      },
      role_assignments = { { principal = "ann@contoso.com", role = "Contributor" },
        { principal = "bob@contoso.com", role = "Contributor" },
        { principal = "eve@contoso.com", role = "Reader" } },
    } }
    ann, bob = at.emulator.directory:user "ann@contoso.com",
      at.emulator.directory:user "bob@contoso.com"
  end)

  local function create(name, more)
    local status, value = at:ask("PUT", at:path("computes/" .. name), door.instance(more))
    assert(status == 201, value and value.error and value.error.message)
    at.emulator:advance "20m"
  end

  local function open(name, application, region)
    local status, value = at:ask("GET",
      ("/instances/%s/%s/%s"):format(region or "eastus", name, application or "tree"))
    return status, value
  end

  it("open to who created it, by path or by name", function()
    at:use(ann)
    create "ci-ann"
    local status, value = open "ci-ann"
    assert.same({ 200, "Jupyter", ann.object_id },
      { status, value.application, value.openedBy.objectId })
    for _, application in ipairs { "lab", "Jupyter%20Lab", "jupyter" } do
      assert.equal(200, (open("CI-Ann", application, "EastUS")))
    end
  end)

  it("do not open to others, though they may stop and delete it", function()
    at:use(ann)
    create "ci-ann"
    for _, other in ipairs { bob, at.emulator.owner, at.emulator.user } do
      at:use(other)
      local status, value = open "ci-ann"
      assert.same({ 403, "Forbidden" }, { status, value.error.code })
    end
    at:use(bob)
    assert.equal(202, (at:ask("POST", at:path "computes/ci-ann/stop")))
  end)

  it("open to the user it was created for, and no longer to its creator", function()
    at:use(ann)
    create("ci-bob", {
      personalComputeInstanceSettings = {
        assignedUser = { objectId = bob.object_id, tenantId = TENANT },
      },
    })
    assert.equal(403, (open "ci-bob"))
    at:use(bob)
    assert.equal(200, (open "ci-bob"))
  end)

  it("need the action, too", function()
    at:use(ann)
    local eve = at.emulator.directory:user "eve@contoso.com"
    create("ci-eve", {
      personalComputeInstanceSettings = {
        assignedUser = { objectId = eve.object_id, tenantId = TENANT },
      },
    })
    at:use(eve)
    local status, value = open "ci-eve"
    assert.same({ 403, "AuthorizationFailed" }, { status, value.error.code })
    assert.is_truthy(value.error.message:find("applicationaccess/action", 1, true))
  end)

  it("open while it runs", function()
    at:use(ann)
    create "ci-ann"
    assert.equal(202, (at:ask("POST", at:path "computes/ci-ann/stop")))
    at.emulator:advance "20m"
    local status, value = open "ci-ann"
    assert.equal(409, status)
    assert.is_truthy(value.error.message:find("Stopped", 1, true))
  end)

  it("are not there where there is none", function()
    at:use(ann)
    create "ci-ann"
    assert.same({ 404, 404, 404, 404 },
      { (open "ci-none"), (open("ci-ann", "vim")), (open("ci-ann", "tree", "westus")),
      (at:ask("GET", "/instances")) })
  end)

  it("want a token, of Resource Manager's audience or of the service's", function()
    at:use(ann)
    create "ci-ann"
    at:use(ann, "https://ml.azure.com")
    assert.equal(200, (open "ci-ann"))
    at:use(ann, "https://vault.azure.net")
    assert.equal(401, (open "ci-ann"))
    assert.equal(401, (at:send {
      method = "GET", target = "/instances/eastus/ci-ann/tree", headers = {}, body = "",
    }))
  end)
end)
