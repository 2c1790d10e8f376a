-- The emulator against what the live service sent: its answers to the recorded requests, member for member; ids, times, addresses and
-- signatures are compared by their form.
local door = require "spec.door"
local json = require "azureml.json"
local world = require "spec.world"

local GUID = "^%x%x%x%x%x%x%x%x%-%x%x%x%x%-%x%x%x%x%-%x%x%x%x%-%x%x%x%x%x%x%x%x%x%x%x%x$"
local TIME = "^%d%d%d%d%-%d%d%-%d%dT%d%d:%d%d:%d%d%.%d%d%d%d%d%d%d%+00:00$"
local SHORT_TIME = "^%d%d%d%d%-%d%d%-%d%dT%d%d:%d%d:%d%d%.%d%d%d%+00:00$"

local forms = {
  createdOn = TIME, modifiedOn = TIME, operationTime = SHORT_TIME, principalId = GUID, tenantId = GUID, userOrgId = GUID, userId = GUID,
  publicIpAddress = "^203%.0%.113%.%d+$",
}

local function recording(name)
  local file <close> = assert(io.open("spec/fixtures/recordings/" .. name .. "-2024-04-01.json"))
  local text = file:read "a"
  return json.decode(text), text
end

-- lua-cjson reads [] and {} alike: what is empty is made to tell which it is. No text of the recordings holds either.
local function decode(text)
  return json.decode((text:gsub("%[%s*%]", '["an empty list"]'):gsub("{%s*}", '{"an empty object":true}')))
end

local function join(path, name)
  return path == "" and tostring(name) or path .. "." .. tostring(name)
end

