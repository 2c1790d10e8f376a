-- Does the check of answers fail where an answer is wrong? Answers that the live service gave pass
-- it; the same, doctored, do not.
local door = require "spec.door"
local json = require "azureml.json"
local process = require "spec.process"
local world = require "spec.world"

local INSTANCE = world.json_file "spec/fixtures/recordings/compute-instance-get-2024-04-01.json"
local LIST = world.json_file "spec/fixtures/recordings/compute-list-2024-04-01.json"
local RECORDINGS = {
  "cluster-put-patch", "compute-instance-get", "compute-instance-start", "compute-instance-stop",
  "compute-list", "quotas", "usages",
}

-- A file of answers, checked: what was said, and the exit code.
local function check(lines)
  local path = os.tmpname()
  process.write(path, table.concat(lines, "\n") .. "\n")
  local output, errors, code = process.run {
    "/usr/bin/python3", "spec/specification/check.py", path,
  }
  os.remove(path)
  return output .. errors, code
end

local function line_of(method, target, status, body)
  return json.encode { method = method, target = target, status = status, body = body }
end

-- Of a recording's text: decoding and encoding would lose which of its empty tables are lists.
local function body_of(recording)
  local path = ("spec/fixtures/recordings/%s"):format(recording)
  local file <close> = assert(io.open(path))
  return (file:read "a":match '"body": (%b{})%s*}%s*}%s*$')
end

local INSTANCE_TEXT = assert(body_of "compute-instance-get-2024-04-01.json")
local LIST_TEXT = assert(body_of "compute-list-2024-04-01.json")

local function with_version(target, version)
  return (target:gsub("api%-version=[^&]*", "api-version=" .. version))
end

-- Which change of a text makes it wrong, and what is said then.
local doctored = {
  { '"Running"', '"Runing"', "properties.properties.state must be one of" },
  { '"sshPort": 50000', '"sshPort": "50000"',
    "properties.properties.sshSettings.sshPort must be integer" },
  { '"computeType": "ComputeInstance"', '"computeType": "ComputeInstanze"',
    "properties.computeType must be one of" },
  { '"computeType": "ComputeInstance",', "", "computeType" },
  { '"applicationSharingPolicy"', '"applicationSharingPolcy"',
    "must not contain {'applicationSharingPolcy'}" },
  { '"createdOn": "[^"]*"', '"createdOn": "yesterday"', "properties.createdOn must be date%-time" },
  { '"name": "mycompute1",', "", "it lacks name" },
  { '"errors": %[%]', '"errors": {}', "properties.properties.errors must be array" },
  { '"provisioningState": "Succeeded"', '"provisioningState": "Done"',
    "properties.provisioningState must be one of" },
  { '"provisioningState": "Succeeded",', "", "properties lacks provisioningState" },
  { '"isAttachedCompute": false', '"isAttachedCompute": null',
    "properties.isAttachedCompute must be boolean" },
  { '"principalId": "[^"]*"', '"principalId": "me"', "identity.principalId must be uuid" },
  { '"computeStartStop": %[%]', '"computeStartStop": [{"action": "Pause"}]',
    "computeStartStop%[0%].action must be one of" },
  { '"location": "eastus",', '"location": "eastus", "location": "eastus",',
    "there twice: location" },
  { "^{", "", "not JSON" },
}

