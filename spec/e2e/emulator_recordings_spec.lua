-- The emulator against what the live service sent: its answers to the recorded requests, member for
-- member; ids, times, addresses and signatures are compared by their form.
local door = require "spec.door"
local json = require "azureml.json"
local world = require "spec.world"

local GUID = "^%x%x%x%x%x%x%x%x%-%x%x%x%x%-%x%x%x%x%-%x%x%x%x%-%x%x%x%x%x%x%x%x%x%x%x%x$"
local TIME = "^%d%d%d%d%-%d%d%-%d%dT%d%d:%d%d:%d%d%.%d%d%d%d%d%d%d%+00:00$"
local SHORT_TIME = "^%d%d%d%d%-%d%d%-%d%dT%d%d:%d%d:%d%d%.%d%d%d%+00:00$"

local forms = {
  createdOn = TIME, modifiedOn = TIME, operationTime = SHORT_TIME, principalId = GUID,
  tenantId = GUID, userOrgId = GUID, userId = GUID,
  publicIpAddress = "^203%.0%.113%.%d+$", privateIpAddress = "^10%.0%.0%.%d+$",
  allocationStateTransitionTime = SHORT_TIME,
}

local function recording(name)
  local file <close> = assert(io.open("spec/fixtures/recordings/" .. name .. "-2024-04-01.json"))
  local text = file:read "a"
  return json.decode(text), text
end

-- lua-cjson reads [] and {} alike: what is empty is made to tell which it is. No text of the
-- recordings holds either.
local function decode(text)
  return json.decode((text:gsub("%[%s*%]", '["an empty list"]'):gsub("{%s*}",
    '{"an empty object":true}')))
end

local function join(path, name)
  return path == "" and tostring(name) or path .. "." .. tostring(name)
end

