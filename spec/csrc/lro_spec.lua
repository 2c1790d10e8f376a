--- The state of a long-running operation, read from replies: csrc/lro.c.
local pure = require "pure"

local ORIGINAL = "https://arm.example/computes/ci?api-version=1"
local MONITOR = "https://arm.example/ops/1?api-version=1&t=1&c=MII%2fx&s=a+b/c%3D%3D&h=~"
local SHOWN = "https://arm.example/ops/1?api-version=1&t=***&c=***&s=***&h=***"
local OTHER = "https://arm.example/ops/2?api-version=1"
local LOCATION = "https://arm.example/results/1?api-version=1"
local ELSEWHERE = "https://arm.example/results/2?api-version=1"

local ASYNC, OPLOC, LOC = "Azure-AsyncOperation: " .. MONITOR, "Operation-Location: " .. OTHER,
  "Location: " .. LOCATION

local function reply(status, body, ...)
  return { status = status, body = body, headers = { ... } }
end

local function state(word)
  return ('{"id":"x","properties":{"provisioningState":"%s"}}'):format(word)
end

local function status(word) return ('{"status":"%s"}'):format(word) end

local function begin(method, first, final)
  local lro = pure.lro(method, ORIGINAL, final)
  return lro, lro:first(first)
end

--- Return an operation that runs in a mode and is polled next.
local function running(mode, method, final)
  local headers = { monitor = { ASYNC }, location = { LOC }, body = {} }
  local lro, outcome = begin(method or "PUT", { status = 202, headers = headers[mode] }, final)
  assert.equal("running", outcome)
  assert.equal(mode, lro:fields().mode)
  return lro
end

local function is_protocol_error(err, http)
  assert.equal("protocol", err.kind)
  assert.equal("InvalidReply", err.code)
  assert.equal(http, err.status)
  assert.equal(1, err.outcome_unknown)
end

describe("lro_init", function()
  it("knows only the request", function()
    assert.same(
      { mode = "none", final_state = "location", method = "PUT", original_url = ORIGINAL },
      pure.lro("PUT", ORIGINAL, "location"):fields())
  end)
end)

