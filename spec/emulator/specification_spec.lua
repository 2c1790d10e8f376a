-- Does the emulator take and show all that the official specification lets a caller set? It never
-- uses the client's table of fields; this spec does not either.
local door = require "spec.door"
local json = require "azureml.json"
local settable = require "spec.specification.settable"

local NEWEST = "2026-03-15-preview"
local OID, TID = "22222222-2222-2222-2222-222222222222", "33333333-3333-3333-3333-333333333333"
local GROUP = "/subscriptions/11111111-1111-1111-1111-111111111111/resourceGroups/ml/providers/"

local function cron(action, status)
  return { action = action, status = status, triggerType = "Cron", cron = {
    expression = "0 18 * * 1", timeZone = "UTC", startTime = "2026-11-26T00:00:00" } }
end

local function recurrence(frequency, schedule)
  return { action = "Start", status = "Enabled", triggerType = "Recurrence", recurrence = {
    frequency = frequency, interval = 1, timeZone = "UTC", startTime = "2026-11-26T00:00:00",
    schedule = schedule } }
end

local ONE, TEXTS = json.array { 1 }, json.array { "r", "-e" }

local SERVICE = {
  name = "a", image = { type = "docker", reference = "x", version = "2" },
  docker = { privileged = true }, environmentVariables = { A = { type = "local", value = "b" } },
  endpoints = json.array { { protocol = "tcp", name = "c", target = 2000, published = 2000,
    hostIp = "127.0.0.1" } },
  volumes = json.array { { type = "bind", readOnly = true, source = "/a", target = "/b",
    consistency = "c", bind = { propagation = "p", createHostPath = true, selinux = "z" },
    volume = { nocopy = true }, tmpfs = { size = 1024 } } },
  kernel = { argv = TEXTS, displayName = "R", language = "R" },
}

local function script(source, data)
  return { scriptSource = source, scriptData = data, scriptArguments = "a", timeout = "5m" }
end

-- A request with each member that does not exclude another.
local function whole()
  return {
    location = "eastus", tags = { a = "b" },
    identity = { type = "SystemAssigned,UserAssigned", userAssignedIdentities = {
      [GROUP .. "Microsoft.ManagedIdentity/userAssignedIdentities/reader"] = {} } },
    properties = {
      computeType = "ComputeInstance", description = "d", disableLocalAuth = true,
      properties = {
        vmSize = "STANDARD_DS3_V2", applicationSharingPolicy = "Personal",
        subnet = { id = GROUP .. "Microsoft.Network/virtualNetworks/v/subnets/s" },
        sshSettings = { sshPublicAccess = "Enabled", adminPublicKey = "ssh-rsa AAAAB3NzaC1yc2E" },
        computeInstanceAuthorizationType = "personal", enableNodePublicIp = false,
        setupScripts = { scripts = { creationScript = script("workspaceStorage", "a.sh"),
          startupScript = script("inline", "ZXhpdCAw") } },
        schedules = { computeStartStop = json.array {
          cron("Stop", "Disabled"), recurrence("Week", { hours = ONE, minutes = ONE,
            weekDays = json.array { "Monday" } }),
          recurrence("Month", { hours = ONE, minutes = ONE, monthDays = ONE }),
        } },
        customServices = json.array { SERVICE }, idleTimeBeforeShutdown = "PT30M",
        autologgerSettings = { mlflowAutologger = "Enabled" }, enableSSO = false,
        enableOSPatching = true, enableRootAccess = false, releaseQuotaOnStop = true,
      },
    },
  }
end

local function for_another_user()
  local body = door.instance { personalComputeInstanceSettings = {
    assignedUser = { objectId = OID, tenantId = TID } } }
  return body
end

-- Members that the emulator neither needs nor shows, and why.
local LEFT_OUT = {
  ["properties.computeLocation"] = "the service fills in the workspace's region",
  ["properties.resourceId"] = "is of attached computes only",
  ["sku.name"] = "has no meaning for an instance", ["sku.tier"] = "as sku.name",
  ["sku.size"] = "as sku.name", ["sku.family"] = "as sku.name", ["sku.capacity"] = "as sku.name",
}
for _, name in ipairs { "id", "provisioningStatus", "status" } do
  LEFT_OUT["properties.properties.schedules.computeStartStop[].schedule." .. name] =
    "refers to a schedule of another service (deprecated)"
end

describe("the emulator, beside the official specification,", function()
  local at, sent, shown

  -- Create an instance, and note the leaves of the request and of the instance as GET shows it.
  local function create(name, body)
    local path = at:path("computes/" .. name) .. "?api-version=" .. NEWEST
    local status, answer = at:ask("PUT", path, body)
    assert.equal(201, status, json.encode(answer))
    local _, _, _, text = at:ask("GET", path)
    for path_of, values in pairs(settable.leaves(json.encode(body))) do sent[path_of] = values end
    for path_of, values in pairs(settable.leaves(text)) do shown[path_of] = values end
  end

  setup(function()
    at, sent, shown = door.open(), {}, {}
    create("ci-other", for_another_user())
    local kept = shown
    shown = {}
    create("ci-whole", whole())
    for path, values in pairs(kept) do
      if sent[path] and not shown[path] then shown[path] = values end
    end
  end)

  it("is asked for each member that a caller can set, here", function()
    for path in pairs(settable.members(NEWEST)) do
      assert.is_true(sent[path] ~= nil or LEFT_OUT[path] ~= nil, path)
    end
    for path in pairs(sent) do assert.is_table(settable.members(NEWEST)[path], path) end
  end)

  it("accepts each member, and shows what it was sent", function()
    for path, values in pairs(sent) do
      if path ~= "properties.properties.vmSize" then
        local is_object = type(values[1]) == "table"      -- the service adds ids to identities
        if is_object then path = path .. ".principalId" end
        assert.is_table(shown[path], path)
        if not is_object then assert.same(values, shown[path], path) end
      end
    end
    assert.equal("STANDARD_DS3_V2", shown["properties.properties.vmSize"][1]:upper())
  end)

  it("accepts each word of each enumeration where it is a word alone", function()
    local INNER = "properties.properties."
    for path, member in pairs(settable.members(NEWEST)) do
      local name = path:match "^properties%.properties%.(%w+)$"
      for i, word in ipairs(name and member.enum or {}) do
        create(("ci-word-%s%d"):format(name:sub(1, 5), i), door.instance { [name] = word })
        assert.same({ word }, shown[INNER .. name])
      end
    end
  end)
end)
