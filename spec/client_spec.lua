local azureml = require "azureml"
local core = require "azureml.core"
local documents = require "azureml.tool.document"
local json = require "azureml.json"
local scripted = require "spec.scripted"
local serve = require "spec.raw"
local world = require "spec.world"

local function reply(status, value, headers)
  local all = { ["Content-Type"] = "application/json" }
  for name, text in pairs(headers or {}) do all[name] = text end
  return {
    status = status, headers = all,
    body = value and (type(value) == "string" and value or json.encode(value)) or ""
  }
end

local function client_of(server, more)
  local given = { endpoint = server.url, poll_interval = 0, retry = { tries = 0, delay = 0 } }
  for name, value in pairs(more or {}) do given[name] = value end
  return azureml.client(given)
end

-- Start a server that gives these answers in turn and repeats the last.
local function saying(...)
  local answers = { ... }
  local at = 0
  return scripted(function()
    at = math.min(at + 1, #answers)
    return answers[at]
  end)
end

local function targets(server)
  local list = {}
  for i, request in ipairs(server.requests) do list[i] = request.method .. " " .. request.target end
  return list
end

describe("a client", function()
  before_each(function() core.clock "virtual" end)
  after_each(function()
    core.clock "real"
    assert.equal(0, world.leaks())
  end)

  describe("that is made", function()
    local ENDPOINT = "http://127.0.0.1:1"
    for _, row in ipairs {
      { {}, "client needs option 'endpoint'" },
      { "x", "client: a table of options expected, got string" },
      { { endpoint = 5 }, "client: option 'endpoint' must be a string, not number" },
      { { credential = {} },
        "client: option 'credential' must be a credential of azureml.credential, not table" },
      { { credential = "me" },
        "client: option 'credential' must be a credential of azureml.credential, not string" },
      { { retry = { tries = "3" } }, "client: option 'tries' must be a number, not a string" },
      { { retry = { statuses = { "503" } } },
        "client: option 'retry.statuses' must be a list of numbers such as 503" },
      { { retry = { methods = { "FETCH" } } },
        "client: option 'retry.methods' has the unknown method 'FETCH'" },
      { { allow_hosts = { 5 } }, "client: option 'allow_hosts' must be a list of texts" },
      { { allow_hosts = { a = 1 } }, "client: option 'allow_hosts' must be a list of texts" },
      { { allow_hosts = { "a", b = "c" } },
        "client: option 'allow_hosts' must be a list of texts" },
      { { timeout = -1 }, "client: timeout must be a number of seconds, 0 or more" },
      { { timeout = 0 / 0 }, "client: timeout must be a number of seconds, 0 or more" },
      { { connect_timeout = 0 / 0 },
        "client: option 'connect_timeout' must be a number from 0 to 1e9" },
    } do
      it("is refused at the caller's line: " .. row[2], function()
        local given = row[1]
        if type(given) == "table" and next(given) and not given.endpoint then
          given.endpoint = ENDPOINT
        end
        local ok, err = pcall(function() azureml.client(given) end)
        assert.is_false(ok)
        assert.matches("^spec/client_spec.lua:%d+: ", err)
        assert.equal(row[2], (err:gsub("^[^ ]+ ", "")))
      end)
    end

    it("refuses a negative timeout of a request at the caller's line", function()
      local client <close> = azureml.client { endpoint = ENDPOINT }
      for _, method in ipairs { "request", "operation", "pages" } do
        local ok, err = pcall(function() client[method](client, { path = "/", timeout = -1 }) end)
        assert.is_false(ok)
        assert.matches("^spec/client_spec.lua:%d+: " .. method .. ": timeout must be a number of "
          .. "seconds, 0 or more$", err)
      end
    end)

    it("raises at the caller's line once it is closed, for each method", function()
      local client = azureml.client { endpoint = "http://127.0.0.1:1" }
      client:close()
      client:close()
      for _, f in ipairs {
        function() client:request { path = "/" } end,
        function() client:operation { path = "/" } end,
        function() client:pages({ path = "/" })() end,
        function() client:budget("/", "GET") end,
      } do
        local ok, err = pcall(f)
        assert.is_false(ok)
        assert.matches("^spec/client_spec.lua:%d+: this client was closed$", err)
      end
      assert.equal("client: closed", tostring(client))
    end)

    for _, row in ipairs {
      { {}, "needs option 'endpoint'" },
      { { endpoint = "https://a", tiemout = 3 },
        "client has no option 'tiemout' %(known: allow_hosts, api_version, .*user_agent%)" },
      { { endpoint = 3 }, "option 'endpoint' must be a string, not number" },
      { { endpoint = "https://a", on_reply = true },
        "option 'on_reply' must be a function, not boolean" },
      { { endpoint = "https://a", retry = { trys = 1 } },
        "retry has no option 'trys' %(known: tries, delay, max_delay, statuses, " },
      { { endpoint = "https://a", retry = { methods = { "FETCH" } } },
        "option 'retry.methods' has the unknown method 'FETCH'" },
      { { endpoint = "https://a", connect_timeout = -1 },
        "option 'connect_timeout' must be a number from 0" },
    } do
      it("with wrong options raises at the caller's line: " .. row[2]:match "^[%w' ]+", function()
        local ok, err = pcall(function() return azureml.client(row[1]) end)
        assert.is_false(ok)
        assert.is_truthy(tostring(err):find(row[2]), err)
      end)
    end

    for _, row in ipairs {
      { "management.azure.com", "is not an http or https URL" },
      { "ftp://a", "is not an http or https URL" },
      { "https://a/?x=1", "must not have a query" },
      { "https://me@a", "is not an http or https URL" },
    } do
      it("with the endpoint " .. row[1] .. " is refused", function()
        local made, err = azureml.try(azureml.client, { endpoint = row[1] })
        assert.is_nil(made)
        assert.equal("InvalidEndpoint", err.code)
        assert.is_truthy(err.message:find(row[2], 1, true), err.message)
        assert.is_truthy(err.where:find("client_spec.lua", 1, true))
      end)
    end

    it("refuses a line end in its user agent", function()
      local _, err = azureml.try(azureml.client,
        { endpoint = "https://service.example", user_agent = "me\r\nX: y" })
      assert.same(
        { "InvalidArgument", "user_agent must not hold control characters such as a line end" },
        { err.code, err.message })
    end)

    it("with a token refuses plain http except to loopback", function()
      local own = azureml.credential.token { token = "t" }
      local _, err = azureml.try(azureml.client,
        { endpoint = "http://service.example", credential = own })
      assert.equal("InvalidEndpoint", err.code)
      assert.is_truthy(err.message:find("unencrypted", 1, true))
      azureml.client({ endpoint = "http://service.example" }):close()      -- without a credential
      azureml.client(
        { endpoint = "http://service.example", credential = azureml.credential.none() }):close()
    end)
  end)

  describe("that asks", function()
    it("adds query and api-version to a path, and sends a URL as it is", function()
      local server <close> = saying(reply(200, { ok = true }))
      local client <close> = client_of(server, { api_version = "2024-04-01" })
      client:request { path = "/a%20b", query = { z = "1&2", ["$top"] = 5 } }
      client:request { path = "/c?d=1", api_version = "2025-01-01" }
      client:request { url = server.url .. "/e?sig=%2F+%2f" }
      assert.same(
        { "GET /a%20b?api-version=2024-04-01&%24top=5&z=1%262", "GET /c?d=1&api-version=2025-01-01",
          "GET /e?sig=%2F+%2f" }, targets(server))
    end)

    it("repeats a name of the query whose value is a list", function()
      local server <close> = saying(reply(200, {}))
      local client <close> = client_of(server, { api_version = "1" })
      client:request { path = "/a", query = { tag = { "b", "a c", 3 }, none = {}, z = true } }
      assert.equal("/a?api-version=1&tag=b&tag=a%20c&tag=3&z=true", server.requests[1].target)
      for _, wrong in ipairs { { a = 1 }, print, { {} } } do
        local ok, err = pcall(client.request, client, { path = "/a", query = { tag = wrong } })
        assert.is_false(ok)
        assert.matches("client_spec.lua:%d+: query: 'tag' must be a string, number or boolean, "
          .. "or a list of them$", err)
      end
    end)

    it("names method and path in an error where it has no label, but not the query", function()
      local server <close> = saying(reply(404, { error = { code = "NotFound",
        message = "not there" } }))
      local client <close> = client_of(server)
      for expected, request in pairs {
        ["GET /a/b: not there"] = { path = "/a/b?sig=s3cr3t" },
        ["DELETE /a/b: not there"] = { method = "DELETE", url = server.url .. "/a/b?sig=s3cr3t" },
        ["GET /: not there"] = { url = server.url },
        ["cannot look: not there"] = { path = "/a", label = "look" },
      } do
        local _, err = azureml.try(client.request, client, request)
        assert.equal(expected, err.message)
        _, err = azureml.try(client.operation, client, request)
        assert.equal(expected, err.message)
        _, err = azureml.try(client:pages(request))
        assert.equal(expected, err.message)
      end
      local _, err = azureml.try(client.request, client, { path = "/a\r\nX: y" })
      assert.is_nil(err.message:find "%c")
    end)

    it("says of an error of which kind it is", function()
      local server <close> = saying(reply(404, {}), reply(202, nil, { Location = "/l" }),
        reply(200, { status = "Failed" }), reply(202))
      local client <close> = client_of(server)
      local closed <close> = serve(function() return { "close" } end)
      local dead <close> = azureml.client { endpoint = closed.url, retry = { tries = 0 } }
      local unsigned <close> = client_of(server,
        { credential = azureml.credential.callback(function() return nil end) })
      local kinds = {}
      for i, f in ipairs {
        function() client:request { path = "/a" } end,
        function() client:operation({ method = "POST", path = "/a" }):wait() end,
        function() client:operation { method = "POST", path = "/a" } end,
        function() dead:request { path = "/a" } end,
        function() unsigned:request { path = "/a" } end,
        function() client:request { path = "/a b" } end,
      } do
        local _, err = azureml.try(f)
        kinds[i] = err.kind
      end
      assert.same({ "http", "operation", "protocol", "transport", "credential", "usage" }, kinds)
    end)

    it("that is a POST may have run when a 303 names its result", function()
      local server <close> = saying(reply(303, nil, { Location = "/result" }))
      local client <close> = client_of(server)
      local _, err = azureml.try(client.request, client, { method = "POST", path = "/a" })
      assert.same({ "Redirected", 303, true }, { err.code, err.status, err.outcome_unknown })
      assert.same({ "POST /a" }, targets(server))
      _, err = azureml.try(client.operation, client, { method = "POST", path = "/a" })
      assert.is_true(err.outcome_unknown)
    end)

    it("reads an answer that begins with a byte order mark", function()
      local server <close> = saying(reply(200, '\xEF\xBB\xBF{"a":1}'))
      local client <close> = client_of(server)
      assert.same({ a = 1 }, client:request({ path = "/" }).json)
    end)

    it("sends a table as JSON and a text as it is, with the caller's headers", function()
      local server <close> = saying(reply(200, {}))
      local client <close> = client_of(server)
      client:request {
        method = "PUT", path = "/a", body = { list = json.array {}, none = json.null, n = 3 }
      }
      local headers = { ["Content-Type"] = "application/x-www-form-urlencoded", ["X-A"] = "1" }
      client:request { method = "POST", path = "/b", body = "a=b", headers = headers }
      assert.equal('{"list":[],"n":3,"none":null}', server.requests[1].body)
      assert.equal("application/json", server.requests[1].headers["content-type"])
      assert.equal("a=b", server.requests[2].body)
      assert.equal("application/x-www-form-urlencoded", server.requests[2].headers["content-type"])
      assert.equal("1", server.requests[2].headers["x-a"])
    end)

    it("gets status, headers, body and its JSON", function()
      local server <close> = saying(reply(203, '{"a":[1,null]}', { ["X-Some"] = "thing" }),
        reply(200, "plain"))
      local client <close> = client_of(server)
      local got = client:request { path = "/" }
      assert.equal(203, got.status)
      assert.equal("thing", got.headers["x-some"])
      assert.equal('{"a":[1,null]}', got.body)
      assert.same({ a = { 1, json.null } }, got.json)
      assert.is_nil(client:request({ path = "/" }).json)
    end)

    it("keeps unknown members in a read-modify-write", function()
      local text =
        '{"big":9007199254740993,"empty":[],"none":null,"object":{},"price":0.073,"real":1.0,'
        .. '"tags":{"a":"1","b":"2"}}'
      local server <close> = saying(reply(200, text), reply(200, {}))
      local client <close> = client_of(server)
      local got = client:request { path = "/x" }
      client:request {
        method = "PUT", path = "/x", body = azureml.json.merge(got.body, { tags = { a = "3" } })
      }
      assert.equal((text:gsub('"a":"1"', '"a":"3"')), server.requests[2].body)
    end)

    for _, row in ipairs {
      { { path = "/a\r\nX: y" }, "InvalidRequest", "control characters" },
      { { path = "/a b" }, "InvalidRequest", "escape" },
      { { path = "/a#b" }, "InvalidRequest", "fragment" },
      { { path = "/a", method = "get" }, "InvalidRequest", "capitals" },
      { { path = "/a", headers = { A = "b\r\nC: d" } }, "InvalidRequest", "control characters" },
      { { path = "/a", request_id = "a\r\nX: y" }, "InvalidRequest", "id is 1 to 63 visible" },
      { { path = "/a", request_id = "" }, "InvalidRequest", "id is 1 to 63 visible" },
      { { path = "/a", request_id = ("a"):rep(64) }, "InvalidRequest", "id is 1 to 63 visible" },
      { { url = "https://other.example/" }, "ForeignUrl", "other.example" },
      { { url = "nonsense" }, "ForeignUrl", "nonsense" },
    } do
      it(("is refused before anything is sent: %s"):format(row[3]), function()
        local server <close> = saying(reply(200, {}))
        local client <close> = client_of(server)
        local _, err = azureml.try(client.request, client, row[1])
        assert.equal(row[2], err.code)
        assert.is_truthy(err.message:find(row[3], 1, true), err.message)
        assert.equal(0, #server.requests)
      end)
    end

    it("raises at the caller's line for a missing or unknown request option", function()
      local server <close> = saying(reply(200, {}))
      local client <close> = client_of(server)
      for _, row in ipairs {
        { {}, "needs option 'path' or 'url'" },
        { { path = "/", boddy = 1 }, "request has no option 'boddy'" }
      } do
        local ok, err = pcall(client.request, client, row[1])
        assert.is_false(ok)
        assert.is_truthy(err:find("^%S*client_spec%.lua:%d+: ") and err:find(row[2], 1, true), err)
      end
    end)

    it("retries the statuses of its policy, and no more often than the policy says", function()
      local server <close> = saying(reply(500, {}), reply(502, {}), reply(200, { ok = true }))
      local client <close> = client_of(server, { retry = { tries = 2, delay = 0.5 } })
      assert.is_true(client:request({ path = "/a" }).json.ok)
      assert.equal(3, #server.requests)
      local ids = {}
      for _, request in ipairs(server.requests) do
        ids[request.headers["x-ms-client-request-id"]] = true
      end
      assert.is_truthy(next(ids))
      assert.is_nil(next(ids, (next(ids))))      -- one id for all tries of one request
    end)

    it("sends a POST again if retry.methods lists it", function()
      local server <close> = saying(reply(500, {}), reply(200, { ok = true }))
      local client <close> = client_of(server,
        { retry = { tries = 1, delay = 0, methods = { "POST" } } })
      assert.is_true(client:request({ method = "POST", path = "/a" }).json.ok)
    end)

    it("does not wait for a Retry-After beyond max_delay, but reports it", function()
      local server <close> = saying(reply(503, {}, { ["Retry-After"] = "120" }))
      local client <close> = client_of(server, { retry = { tries = 3 } })
      local _, err = azureml.try(client.request, client, { path = "/a" })
      assert.equal(503, err.status)
      assert.equal(120, err.retry_after)
      assert.equal(1, #server.requests)
    end)

    it("raises once it is closed", function()
      local server <close> = saying(reply(200, {}))
      local client = client_of(server)
      client:close()
      client:close()
      assert.has_error(function() client:request { path = "/" } end)
      assert.equal("client: closed", tostring(client))
    end)
  end)

  describe("with cookies", function()
    local function counting()
      return scripted(function(request)
        local seen = tonumber((request.headers.cookie or ""):match "n=(%d+)") or 0
        return reply(200, { seen = seen }, { ["Set-Cookie"] = "n=" .. seen + 1 .. "; Path=/" })
      end)
    end

    it("sends the cookies that the server set", function()
      local server <close> = counting()
      local client <close> = client_of(server, { cookies = true })
      for i = 0, 3 do assert.equal(i, client:request({ path = "/" }).json.seen) end
    end)

    it("keeps them apart from other clients, and has none without the option", function()
      local server <close> = counting()
      local one <close> = client_of(server, { cookies = true })
      local other <close> = client_of(server, { cookies = true })
      local plain <close> = client_of(server)
      for _ = 1, 2 do one:request { path = "/" } end
      assert.equal(0, other:request({ path = "/" }).json.seen)
      for _ = 1, 2 do assert.equal(0, plain:request({ path = "/" }).json.seen) end
      assert.equal(2, one:request({ path = "/" }).json.seen)
    end)
  end)

  describe("with hooks", function()
    it("reports each request sent and each reply, in order", function()
      local server <close> = saying(reply(503, {}),
        reply(202, nil, { Location = "/ops/1?sig=s3cr3t" }), reply(202, nil),
        reply(200, "done", { ["x-ms-request-id"] = "rid" }))
      local told = {}
      local client <close> = client_of(server, {
        retry = { tries = 1, delay = 0 },
        on_request = function(seen)
          told[#told + 1] = ("> %s %s %d"):format(seen.event, seen.method, seen.attempt)
        end,
        on_reply = function(seen)
          told[#told + 1] = ("< %s %d"):format(seen.event, seen.status)
          assert.is_true(seen.seconds >= 0 and #seen.client_request_id == 36)
          assert.is_nil(seen.url:find "s3cr3t")
          if seen.status == 200 then assert.same({ 4, "rid" }, { seen.bytes, seen.request_id }) end
        end,
      })
      local op <close> = client:operation { method = "POST", path = "/go" }
      op:wait()
      assert.same(
        { "> request POST 1", "< request 503", "> request POST 2", "< request 202", "> poll GET 1",
          "< poll 202", "> poll GET 1", "< poll 200" }, told)
    end)

    it("reports the error where no reply came", function()
      local server <close> = serve(function() return { "close" } end)
      local told
      local client <close> = client_of(server, { on_reply = function(seen) told = seen end })
      azureml.try(client.request, client, { path = "/" })
      assert.equal("ConnectionLost", told.error)
      assert.is_nil(told.status)
    end)

    it("passes an error of a hook on to the wait that called it", function()
      local server <close> = saying(reply(200, {}))
      local client <close> = client_of(server,
        { on_request = function() error("my mistake", 0) end })
      local ok, err = pcall(client.request, client, { path = "/" })
      assert.same({ false, "my mistake" }, { ok, err })
      core.step(0)
    end)
  end)

  describe("that reads pages", function()
    it("yields the items of all pages, and fetches each link once and unchanged", function()
      local server
      server = scripted(function(request)
        local page = request.target:match "page=(%d)" or "1"
        local last = page == "4"
        return reply(200, {
          value = page == "2" and json.array {} or { page },
          nextLink = not last and ("%s/list?page=%d&sig=%%2F+%%2f"):format(server.url, page + 1)
          or json.null
        })
      end)
      local closing <close> = server
      local client <close> = client_of(closing, { api_version = "1" })
      local items = {}
      for item in client:pages { path = "/list" } do items[#items + 1] = item end
      assert.same({ "1", "3", "4" }, items)
      assert.same(
        { "GET /list?api-version=1", "GET /list?page=2&sig=%2F+%2f", "GET /list?page=3&sig=%2F+%2f",
          "GET /list?page=4&sig=%2F+%2f" }, targets(server))
    end)

    it("sends the caller's request id with each page", function()
      local server <close> = saying(reply(200, { value = { 1 }, nextLink = "/two" }),
        reply(200, { value = { 2 } }))
      local client <close> = client_of(server)
      for _ in client:pages { path = "/one", request_id = "my-id" } do end
      for _, request in ipairs(server.requests) do
        assert.equal("my-id", request.headers["x-ms-client-request-id"])
      end
      assert.equal(2, #server.requests)
    end)

    it("escapes in a link what no URL may hold, and keeps what is escaped", function()
      local server
      server = scripted(function(request)
        local last = request.target ~= "/list"
        return reply(200, { value = { 1 }, nextLink = not last and server.url
          .. '/list?$skip=a b|"{é}%2F%2f+' or json.null })
      end)
      local closing <close> = server
      local client <close> = client_of(closing)
      for _ in client:pages { path = "/list" } do end
      assert.equal("/list?$skip=a%20b%7C%22%7B%C3%A9%7D%2F%2f+", server.requests[2].target)
    end)

    it("begins below an endpoint that has a path", function()
      local server <close> = saying(reply(200, { value = { 1 }, nextLink = "two" }),
        reply(200, { value = { 2 } }))
      local client <close> = client_of(server, { endpoint = server.url .. "/gateway" })
      for _ in client:pages { path = "/list" } do end
      assert.same({ "GET /gateway/list", "GET /gateway/two" }, targets(server))
    end)

    it("goes on as `next` says: with which method, URL, headers and body", function()
      local server <close> = saying(reply(200, { value = { 1 }, token = "a" },
        { ["X-Page"] = "1" }),
        reply(200, { value = {}, token = "b" }), reply(200, { value = { 2 },
          nextLink = "/three?x=1" }), reply(200, { value = { 3 } }))
      local client <close> = client_of(server, { api_version = "1" })
      local items, seen = {}, {}
      local pages = client:pages {
        method = "POST", path = "/list", body = { all = true }, headers = { ["X-All"] = "yes" },
        next = function(link, page)
          seen[#seen + 1] = ("%s %s"):format(link, page.headers["x-page"])
          if link then return { url = link, headers = { ["X-Own"] = "yes" } } end
          return page.json.token and { method = "POST", path = "/list", query = { n = 2 },
            body = { token = page.json.token } }
        end,
      }
      for item in pages do items[#items + 1] = item end
      assert.same({ 1, 2, 3 }, items)
      assert.same({ "nil 1", "nil nil", "/three?x=1 nil", "nil nil" }, seen)
      assert.same({ "POST /list?api-version=1", "POST /list?api-version=1&n=2",
        "POST /list?api-version=1&n=2", "GET /three?x=1" },
        targets(server))
      assert.same({ '{"all":true}', '{"token":"a"}', '{"token":"b"}', "" }, {
        server.requests[1].body, server.requests[2].body, server.requests[3].body,
          server.requests[4].body,
      })
      assert.equal("yes", server.requests[3].headers["x-all"])
      assert.same({ nil, "yes" }, { server.requests[4].headers["x-all"],
        server.requests[4].headers["x-own"] })
    end)

    for _, row in ipairs {
      { "the same request again", { method = "POST", path = "/list", body = "a" },
        "leads back to a page that was read" },
      { "another origin", { url = "https://other.example/x" }, "is not on the origin" },
      { "no URL", { url = "ftp://x/" }, "the next-page link is not a valid URL" },
    } do
      it("raises, each time it is asked, when `next` returns " .. row[1], function()
        local server <close> = saying(reply(200, { value = { 1 } }))
        local client <close> = client_of(server)
        local pages = client:pages { method = "POST", path = "/list", body = "a",
          next = function() return row[2] end }
        for _ = 1, 2 do
          local _, err = azureml.try(pages)
          assert.is_truthy(err.message:find(row[3], 1, true), err.message)
        end
        assert.equal(1, #server.requests)
      end)
    end

    it("is told at its line that `next` returned something odd", function()
      local server <close> = saying(reply(200, { value = { 1 } }))
      local client <close> = client_of(server)
      for _, row in ipairs {
        { { link = "x" }, "next has no option 'link'" }, { {}, "needs option 'path' or 'url'" },
      } do
        local pages = client:pages { path = "/list", next = function() return row[1] end }
        local ok, err = pcall(pages)
        assert.is_false(ok)
        assert.is_truthy(err:find("^%S*client_spec%.lua:%d+: ") and err:find(row[2], 1, true), err)
      end
    end)

    it("follows relative links of a POST under other member names until a link is empty", function()
      local server <close> = saying(reply(200, { things = { 1 }, more = "two?x=1" }),
        reply(200, { things = { 2 }, more = "" }))
      local client <close> = client_of(server)
      local items = {}
      for item in client:pages {
        method = "POST", path = "/a/one", body = {}, items = "things", next_link = "more"
      } do
        items[#items + 1] = item
      end
      assert.same({ 1, 2 }, items)
      assert.same({ "POST /a/one", "GET /a/two?x=1" }, targets(server))
    end)

    it("sends no request before the first item is asked for", function()
      local server <close> = saying(reply(200, { value = { 1 } }))
      local client <close> = client_of(server)
      local pages = client:pages { path = "/list" }
      assert.equal(0, #server.requests)
      assert.equal(1, pages())
      assert.is_nil(pages())
      assert.is_nil(pages())
      assert.equal(1, #server.requests)
    end)

    it("yields documents for a reader, and holds none that it has given", function()
      local server <close> = saying(
        reply(200, { value = { { name = "a" }, { name = "b" } }, nextLink = "/list?page=2" }),
        reply(200, { value = { { name = "c" }, 5 } }))
      local client <close> = client_of(server)
      local reader = documents.reader { "name" }
      local name, given = reader:member "name", setmetatable({}, { __mode = "v" })
      local pages = client:pages { path = "/list", reader = reader }
      local function read()
        given[1] = pages()
        return name(given[1])
      end
      assert.equal("a", read())
      collectgarbage()
      assert.is_nil(given[1])
      assert.same({ "b", "c" }, { read(), read() })
      assert.equal(5, documents.raw(pages()))      -- no object: the page was decoded
      assert.is_nil(pages())
    end)

    for _, row in ipairs {
      { "a page without items",
        reply(200, { nextLink = json.null }), "InvalidPage", "came without 'value'" },
      { "a page that is no JSON", reply(200, "<html>"), "InvalidPage", "came without 'value'" },
      { "a page that is refused",
        reply(400, { error = { code = "Bad", message = "bad" } }), "Bad", "bad" },
      { "a list that leads back",
        reply(200, { value = { 2 }, nextLink = "/list?page=2" }), "InvalidPage", "leads back" },
      { "a list of documents that leads back",
        reply(200, { value = { {} }, nextLink = "/list?page=2" }), "InvalidPage", "leads back",
        reader = documents.reader { "name" } },
      { "a link of documents that is no URL",
        reply(200, { value = { {} }, nextLink = "http://[" }), "InvalidPage", "not a valid URL",
        reader = documents.reader { "name" } },
    } do
      it("raises on each call instead of ending early: " .. row[1], function()
        local server <close> = saying(reply(200, { value = { 1 }, nextLink = "/list?page=2" }),
          row[2])
        local client <close> = client_of(server)
        local pages = client:pages {
          path = "/list", label = "list the things", reader = row.reader
        }
        assert.is_truthy(pages())
        for _ = 1, 2 do
          local _, err = azureml.try(pages)
          assert.equal(row[3], err.code)
          assert.is_truthy(
            err.message:find("^cannot list the things: ") and err.message:find(row[4], 1, true),
            err.message)
        end
        pages = nil
        assert.is_nil(pages)
      end)
    end
  end)

  describe("that begins an operation", function()
    local function started(server, more)
      local client = client_of(server, more)
      return client, client:operation { method = "POST", path = "/go?x=1", body = {}, label = "go" }
    end

    it("returns when the service has accepted it, and waits when asked to", function()
      local server <close> = saying(
        reply(202, { first = true }, { ["Azure-AsyncOperation"] = "/ops/1" }),
        reply(200, { status = "Running" }), reply(200, { status = "Succeeded", n = 1 }))
      local client, op = started(server)
      local closing <close> = client
      assert.equal(1, #server.requests)
      assert.is_false(op:done())
      assert.equal("Accepted", op:status())
      assert.is_true(op:first().json.first)
      assert.is_nil(op:result())
      assert.equal(1, op:wait().json.n)
      assert.equal(1, op:wait({ timeout = 1 }).json.n)
      assert.same({ true, "Succeeded", 2 }, { op:done(), op:status(), op:polls() })
      assert.is_nil(op:ticket())
      op:close()
      assert.is_truthy(closing)
      assert.has_error(function() op:wait() end)
    end)

    it("raises a refusal at once, and a failure from wait", function()
      local server <close> = saying(reply(409, { error = { code = "Busy", message = "busy" } }))
      local client <close> = client_of(server)
      local _, err = azureml.try(client.operation, client,
        { method = "POST", path = "/go", label = "go" })
      assert.equal("Busy", err.code)
      assert.equal("cannot go: busy", err.message)
      local failing <close> = saying(
        reply(202, nil, { Location = "/l", ["Azure-AsyncOperation"] = "/a" }),
        reply(200, {
          status = "Failed",
          error = { code = "Broke", message = "it broke",
            details = { { code = "D", message = "deep" } } }
        }))
      local another, op = started(failing)
      local _, why = azureml.try(op.wait, op)
      assert.equal("Broke", why.code)
      assert.equal("deep", why.details[1].message)
      op:close()
      another:close()
    end)

    it("tells a timeout from a lost connection, and can be waited for again", function()
      local server <close> = saying(reply(202, nil, { Location = "/l" }), reply(202, nil))
      local client, op = started(server, { poll_interval = 5 })
      local _, err = azureml.try(op.wait, op, { timeout = 12 })
      assert.equal("Timeout", err.code)
      assert.equal(op, err.operation)
      assert.is_truthy(err.message:find("go: not done after 12 s", 1, true), err.message)
      op:close()
      client:close()
      local lost <close> = saying(reply(202, nil, { Location = "/l" }),
        reply(500, { error = { code = "Sick", message = "sick" } }))
      client, op = started(lost, { poll_interval = 5, retry = { tries = 0, delay = 5 } })
      _, err = azureml.try(op.wait, op, { timeout = 60 })
      assert.same({ "LostSight", "http" }, { err.code, err.kind })
      assert.equal(500, err.status)
      op:close()
      client:close()
    end)

    for _, row in ipairs {
      { "location", "/location", { result = "location" } },
      { "original-uri", "/go?x=1", { result = "original" } },
      { "azure-async-operation", nil, { status = "Succeeded" } },
    } do
      it("ends with the result by final_state_via " .. row[1], function()
        local server <close> = scripted(function(request)
          if request.method == "POST" then
            return reply(202, nil, { ["Azure-AsyncOperation"] = "/status", Location = "/location" })
          end
          if request.target == "/status" then return reply(200, { status = "Succeeded" }) end
          return reply(200, { result = request.target == "/location" and "location" or "original" })
        end)
        local client <close> = client_of(server)
        local op <close> = client:operation {
          method = "POST", path = "/go?x=1", final_state_via = row[1]
        }
        assert.same(row[3], op:wait().json)
        assert.equal(row[2] and "GET " .. row[2], targets(server)[3])
      end)
    end

    it("adds poll_query to each URL to poll that lacks it, here and after a ticket", function()
      local server <close> = saying(reply(202, nil, { ["Operation-Location"] = "/ops/1?s=%2f" }),
        reply(200, { status = "Running" }, { ["Operation-Location"] = "/ops/2?API-Version=7" }),
        reply(200, { status = "Running" }, { ["Operation-Location"] = "/ops/3" }),
          reply(200, { status = "Succeeded" }))
      local client <close> = client_of(server, { poll_interval = 5 })
      local op = client:operation { method = "DELETE", path = "/x",
        poll_query = { ["api-version"] = "1", n = { 1, 2 } } }
      azureml.try(op.wait, op, { timeout = 12 })
      local ticket = op:ticket()
      op:close()
      local other <close> = client_of(server)
      other:resume(ticket):wait()
      assert.same({ "DELETE /x", "GET /ops/1?s=%2f&api-version=1&n=1&n=2",
        "GET /ops/2?API-Version=7&n=1&n=2",
        "GET /ops/3?api-version=1&n=1&n=2" }, targets(server))
    end)

    it("adds poll_query to a Location and to the resource's own URL too", function()
      for _, first in ipairs {
        reply(202, nil, { Location = "/x" }),
        reply(201, { properties = { provisioningState = "Creating" } }),
      } do
        local server <close> = saying(first, reply(200, { properties = {} }))
        local client <close> = client_of(server)
        client:operation({ method = "PUT", path = "/x", body = {},
          poll_query = { v = "1" } }):wait()
        assert.same({ "PUT /x", "GET /x?v=1" }, targets(server))
      end
    end)

    it("goes on from what a program kept itself, by `resume`, and sends no first request",
      function()
      local server <close> = saying(reply(200, { status = "Running" }),
        reply(200, { status = "Succeeded", n = 1 }))
      local client <close> = client_of(server)
      local op <close> = client:operation {
        method = "POST", path = "/go", final_state_via = "azure-async-operation",
        resume = { mode = "monitor", poll_url = server.url .. "/ops/1" },
      }
      assert.equal(1, op:wait().json.n)
      assert.same({ "GET /ops/1", "GET /ops/1" }, targets(server))
    end)

    it("names method and path in its failure where it has no label, also after a ticket", function()
      local server <close> = saying(reply(202, nil, { ["Azure-AsyncOperation"] = "/a" }),
        reply(200, { status = "Failed", error = { code = "Broke", message = "it broke" } }))
      local client <close> = client_of(server)
      local op = client:operation { method = "POST", path = "/go?x=1" }
      local ticket = op:ticket()
      local _, err = azureml.try(op.wait, op)
      assert.equal("POST /go: it broke", err.message)
      op:close()
      local again <close> = client:resume(ticket)
      _, err = azureml.try(again.wait, again)
      assert.equal("POST /go: it broke", err.message)
    end)

    it("gives a ticket with which another client gets the same result", function()
      local server <close> = saying(
        reply(201, { properties = { provisioningState = "Creating" } },
          { ["Azure-AsyncOperation"] = "/ops/1?s=%2f" }),
        reply(200, { status = "Succeeded" }), reply(200, { made = true }))
      local client <close> = client_of(server)
      local op = client:operation {
        method = "PUT", path = "/thing?x=1", body = {}, label = "make thing"
      }
      local ticket = op:ticket()
      local id = op.request_id
      op:close()
      local other <close> = client_of(server)
      local again <close> = other:resume(ticket)
      assert.equal(id, again.request_id)
      assert.is_true(again:wait().json.made)
      assert.same({ "PUT /thing?x=1", "GET /ops/1?s=%2f", "GET /thing?x=1" }, targets(server))
    end)

    it("keeps tokens out of its ticket, and takes no ticket to another host", function()
      local server <close> = saying(reply(202, nil, { ["Azure-AsyncOperation"] = "/ops/1" }))
      local client <close> = client_of(server,
        { credential = azureml.credential.token { token = "s3cr3t" } })
      local op <close> = client:operation { method = "POST", path = "/go" }
      local ticket = op:ticket()
      assert.is_nil(ticket:find "s3cr3t")
      local elsewhere <close> = azureml.client { endpoint = "https://other.example" }
      local _, err = azureml.try(elsewhere.resume, elsewhere, ticket)
      assert.equal("ForeignUrl", err.code)
    end)

    for _, row in ipairs {
      { "nothing", "this is not a ticket" }, { "[]", "this is not a ticket" },
      { '{"azureml_ticket":2}', "of version 2" },
      { '{"azureml_ticket":1}', "damaged: it has no" },
      { '{"azureml_ticket":1,"method":"PUT","url":"/x","label":"x","request_id":"1","progress":{}}',
        "does not say where to ask" },
      { '{"azureml_ticket":1,"method":"PUT","url":"/x","label":"x","request_id":"1",'
        .. '"progress":{"mode":"body","poll_url":"file:/e"}}',
        "wrong in poll_url" },
      { '{"azureml_ticket":1,"method":"PUT","url":"/x","label":"x","request_id":"1",'
        .. '"progress":{"mode":"body","odd":"1"}}',
        "wrong in odd" },
    } do
      it("refuses a ticket: " .. row[2], function()
        local client <close> = azureml.client { endpoint = "https://service.example" }
        local _, err = azureml.try(client.resume, client, row[1])
        assert.equal("InvalidTicket", err.code)
        assert.is_truthy(err.message:find(row[2], 1, true), err.message)
      end)
    end
  end)

  it("tells the remaining budget as the service last reported it", function()
    local server <close> = saying(
      reply(200, {}, { ["x-ms-ratelimit-remaining-subscription-reads"] = "249" }),
      reply(200, {}, { ["x-ms-ratelimit-remaining-subscription-writes"] = "199" }))
    local client <close> = client_of(server)
    assert.is_nil(client:budget("/subscriptions/a/x", "GET"))
    client:request { path = "/subscriptions/a/x" }
    client:request { method = "PUT", path = "/subscriptions/a/x", body = {} }
    assert.equal(249, client:budget("/subscriptions/a/y", "GET"))
    assert.equal(199, client:budget("/subscriptions/a/y", "POST"))
    assert.is_nil(client:budget("/subscriptions/a/y", "DELETE"))
    assert.is_nil(client:budget("/subscriptions/b/y", "GET"))
  end)
end)