describe("the check of answers", function()
  it("passes all that was recorded of the live service", function()
    local lines = {}
    for _, name in ipairs(RECORDINGS) do
      local path = name .. "-2024-04-01"
        .. ((name == "quotas" or name == "usages") and "-excerpt" or "") .. ".json"
      local recording = world.json_file("spec/fixtures/recordings/" .. path)
      for _, each in ipairs(recording.exchanges or { recording }) do
        local target = each.request.path or each.request.url:gsub("^https://[^/]*", "")
        local body = each.response.body
        local text = recording.exchanges and body and body ~= json.null and json.encode(body)
          or body and body_of(path) or ""
        lines[#lines + 1] = line_of(each.request.method, target, each.response.status, text)
      end
    end
    local output, code = check(lines)
    assert.equal("12 answers checked against the official specifications, 0 depart; 0 have none\n",
      output)
    assert.equal(0, code)
  end)

  it("names what is wrong with a doctored one: method, target, member", function()
    local lines, targets = {}, {}
    for i, row in ipairs(doctored) do
      local text, count = INSTANCE_TEXT:gsub(row[1], row[2], 1)
      assert.equal(1, count, row[1])
      targets[i] = INSTANCE.request.path .. "&row=" .. i
      lines[i] = line_of("GET", targets[i], 200, text)
    end
    local output, code = check(lines)
    assert.equal(1, code)
    for i, row in ipairs(doctored) do
      local said = output:match("GET " .. targets[i]:gsub("%p", "%%%0") .. " %(200%): ([^\n]*)")
      assert.matches(row[3], said or "nothing said of row " .. i)
    end
  end)

  it("looks into lists, and tells one kind of compute from another", function()
    local text = LIST_TEXT:gsub('"idleNodeCount": 0', '"idleNodeCount": "none"', 1)
    local output, code = check { line_of("GET", LIST.request.path, 200, text) }
    assert.equal(1, code)
    assert.matches("value%[0%].properties.properties.nodeStateCounts.idleNodeCount must be integer",
      output)
  end)

  local path = INSTANCE.request.path
  local region = "/subscriptions/1/providers/Microsoft.MachineLearningServices/locations/eastus/"
  local error_body = '{"error":{"code":"A","message":"b"}}'
  for _, row in ipairs {
    { "a status that is none", "GET", path, 203, INSTANCE_TEXT, "status 203 is none of 200" },
    { "a body where there is none", "POST", path:gsub("%?", "/stop?"), 202, "{}",
      "a body where none is said to be" },
    { "no body where there is one", "GET", path, 200, "", "not JSON" },
    { "what no specification has", "POST", path:gsub("%?", "/dance?"), 200, "{}",
      "no specification describes it" },
    { "a refusal without a message", "GET", path, 404, '{"error":{"code":"A"}}',
      "error lacks message" },
    { "a refusal without an error", "GET", path, 404, "{}", "it lacks error" },
    { "a refusal at 2021-01-01", "GET", with_version(path, "2021-01-01"), 404,
      '{"error":{"code":1}}', "error.code must be string" },
    { "sizes under today's name at 2021-01-01", "GET", region .. "vmSizes?api-version=2021-01-01",
      200, '{"amlCompute":[{}]}',
      "amlCompute%[0%] lacks family" },
    { "sizes under that name today", "GET", region .. "vmSizes?api-version=2024-04-01", 200,
      '{"amlCompute":[]}',
      "must not contain {'amlCompute'}" },
    { "an operation's status without one", "GET",
      region .. "computeOperationsStatus/1?api-version=2024-04-01", 200, "{}",
      "it lacks status" },
  } do
    it("refuses " .. row[1], function()
      local output, code = check { line_of(row[2], row[3], row[4], row[5]) }
      assert.matches(row[6], output)
      assert.equal(1, code)
    end)
  end

  it("passes refusals anywhere, and what is asked for by other names of the same", function()
    local output, code = check {
      line_of("GET", "/subscriptions/1/nothing", 404, error_body),
      line_of("PUT", path:upper(), 409, error_body),
      line_of("GET", with_version(path:lower(), "2026-05-01"), 200, INSTANCE_TEXT),
      line_of("GET", with_version(path, "2021-01-01"), 200, INSTANCE_TEXT),
    }
    assert.equal("4 answers checked against the official specifications, 0 depart; 0 have none\n",
      output)
    assert.equal(0, code)
  end)

  it("counts what no specification at hand describes", function()
    local output = check { line_of("GET", "/subscriptions/1/resourceGroups/g/providers"
      .. "/Microsoft.MachineLearningServices/workspaces/w/jobs?api-version=2024-04-01", 200, "{}") }
    assert.matches("0 answers checked .* 1 have none", output)
  end)
end)

describe("the recorder of answers", function()
  local folder = os.getenv "AZUREML_ANSWERS"

  local function recorded(pattern)
    local output = process.run { "sh", "-c", "cat " .. folder .. "/*.jsonl" }
    for line in output:gmatch "[^\n]+" do
      local answer = json.decode(line)
      if answer and answer.target:find(pattern) then return answer end
    end
  end

  it("has what an emulator of this process answers, though not what a spec wrote itself", function()
    if not folder then return pending "run it by `make check`" end
    local at = door.open()
    at:ask("GET", at:path "computes/recorded-here")
    at.emulator:fault { answer = { status = 418, body = "as the spec says" } }
    at:ask("GET", at:path "computes/written-here")
    assert.equal(404, recorded("computes/recorded%-here").status)
    assert.is_nil(recorded "computes/written%-here")
  end)

  it("has what an emulator of another process answers", function()
    if not folder then return pending "run it by `make check`" end
    process.executable({ "--emulator", "-e", [[
      require("azureml").workspace().instances:find "recorded-there"
    ]] })
    assert.equal(404, recorded("computes/recorded%-there").status)
  end)
end)
