-- The emulator's own checks against the official specification: each member of an instance that a
-- PUT can set is accepted with each of its words, shown as it came, accepted as null where it may
-- be null, and refused with another type or another word. The client's table of fields has no part
-- in this.
local crypto = require("azureml.core").crypto
local door = require "spec.door"
local json = require "azureml.json"
local world = require "spec.world"

local DEFINITIONS = world.json_file("spec/fixtures/specification.json").definitions
local VERSION = "2026-03-15-preview"

-- Members that the service sets. Source: spec/contract/compute-rest.md, sections 7.3 and 9.1.
local READ_ONLY = {
  osImageMetadata = true, connectivityEndpoints = true, applications = true, createdBy = true,
  errors = true, state = true, lastOperation = true, containers = true, dataDisks = true,
  dataMounts = true, versions = true,
  ["sshSettings.adminUserName"] = true, ["sshSettings.sshPort"] = true,
  ["schedules.computeStartStop.id"] = true,
  ["schedules.computeStartStop.provisioningStatus"] = true,
  ["schedules.computeStartStop.schedule"] = true,      -- deprecated
}

-- Members that also take a text, as the official examples of 2021 write them.
local ALSO_TEXT = { subnet = true }

-- Members that cannot be null where they are.
local NEEDED = { vmSize = true, ["subnet.id"] = true }

local ID = door.SUBSCRIPTION
local SUBNET = "/subscriptions/" .. ID .. "/resourceGroups/net/providers/Microsoft.Network"
  .. "/virtualNetworks/v/subnets/s"
local ZONE, START = "W. Europe Standard Time", "2026-11-26T00:00:00"
local SCRIPT = {
  scriptSource = "inline", scriptData = crypto.base64 "echo hi", scriptArguments = "a b",
  timeout = "20m",
}

-- Together they have every member; the assigned user excludes the SSH key.
local SAMPLES = {
  {
    vmSize = "STANDARD_DS3_V2", subnet = { id = SUBNET }, applicationSharingPolicy = "Personal",
    sshSettings = { sshPublicAccess = "Enabled", adminPublicKey = "ssh-rsa AAAAB3NzaC1yc2E=" },
    computeInstanceAuthorizationType = "personal", enableNodePublicIp = true, enableSSO = false,
    enableOSPatching = true, enableRootAccess = false, releaseQuotaOnStop = true,
    autologgerSettings = { mlflowAutologger = "Enabled" },
    idleTimeBeforeShutdown = "PT30M", setupScripts = { scripts = {
      creationScript = SCRIPT, startupScript = SCRIPT,
    } },
    schedules = { computeStartStop = json.array {
      {
        status = "Enabled", action = "Stop", triggerType = "Cron",
        cron = { expression = "0 18 * * *", timeZone = ZONE, startTime = START },
      },
      {
        status = "Disabled", action = "Start", triggerType = "Recurrence", recurrence = {
          frequency = "Week", interval = 1, timeZone = ZONE, startTime = START,
          schedule = {
            hours = json.array { 8 }, minutes = json.array { 30 }, monthDays = json.array { 1 },
            weekDays = json.array { "Monday" },
          },
        },
      },
    } },
    customServices = json.array { {
      name = "rstudio", image = { type = "docker", reference = "x/y", version = "1" },
      environmentVariables = { A = { type = "local", value = "1" } },
      docker = { privileged = true },
      endpoints = json.array { {
        protocol = "http", name = "connect", target = 8787, published = 8787, hostIp = "1.2.3.4",
      } },
      volumes = json.array { {
        type = "bind", readOnly = true, source = "/a", target = "/b", consistency = "consistent",
        bind = { propagation = "shared", createHostPath = true, selinux = "z" },
        volume = { nocopy = true }, tmpfs = { size = 5 },
      } },
      kernel = { argv = json.array { "a" }, displayName = "R", language = "r" },
    } },
  },
  {
    vmSize = "STANDARD_DS3_V2",
    personalComputeInstanceSettings = { assignedUser = { objectId = ID, tenantId = ID } },
  },
}

local function resolved(schema)
  local whole = schema
  while whole["$ref"] do
    local target = DEFINITIONS[whole["$ref"]]
    local made = {}
    for name, value in pairs(target) do made[name] = value end
    made["x-nullable"] = schema["x-nullable"] or target["x-nullable"]
    whole = made
  end
  return whole
end

local function join(path, name) return path == "" and name or path .. "." .. name end

