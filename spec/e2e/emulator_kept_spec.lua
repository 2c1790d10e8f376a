-- Whatever an emulator was asked, what it keeps of that is plain data: written down and read again
-- by another, it is the same world, then and after days.
local door = require "spec.door"
local json = require "azureml.json"

local PREVIEW = "?api-version=2026-03-15-preview"

local function cron(action, expression)
  return { action = action, triggerType = "Cron",
    cron = { expression = expression, timeZone = "W. Europe Standard Time" } }
end

-- A world in which much is going on.
local function busy_world()
  local at = door.open { seed = { instances = { ["ci-ann"] = "Running", ["ci-bob"] = "Stopped",
    ["ci-eve"] = "Running" } } }
  local function verb(name, what, body)
    assert((at:ask("POST", at:path(("computes/%s/%s%s"):format(name, what, PREVIEW)), body)) < 300)
  end
  local full = door.instance {
    schedules = { computeStartStop = { cron("Stop", "0 18 * * 1-5"),
      cron("Start", "30 7 * * 1-5") } }, idleTimeBeforeShutdown = "PT3H",
    releaseQuotaOnStop = true,
    setupScripts = { scripts = { startupScript = { scriptData = "a.sh" } } },
  }
  full.identity, full.tags = { type = "SystemAssigned" }, {}
  assert(at:ask("PUT", at:path("computes/ci-new" .. PREVIEW), full) == 201)
  assert(at:ask("PUT", at:path "computes/cpu",
    { location = "eastus", properties = { computeType = "AmlCompute", properties = {
    vmSize = "Standard_DS3_v2",
    scaleSettings = { minNodeCount = 1, maxNodeCount = 2 } } } }) == 201)
  at.emulator:advance "10m"
  verb("ci-ann", "customServices",
    json.array { { name = "a", image = { reference = "x" }, endpoints = json.array {} } })
  verb("ci-ann", "updateDataMounts", { { mountName = "m", source = "s", mountPath = "/m" } })
  verb("ci-bob", "resize", { targetVMSize = "Standard_DS4_v2" })
  verb("ci-eve", "updateIdleShutdownSetting", { idleTimeBeforeShutdown = "PT1H" })
  for i = 1, 20 do
    assert((at:ask("PUT", at:path("jobs/job-" .. i),
      { properties = { jobType = "Command", command = "sleep 20m",
      environmentId = "azureml:AzureML-minimal@latest",
      computeId = at:path "computes/ci-eve" } })) == 201)
  end
  return at
end

-- Another one that has read what the first has written.
local function read_again(at)
  local records = {}
  at.emulator.world:each(function(kind, key, record)
    records[kind] = records[kind] or {}
    records[kind][key] = json.decode_exact(json.encode(record))
  end)
  local other = door.open()
  other.emulator.clock.epoch, other.emulator.clock.moved = at.emulator.clock.epoch,
    at.emulator.clock.moved
  other.emulator.world:forget_workspace(other.names)
  other.emulator.world:restore(records)
  other.token = other.emulator:issue_token()
  return other
end

local function everything(at)
  at.token = at.emulator:issue_token()
  local texts = {}
  for _, path in ipairs { at:path "computes", at:path "jobs", at:region "usages",
    at:region "quotas", at:path() } do
    texts[#texts + 1] = select(4, at:ask("GET", path))
  end
  texts[#texts + 1] = json.encode(at.emulator:bill())
  return table.concat(texts, "\n")
end

describe("what an emulator keeps", function()
  for _, days in ipairs { 0, 0.1, 1, 5 } do
    it(("is the same world for every reader, and %g days later"):format(days), function()
      local at = busy_world()
      local other = read_again(at)
      for _, one in ipairs { at, other } do one.emulator:advance(days * 86400) end
      assert.equal(everything(at), everything(other))
    end)
  end
end)
