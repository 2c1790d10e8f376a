local deployed = require "spec.deployed"
local door = require "spec.door"
local json = require "azureml.json"

describe("a what-if", function()
  local SCHEDULE = { computeStartStop = json.array { { action = "stop", triggerType = "Cron",
    status = "Enabled", cron = { expression = "0 18 * * *", timeZone = "UTC" } } } }
  local at

  local function change_of(more, inner)
    local _, _, headers = at:ask("POST", deployed.path("d1", "/whatIf"),
      deployed.body { deployed.resource("ci-ann", more, inner) })
    at.emulator:advance "5s"
    local _, value = at:ask("GET", (headers.Location:gsub("^http://[^/]+", "")))
    local change = value.properties.changes[1]
    local fields = {}
    for _, entry in ipairs(change.delta or {}) do
      fields[entry.path] = ("%s %s %s"):format(entry.propertyChangeType, tostring(entry.before),
        tostring(entry.after))
    end
    return change.changeType, fields, change
  end

  before_each(function()
    at = door.open { seed = { instances = { ["ci-ann"] = { state = "Running", tags = { a = "b" },
      properties = { schedules = SCHEDULE, idleTimeBeforeShutdown = "PT30M" } } } } }
  end)

  it("names each member of the template that differs", function()
    local kind, fields = change_of({ tags = { a = "c", d = "e" } },
      { vmSize = "STANDARD_DS11_V2", idleTimeBeforeShutdown = "PT30M" })
    assert.equal("Modify", kind)
    assert.same({ ["tags.a"] = "Modify b c", ["tags.d"] = "Create nil e",
      ["properties.properties.vmSize"] = "Modify STANDARD_DS3_V2 STANDARD_DS11_V2" }, fields)
  end)

  it("takes what the service adds, words in another case and null for no difference", function()
    local kind, fields = change_of({ sku = { name = "Standard" } }, { schedules = SCHEDULE,
      vmSize = "Standard_DS3_v2", subnet = json.null })
    assert.same({ "NoChange", {} }, { kind, fields })
  end)

  it("sees that an item or a member goes", function()
    local _, fields = change_of(nil, { schedules = { computeStartStop = json.array {} },
      idleTimeBeforeShutdown = json.null })
    local idle = fields["properties.properties.idleTimeBeforeShutdown"]
    assert.equal("Delete PT30M " .. tostring(json.null), idle)
    assert.is_not_nil(fields["properties.properties.schedules.computeStartStop"])
  end)

  it("shows what a new instance would be", function()
    local _, _, change = change_of({ name = "emulator/ci-new" })
    assert.same({ "Create", "ci-new", "STANDARD_DS3_V2" }, { change.changeType, change.after.name,
      change.after.properties.properties.vmSize })
    assert.is_nil(change.before)
  end)
end)