-- Visits each member of a sample with its schema: `where` leads to it, `path` names it without the
-- indices of lists.
local function each_member(schema, value, where, path, visit)
  schema = resolved(schema)
  if path ~= "" then visit(schema, value, where, path) end
  local function inside(name)
    local list = table.move(where, 1, #where, 1, {})
    list[#list + 1] = name
    return list
  end
  if schema.type == "array" and type(value) == "table" then
    for index, item in ipairs(value) do
      each_member(schema.items, item, inside(index), path, visit)
    end
    return
  end
  for name, member in pairs(schema.properties or {}) do
    local below = join(path, name)
    if not READ_ONLY[below] and type(value) == "table" and value[name] ~= nil then
      each_member(member, value[name], inside(name), below, visit)
    end
  end
  local more = schema.additionalProperties
  if type(more) == "table" and type(value) == "table" then
    for name, item in pairs(value) do
      each_member(more, item, inside(name), join(path, "*"), visit)
    end
  end
end

-- Lists the members of a schema, by their paths.
local function members_of(schema, path, list)
  schema = resolved(schema)
  if schema.type == "array" then return members_of(schema.items, path, list) end
  for name, member in pairs(schema.properties or {}) do
    local below = join(path, name)
    if not READ_ONLY[below] then
      list[below] = true
      members_of(member, below, list)
    end
  end
  if type(schema.additionalProperties) == "table" then
    members_of(schema.additionalProperties, join(path, "*"), list)
  end
  return list
end

local function copy(value)
  if type(value) ~= "table" then return value end
  local made = json.is_array(value) and json.array {} or {}
  for name, each in pairs(value) do made[name] = copy(each) end
  return made
end

local function with(sample, where, value)
  local made = copy(sample)
  local inner = made
  for index = 1, #where - 1 do inner = inner[where[index]] end
  inner[where[#where]] = value
  return made
end

local function at_place(value, where)
  for _, name in ipairs(where) do
    if type(value) ~= "table" then return nil end
    value = value[name]
  end
  return value
end

local WRONG = {
  string = 5, integer = "x", boolean = "x", array = { a = 1 }, object = "x", number = "x",
}

local ROOT = { ["$ref"] = VERSION .. ":ComputeInstanceProperties" }

describe("the emulator's checks of an instance", function()
  local at = door.open { seed = { quotas = { total = 1e6, family = 1e6, clusters = 1e6 } } }
  at.emulator.throttle.take = function() return {} end
  local made = 0

  local function put(properties)
    made = made + 1
    local name = "ci-n" .. made .. "x"
    local body = door.instance()
    body.properties.properties = properties
    local status, value = at:ask("PUT",
      at:path(("computes/%s?api-version=%s"):format(name, VERSION)), json.encode(body))
    return status, json.get(value, "error", "message"), name
  end

  local function shown(name)
    local _, value = at:ask("GET", at:path(("computes/%s?api-version=%s"):format(name, VERSION)))
    return value.properties.properties
  end

  it("know every member that can be set", function()
    local missing = members_of(ROOT, "", {})
    for _, sample in ipairs(SAMPLES) do
      each_member(ROOT, sample, {}, "", function(_, _, _, path) missing[path] = nil end)
    end
    assert.same({}, missing)
  end)

  for index, sample in ipairs(SAMPLES) do
    it("show each member as it came: sample " .. index, function()
      local status, message, name = put(sample)
      assert.equal(201, status, message)
      local inner = shown(name)
      each_member(ROOT, sample, {}, "", function(_, value, where, path)
        if type(value) ~= "table" then assert.equal(value, at_place(inner, where), path) end
      end)
    end)

    each_member(ROOT, sample, {}, "", function(schema, _, where, path)
      local kind = schema.type or schema.properties and "object"
      it(("refuse another type: %s (%d)"):format(path, index), function()
        local status, message = put(with(sample, where, WRONG[kind]))
        if ALSO_TEXT[path] then return assert.equal(201, status) end
        assert.equal(400, status, tostring(kind))
        assert.is_string(message)
      end)

      if schema["x-nullable"] and not NEEDED[path] then
        it(("accept null: %s (%d)"):format(path, index), function()
          local status, message = put(with(sample, where, json.null))
          assert.equal(201, status, message)
        end)
      end

      if schema.enum then
        it(("accept its words alone: %s (%d)"):format(path, index), function()
          for _, word in ipairs(schema.enum) do
            -- a trigger needs its own member, which only one of them has
            if path ~= "schedules.computeStartStop.triggerType" then
              local status, message = put(with(sample, where, word))
              assert.equal(201, status, message)
            end
          end
          assert.equal(400, (put(with(sample, where, "Neither"))))
        end)
      end
    end)
  end
end)