describe("the first reply", function()
  -- title; method, reply; outcome, mode, polling URL, status
  for _, row in ipairs {
    -- which header wins
    { "all three headers", "PUT", reply(201, nil, LOC, OPLOC, ASYNC),
      "running", "monitor", MONITOR },
    { "Operation-Location and Location", "POST", reply(202, nil, LOC, OPLOC),
      "running", "monitor", OTHER },
    { "Azure-AsyncOperation alone", "DELETE", reply(202, nil, ASYNC),
      "running", "monitor", MONITOR },
    { "Location alone", "DELETE", reply(202, nil, LOC),
      "running", "location", LOCATION, "InProgress" },
    { "Location in lower case", "POST", reply(202, nil, LOC:lower()),
      "running", "location", LOCATION, "InProgress" },
    { "Location on a 200 to POST", "POST", reply(200, "{}", LOC),
      "running", "location", LOCATION, "InProgress" },
    { "Location on a 201 to PUT", "PUT", reply(201, state "Succeeded", LOC),
      "running", "location", LOCATION, "InProgress" },
    { "an empty Azure-AsyncOperation beside Location", "POST",
      reply(202, nil, "Azure-AsyncOperation: ", LOC), "running", "location", LOCATION,
      "InProgress" },
    { "garbage in Location beside a monitor", "PUT", reply(202, nil, ASYNC, "Location: ://no url"),
      "running", "monitor", MONITOR },
    { "a relative monitor", "PUT", reply(202, nil, "Azure-AsyncOperation: /ops/9?s=%2f"),
      "running", "monitor", "https://arm.example/ops/9?s=%2f" },
    { "a relative Location", "POST", reply(202, nil, "Location: ../results/9"),
      "running", "location", "https://arm.example/results/9", "InProgress" },
    { "a monitor on another host", "POST",
      reply(202, nil, "Azure-AsyncOperation: https://evil.example/"), "running", "monitor",
      "https://evil.example/" },
    -- a monitor is polled at least once
    { "a monitor beside a terminal state", "PUT",
      reply(200, state "Succeeded", ASYNC), "running", "monitor", MONITOR },
    { "a monitor beside a terminal status", "PATCH",
      reply(202, status "Succeeded", ASYNC), "running", "monitor", MONITOR },
    { "a monitor beside a failed state", "PUT",
      reply(201, state "Failed", ASYNC), "running", "monitor", MONITOR },
    { "a monitor on a 204", "DELETE", reply(204, nil, ASYNC), "running", "monitor", MONITOR },
    -- PATCH answered 200 ignores headers
    { "strays on a 200 to PATCH", "PATCH", reply(200, state "Succeeded", ASYNC, OPLOC, LOC),
      "succeeded", "body", ORIGINAL, "Succeeded" },
    { "strays on a 200 to PATCH that is updating", "PATCH", reply(200, state "Updating", ASYNC),
      "running", "body", ORIGINAL, "Updating" },
    { "strays on a 200 to patch without a state", "patch", reply(200, "{}", "Location: http://a b"),
      "succeeded", "body", ORIGINAL, "Succeeded" },
    { "a monitor on a 202 to PATCH", "PATCH", reply(202, nil, ASYNC),
      "running", "monitor", MONITOR },
    { "a monitor on a 201 to PATCH", "PATCH", reply(201, state "Succeeded", ASYNC),
      "running", "monitor", MONITOR },
    -- the resource's body
    { "a 200 without a state", "PUT", reply(200, '{"properties":{}}'),
      "succeeded", "body", ORIGINAL, "Succeeded" },
    { "an empty 200", "PUT", reply(200, nil), "succeeded", "body", ORIGINAL, "Succeeded" },
    { "a 200 that is a list", "PUT", reply(200, "[]"), "succeeded", "body", ORIGINAL, "Succeeded" },
    { "a 200 with a state on top only", "PUT", reply(200, '{"provisioningState":"Creating"}'),
      "succeeded", "body", ORIGINAL, "Succeeded" },
    { "a 200 with a state that is a number", "PUT",
      reply(200, '{"properties":{"provisioningState":1}}'), "succeeded", "body", ORIGINAL,
      "Succeeded" },
    { "a 200 with an empty state", "PUT", reply(200, state ""),
      "succeeded", "body", ORIGINAL, "Succeeded" },
    { "a 200 that is done", "PUT", reply(200, state "succeeded"),
      "succeeded", "body", ORIGINAL, "succeeded" },
    { "a 200 that is creating", "PUT", reply(200, state "Creating"),
      "running", "body", ORIGINAL, "Creating" },
    { "a 200 that failed", "PUT", reply(200, state "Failed"),
      "failed", "body", ORIGINAL, "Failed" },
    { "a 201 without a state", "PUT", reply(201, '{"properties":{}}'),
      "running", "body", ORIGINAL, "InProgress" },
    { "an empty 201", "PUT", reply(201, nil), "running", "body", ORIGINAL, "InProgress" },
    { "a 201 that is done", "PUT", reply(201, state "Succeeded"),
      "succeeded", "body", ORIGINAL, "Succeeded" },
    { "a 201 that is creating", "PATCH", reply(201, state "Creating"),
      "running", "body", ORIGINAL, "Creating" },
    { "a 201 that was canceled", "PUT", reply(201, state "Canceled"),
      "failed", "body", ORIGINAL, "Canceled" },
    { "an empty 202", "PUT", reply(202, nil), "running", "body", ORIGINAL, "InProgress" },
    { "a 202 that says done", "PUT", reply(202, state "Succeeded"),
      "running", "body", ORIGINAL, "InProgress" },
    { "a 202 that is updating", "PATCH", reply(202, state "Updating"),
      "running", "body", ORIGINAL, "Updating" },
    { "a 204", "PUT", reply(204, nil), "succeeded", "body", ORIGINAL, "Succeeded" },
    { "a number beyond 64 bits in the body", "PUT",
      reply(200, '{"n":99999999999999999999,"properties":{"provisioningState":"Creating"}}'),
      "running", "body", ORIGINAL, "Creating" },
    -- replies without a sign of a long-running operation
    { "a 200", "POST", reply(200, nil), "succeeded", "none", nil, "Succeeded" },
    { "a 200 with a state", "POST", reply(200, state "Creating"),
      "succeeded", "none", nil, "Succeeded" },
    { "a 201", "POST", reply(201, "{}"), "succeeded", "none", nil, "Succeeded" },
    { "a 204", "POST", reply(204, nil), "succeeded", "none", nil, "Succeeded" },
    { "a 200", "DELETE", reply(200, nil), "succeeded", "none", nil, "Succeeded" },
    { "a 204", "DELETE", reply(204, nil), "succeeded", "none", nil, "Succeeded" },
    { "a 200", "GET", reply(200, "{}"), "succeeded", "none", nil, "Succeeded" }
  } do
    it(("to %s, %s: %s (%s)"):format(row[2], row[1], row[4], row[5]), function()
      local lro, outcome, err = begin(row[2], row[3])
      assert.equal(row[4], outcome)
      assert.equal(row[4] == "failed", err ~= nil)
      local fields = lro:fields()
      assert.equal(row[5], fields.mode)
      assert.equal(row[6], fields.poll_url)
      assert.equal(row[7], fields.status)
    end)
  end

  for _, code in ipairs { 200, 201, 202 } do
    it(("of %d to PUT with a body that is not JSON is broken"):format(code), function()
      local _, outcome, err = begin("PUT", reply(code, "<html>"))
      assert.equal("broken", outcome)
      is_protocol_error(err, code)
    end)
  end

  for _, method in ipairs { "POST", "DELETE", "GET" } do
    it("of 202 to " .. method .. " without a header is broken", function()
      local _, outcome, err = begin(method, reply(202, state "Creating", "x-ms-request-id: rid"))
      assert.equal("broken", outcome)
      is_protocol_error(err, 202)
      assert.equal(
        "HTTP 202 to " .. method
        .. " should name a status URL in Azure-AsyncOperation, Operation-Location or Location, "
        .. "but none of them came: the operation cannot be followed", err.message)
      assert.equal("rid", err.request_id)
    end)
  end

  for _, http in ipairs { 100, 203, 205, 206, 207, 226, 300, 302, 304, 307, 399 } do
    it(("of %d is broken"):format(http), function()
      for _, method in ipairs { "PUT", "PATCH", "POST", "DELETE" } do
        local _, outcome, err = begin(method, reply(http, "{}", ASYNC))
        assert.equal("broken", outcome)
        is_protocol_error(err, http)
        assert.equal(
          ("%s %s should be answered with 200, 201, 202 or 204, but HTTP %d came"):format(
            method, ORIGINAL, http), err.message)
      end
    end)
  end

  for _, header in ipairs { "Azure-AsyncOperation", "Operation-Location", "Location" } do
    for _, value in ipairs {
      "ftp://host/", "https://", "https://user@host/?s=secret", "//[::g]/", "a b"
    } do
      it(("with %s in %s is broken"):format(value, header), function()
        local _, outcome, err = begin("POST", reply(202, nil, header .. ": " .. value))
        assert.equal("broken", outcome)
        is_protocol_error(err, 202)
        local text = "the header " .. header
          .. " should hold an http or https URL, but it came as '"
        assert.truthy(err.message:find(text, 1, true))
        assert.is_nil(err.message:find "secret")
      end)
    end
  end

  it("tells why the resource failed", function()
    local _, outcome, err = begin("PUT", reply(200, '{"properties":{"provisioningState":"Failed",'
      .. '"provisioningErrors":[{"error":{"code":"Quota","message":"no cores"}}]}}'))
    assert.equal("failed", outcome)
    assert.same({ "operation", "Quota", "no cores" }, { err.kind, err.code, err.message })
  end)
end)