-- All differences, each with its path.
local function compare(recorded, given, path, found)
  if type(recorded) == "table" and type(given) == "table" then
    for name in pairs(given) do
      if recorded[name] == nil then found[#found + 1] = join(path, name) .. ": not in the recording" end
    end
    for name, value in pairs(recorded) do compare(value, given[name], join(path, name), found) end
    return found
  end
  local form = forms[path:match "[^.]*$"]
  local same = recorded == given or form and type(given) == "string" and recorded:find(form) ~= nil and given:find(form) ~= nil
  if not same then found[#found + 1] = ("%s: %s recorded, %s given"):format(path, tostring(recorded), tostring(given)) end
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
  ["x-ms-ratelimit-remaining-subscription-global-reads"] = true, ["x-ms-ratelimit-remaining-subscription-global-writes"] = true,
}
local TRANSPORT = { Date = true, ["Content-Length"] = true }      -- libmicrohttpd's

local function assert_same_headers(recorded, given)
  local found = {}
  for name in pairs(recorded) do
    if not given[name] and not TRANSPORT[name] then found[#found + 1] = name .. ": only in the recording" end
  end
  for name in pairs(given) do
    if not recorded[name] and not LATER[name] then found[#found + 1] = name .. ": not in the recording" end
  end
  for _, name in ipairs { "Cache-Control", "Pragma", "Expires", "x-ms-response-type", "Content-Type", "Vary",
    "Strict-Transport-Security", "X-Content-Type-Options" } do
    if recorded[name] ~= given[name] then found[#found + 1] = ("%s: %s given"):format(name, tostring(given[name])) end
  end
  table.sort(found)
  assert.equal("", table.concat(found, "\n"))
end

-- The recorded workspace with the recorded instance, which has been created with an identity and has settled.
local function recorded_world()
  local at = door.open()
  at.names.subscription_id, at.names.resource_group, at.names.workspace_name = door.SUBSCRIPTION, "ml-test", "mlworkspace-test2"
  at.emulator:ensure_workspace(at.names)
  local body = door.instance()
  body.identity = { type = "SystemAssigned" }
  assert(at:ask("PUT", at:path "computes/mycompute1", body) == 201)
  at.emulator:advance "10m"
  return at
end

describe("the emulator against recordings of the live service", function()
  it("shows an instance", function()
    local at = recorded_world()
    local recorded, text = recording "compute-instance-get"
    local status, _, headers, body = at:ask("GET", recorded.request.path)
    assert.equal(recorded.response.status, status)
    assert_same_headers(recorded.response.headers, headers)
    assert_same(decode(text).response.body, decode(body))
  end)

  it("lists it as it shows it, without a nextLink where there is one page", function()
    local at = recorded_world()
    local recorded, text = recording "compute-list"
    local status, _, headers, body = at:ask("GET", recorded.request.path)
    assert.equal(recorded.response.status, status)
    assert_same_headers(recorded.response.headers, headers)
    local given, expected = decode(body), decode(text).response.body
    assert.equal("AmlCompute", expected.value[1].properties.computeType)      -- the neighbour that is not ours
    assert_same(expected.value[2], given.value[1])
    assert.is_nil(given.nextLink)
  end)

  for _, name in ipairs { "compute-instance-stop", "compute-instance-start" } do
    it("takes on a stop, as in " .. name, function()
      local at = recorded_world()
      local first = recording(name).exchanges[1]
      local status, _, headers, body = at:ask(first.request.method, first.request.path)
      assert.equal(first.response.status, status)
      assert_same_headers(first.response.headers, headers)
      assert.equal("", body)
      local function form(url)
        return (url:gsub("^https?://[^/]+", ""):gsub("/%x+%-%x+%-%x+%-%x+%-%x+%?", "/GUID?"):gsub("=[^&]*", "="))
      end
      assert.equal(form(first.response.headers["Azure-AsyncOperation"]), form(headers["Azure-AsyncOperation"]))
      assert.is_true(#headers["Azure-AsyncOperation"] > 2800)      -- the live ones have 3 KB
    end)
  end

  it("says how an operation is getting on", function()
    local at = recorded_world()
    local exchanges = recording("compute-instance-stop").exchanges
    local _, _, accepted = at:ask(exchanges[1].request.method, exchanges[1].request.path)
    for i, seconds in ipairs { 31, 62 } do      -- as recorded
      at.emulator:advance(seconds)
      local recorded = exchanges[i + 1].response
      local status, value, headers, body = at:follow(accepted)
      assert.equal(recorded.status, status)
      assert_same_headers(recorded.headers, headers)
      assert_same(recorded.body, value)
      assert.equal(recorded.body.percentComplete ~= nil, body:find('"percentComplete":100.0', 1, true) ~= nil)
    end
  end)

  it("takes on a creation: what is said of any compute; recorded of a cluster, same front end", function()
    local at = recorded_world()
    local put = recording("cluster-put-patch").exchanges[1]
    local status, value, headers = at:ask("PUT", at:path "computes/aml03", door.instance())
    assert.equal(put.response.status, status)
    assert_same_headers(put.response.headers, headers)
    local expected = put.response.body
    expected.properties.computeType = "ComputeInstance"
    expected.properties.properties, value.properties.properties = nil, nil      -- those differ by type of compute
    assert_same(expected, value)
  end)

  it("counts what is used, by the recorded names", function()
    local at = recorded_world()
    local recorded = world.json_file "spec/fixtures/recordings/usages-2024-04-01-excerpt.json"
    local status, value, headers = at:ask("GET", recorded.request.path)
    assert.equal(recorded.response.status, status)
    assert_same_headers(recorded.response.headers, headers)
    local given = {}
    for _, row in ipairs(value.value) do given[row.name.value] = row end
    for _, row in ipairs(recorded.response.body.value) do
      local same = given[row.name.value]
      if same then
        row.currentValue, row.limit, same.currentValue, same.limit = nil, nil, nil, nil
        assert_same(row, same)
      end
    end
    assert.is_truthy(given.TotalClusters and given.TotalDedicatedCores and given.standardDSv2Family)
  end)
end)
