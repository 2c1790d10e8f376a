local door = require "spec.door"
local json = require "azureml.json"
local refusal = require "azureml.emulator.refusal"
local validate = require "azureml.emulator.validate"

local ID = "bbbbbbbb-0000-0000-0000-00000000000b"

local function put(body, name)
  local at = door.open()
  local status, value = at:ask("PUT",
    at:path("computes/" .. (name or "ci-ann") .. "?api-version=2025-12-01"), body)
  return status, json.get(value, "error", "code"), json.get(value, "error", "message"),
    json.get(value, "error", "details")
end

-- A body whose member at a path is something else.
local function changed(path, value)
  local body = door.instance()
  local inner = body
  local names = {}
  for name in path:gmatch "[^.]+" do names[#names + 1] = name end
  for i = 1, #names - 1 do
    inner[names[i]] = inner[names[i]] or {}
    inner = inner[names[i]]
  end
  inner[names[#names]] = value
  return body
end

describe("what the emulator takes for an instance", function()
  -- Source: spec/contract/compute-rest.md, section 8.1.
  for _, name in ipairs { "ci1", "my-ci", "a-1b", "abcdefghijklmnopqrstuvwx", "A1-b2-c" } do
    it("has a name such as " .. name, function()
      assert.equal(201, (put(door.instance(), name)))
    end)
  end
  for _, name in ipairs {
    "c1", "1ci", "my-1", "my-12", "my_ci", "my-", "abcdefghijklmnopqrstuvwxy", "a%20b", "-ab",
    "a.b.c",
  } do
    it("has no name such as " .. name, function()
      local status, _, message = put(door.instance(), name)
      assert.equal(400, status)
      assert.is_truthy(message:find("is invalid", 1, true), message)
    end)
  end

  for _, row in ipairs {
    { "no JSON", "hello" }, { "a JSON text", '"hello"' }, { "nothing", "" },
    { "a torn object", '{"location":' },
    { "a bomb of depth", ("["):rep(100000) }, { "a number", "5" }, { "a list", "[]" },
    { "null", "null" },
  } do
    it("is not " .. row[1], function()
      local status, code = put(row[2])
      assert.equal(400, status)
      assert.equal("InvalidRequestContent", code)
    end)
  end

  for _, row in ipairs {
    { "location", nil, "'location' is required" }, { "location", 5, "'location' must be a string" },
    { "location", "westus", "must be in the location of its workspace, 'eastus', not in 'westus'" },
    { "properties", nil, "'properties' is required" },
    { "properties", "x", "'properties' must be an object" },
    { "properties.computeType", nil, "computeType' is required" },
    { "properties.computeType", {}, "computeType' must be a string" },
    { "properties.computeType", "AKS", "'AKS' is not served" },
    { "properties.properties", nil, "properties.properties' is required" },
    { "properties.properties", 1, "must be an object" },
    { "properties.properties.vmSize", nil, "vmSize' is required" },
    { "properties.properties.vmSize", true, "vmSize' must be a string" },
    { "properties.description", {}, "'description' must be a string" },
    { "tags", "a=b", "'tags' must be an object" },
    { "identity", "SystemAssigned", "'identity' must be an object" },
    { "properties.properties.subnet", 5, "'subnet' must be an object" },
    { "properties.properties.subnet", { name = "default" }, "'subnet.id' is required" },
    { "properties.properties.sshSettings", "on", "'sshSettings' must be an object" },
    { "properties.properties.sshSettings.adminPublicKey", 5, "'adminPublicKey' must be a string" },
    {
      "properties.properties.sshSettings.adminPublicKey", "ssh-ed25519 AAAA",
      "not a valid SSH Public Key",
    },
    {
      "properties.properties.idleTimeBeforeShutdown", 30,
      "'idleTimeBeforeShutdown' must be a string",
    },
    { "properties.properties.schedules", "daily", "'schedules' must be an object" },
    {
      "properties.properties.applicationSharingPolicy", false,
      "'applicationSharingPolicy' must be a string",
    },
    { "properties.properties.enableNodePublicIp", "yes", "'enableNodePublicIp' must be a boolean" },
    {
      "properties.properties.personalComputeInstanceSettings", 1,
      "'personalComputeInstanceSettings' must be an object",
    },
    {
      "properties.properties.personalComputeInstanceSettings.assignedUser", {},
      "assignedUser needs objectId and tenantId",
    },
    { "properties.properties.personalComputeInstanceSettings.assignedUser",
      { objectId = 5, tenantId = "t" },
      "'objectId' must be a string" },
    { "properties.properties.personalComputeInstanceSettings.assignedUser",
      { objectId = "ann@contoso.com", tenantId = ID },
      "The objectId 'ann@contoso.com' of the assigned user is not a GUID" },
    { "properties.properties.personalComputeInstanceSettings.assignedUser",
      { objectId = ID, tenantId = "{" .. ID .. "}" },
      "The tenantId '{bbbbbbbb-0000-0000-0000-00000000000b}' of the assigned user is not a GUID" },
  } do
    it(("has the right %s: %s"):format(row[1], row[3]), function()
      local status, _, message = put(changed(row[1], row[2]))
      assert.equal(400, status)
      assert.is_truthy(message:find(row[3], 1, true), message)
    end)
  end

  it("has a size that is offered; the refusal lists them", function()
    local status, code, message, details = put(door.instance { vmSize = "STANDARD_XYZ" })
    assert.same({ 400, "InvalidPropertyValue" }, { status, code })
    assert.is_truthy(message:find("'STANDARD_XYZ' is not supported in location 'eastus'", 1, true))
    assert.equal("SupportedVMSizes", details[1].code)
    assert.is_truthy(details[1].message:find("Standard_DS3_v2", 1, true))
    assert.equal(201, (put(door.instance { vmSize = "standard_ds3_V2" })))
  end)

  it("takes null for what is not set, and locations as people write them", function()
    local body = door.instance {
      subnet = json.null, schedules = json.null, idleTimeBeforeShutdown = json.null,
    }
    body.tags, body.location = json.null, "East US"
    assert.equal(201, (put(body)))
  end)

  it("has no SSH key where it is created on behalf of another user", function()
    local user = { assignedUser = { objectId = ID, tenantId = ID } }
    local ssh = { adminPublicKey = "ssh-rsa AAAAB3Nz" }
    local status, code = put(door.instance {
      personalComputeInstanceSettings = user, sshSettings = ssh,
    })
    assert.same({ 400, "UserError" }, { status, code })
    assert.equal(201, (put(door.instance { personalComputeInstanceSettings = user })))
  end)

  it("is told apart by refusals, not by faults", function()
    local ok, raised = pcall(validate.name, "c1")
    assert.same({ false, true }, { ok, refusal.is(raised) })
  end)
end)
