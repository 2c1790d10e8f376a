-- What is sent to the emulator by mistake or by malice: it gets the right refusal or a closed
-- connection, the emulator lives on, leaks nothing, and others do not notice.
local azureml = require "azureml"
local door = require "spec.door"
local emulator = require "azureml.emulator"
local json = require "azureml.json"
local process = require "spec.process"
local server = require "azureml.tool.http_server"
local socket = require "spec.socket"

local HOST = "Host: 127.0.0.1\r\n"
local STATE = "GET /emulator/state HTTP/1.1\r\n" .. HOST

local function descriptors()
  return tonumber((process.run { "sh", "-c", "ls /proc/$PPID/fd | wc -l" }))
end

describe("the emulator's socket", function()
  local running, port, authorization, computes

  setup(function()
    running = emulator.start { seed = { instances = { ["ci-ann"] = "Running" } } }
    port = tonumber(running.url:match "%d+$")
    authorization = "Authorization: Bearer " .. running:issue_token() .. "\r\n"
    computes = ("/subscriptions/%s/resourceGroups/emulator/providers/"
      .. "Microsoft.MachineLearningServices/workspaces/emulator/computes"):format(door.SUBSCRIPTION)
  end)
  teardown(function() running:close() end)

  local function serves_others()
    local ws <close> = azureml.workspace()
    assert.equal("Running", ws.instances:get("ci-ann").state)
  end

  local function answers_to(bytes, count, name)
    local one <close> = socket.connect(port, name)
    one:say(bytes)
    return one:wait_for(count or 1), one
  end

  local function put(headers, body)
    return ("PUT %s/ci-new?api-version=2024-04-01 HTTP/1.1\r\n%s%s%s\r\n%s"):format(computes, HOST,
      authorization, headers, body)
  end

  -- Each: what, the bytes (a function where they need the token), the status; nil: the connection
  -- is closed without one.
  local whole = {
    { "HTTP/0.9", "GET /\r\n\r\n", 400 },
    { "a version that is none", "GET / JUNK\r\n" .. HOST .. "\r\n", 400 },
    { "HTTP/3", "GET / HTTP/3.0\r\n" .. HOST .. "\r\n", 505 },
    { "HTTP/2 without being asked", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505 },
    { "a request without Host", "GET / HTTP/1.1\r\n\r\n", 400 },
    { "two Hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400 },
    { "a header without a colon", STATE .. "nonsense\r\n\r\n", 400 },
    { "a target with a blank", "GET /emulator/st ate HTTP/1.1\r\n" .. HOST .. "\r\n", nil },
    { "a target without end", "GET /" .. ("a"):rep(200000) .. " HTTP/1.1\r\n" .. HOST .. "\r\n",
      414 },
    { "a flood of headers", STATE .. ("X-Flood: y\r\n"):rep(20000) .. "\r\n", 431 },
    { "a header without end", STATE .. "X: " .. ("y"):rep(200000) .. "\r\n\r\n", 431 },
    { "a line without end", ("A"):rep(300000), 414 },
    { "a method of strange bytes", "G\xe9T /subscriptions/x HTTP/1.1\r\n" .. HOST .. "\r\n", 400 },
    { "a method in lower case", "get /emulator/state HTTP/1.1\r\n" .. HOST .. "\r\n", 400 },
    { "a method without end", ("A"):rep(5000) .. " / HTTP/1.1\r\n" .. HOST .. "\r\n", 400 },
    { "a proxy's request", "CONNECT a:443 HTTP/1.1\r\n" .. HOST .. "\r\n", 404 },
    { "a length and chunks",
      function() return put("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n") end,
      400 },
    { "two lengths",
      function() return put("Content-Length: 5\r\nContent-Length: 6\r\n", "abcdef") end, 400 },
    { "a list of lengths", function() return put("Content-Length: 5, 5\r\n", "abcde") end, 400 },
    { "a negative length", function() return put("Content-Length: -5\r\n", "abcde") end, 400 },
    { "a length in hexadecimal", function() return put("Content-Length: 0x5\r\n", "abcde") end,
      400 },
    { "a length beyond all numbers",
      function() return put("Content-Length: 18446744073709551616\r\n", "") end, 413 },
    { "a length that is too large",
      function() return put("Content-Length: 99999999\r\n", "abc") end, 413 },
    { "a large length that asks first",
      function() return put("Content-Length: 99999999\r\nExpect: 100-continue\r\n", "") end, 413 },
    { "an unknown encoding",
      function() return put("Transfer-Encoding: gzip\r\n", "abc") end, 501 },
    { "two encodings",
      function() return put("Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n") end, 501 },
    { "a chunk of no size",
      function() return put("Transfer-Encoding: chunked\r\n", "zz\r\nabc\r\n0\r\n\r\n") end, 400 },
    { "a chunk beyond all numbers",
      function() return put("Transfer-Encoding: chunked\r\n", "1ffffffffffffffff\r\nabc\r\n") end,
      413 },
    { "a chunk that does not end",
      function() return put("Transfer-Encoding: chunked\r\n", "3\r\nabcX0\r\n\r\n") end, 400 },
    { "chunks that are too large together", function()
      return put("Transfer-Encoding: chunked\r\n",
        ("100000\r\n" .. ("a"):rep(0x100000) .. "\r\n"):rep(9) .. "0\r\n\r\n")
    end, nil },
    { "a body that is no JSON", function() return put("Content-Length: 1\r\n", "{") end, 400 },
    { "brackets without end",
      function() return put("Content-Length: 1000000\r\n", ("["):rep(1000000)) end, 400 },
    { "a body of zero bytes", function() return put("Content-Length: 2\r\n", "\0\0") end, 400 },
  }

  for _, row in ipairs(whole) do
    it(("answers %s with %s"):format(row[1], row[3] or "the end of the connection"), function()
      local bytes = row[2]
      if type(bytes) == "function" then bytes = bytes() end
      local statuses, one = answers_to(bytes, 1, row[1])
      assert.equal(row[3], statuses[1])
      assert.is_truthy(row[3] or one.is_over)
      serves_others()
    end)
  end

  for _, target in ipairs {
    "/%00", "/%ff", "/%c0%af", "/%ed%a0%80", "/\xff", "/a%0d%0aX:y", "/emulator/%ff",
    "/subscriptions/%00/x", "/%ff/oauth2/v2.0/token",
    "/x?api-version=%ff",
  } do
    it("answers the target " .. target:gsub("[^\x20-\x7e]", "?") .. " with 400", function()
      assert.same({ 400 }, (answers_to(("GET %s HTTP/1.1\r\n%s\r\n"):format(target, HOST))))
    end)
  end

  for _, target in ipairs {
    "/..", "/../../etc/passwd", "/%2e%2e/%2e%2e", "/%2f", "//", "*",
    "http://elsewhere/emulator/state", "/%zz", "/%",
  } do
    it("finds nothing at the target " .. target, function()
      assert.same({ 404 }, (answers_to(("GET %s HTTP/1.1\r\n%s\r\n"):format(target, HOST))))
    end)
  end

  it("answers many requests in one piece, in their order", function()
    local statuses = answers_to((STATE .. "\r\n" .. "GET /nothing HTTP/1.1\r\n" .. HOST
      .. "\r\n"):rep(50), 100, "a pipeline")
    assert.equal(100, #statuses)
    for i, status in ipairs(statuses) do assert.equal(i % 2 == 1 and 200 or 404, status) end
  end)

  it("does not take what follows a request of two lengths for another one", function()
    local smuggled = put("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n")
      .. STATE .. "\r\n"
    local one <close> = socket.connect(port)
    one:say(smuggled)
    one:wait_end()
    assert.same({ 400 }, one:statuses())
  end)

  it("serves others while many send nothing, a half or too much, and frees places", function()
    serves_others()
    local before, silent = descriptors(), {}
    for i = 1, 100 do
      silent[i] = socket.connect(port)
      silent[i]:say(({ "", "GET / HT", STATE .. "X: y\r\n", "\x16\x03\x01\x02\x00\x01",
        put("Content-Length: 100\r\n", "{") })[i % 5 + 1])
    end
    serves_others()
    for _, one in ipairs(silent) do one:close() end
    socket.wait("descriptors to be closed", function() return descriptors() <= before + 2 end)
  end)

  it("keeps no memory of what it was sent", function()
    local function round()
      for _, row in ipairs(whole) do
        if type(row[2]) == "string" then answers_to(row[2], 1, row[1]) end
      end
      collectgarbage()
      collectgarbage()
      return tonumber(process.run({ "sh", "-c", "grep VmRSS /proc/$PPID/status" }):match "%d+")
    end
    round()
    local before = round()
    local after = 0
    for _ = 1, 5 do after = round() end
    assert.is_true(after - before < 8192, ("%d KB more"):format(after - before))
  end)
end)

describe("a server with few places and little patience", function()
  local one, port

  local function open(given)
    one = server.start(given, function() return { status = 200, headers = {}, body = "ok" } end)
    port = tonumber(one:url():match "%d+$")
  end

  after_each(function() one:close() end)

  it("cuts who has not sent a whole request in time, even if he goes on and on", function()
    open { request_time = 0.1 }
    local slow <close> = socket.connect(port, "a slow one")
    slow:say "GET / HTTP/1.1\r\n"
    socket.wait("the slow one to be cut", function()
      if not slow.is_over then slow:say "X: y\r\n" end
      return slow.is_over
    end)
    assert.same({}, slow:statuses())
  end)

  it("cuts who does not read his answer", function()
    one = server.start({ request_time = 0.1 },
      function() return { status = 200, headers = {}, body = ("x"):rep(30000000) } end)
    port = tonumber(one:url():match "%d+$")
    local client = require("raw").connect(port)
    client:write("GET / HTTP/1.1\r\n" .. HOST .. "\r\n")
    local said = 1
    -- what is written to a cut connection fails in the end
    socket.wait("the one who does not read to be cut", function()
      said = client:write "X"
      return not said
    end)
    client:close()
  end)

  it("gives up the oldest idle connection for a new one", function()
    open { connections = 10 }
    local idle = {}
    for i = 1, 30 do idle[i] = socket.connect(port, "an idle one") end
    local client <close> = azureml.client { endpoint = one:url(), retry = { tries = 0 } }
    assert.equal("ok", client:request({ path = "/" }).body)
    idle[1]:wait_end()
    for _, each in ipairs(idle) do each:close() end
  end)

  for _, row in ipairs {
    { request_time = 0 }, { request_time = -1 }, { request_time = 0 / 0 }, { connections = -1 },
    { connections = 1e6 },
  } do
    it("refuses options that are none", function()
      assert.error(function() open(row) end)
      one = { close = function() end }
    end)
  end
end)

-- What JSON can say at the wrong place.
local function junk()
  local all = {
    5, -1, 0.5, 1e300, true, "", "x", ("x"):rep(5000), "\0", "\xc3\xa9", json.null, json.array {},
    {}, { a = { b = {} } }, { 1, 2 },
  }
  return all[math.random(#all)]
end

-- A body that says all that one can, so that every member can be spoilt.
local function whole_body()
  return {
    location = "eastus", tags = { team = "x" }, identity = { type = "SystemAssigned" },
    properties = {
      computeType = "ComputeInstance", description = "x", disableLocalAuth = true,
      properties = {
        vmSize = "STANDARD_DS3_V2", applicationSharingPolicy = "Personal",
        subnet = { id = "/subscriptions/x" },
        sshSettings = { sshPublicAccess = "Enabled",
          adminPublicKey = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQ" },
        personalComputeInstanceSettings = { assignedUser = { objectId = door.SUBSCRIPTION,
          tenantId = door.SUBSCRIPTION } },
        setupScripts = { scripts = { startupScript = { scriptSource = "inline", scriptData = "eA==",
          timeout = "10m" } } },
        schedules = { computeStartStop = json.array { { action = "Stop", triggerType = "Cron",
          status = "Enabled",
          cron = { expression = "0 18 * * *", timeZone = "UTC",
            startTime = "2024-01-01T00:00:00" } } } },
        idleTimeBeforeShutdown = "PT30M", enableNodePublicIp = true, enableSSO = true,
        customServices = json.array { { name = "x", image = { type = "docker", reference = "x" },
          endpoints = json.array { { protocol = "tcp", name = "x", target = 8787,
            published = 8787 } },
          volumes = json.array { { type = "bind", source = "/a", target = "/b" } } } },
      },
    },
  }
end

-- Puts junk at a place anywhere in a value.
local function spoil(value)
  local keys = {}
  for key in pairs(value) do keys[#keys + 1] = key end
  if #keys == 0 then return end
  table.sort(keys, function(a, b) return tostring(a) < tostring(b) end)
  local key = keys[math.random(#keys)]
  if type(value[key]) == "table" and math.random(4) > 1 then return spoil(value[key]) end
  value[key] = junk()
end

local PIECES = {
  "computes", "computes/ci-ann", "computes/ci-ann/start", "computes/ci-ann/stop",
  "computes/ci-ann/updateIdleShutdownSetting",
  "computes/ci-ann/updateSchedules", "computes/ci-ann/customServices",
  "computes/ci-ann/updateDataMounts", "computes/ci-ann/resize",
  "computes/ci-ann/enableSso", "computes/ci-ann/listNodes", "jobs/a", "jobs/a/cancel",
  "checkComputeNameAvailability", "",
}
local ENTRA = { "oauth2/v2.0/token", "oauth2/v2.0/authorize", "oauth2/v2.0/devicecode",
  "discovery/v2.0/keys", "oauth2/token" }
local VERSIONS = { "2024-04-01", "2021-01-01", "2025-12-01", "2023-08-01-preview", "x" }
local METHODS = { "GET", "PUT", "POST", "PATCH", "DELETE", "HEAD", "OPTIONS" }
local FORMS = { "grant_type", "client_id", "client_secret", "scope", "username", "code",
  "refresh_token", "device_code", "claims",
  "client_assertion", "client_assertion_type", "redirect_uri", "state", "code_challenge" }
local SPECIAL = { "%", "%00", "%ff", "\xff", "'", "\"", "<", "..", "/", "?", "&", "=", " ", "\n",
  "%2f", "", ("a"):rep(3000) }

local function one_of(list) return list[math.random(#list)] end

local function random_form()
  local parts = {}
  for i = 1, math.random(0, 8) do
    parts[i] = one_of(FORMS) .. one_of { "=", "" } .. one_of(SPECIAL)
      .. one_of { "client_credentials", "x", "" }
  end
  return table.concat(parts, one_of { "&", "&&", ";" })
end

local function random_body()
  local body = whole_body()
  for _ = 1, math.random(0, 3) do spoil(body) end
  local text = json.encode(body)
  local chance = math.random(10)
  if chance == 1 then return text:sub(1, math.random(#text)) end
  if chance == 2 then
    local at = math.random(#text)
    return text:sub(1, at) .. one_of(SPECIAL) .. text:sub(at + 1)
  end
  return text
end

local function random_request(at)
  local headers = { authorization = "Bearer " .. at.token,
    host = one_of { "127.0.0.1", "\xff", "", "evil/x" } }
  local chance = math.random(10)
  if chance == 1 then headers.authorization = one_of(SPECIAL) .. "Bearer " .. one_of(SPECIAL) end
  if chance == 2 then
    headers["x-ms-client-request-id"], headers["x-ms-return-client-request-id"] = one_of(SPECIAL),
      "true"
  end
  if math.random(5) == 1 then
    return { method = one_of(METHODS),
      target = "/" .. one_of { door.SUBSCRIPTION, "common", one_of(SPECIAL) } .. "/"
      .. one_of(ENTRA)
      .. one_of { "", "?" .. random_form() }, headers = headers, body = random_form() }
  end
  local target = at:path(one_of(PIECES)) .. "?api-version=" .. one_of(VERSIONS)
  if math.random(3) == 1 then
    local place = math.random(#target)
    target = target:sub(1, place) .. one_of(SPECIAL) .. target:sub(place + 1)
  end
  return { method = one_of(METHODS), target = target, headers = headers, body = random_body() }
end

describe("behind the emulator's door", function()
  it("nothing that is asked, however spoilt, is a fault of the emulator's own", function()
    local seed = 7      -- another one: another 1,500 requests
    math.randomseed(seed)
    local at, faults, ways = door.open { seed = { instances = { ["ci-ann"] = "Running" } } }, {}, {}
    for _ = 1, 1500 do
      local request = random_request(at)
      local response = at.emulator:handle(request)
      ways[response.status or 0] = (ways[response.status or 0] or 0) + 1
      if not response.status or response.status >= 500 then
        faults[#faults + 1] = ("%s %s %s -> %s %s"):format(request.method, request.target,
          request.body, response.status, response.body)
      end
      at.emulator.throttle.buckets = {}
      if math.random(20) == 1 then
        at.emulator:advance(math.random(1, 400))
        at.token = at.emulator:issue_token()
      end
    end
    assert.is_nil(faults[1], ("with math.randomseed(%d)"):format(seed))
    for _, status in ipairs { 200, 400, 404 } do
      assert.is_true((ways[status] or 0) > 10, status)
    end
  end)
end)
