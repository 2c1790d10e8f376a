local door = require "spec.door"
local inferred = require "azureml.emulator.inferred"

local PREPARING = inferred.durations.job_preparing

local function open(command)
  local at = door.open { seed = { environments = { "env:1" },
    instances = { ["ci-ann"] = { state = "Running", vm_size = "Standard_DS1_v2" } } } }
  at:ask("PUT", at:path "jobs/train", { properties = {
    jobType = "Command", command = command, environmentId = "azureml:env:1",
    computeId = at:path "computes/ci-ann", inputs = { n = { jobInputType = "literal",
      value = "7" } },
  } })
  return at
end

-- Return the path and query of the log's URL.
local function target(at)
  local _, value = at:ask("GET", "/history/v1.0" .. at:path "runs/train/details")
  local url = value.logFiles["user_logs/std_log.txt"]
  return url and (url:gsub("^http://[^/]+", ""))
end

local function get(at, path, headers, method)
  local all = { host = "127.0.0.1" }
  for name, value in pairs(headers or {}) do all[name] = value end
  local status, _, came, body = at:send {
    method = method or "GET", target = path, headers = all, body = "",
  }
  return status, body, came
end

local function body_of(...)
  local status, body = get(...)
  return status, body
end

describe("the log of a job", function()
  it("is there once the job runs, and grows; it needs no token", function()
    local at = open 'echo "number ${{inputs.n}}"; sleep 30; echo done'
    assert.is_nil(target(at))
    at.emulator:advance(PREPARING)
    local path = target(at)
    assert.same({ 200, "number 7\n" }, { body_of(at, path) })
    at.emulator:advance(30)
    assert.same({ 200, "number 7\ndone\n" }, { body_of(at, path) })
    at.emulator:advance "1h"
    assert.same({ 200, "number 7\ndone\n" }, { body_of(at, path) })
  end)

  it("is sent in parts", function()
    local at = open "echo 0123456789"
    at.emulator:advance(PREPARING)
    local path = target(at)
    local status, body, headers = get(at, path, { range = "bytes=4-" })
    assert.same({ 206, "456789\n", "bytes 4-10/11" }, { status, body, headers["Content-Range"] })
    status, body = get(at, path, { ["x-ms-range"] = "bytes=0-3" })
    assert.same({ 206, "0123" }, { status, body })
    local _
    status, _, headers = get(at, path, { range = "bytes=11-" })
    assert.same({ 416, "InvalidRange" }, { status, headers["x-ms-error-code"] })
  end)

  it("is refused without its signature, with another one, and after its time", function()
    local at = open "echo hello"
    at.emulator:advance(PREPARING)
    local path = target(at)
    for _, change in ipairs {
      { "%?.*", "" }, { "sig=[^&]*", "sig=AAAA" }, { "dcid%.train", "dcid.other" },
      { "se=%d+", "se=2999" }, { "/blobs/[^/]+", "/blobs/other" },
    } do
      local changed = path:gsub(change[1], change[2])
      local status, body = get(at, changed)
      assert.equal(403, status, changed)
      assert.matches("AuthenticationFailed", body)
    end
    at.emulator:advance "9h"
    assert.equal(403, (get(at, path)))
  end)

  it("is the only file, and is only read", function()
    local at = open "echo hello"
    at.emulator:advance(PREPARING)
    local path = target(at)
    assert.equal(404, (get(at, (path:gsub("std_log", "other")))))
    assert.equal(405, (get(at, path, nil, "PUT")))
    assert.equal(200, (get(at, path, nil, "HEAD")))
  end)
end)
