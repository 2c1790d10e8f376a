-- Whatever stands in a body, the emulator answers it: with what was asked for or with a refusal
-- that says what is wrong. Each member of each kind of body is replaced by values of every other
-- kind, and left out.
local door = require "spec.door"
local json = require "azureml.json"

-- The long text is cut within a character where a message repeats so many of its bytes.
local VALUES = {
  json.null, true, -1, 1e300, "", "\0%s", "a" .. ("é"):rep(300), json.array {}, {},
  json.array { {} },
}

local SCHEDULES = { computeStartStop = json.array {
  { action = "Stop", status = "Enabled", triggerType = "Cron",
    cron = { expression = "0 18 * * *", timeZone = "UTC",
    startTime = "2026-11-26T00:00:00" } },
  { action = "Start", triggerType = "Recurrence",
    recurrence = { frequency = "Week", interval = 1, timeZone = "UTC",
    startTime = "2026-11-26T00:00:00",
    schedule = { hours = json.array { 8 }, minutes = json.array { 0 }, monthDays = json.array { 1 },
      weekDays = json.array { "Monday" } } } },
} }

local SERVICES = json.array { { name = "a", image = { type = "docker", reference = "x" },
  environmentVariables = { A = { type = "local" } },
  endpoints = json.array { { protocol = "http", name = "c", target = 80, published = 8080,
    hostIp = "1" } },
  volumes = json.array { { type = "bind", readOnly = true, source = "/a", target = "/b" } } } }

local INSTANCE = { location = "eastus", tags = { a = "b" },
  identity = { type = "UserAssigned", userAssignedIdentities = { ["/a"] = {} } },
  properties = { computeType = "ComputeInstance", description = "d", disableLocalAuth = true,
    properties = {
    vmSize = "STANDARD_DS3_V2", subnet = { id = "/s" }, applicationSharingPolicy = "Shared",
    enableNodePublicIp = true,
    sshSettings = { sshPublicAccess = "Enabled" }, computeInstanceAuthorizationType = "personal",
    idleTimeBeforeShutdown = "PT30M",
    personalComputeInstanceSettings = { assignedUser = { objectId = door.SUBSCRIPTION,
      tenantId = door.SUBSCRIPTION } },
    autologgerSettings = { mlflowAutologger = "Enabled" },
    enableSSO = true, enableOSPatching = true, enableRootAccess = true, releaseQuotaOnStop = true,
    customServices = SERVICES,
    schedules = SCHEDULES,
    setupScripts = { scripts = { creationScript = { scriptSource = "inline",
      scriptData = "ZXhpdCAx", timeout = "5m",
      scriptArguments = "a" } } },
  } } }

local CLUSTER = { location = "eastus",
  properties = { computeType = "AmlCompute", properties = { vmSize = "STANDARD_DS3_V2",
  osType = "Linux", vmPriority = "Dedicated", isolatedNetwork = false,
  remoteLoginPortPublicAccess = "Enabled",
  virtualMachineImage = { id = "/i" },
  scaleSettings = { maxNodeCount = 2, minNodeCount = 0, nodeIdleTimeBeforeScaleDown = "PT5M" } } } }

local JOB = { properties = { jobType = "Command", command = "sleep 5; echo ${{inputs.n}}",
  environmentId = "azureml:AzureML-minimal@latest", computeId = "ci-ann", displayName = "d",
  limits = { jobLimitsType = "Command", timeout = "PT5M" }, resources = { instanceCount = 1 },
  tags = { a = "b" }, inputs = { n = { jobInputType = "literal", value = "3" } },
  outputs = { m = { jobOutputType = "uri_folder" } }, environmentVariables = { A = "b" } } }

local ENVIRONMENT = { properties = { image = "a/b", condaFile = "name: x", tags = { a = "b" } } }

