local definition = require "azureml.definition"
local fields = require "azureml.definition.fields"
local json = require "azureml.json"
local settable = require "spec.specification.settable"

local OID, TID = "22222222-2222-2222-2222-222222222222", "33333333-3333-3333-3333-333333333333"
local GROUP = "/subscriptions/11111111-1111-1111-1111-111111111111/resourceGroups/ml/providers/"
local READER = GROUP .. "Microsoft.ManagedIdentity/userAssignedIdentities/reader"
local SUBNET = GROUP .. "Microsoft.Network/virtualNetworks/vnet/subnets/default"
local KEY = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABgQ= ann@home"

local SERVICE = {
  name = "rstudio", image = { reference = "r", version = "2" }, privileged = true,
  environment_variables = { A = "1" },
  endpoints = {
    { target = 8787, published = 8080, protocol = "tcp", name = "x", host_ip = "1.2" },
  },
  volumes = {
    { type = "bind", source = "/a", target = "/b", read_only = true, consistency = "c",
      bind = { propagation = "p", create_host_path = true, selinux = "z" } },
    { type = "volume", source = "v", target = "/v", volume = { nocopy = true } },
    { type = "tmpfs", source = "t", target = "/t", tmpfs = { size = 1048576 } },
  },
  kernel = { argv = { "r", "-e" }, display_name = "R", language = "R" },
}

local CRON = { action = "stop", cron = "0 18 * * 1-5", time_zone = "UTC", status = "disabled",
  start_time = "2026-11-30T08:00:00" }
local RECURRENCE = { action = "start", time_zone = "UTC", start_time = "2026-11-30T08:00:00",
  recurrence = {
    frequency = "week", interval = 2, hours = { 8 }, minutes = { 30 }, week_days = { "monday" } } }
local MONTHLY = { action = "start", time_zone = "UTC", recurrence = {
  frequency = "month", interval = 1, hours = { 8 }, minutes = { 30 }, month_days = { 1 } } }
local SCRIPTS = {
  creation_script = { path = "Users/ann/a.sh", arguments = "-x 'y z'", timeout = "15m" },
  startup_script = { text = "#!/bin/sh\necho ü", arguments = "", timeout = "2h" },
}

-- Values that a caller may give, by field. Each row of the table has some.
local EXAMPLES = {
  vm_size = { "STANDARD_DS3_V2", "Standard_NC4as_T4_v3" },
  tags = { {}, { team = "vision", ["für"] = "ü" }, false },
  description = { "", "for Ann\nüber" },
  identity = { "SystemAssigned", { READER }, { "systemassigned", READER }, false, "None" },
  disable_local_auth = { true, false },
  ssh_public_access = { true, false },
  admin_user_ssh_public_key = { KEY,
    "-----BEGIN RSA PUBLIC KEY-----\r\nMIIBCgKC\r\nAQEA\r\n-----END RSA PUBLIC KEY-----\r\n" },
  subnet = { SUBNET, SUBNET:upper() },
  enable_node_public_ip = { true, false },
  application_sharing_policy = { "Personal", "shared" },
  authorization_type = { "personal", "Personal" },
  assigned_user = { { object_id = OID, tenant_id = TID } },
  setup_scripts = { SCRIPTS, { startup_script = { url = "https://a/b?sig=C" } }, false, {} },
  schedules = { { CRON, RECURRENCE }, { "stop weekdays 18:00 Europe/Amsterdam" }, {}, false },
  idle_time_before_shutdown = { "15m", "1d12h", "PT1H30M", "pt30m", "P1DT12H", "PT900S", false },
  custom_services = { { SERVICE }, { { name = "a", image = "b" } }, {}, false,
    { { preset = "posit_workbench", licence = "abc" } } },
  data_mounts = { {
    { name = "a", source = "azureml://a", source_type = "datastore", mode = "readwrite",
      path = "/mnt/a" },
    { name = "b", source = "azureml://b" },
  }, {}, false },
  mlflow_autologger = { true, false },
  enable_sso = { true, false },
  enable_root_access = { true, false },
  enable_os_patching = { true, false },
  release_quota_on_stop = { true, false },
  extra = { {}, { newSetting = { a = { 1, 2.5, "x", true, json.null } } } },
  state = { "Running", "stopped" },
}

local function nested(depth)
  local text = ("[{\"a\":"):rep(depth) .. "1" .. ("}]"):rep(depth)
  return assert(json.decode(text))
end

