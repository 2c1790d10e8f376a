local deployed = require "spec.deployed"
local door = require "spec.door"
local json = require "azureml.json"
local process = require "spec.process"

local body, path, resource = deployed.body, deployed.path, deployed.resource

-- Return a resource that depends on others.
local function after(name, ...)
  local needs = json.array {}
  for index, other in ipairs { ... } do needs[index] = "emulator/" .. other end
  return resource(name, { dependsOn = needs })
end

local function created(at, name)
  local status, value = at:ask("GET", at:path("computes/" .. name))
  return status == 200 and value.properties.createdOn or nil
end

local function state_of(at, name)
  local _, value = at:ask("GET", path(name))
  return value.properties.provisioningState, value.properties.error
end

describe("a deployment", function()
  it("puts a resource when those that it depends on are done, at that moment", function()
    local at = door.open()
    at:ask("PUT", path "d1", body { after("ci-bob", "ci-ann"), resource "ci-ann",
      after("ci-carl", "ci-bob") })
    assert.is_nil(created(at, "ci-bob"))
    at.emulator:advance "40m"
    local _, shown = at:ask("GET", path "d1")
    assert.same({ "Succeeded", "PT15M0S" },
      { shown.properties.provisioningState, shown.properties.duration })
    assert.is_true(created(at, "ci-ann") < created(at, "ci-bob"))
    assert.is_true(created(at, "ci-bob") < created(at, "ci-carl"))
  end)

  it("skips what depends on a failure, and fails", function()
    local at = door.open { faults = { { match = { verb = "create", name = "ci-ann" },
      trouble = { name = "operation_failed", code = "AllocationFailed", message = "No room." } } } }
    at:ask("PUT", path "d1", body { resource "ci-ann", after("ci-bob", "ci-ann"),
      resource "ci-carl" })
    at.emulator:advance "40m"
    local state, fault = state_of(at, "d1")
    assert.same({ "Failed", 1, "AllocationFailed" },
      { state, #fault.details, fault.details[1].code })
    assert.is_nil(created(at, "ci-bob"))
    assert.is_not_nil(created(at, "ci-carl"))
  end)

  it("meets what a fault rule plans for a creation", function()
    for name, code in pairs { conflict = "Conflict", policy = "RequestDisallowedByPolicy",
      throttle = "TooManyRequests", name_taken = "Conflict" } do
      local at = door.open { faults = { { match = { verb = "create" }, trouble = name } } }
      at:ask("PUT", path "d1", body { resource "ci-ann" })
      local state, fault = state_of(at, "d1")
      assert.same({ "Failed", code }, { state, fault.details[1].code }, name)
      assert.equal(1, at.emulator:verb_counts().create)
    end
  end)

  it("replaces an instance that exists, which takes no time", function()
    local at = door.open { seed = { instances = { ["ci-ann"] = "Running" } } }
    at:ask("PUT", path "d1", body { resource("ci-ann", { tags = { a = "b" } }) })
    assert.equal("Succeeded", (state_of(at, "d1")))
    local _, value = at:ask("GET", at:path "computes/ci-ann")
    assert.equal("b", value.properties and value.tags.a)
  end)

  it("gives its instances to the principal that deployed", function()
    local at = door.open { seed = { users = { { name = "ann" } },
      role_assignments = { { principal = "ann", role = "Contributor" } } } }
    local ann = at.emulator.directory:user "ann"
    at:use(ann)
    at:ask("PUT", path "d1", body { resource "ci-ann" })
    at.emulator:advance "40m"
    local _, value = at:ask("GET", at:path "computes/ci-ann")
    assert.equal(ann.object_id, value.properties.properties.createdBy.userId)
  end)

  it("keeps its state in a file, without secrets, and goes on in another process", function()
    local file = process.directory() .. "/state"
    local at = door.open { state = file }
    local script = { scripts = { creationScript = { scriptSource = "inline",
      scriptData = "[base64(parameters('text'))]" } } }
    at:ask("PUT", path "d1", body({ resource "ci-ann", after("ci-bob", "ci-ann"),
      resource("ci-carl", nil, { setupScripts = script }) },
      { parameters = { text = { type = "securestring" } } }, { text = { value = "TopSecret" } }))
    at.emulator:close()
    local open <close> = assert(io.open(file))
    assert.is_nil(open:read "a":find("TopSecret", 1, true))
    at = door.open { state = file }
    at.emulator:advance "40m"
    assert.equal("Succeeded", (state_of(at, "d1")))
    assert.is_not_nil(created(at, "ci-bob"))
    at.emulator:close()
  end)

  it("is removed when its group has 800 newer ones", function()
    local at = door.open()
    at.emulator.throttle:set(false)
    for i = 1, 801 do at:ask("PUT", path("d" .. i), body {}) end
    assert.equal(404, (at:ask("GET", path "d1")))
    assert.equal(200, (at:ask("GET", path "d2")))
  end)
end)