local bodies = {
  { "PUT", "computes/ci-new", INSTANCE }, { "PUT", "computes/ci-ann", INSTANCE },
  { "PUT", "computes/cpu-new", CLUSTER },
  { "PUT", "computes/cpu", CLUSTER },
  { "PATCH", "computes/cpu",
    { properties = { properties = { scaleSettings = { maxNodeCount = 2 } } } } },
  { "PUT", "jobs/job", JOB },
  { "PUT", "environments/env/versions/1", ENVIRONMENT },
  { "POST", "computes/ci-ann/updateSchedules", SCHEDULES, "2021-03-01-preview" },
  { "POST", "computes/ci-ann/customServices", SERVICES },
  { "POST", "computes/ci-ann/updateIdleShutdownSetting", { idleTimeBeforeShutdown = "PT30M" } },
  { "POST", "computes/ci-ann/updateDataMounts",
    json.array { { mountName = "a", mountAction = "Mount", source = "s", sourceType = "URI",
    mountMode = "ReadOnly", mountPath = "/a" } } },
  { "POST", "computes/ci-ann/resize", { targetVMSize = "STANDARD_DS4_V2" } },
  { "POST", "computes/ci-ann/enableSso", { enableSSO = true } },
  { "POST", "checkComputeNameAvailability", { Name = "ci-new", Type = "x" } },
  { "POST", "computes/ci-ann/start", { a = 1 } },
}

local function copy(value)
  if type(value) ~= "table" then return value end
  local made = json.is_array(value) and json.array {} or {}
  for name, each in pairs(value) do made[name] = copy(each) end
  return made
end

-- Visits each place of a body: the table it is in and its name there.
local function each_place(value, path, visit)
  for name, each in pairs(value) do
    local here = { table.unpack(path) }
    here[#here + 1] = name
    visit(here)
    if type(each) == "table" then each_place(each, here, visit) end
  end
end

local function with(body, path, value)
  local made = copy(body)
  local inner = made
  for i = 1, #path - 1 do inner = inner[path[i]] end
  inner[path[#path]] = value
  return made
end

describe("the emulator", function()
  local at = door.open { seed = { instances = { ["ci-ann"] = "Running", cpu = { kind = "AmlCompute",
    properties = { scaleSettings = { maxNodeCount = 1 } } } } } }
  at.emulator.throttle.take = function() return {} end

  -- What it was asked is undone: a world as it was before.
  local function fresh()
    at.emulator.world:forget_workspace(at.names)
    at.emulator:ensure_workspace(at.names)
    at.emulator:seed_instance("ci-ann", "Running")
    at.emulator:seed_instance("cpu",
      { kind = "AmlCompute", properties = { scaleSettings = { maxNodeCount = 1 } } })
  end

  for _, row in ipairs(bodies) do
    it(("answers %s %s, whatever is in its body"):format(row[1], row[2]), function()
      local accepted, refused = 0, 0
      local function try(body, where)
        local status, value, _, text = at:ask(row[1],
          at:path(row[2] .. "?api-version=" .. (row[4] or "2026-03-15-preview")),
          json.encode(body))
        assert.is_true(status < 500, where .. ": " .. tostring(text))
        if status >= 300 then
          refused = refused + 1
          assert.is_string(json.get(value, "error", "message"))
          return
        end
        accepted = accepted + 1
        at.emulator:advance "1h"
        at.token = at.emulator:issue_token()
        for _, path in ipairs { "computes", "jobs", "environments" } do
          assert.equal(200, (at:ask("GET", at:path(path))), where)
        end
        local details = "/history/v1.0" .. at:path "runs/job/details"
        assert.is_true(at:ask("GET", details) < 500, where)
        fresh()
      end
      fresh()
      try(row[3], "as it is")
      each_place(row[3], {}, function(path)
        local where = table.concat(path, ".")
        for _, value in ipairs(VALUES) do
          try(with(row[3], path, value), where .. " = " .. json.encode(value):sub(1, 40))
        end
        if type(path[#path]) == "string" then try(with(row[3], path, nil), where .. " left out") end
      end)
      assert.is_true(accepted > 0, "all was refused")
      assert.is_true(refused > 0 or row[2]:find "start$" ~= nil or row[2]:find "enableSso" ~= nil,
        "nothing was refused")
    end)
  end
end)