local function hostile()
  return {
    0, -1, 1.5, 1e300, 2 ^ 63, true, false, json.null, "", "x", "\0\xFF", ("x"):rep(1e4), {},
    { 1 }, { "a", json.null }, { json.null }, { { {} } }, nested(200), json.array {},
    { [""] = "" }, { a = json.null },
  }
end

-- Return a copy of a JSON value in which the value at one place is another; one copy a place.
local function mutations(value, other, add)
  if type(value) ~= "table" then return end
  for name, item in pairs(value) do
    local kept = value[name]
    value[name] = other
    add()
    value[name] = kept
    mutations(item, other, add)
  end
end

local function canonical_of(row, example)
  local value = example
  if example == false and row.kind.none ~= nil then value = row.kind.none end
  local canonical, fault = row.kind.check(value)
  assert.is_nil(fault, row.name)
  return canonical
end

-- What a reply holds of a value that a request has.
local function sent_back(row, canonical)
  return json.decode(json.encode { value = row.kind.write(canonical) }).value
end

describe("the table of fields", function()
  it("has an example of each row here", function()
    local names = {}
    for _, row in ipairs(fields) do names[row.name] = true end
    for _, row in ipairs(fields) do assert.is_table(EXAMPLES[row.name], row.name) end
    for name in pairs(EXAMPLES) do assert.is_true(names[name], name) end
  end)

  for _, row in ipairs(fields) do
    describe("in the row " .. row.name, function()
      it("reads what it writes, and takes it for the same", function()
        for _, example in ipairs(EXAMPLES[row.name]) do
          local canonical = canonical_of(row, example)
          local read = row.kind.read(sent_back(row, canonical))
          local actual = read
          if actual == nil then actual = row.default end
          assert.is_true(row.kind.same(canonical, actual), row.name)
          assert.is_true(row.kind.same(canonical, canonical), row.name)
          if canonical ~= false and canonical ~= row.kind.none and read ~= nil then
            assert.equal(json.encode { canonical }, json.encode { read })
          end
        end
      end)

      it("checks its own canonical values, which differ from each other", function()
        local seen = {}
        for _, example in ipairs(EXAMPLES[row.name]) do
          local canonical = canonical_of(row, example)
          assert.same(canonical, canonical_of(row, canonical))
          for text, other in pairs(seen) do
            if text:lower() ~= json.encode { canonical }:lower() then
              assert.is_false(row.kind.same(canonical, other) and row.kind.same(other, canonical))
            end
          end
          seen[json.encode { canonical }] = canonical
        end
      end)

      it("does not keep the caller's tables", function()
        for _, example in ipairs(EXAMPLES[row.name]) do
          local canonical = canonical_of(row, example)
          if type(example) == "table" then assert.not_equal(example, canonical) end
        end
      end)

      it("reads hostile JSON, and compares it, without raising", function()
        local canonical = canonical_of(row, EXAMPLES[row.name][1])
        for _, strange in ipairs(hostile()) do
          assert.is_boolean(row.kind.same(canonical, row.kind.read(strange)))
        end
        row.kind.read(nil)
        for _, example in ipairs(EXAMPLES[row.name]) do
          canonical = canonical_of(row, example)
          local sent = { sent_back(row, canonical) }
          for _, strange in ipairs(hostile()) do
            mutations(sent, strange, function()
              assert.is_boolean(row.kind.same(canonical, row.kind.read(sent[1])))
            end)
          end
        end
      end)

      it("refuses hostile values with a fault, or takes them; it never raises", function()
        local cyclic = {}
        cyclic.cyclic, cyclic[1] = cyclic, cyclic
        local values = hostile()
        values[#values + 1] = cyclic
        values[#values + 1] = function() end
        values[#values + 1] = setmetatable({}, { __index = function() return {} end })
        values[#values + 1] = 0 / 0
        for _, value in ipairs(values) do
          local canonical, fault = row.kind.check(value)
          assert.is_true(canonical ~= nil and fault == nil or type(fault) == "string", row.name)
          assert.is_true(fault == nil or #fault < 3000, row.name)
          assert.is_nil(fault and fault:match "%c")
        end
      end)

      it("ignores what the service adds", function()
        for _, example in ipairs(EXAMPLES[row.name]) do
          local canonical = canonical_of(row, example)
          local sent = sent_back(row, canonical)
          local first = type(sent) == "table" and (sent[1] or sent.computeStartStop)
          for _, target in pairs { first and (first[1] or first) or nil } do
            target.addedByTheService = "x"
          end
          local actual = row.kind.read(sent)
          if actual == nil then actual = row.default end
          assert.is_true(row.kind.same(canonical, actual))
        end
      end)
    end)
  end
end)

-- The official specification ----------------------------------------------------------------------

local NEWEST = "2026-03-15-preview"

-- Members that a caller could set by the specification, and why no row does.
local WITHOUT_ROW = {
  ["location"] = "is the workspace's; creating.lua adds it",
  ["properties.computeType"] = "is always ComputeInstance; definition/init.lua writes it",
  ["properties.computeLocation"] = "is the workspace's region; the service fills it in",
  ["properties.resourceId"] = "is of attached computes only",
  ["sku.name"] = "has no meaning for an instance", ["sku.tier"] = "as sku.name",
  ["sku.size"] = "as sku.name", ["sku.family"] = "as sku.name", ["sku.capacity"] = "as sku.name",
}
for _, name in ipairs { "id", "provisioningStatus", "status" } do
  WITHOUT_ROW["properties.properties.schedules.computeStartStop[].schedule." .. name] =
    "refers to a schedule of another service (deprecated)"
end

-- Definitions that have each member together.
local function everything()
  return {
    {
      vm_size = "STANDARD_DS3_V2", tags = { a = "b" }, description = "d",
      identity = { "SystemAssigned", READER }, disable_local_auth = true, ssh_public_access = true,
      admin_user_ssh_public_key = KEY, subnet = SUBNET, enable_node_public_ip = false,
      application_sharing_policy = "Personal", authorization_type = "personal",
      setup_scripts = SCRIPTS, schedules = { CRON, RECURRENCE, MONTHLY },
      idle_time_before_shutdown = "1h", custom_services = { SERVICE }, mlflow_autologger = true,
      enable_sso = true, enable_root_access = true, enable_os_patching = true,
      release_quota_on_stop = true,
    },
    { assigned_user = { object_id = OID, tenant_id = TID } },
  }
end

local function body_text(settings)
  local body = definition.body(definition.checked("create", settings, "s"))
  body.location = "eastus"
  return json.encode(body)
end

local function written_leaves()
  local leaves = {}
  for _, settings in ipairs(everything()) do
    for path, values in pairs(settable.leaves(body_text(settings))) do
      leaves[path] = leaves[path] or values
    end
  end
  return leaves
end

-- How a caller says each word of the specification's enumerations.
local function service_with(part)
  local service = { name = "a", image = "b" }
  for name, value in pairs(part) do service[name] = value end
  return { custom_services = { service } }
end

local INNER = "properties.properties."
local SCHEDULE, SERVICES = INNER .. "schedules.computeStartStop[].", INNER .. "customServices[]."

local function switch(name)
  return function(word) return { [name] = word == "Enabled" } end
end

local WORDS = {
  ["identity.type"] = function(word)
    local choice = {}
    if word:find "SystemAssigned" then choice[1] = "SystemAssigned" end
    if word:find "UserAssigned" then choice[#choice + 1] = READER end
    return { identity = #choice > 0 and choice or false }
  end,
  [INNER .. "applicationSharingPolicy"] = function(word)
    return { application_sharing_policy = word }
  end,
  [INNER .. "computeInstanceAuthorizationType"] = function(word)
    return { authorization_type = word }
  end,
  [INNER .. "sshSettings.sshPublicAccess"] = switch "ssh_public_access",
  [INNER .. "autologgerSettings.mlflowAutologger"] = switch "mlflow_autologger",
  [SERVICES .. "image.type"] = function(word)
    return service_with { image = { type = word, reference = "r" } }
  end,
  [SERVICES .. "endpoints[].protocol"] = function(word)
    return service_with { endpoints = { { protocol = word, target = 2000, published = 2000 } } }
  end,
  [SERVICES .. "volumes[].type"] = function(word)
    return service_with { volumes = { { type = word, source = "a", target = "b" } } }
  end,
  [SERVICES .. "environmentVariables{}.type"] = function()
    return service_with { environment_variables = { A = "b" } }
  end,
  [SCHEDULE .. "status"] = function(word)
    return { schedules = { { action = "stop", cron = "0 18 * * *", status = word:lower() } } }
  end,
  [SCHEDULE .. "action"] = function(word)
    return { schedules = { { action = word:lower(), cron = "0 18 * * *" } } }
  end,
  [SCHEDULE .. "triggerType"] = function(word)
    return { schedules = { word == "Cron" and CRON or RECURRENCE } }
  end,
  [SCHEDULE .. "recurrence.frequency"] = function(word)
    local is_long = word ~= "Minute" and word ~= "Hour"
    return { schedules = { { action = "stop", recurrence = {
      frequency = word:lower(), interval = 1, hours = is_long and { 8 } or nil,
      minutes = is_long and { 0 } or nil, week_days = word == "Week" and { "monday" } or nil,
      month_days = word == "Month" and { 1 } or nil,
    } } } }
  end,
  [SCHEDULE .. "recurrence.schedule.weekDays[]"] = function(word)
    return { schedules = { { action = "stop", recurrence = { frequency = "week", interval = 1,
      hours = { 8 }, minutes = { 0 }, week_days = { word:lower() } } } } }
  end,
}

local function contains(list, word)
  for _, item in ipairs(list or {}) do
    if item == word then return true end
  end
  return false
end

-- Tell whether a row says that an api-version knows its member.
local function is_known(row, version)
  if not row.since then return true end
  local first = version:find "preview" and row.since.preview or row.since.stable
  return first ~= nil and version:sub(1, 10) >= first:sub(1, 10)
end

-- Tell whether an api-version has members at or below a path.
local function has_path(members, path)
  for name in pairs(members) do
    local rest = name:sub(#path + 1)
    if name:sub(1, #path) == path and (rest == "" or rest:find "^[%.%[{]") then return true end
  end
  return false
end

describe("the table of fields, beside the official specification,", function()
  it("writes each member that a caller can set", function()
    local leaves = written_leaves()
    for path in pairs(settable.members(NEWEST)) do
      assert.is_true(leaves[path] ~= nil or WITHOUT_ROW[path] ~= nil, path)
    end
  end)

  it("leaves out only members that the specification has", function()
    local members = settable.members(NEWEST)
    for path in pairs(WITHOUT_ROW) do assert.is_table(members[path], path) end
  end)

  it("writes no other member, and each with its type and words", function()
    local members = settable.members(NEWEST)
    for path, values in pairs(written_leaves()) do
      assert.is_table(members[path], path)
      for _, value in ipairs(values) do
        assert.is_true(settable.allows(members[path], value),
          ("%s cannot be %s"):format(path, tostring(value)))
      end
    end
  end)

  it("takes each word of each enumeration, and writes it so", function()
    for path, member in pairs(settable.members(NEWEST)) do
      local say = not WITHOUT_ROW[path] and member.enum and WORDS[path]
      if member.enum and not WITHOUT_ROW[path] then assert.is_function(say, path) end
      for _, word in ipairs(say and member.enum or {}) do
        local leaves = settable.leaves(body_text(say(word)))
        assert.is_true(contains(leaves[path], word), path .. ": " .. word)
      end
    end
  end)

  it("has data mounts with the members and words of their verb", function()
    local row
    for _, each in ipairs(fields) do row = each.name == "data_mounts" and each or row end
    local members = settable.members_of "ComputeInstanceDataMount"
    local WITHOUT = { mountAction = "is the verb's: data_mount.actions", createdBy = "is read",
      mountState = "is read", mountedOn = "is read", error = "is read" }
    for _, source_type in ipairs(members.sourceType.enum) do
      for _, mode in ipairs(members.mountMode.enum) do
        local written = row.kind.write(assert(row.kind.check { { name = "a", source = "b",
          source_type = source_type, mode = mode, path = "/c" } }))[1]
        for name, member in pairs(members) do
          assert.is_true(WITHOUT[name] ~= nil or settable.allows(member, written[name]), name)
        end
        for name in pairs(written) do assert.is_table(members[name], name) end
      end
    end
  end)

  for _, row in ipairs(fields) do
    if row.path and not row.is_later then
      it("knows since when there is " .. row.name, function()
        local is_there = false
        for _, version in ipairs(settable.versions) do
          local has = has_path(settable.members(version), row.path)
          if has then assert.is_true(is_known(row, version), version) end
          is_there = is_there or has and is_known(row, version)
        end
        assert.is_true(is_there)
      end)
    end
  end

  it("asks for a version that has all members of a definition", function()
    local wanted = definition.checked("create", everything()[1], "s")
    assert.equal(NEWEST, definition.api_version(wanted, "2025-12-01"))
    wanted = definition.checked("create", { enable_sso = true, idle_time_before_shutdown = "1h" })
    assert.equal("2025-12-01", definition.api_version(wanted, "2021-01-01"))
    assert.is_nil(definition.api_version(wanted, "2025-12-01"))
  end)
end)