describe("status words", function()
  local WORDS = {
    { "Succeeded", "succeeded" }, { "succeeded", "succeeded" }, { "SUCCEEDED", "succeeded" },
    { "Failed", "failed", "Failed" }, { "failed", "failed", "Failed" },
    { "Canceled", "failed", "Canceled" }, { "Cancelled", "failed", "Canceled" },
    { "canceled", "failed", "Canceled" }, { "CANCELLED", "failed", "Canceled" },
    { "InProgress", "running" }, { "Accepted", "running" }, { "Running", "running" },
    { "NotStarted", "running" }, { "Creating", "running" },
    { "Deleting", "running" }, { "Completed", "running" }, { "Succeede", "running" },
    { "Succeeded2", "running" }, { "PartiallySucceeded", "running" },
    { "Unknown", "running" }, { "日本", "running" }
  }
  for _, row in ipairs(WORDS) do
    for mode, body in pairs { monitor = status, location = state, body = state } do
      it(("%s means %s to the %s pattern"):format(row[1], row[2], mode), function()
        local lro = running(mode)
        local outcome, err = lro:poll(reply(200, body(row[1])))
        assert.equal(row[2], outcome)
        assert.equal(row[1], lro:fields().status, "as the service wrote it")
        assert.equal(row[3], err and err.code)
        assert.equal(row[3] and "operation", err and err.kind)
      end)
    end
  end

  it("are shown as one short line", function()
    local lro = running "monitor"
    assert.equal("running",
      (lro:poll(reply(200, '{"status":"a\\u001b[2J\\r\\nb' .. ("x"):rep(5000) .. '"}'))))
    assert.equal("a [2J bxxx", lro:fields().status:sub(1, 10))
    assert.equal(128, #lro:fields().status)
  end)
end)

describe("a poll of a monitor", function()
  for _, row in ipairs {
    { "an empty body", nil, "an empty body" },
    { "an empty text", "", "an empty body" },
    { "blanks", " ", "a body that is not JSON" },
    { "HTML", "<html></html>", "a body that is not JSON" },
    { "JSON that was cut off", '{"status":"Succ', "a body that is not JSON" },
    { "a list", '["Succeeded"]', "JSON that is not an object" },
    { "a text", '"Succeeded"', "JSON that is not an object" },
    { "null", "null", "JSON that is not an object" },
    { "no status", '{"properties":{"provisioningState":"Succeeded"}}', "no 'status'" },
    { "another name", '{"Status":"Succeeded"}', "no 'status'" },
    { "a number", '{"status":200}', "a 'status' that is not text" },
    { "null as status", '{"status":null}', "a 'status' that is not text" },
    { "an object as status", '{"status":{"value":"Succeeded"}}', "a 'status' that is not text" },
    { "an empty status", '{"status":""}', "an empty 'status'" }
  } do
    for _, http in ipairs { 200, 202, 204 } do
      it(("that brings %s with %d is broken"):format(row[1], http), function()
        local lro = running "monitor"
        local outcome, err = lro:poll(reply(http, row[2]))
        assert.equal("broken", outcome)
        is_protocol_error(err, http)
        assert.equal(
          ("%s should answer a JSON object with a text 'status', but HTTP %d came with %s"):format(
            SHOWN, http, row[3]), err.message)
        assert.equal(MONITOR, lro:fields().poll_url)
      end)
    end
  end

  it("reads JSON under any Content-Type, and with a byte order mark", function()
    assert.equal("succeeded",
      (running "monitor":poll(reply(200, status "Succeeded", "Content-Type: text/plain"))))
    assert.equal("succeeded",
      (running "monitor":poll(reply(200, "\xEF\xBB\xBF" .. status "Succeeded"))))
  end)

  it("takes the last of two statuses, and one of any length", function()
    local body = '{"status":"InProgress","x":[{"status":"Failed"}],"status":"Succeeded"}'
    assert.equal("succeeded", (running "monitor":poll(reply(200, body))))
    for length = 127, 130 do
      local lro = running "monitor"
      assert.equal("running", (lro:poll(reply(200, status(("x"):rep(length))))))
      assert.equal(("x"):rep(125) .. "...", lro:fields().status)
    end
  end)

  it("decides by the body, not by the HTTP status", function()
    assert.equal("succeeded", (running "monitor":poll(reply(202, status "Succeeded"))))
    assert.equal("running", (running "monitor":poll(reply(201, status "InProgress"))))
    assert.equal("failed",
      (running "monitor":poll(
        reply(200, '{"status":"Failed","properties":{"provisioningState":"Succeeded"}}'))))
  end)

  it("tells why the operation failed", function()
    local outcome, err = running "monitor":poll(
      reply(200, '{"status":"Failed","error":{"code":"SetupScriptsError","message":"no file"}}',
        "x-ms-request-id: rid"))
    assert.equal("failed", outcome)
    assert.same({ "operation", "SetupScriptsError", "no file", "rid", 0 },
      { err.kind, err.code, err.message, err.request_id, err.outcome_unknown })
  end)

  it("ignores other members of the body", function()
    local lro = running "monitor"
    assert.equal("running", (lro:poll(reply(200,
      '{"id":1e300,"percentComplete":99999999999999999999,"status":"InProgress","error":null}'))))
  end)
end)

describe("a poll of a Location", function()
  for _, row in ipairs {
    { 202, nil, "running", "InProgress" },
    { 202, state "Succeeded", "running", "InProgress" },
    { 202, state "Deleting", "running", "Deleting" },
    { 202, "<html>", "running", "InProgress" },
    { 200, nil, "succeeded", "Succeeded" },
    { 200, "{}", "succeeded", "Succeeded" },
    { 200, "<html>", "succeeded", "Succeeded" },
    { 200, "[1]", "succeeded", "Succeeded" },
    { 200, '{"properties":null}', "succeeded", "Succeeded" },
    { 200, '{"status":"InProgress"}', "running", "InProgress" },
    { 200, '{"status":"Failed","error":{"code":"X"}}', "failed", "Failed" },
    { 200, '{"status":"Succeeded"}', "succeeded", "Succeeded" },
    { 200, '{"status":"Running","properties":{}}', "succeeded", "Succeeded" },
    { 200, '{"status":""}', "succeeded", "Succeeded" },
    { 200, '{"status":7}', "succeeded", "Succeeded" },
    { 200, '{"properties":{"provisioningState":7}}', "succeeded", "Succeeded" },
    { 201, nil, "succeeded", "Succeeded" },
    { 204, nil, "succeeded", "Succeeded" },
    { 206, nil, "succeeded", "Succeeded" },
    { 200, state "Succeeded", "succeeded", "Succeeded" },
    { 200, state "Creating", "running", "Creating" },
    { 201, state "Creating", "running", "Creating" },
    { 200, state "Failed", "failed", "Failed" },
    { 200, state "Cancelled", "failed", "Cancelled" }
  } do
    it(("that brings %d with %s: %s"):format(row[1], row[2] or "nothing", row[3]), function()
      local lro = running("location", "DELETE")
      local outcome, err = lro:poll(reply(row[1], row[2]))
      assert.equal(row[3], outcome)
      assert.equal(row[4], lro:fields().status)
      assert.equal(row[3] == "failed" and "operation" or nil, err and err.kind)
    end)
  end
end)

describe("a poll of the resource", function()
  for _, row in ipairs {
    { state "Creating", "running", "Creating" },
    { state "Succeeded", "succeeded", "Succeeded" },
    { state "Failed", "failed", "Failed" },
    { "{}", "succeeded", "Succeeded" },
    { '{"properties":{}}', "succeeded", "Succeeded" },
    { '{"properties":{"provisioningState":null}}', "succeeded", "Succeeded" },
    { '{"provisioningState":"Creating"}', "succeeded", "Succeeded" }
  } do
    it(("that brings %s: %s"):format(row[1], row[2]), function()
      local lro = running "body"
      assert.equal(row[2], (lro:poll(reply(200, row[1]))))
      assert.equal(row[3], lro:fields().status)
    end)
  end

  for _, row in ipairs {
    { 200, nil, "an empty body" }, { 204, nil, "an empty body" },
    { 200, "<html>", "a body that is not JSON" }, { 200, "[]", "JSON that is not an object" }
  } do
    it(("that brings %d with %s is broken"):format(row[1], row[3]), function()
      local outcome, err = running "body":poll(reply(row[1], row[2]))
      assert.equal("broken", outcome)
      is_protocol_error(err, row[1])
      assert.equal(
        ("%s should answer the resource as a JSON object, but HTTP %d came with %s"):format(
          ORIGINAL, row[1], row[3]), err.message)
    end)
  end

  it("is broken when 201 was empty and the resource is too", function()
    local lro, outcome = begin("PUT", reply(201, nil))
    assert.equal("running", outcome)
    assert.equal("broken", (lro:poll(reply(200, nil))))
  end)
end)

describe("a poll in any pattern", function()
  for _, mode in ipairs { "monitor", "location", "body" } do
    for _, http in ipairs { 100, 300, 304, 307 } do
      it(("of %s that brings %d is broken"):format(mode, http), function()
        local outcome, err = running(mode):poll(reply(http, status "Succeeded"))
        assert.equal("broken", outcome)
        is_protocol_error(err, http)
        local text = "should be answered with a status from 200 to 299, but HTTP %d came"
        assert.truthy(err.message:find(text:format(http), 1, true))
      end)
    end
  end
end)

describe("new URLs", function()
  -- pattern, status, body, headers; polling URL and Location afterwards
  for _, row in ipairs {
    { "monitor", reply(200, status "InProgress"), MONITOR, nil },
    { "monitor", reply(200, status "InProgress", "Azure-AsyncOperation: " .. OTHER), OTHER, nil },
    { "monitor", reply(200, status "InProgress", OPLOC), OTHER, nil },
    { "monitor", reply(200, status "InProgress", OPLOC, ASYNC), MONITOR, nil },
    { "monitor", reply(202, status "InProgress", LOC), MONITOR, nil },
    { "monitor", reply(202, status "InProgress", LOC), MONITOR, LOCATION, "POST" },
    { "monitor", reply(202, status "InProgress", LOC), MONITOR, nil, "DELETE" },
    { "monitor", reply(200, status "InProgress", "Azure-AsyncOperation: 3?x=y"),
      "https://arm.example/ops/3?x=y", nil },
    { "monitor", reply(200, status "InProgress", "Azure-AsyncOperation: "), MONITOR, nil },
    { "monitor", reply(200, status "InProgress", "Location: ://no url"), MONITOR, nil },
    { "location", reply(202, nil), LOCATION, nil },
    { "location", reply(202, nil, "Location: " .. ELSEWHERE), ELSEWHERE, nil },
    { "location", reply(202, nil, "Location: ../moved"),
      "https://arm.example/moved", nil },
    { "location", reply(202, nil, ASYNC), LOCATION, nil },
    { "location", reply(200, state "Creating", "Location: " .. ELSEWHERE), ELSEWHERE, nil },
    { "body", reply(200, state "Creating", ASYNC), ORIGINAL, nil },
    { "body", reply(200, state "Creating", LOC), ORIGINAL, nil }
  } do
    local headers = table.concat(row[2].headers, ", ")
    it(("in the %s pattern of a %s from '%s'"):format(row[1], row[5] or "PUT", headers), function()
      local lro = running(row[1], row[5])
      assert.equal("running", (lro:poll(row[2])))
      assert.equal(row[3], lro:fields().poll_url)
      assert.equal(row[4], lro:fields().location)
      assert.equal(row[1], lro:fields().mode)
    end)
  end

  it("are resolved against the URL just fetched, not the first one", function()
    local lro = running("location", "POST")
    lro:poll(reply(202, nil, "Location: https://arm.example/a/b/c"))
    lro:poll(reply(202, nil, "Location: d"))
    assert.equal("https://arm.example/a/b/d", lro:fields().poll_url)
    lro:poll(reply(202, nil, "Location: ?page=2"))
    assert.equal("https://arm.example/a/b/d?page=2", lro:fields().poll_url)
  end)

  it("that are invalid break the operation while it runs", function()
    for mode, row in pairs {
      monitor = reply(200, status "InProgress", "Azure-AsyncOperation: ftp://x"),
      location = reply(202, nil, "Location: ftp://x")
    } do
      local lro = running(mode)
      local before = lro:fields().poll_url
      local outcome, err = lro:poll(row)
      assert.equal("broken", outcome)
      is_protocol_error(err, row.status)
      assert.equal(before, lro:fields().poll_url)
    end
  end)

  it("that are invalid are ignored once the operation is over", function()
    assert.equal("succeeded",
      (running "monitor":poll(
        reply(200, status "Succeeded", "Azure-AsyncOperation: ftp://x", "Location: ftp://x"))))
    assert.equal("succeeded", (running "location":poll(reply(200, nil, "Location: ftp://x"))))
    assert.equal("failed",
      (running "monitor":poll(reply(200, status "Failed", "Azure-AsyncOperation: ftp://x"))))
  end)

  it("of many kilobytes are kept byte for byte", function()
    local long = MONITOR .. "&c=" .. ("Aa%2b+/="):rep(2000)
    local lro = running "monitor"
    lro:poll(reply(200, status "InProgress", "Azure-AsyncOperation: " .. long))
    assert.equal(long, lro:fields().poll_url)
  end)
end)

describe("the final GET", function()
  local RESOURCE = "https://arm.example/there?api-version=1"
  local NAMED = ('{"status":"Succeeded","resourceLocation":"%s"}'):format(RESOURCE)
  local URLS = { original = ORIGINAL, location = LOCATION, resource = RESOURCE }

  -- final-state-via -> the URL of the final GET after: neither; a Location; a resourceLocation;
  -- both
  local RULES = {
    PUT = {
      [""] = { "original", "original", "resource", "resource" },
      ["azure-async-operation"] = { "original", "original", "resource", "resource" },
      ["operation-location"] = { "original", "original", "resource", "resource" },
      ["location"] = { "original", "location", "resource", "location" },
      ["original-uri"] = { "original", "original", "original", "original" }
    },
    POST = {
      [""] = { "none", "location", "resource", "resource" },
      ["azure-async-operation"] = { "none", "none", "none", "none" },
      ["operation-location"] = { "none", "none", "none", "none" },
      ["location"] = { "none", "location", "resource", "location" },
      ["original-uri"] = { "original", "original", "original", "original" }
    },
    DELETE = {
      [""] = { "none", "none", "none", "none" },
      ["azure-async-operation"] = { "none", "none", "none", "none" },
      ["operation-location"] = { "none", "none", "none", "none" },
      ["location"] = { "none", "none", "none", "none" },
      ["original-uri"] = { "none", "none", "none", "none" }
    }
  }
  RULES.PATCH = RULES.PUT

  for method, rules in pairs(RULES) do
    for final, expected in pairs(rules) do
      for i, seen in ipairs { "nothing", "a Location", "a resourceLocation", "both" } do
        local title = "of %s with final-state-via '%s' and %s: %s"
        it(title:format(method, final, seen, expected[i]), function()
          local located, named = i == 2 or i == 4, i >= 3
          local lro = begin(method, reply(202, nil, ASYNC, located and LOC or nil), final)
          assert.equal("succeeded", (lro:poll(reply(200, named and NAMED or status "Succeeded"))))
          assert.equal(URLS[expected[i]], lro:final_url())
        end)
      end
    end
  end

  it("is never made in the Location and body patterns, or without a pattern", function()
    for _, final in ipairs { "", "azure-async-operation", "location", "original-uri" } do
      for _, method in ipairs { "PUT", "PATCH", "POST", "DELETE" } do
        local lro = running("location", method, final)
        lro:poll(reply(200, NAMED))
        assert.is_nil(lro:final_url())
      end
      local lro = running("body", "PUT", final)
      lro:poll(reply(200, state "Succeeded", LOC))
      assert.is_nil(lro:final_url())
      assert.is_nil(begin("POST", reply(200, "{}"), final):final_url())
      assert.is_nil(begin("PATCH", reply(200, state "Succeeded", ASYNC, LOC), final):final_url())
    end
  end)

  it("goes to the Location seen last, on the last poll too", function()
    local lro = begin("POST", reply(202, nil, ASYNC, LOC))
    lro:poll(reply(200, status "InProgress"))
    lro:poll(reply(200, status "Succeeded", "Location: " .. ELSEWHERE))
    assert.equal(ELSEWHERE, lro:final_url())
  end)

  it("takes a relative resourceLocation of any poll, and ignores an invalid one", function()
    local lro = running("monitor", "PUT")
    lro:poll(reply(200, '{"status":"InProgress","resourceLocation":"/there?x=y"}'))
    lro:poll(reply(200, '{"status":"Succeeded","resourceLocation":7}'))
    assert.equal("https://arm.example/there?x=y", lro:final_url())
    lro = running("monitor", "PUT")
    lro:poll(reply(200, '{"status":"Succeeded","resourceLocation":"ftp://host/"}'))
    assert.equal(ORIGINAL, lro:final_url())
  end)
end)

describe("final-state-via", function()
  for word, name in pairs {
    [""] = "", ["azure-async-operation"] = "azure-async-operation",
    ["operation-location"] = "azure-async-operation",
      ["location"] = "location",
    ["original-uri"] = "original-uri"
  } do
    it(("knows '%s'"):format(word), function() assert.equal(name, pure.final_state(word)) end)
  end
  it("has no other values", function()
    assert.is_nil(pure.final_state "original")
    assert.is_nil(pure.final_state " location")
    assert.is_nil(pure.final_state(nil))
  end)
end)

describe("whole lives", function()
  it("the live service's create: 201, InProgress, Succeeded, then the resource", function()
    local lro, outcome = begin("PUT", reply(201, state "Creating", ASYNC))
    assert.equal("running", outcome)
    assert.equal("running", (lro:poll(reply(200, status "InProgress"))))
    assert.equal("succeeded",
      (lro:poll(reply(200, '{"status":"Succeeded","percentComplete":100.0}'))))
    assert.equal(ORIGINAL, lro:final_url())
  end)

  it("the live service's stop: 202, InProgress, Succeeded, and nothing to fetch", function()
    local lro = begin("POST", reply(202, nil, ASYNC))
    lro:poll(reply(200, status "InProgress"))
    assert.equal("succeeded",
      (lro:poll(reply(200, '{"status":"Succeeded","percentComplete":100.0}'))))
    assert.is_nil(lro:final_url())
  end)

  it("are over when cleared, twice too", function()
    local lro = running "monitor"
    lro:clear()
    lro:clear()
    assert.same({ mode = "none", final_state = "" }, lro:fields())
  end)
end)

describe("random replies", function()
  local values = {
    MONITOR, LOCATION, "/x", "..", "", "ftp://x", "a b", "//", "?", "https://user@h/", "\xFF"
  }
  local bodies = {
    "", "{}", "[]", "null", status "Succeeded", status "Failed", status "InProgress",
    state "Succeeded", state "Failed", state "Creating", '{"status":1}', '{"status":"',
    "\xEF\xBB\xBF{}", '{"properties":[]}', '{"status":"Succeeded","resourceLocation":"x"}',
    '{"error":{"code":1}}'
  }
  local names = { "Azure-AsyncOperation", "Operation-Location", "Location", "Retry-After" }
  local codes = { 200, 200, 201, 202, 204, 206, 302 }

  local function random_reply()
    local headers = {}
    for i = 1, math.random(0, 3) do
      headers[i] = names[math.random(#names)] .. ": " .. values[math.random(#values)]
    end
    local body = bodies[math.random(#bodies)]
    if math.random(8) == 1 and #body > 0 then
      local at = math.random(#body)
      body = body:sub(1, at - 1) .. string.char(math.random(0, 255)) .. body:sub(at + 1)
    end
    return { status = codes[math.random(#codes)], body = body, headers = headers }
  end

  it("keep every invariant", function()
    math.randomseed(17)
    local methods, finals = { "PUT", "PATCH", "POST", "DELETE", "GET" },
      { "", "location", "original-uri", "azure-async-operation" }
    for _ = 1, 10000 do
      local lro = pure.lro(methods[math.random(#methods)], ORIGINAL, finals[math.random(#finals)])
      local outcome, err = lro:first(random_reply())
      for _ = 1, 5 do
        assert.equal(outcome == "failed" or outcome == "broken", err ~= nil)
        if err then assert.is_true(#err.code > 0 and #err.message > 0) end
        if outcome ~= "running" then break end
        assert.truthy(pure.url.origin(lro:fields().poll_url))
        outcome, err = lro:poll(random_reply())
      end
      local final = lro:final_url()
      assert.is_true(final == nil or pure.url.origin(final) ~= nil)
    end
  end)
end)
