local door = require "spec.door"
local planned = require "azureml.emulator.planned"

local PREVIEW = "?api-version=2026-03-15-preview"
local VERSIONS = { updateSchedules = "?api-version=2021-03-01-preview" }

-- A body that each verb accepts.
local BODIES = {
  updateIdleShutdownSetting = { idleTimeBeforeShutdown = "PT1H" }, customServices = "[]",
  updateDataMounts = "[]", updateSchedules = '{"computeStartStop":[]}', enableSso = {},
  resize = { targetVMSize = "Standard_DS11_v2" },
}

local function ask(at, verb)
  if verb == "create" then return at:ask("PUT", at:path "computes/ci-new", door.instance()) end
  if verb == "delete" then
    return at:ask("DELETE", at:path "computes/ci-ann?underlyingResourceAction=Delete")
  end
  local version = VERSIONS[verb] or PREVIEW
  return at:ask("POST", at:path("computes/ci-ann/" .. verb .. version), BODIES[verb])
end

local function states(verb) return { ["ci-ann"] = verb == "start" and "Stopped" or "Running" } end

describe("a planned refusal", function()
  for name, row in pairs(planned.rows) do
    for verb in pairs(row.verbs or { create = true, stop = true }) do
      it(("comes once, with its status: %s of a %s"):format(name, verb), function()
        local at = door.open { seed = { instances = states(verb) } }
        at.emulator:fault { trouble = name }
        local status, value = ask(at, verb)
        assert.equal(row.says:match "^%d+", tostring(status))
        assert.is_string(value.error.code)
        assert.is_nil(value.error.message:find "%%[sd]")
        status = ask(at, verb)
        assert.is_true(status >= 200 and status < 300, tostring(status))
      end)
    end
  end

  it("names the principal, the action and the scope of a missing right", function()
    local at = door.open()
    at.emulator:fault { trouble = "forbidden" }
    local status, value = at:ask("GET", at:path "computes")
    assert.same({ 403, "AuthorizationFailed" }, { status, value.error.code })
    assert.is_truthy(value.error.message:find(
      "perform action 'Microsoft.MachineLearningServices/workspaces/computes/read' over scope '"
        .. at:path "computes" .. "'", 1, true), value.error.message)
  end)

  it("lists the sizes that are offered", function()
    local at = door.open()
    at.emulator:fault { trouble = "size_not_offered" }
    local _, value = ask(at, "create")
    assert.equal("SupportedVMSizes", value.error.details[1].code)
  end)

  it("waits for a request that reaches the service", function()
    local at = door.open { seed = { instances = { ["ci-ann"] = "Running" } } }
    at.emulator:fault { trouble = "not_stopped" }
    local token = at.token
    at.token = "nonsense"
    assert.equal(401, (ask(at, "resize")))
    at.token = token
    assert.equal(400, (ask(at, "resize")))
  end)
end)