-- All differences, each with its path.
local function compare(recorded, given, path, found)
  if type(recorded) == "table" and type(given) == "table" then
    for name in pairs(given) do
      if recorded[name] == nil then
        found[#found + 1] = join(path, name) .. ": not in the recording"
      end
    end
    for name, value in pairs(recorded) do compare(value, given[name], join(path, name), found) end
    return found
  end
  local form = forms[path:match "[^.]*$"]
  local same = recorded == given or form and type(given) == "string" and recorded:find(form) ~= nil
    and given:find(form) ~= nil
  if not same then
    found[#found + 1] = ("%s: %s recorded, %s given"):format(path, tostring(recorded),
      tostring(given))
  end
  return found
end

local function assert_same(recorded, given)
  local found = compare(recorded, given, "", {})
  table.sort(found)
  assert.equal("", table.concat(found, "\n"))
end

-- Of these some recordings are too old; a server's own bookkeeping is not theirs.
local LATER = {
  ["x-ms-operation-identifier"] = true, ["azureml-served-by-cluster"] = true,
  ["x-ms-ratelimit-remaining-subscription-global-reads"] = true,
  ["x-ms-ratelimit-remaining-subscription-global-writes"] = true,
}
local TRANSPORT = { Date = true, ["Content-Length"] = true }      -- libmicrohttpd's

local function assert_same_headers(recorded, given)
  local found = {}
  for name in pairs(recorded) do
    if not given[name] and not TRANSPORT[name] then
      found[#found + 1] = name .. ": only in the recording"
    end
  end
  for name in pairs(given) do
    if not recorded[name] and not LATER[name] then
      found[#found + 1] = name .. ": not in the recording"
    end
  end
  for _, name in ipairs { "Cache-Control", "Pragma", "Expires", "x-ms-response-type",
    "Content-Type", "Vary",
    "Strict-Transport-Security", "X-Content-Type-Options" } do
    if recorded[name] ~= given[name] then
      found[#found + 1] = ("%s: %s given"):format(name, tostring(given[name]))
    end
  end
  table.sort(found)
  assert.equal("", table.concat(found, "\n"))
end

-- The limits and the computes of the recorded subscription: 4 cores of one family and 16 of another
-- in use, of 20.
local QUOTAS = { total = 20, clusters = 200, families = {} }
local usages = world.json_file "spec/fixtures/recordings/usages-2024-04-01-excerpt.json"
for _, row in ipairs(usages.response.body.value) do
  QUOTAS.families[row.name.value] = row.limit
end

local function cluster(inner)
  local properties = { vmSize = "STANDARD_DS3_V2", osType = "Linux", enableNodePublicIp = true }
  for name, value in pairs(inner) do properties[name] = value end
  return { location = "eastus",
    properties = { computeType = "AmlCompute", properties = properties } }
end

-- The recorded workspace: a cluster, then an instance, which was created with an identity; both
-- have settled.
local function recorded_world()
  local at = door.open { seed = { quotas = QUOTAS } }
  local names = at.names
  names.subscription_id, names.resource_group = door.SUBSCRIPTION, "ml-test"
  names.workspace_name = "mlworkspace-test2"
  at.emulator:forget_workspace(at.emulator:settings().workspace_name)
  at.emulator:ensure_workspace(at.names)
  local scale = { minNodeCount = 0, maxNodeCount = 1, nodeIdleTimeBeforeScaleDown = "PT2M" }
  assert(at:ask("PUT", at:path "computes/batch-cluster",
    cluster { scaleSettings = scale, remoteLoginPortPublicAccess = "Enabled" }) == 201)
  local body = door.instance()
  body.identity = { type = "SystemAssigned" }
  assert(at:ask("PUT", at:path "computes/mycompute1", body) == 201)
  at.emulator:advance "10m"
  return at
end

-- The form of a status URL: its length is compared apart, by the live ones' 3 KB.
local function form_of(url)
  return (url:gsub("^https?://[^/]+", ""):gsub("/%x+%-%x+%-%x+%-%x+%-%x+%?",
    "/GUID?"):gsub("=[^&]*", "="))
end

local function assert_same_status_url(recorded, given)
  assert.equal(form_of(recorded), form_of(given))
  assert.is_true(#given > 2800)
end

-- An answer as it was recorded: status, headers, and each member of the body.
local function assert_same_answer(recorded, status, headers, body)
  assert.equal(recorded.status, status)
  assert_same_headers(recorded.headers, headers)
  local text = type(recorded.body) == "table" and json.encode(recorded.body) or ""
  if text == "" then return assert.equal("", body) end
  assert_same(decode(text), decode(body))
end

describe("the emulator against recordings of the live service", function()
  for _, name in ipairs { "compute-instance-get", "compute-list" } do
    it("shows what was shown: " .. name, function()
      local at = recorded_world()
      local recorded, text = recording(name)
      local status, _, headers, body = at:ask("GET", recorded.request.path)
      assert.equal(recorded.response.status, status)
      assert_same_headers(recorded.response.headers, headers)
      assert_same(decode(text).response.body, decode(body))
    end)
  end

  for _, name in ipairs { "compute-instance-stop", "compute-instance-start" } do
    it("takes on a stop, as in " .. name, function()
      local at = recorded_world()
      local first = recording(name).exchanges[1]
      local status, _, headers, body = at:ask(first.request.method, first.request.path)
      assert_same_answer(first.response, status, headers, body)
      assert_same_status_url(first.response.headers["Azure-AsyncOperation"],
        headers["Azure-AsyncOperation"])
    end)
  end

  -- The seconds are those between the recorded polls; the start's own acceptance was not recorded.
  local function follow(at, accepted, polls)
    for _, poll in ipairs(polls) do
      at.emulator:advance(poll[1])
      local status, _, headers, body = at:follow(accepted)
      assert_same_answer(poll[2].response, status, headers, body)
      assert.equal(poll[2].response.body.percentComplete ~= nil,
        body:find('"percentComplete":100.0', 1, true) ~= nil)
    end
  end

  it("says how a stop is getting on", function()
    local at = recorded_world()
    local exchanges = recording("compute-instance-stop").exchanges
    local _, _, accepted = at:ask(exchanges[1].request.method, exchanges[1].request.path)
    follow(at, accepted, { { 31, exchanges[2] }, { 62, exchanges[3] } })
  end)

  it("says how a stop is getting on, and that a start is done", function()
    local at = recorded_world()
    local exchanges = recording("compute-instance-start").exchanges
    local _, _, stopping = at:ask(exchanges[1].request.method, exchanges[1].request.path)
    follow(at, stopping, { { 31, exchanges[2] } })
    at.emulator:advance "10m"
    local _, _, starting = at:ask("POST", (exchanges[1].request.path:gsub("/stop%?", "/start?")))
    follow(at, starting, { { 180, exchanges[3] } })
  end)

  it("takes on a cluster, says that it is done, and takes on its change", function()
    local at = recorded_world()
    local put, done, patch = table.unpack(recording("cluster-put-patch").exchanges)
    local status, _, accepted, body = at:ask("PUT", put.request.path, put.request.body)
    assert_same_answer(put.response, status, accepted, body)
    assert_same_status_url(put.response.headers["Azure-AsyncOperation"],
      accepted["Azure-AsyncOperation"])
    follow(at, accepted, { { 600, done } })
    local again, _, headers, changed = at:ask("PATCH", patch.request.path, patch.request.body)
    assert_same_answer(patch.response, again, headers, changed)
    assert_same_status_url(patch.response.headers["Azure-AsyncOperation"],
      headers["Azure-AsyncOperation"])
  end)

  it("accepts a creation as it was recorded of a cluster, which has the same front end", function()
    local at = recorded_world()
    local put = recording("cluster-put-patch").exchanges[1]
    local status, value, headers = at:ask("PUT", at:path "computes/aml03",
      door.instance { vmSize = "STANDARD_F2S_V2" })
    assert.equal(put.response.status, status)
    assert_same_headers(put.response.headers, headers)
    local expected = put.response.body
    expected.properties.computeType = "ComputeInstance"
    -- those differ by type of compute
    expected.properties.properties, value.properties.properties = nil, nil
    assert_same(expected, value)
  end)

  -- What was recorded is the beginning of longer lists.
  local function assert_begins(recorded, given)
    local first = {}
    for i = 1, #recorded do first[i] = given[i] end
    assert_same(recorded, first)
  end

  it("counts what is used, row by row", function()
    local at = recorded_world()
    assert(at:ask("PUT", at:path "computes/mycompute2",
      door.instance { vmSize = "STANDARD_F16S_V2" }) == 201)
    local recorded = world.json_file "spec/fixtures/recordings/usages-2024-04-01-excerpt.json"
    local status, value, headers = at:ask("GET", recorded.request.path)
    assert.equal(recorded.response.status, status)
    assert_same_headers(recorded.response.headers, headers)
    assert_begins(recorded.response.body.value, value.value)
    assert.is_nil(value.nextLink)
  end)

  it("says what the limits are, row by row, of the subscription and of the workspace", function()
    local at = recorded_world()
    local recorded = world.json_file "spec/fixtures/recordings/quotas-2024-04-01-excerpt.json"
    local status, value, headers = at:ask("GET", recorded.request.path)
    assert.equal(recorded.response.status, status)
    assert_same_headers(recorded.response.headers, headers)
    assert_begins(recorded.response.body.value, value.value)
  end)
end)
