local door = require "spec.door"
local seed = require "azureml.emulator.seed"

local function put(at, name, version, properties)
  return at:ask("PUT", at:path(("environments/%s/versions/%s"):format(name, version)),
    { properties = properties })
end

describe("an environment", function()
  it("is created, shown, and changed in its description alone", function()
    local at = door.open()
    local status, value = put(at, "sklearn", "1", { image = "a/b", condaFile = "name: x" })
    assert.same({ 201, "1", "a/b", "Succeeded", "Linux" }, { status, value.name,
      value.properties.image, value.properties.provisioningState, value.properties.osType })
    assert.equal(at:path "environments/sklearn/versions/1", value.id)
    status, value = put(at, "SKLEARN", "1", { image = "a/b", description = "new" })
    assert.same({ 200, "new", "name: x" },
      { status, value.properties.description, value.properties.condaFile })
    status, value = put(at, "sklearn", "1", { image = "a/c" })
    assert.equal(409, status)
    assert.matches("its image cannot be changed", value.error.message)
    local _, found = at:ask("GET", at:path "environments/sklearn/versions/1")
    assert.equal("a/b", found.properties.image)
  end)

  it("has versions, of which the latest one was made last", function()
    local at = door.open { seed = { environments = { "sklearn:9" } } }
    put(at, "sklearn", "10", { image = "a/b" })
    local _, value = at:ask("GET", at:path "environments/sklearn")
    assert.same({ "sklearn", "10", "11" },
      { value.name, value.properties.latestVersion, value.properties.nextVersion })
    local _, list = at:ask("GET", at:path "environments/sklearn/versions")
    assert.same({ "10", "9" }, { list.value[1].name, list.value[2].name })
  end)

  it("is listed by its name, unless a job describes it in place", function()
    local at = door.open { seed = { environments = { "a:1", "a:2", "b:1" } } }
    put(at, "CliV2AnonymousEnvironment", "x", { image = "a/b", isAnonymous = true })
    local _, list = at:ask("GET", at:path "environments")
    assert.equal(2, #list.value)
    assert.same({ "b", "a", "2" },
      { list.value[1].name, list.value[2].name, list.value[2].properties.latestVersion })
  end)

  it("is not there: 404; without an image: 400", function()
    local at = door.open()
    for _, below in ipairs { "environments/none", "environments/none/versions/1" } do
      local status, value = at:ask("GET", at:path(below))
      assert.same({ 404, "ResourceNotFound" }, { status, value.error.code })
    end
    assert.equal(400, (put(at, "x", "1", { description = "nothing" })))
  end)

  it("goes with its workspace, and stays in a state that is restored", function()
    local at = door.open { seed = { environments = { "a:1" } } }
    local records = {}
    at.emulator.world:each(function(kind, key, record)
      records[kind] = records[kind] or {}
      records[kind][key] = record
    end)
    local _, record = next(records.environment)
    assert.equal("a", record.name)
    at.emulator:forget_workspace(at.names.workspace_name)
    assert.is_nil(next(at.emulator.world.records.environment))
  end)

  it("is refused in a seed without a version", function()
    assert.equal("environments[1] is 'sklearn', which is no NAME:VERSION",
      seed.fault_of { environments = { "sklearn" } })
  end)
end)
