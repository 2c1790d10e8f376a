local azureml = require "azureml"
local json = require "azureml.json"
local opened_studio = require "spec.opened_studio"
local studio = require "azureml.studio"
local task = require "azureml.task"

describe("the studio's server", function()
  it("sets the cookie of a start link on a page, not on a redirect", function()
    opened_studio.with({}, nil, function(opened)
      local path = opened.studio:link():match "//[^/]+(/.*)$"
      local status, body, head = opened:ask("GET " .. path, { headers = { Cookie = false } })
      assert.equal(200, status)
      assert.truthy(body:find('http-equiv="refresh"', 1, true))
      assert.truthy(head:find(("Set-Cookie: azureml-studio-%d="):format(opened.port), 1, true))
      assert.truthy(head:find("; Path=/; HttpOnly; SameSite=Strict", 1, true))
    end)
  end)

  it("lets a link for one use in once, and a wrong one never", function()
    opened_studio.with({}, nil, function(opened)
      local path = opened.studio:link(true):match "//[^/]+(/.*)$"
      assert.equal(200, (opened:ask("GET " .. path)))
      assert.equal(403, (opened:ask("GET " .. path)))
      assert.equal(403, (opened:ask "GET /start?key=wrong"))
      assert.equal(403, (opened:ask "GET /start"))
    end)
  end)

  it("lets a start link in from another site, and nothing else", function()
    opened_studio.with({}, nil, function(opened)
      local foreign = { headers = { ["Sec-Fetch-Site"] = "cross-site" } }
      local path = opened.studio:link():match "//[^/]+(/.*)$"
      assert.equal(200, (opened:ask("GET " .. path, foreign)))
      assert.equal(403, (opened:ask("GET /", foreign)))
      assert.equal(403, (opened:ask("GET /api/state", foreign)))
    end)
  end)

  it("serves nothing without the cookie", function()
    opened_studio.with({}, nil, function(opened)
      for _, cookie in ipairs { false, "azureml-studio-1=x", opened.cookie .. "x" } do
        for _, path in ipairs { "/", "/app.js", "/api/state", "/api/events", "/icon.svg" } do
          local status, body = opened:ask("GET " .. path, { headers = { Cookie = cookie } })
          assert.equal(401, status)
          assert.truthy(body:find("Open the link", 1, true))
        end
      end
      assert.equal(200, (opened:ask("GET /", { headers = { Cookie = "a=b; " .. opened.cookie } })))
    end)
  end)

  it("answers to its own host and origin alone", function()
    opened_studio.with({}, nil, function(opened)
      local own = "127.0.0.1:" .. opened.port
      for _, headers in ipairs {
        { Host = "evil.example" }, { Host = "127.0.0.1" },
        { Host = "evil.example:" .. opened.port },
        { Origin = "http://evil.example" }, { Origin = "null" }, { Origin = "https://" .. own },
        { Origin = "http://localhost:" .. opened.port }, { Origin = "http://127.0.0.1" },
      } do
        assert.equal(403, (opened:ask("GET /", { headers = headers })))
        assert.equal(403, (opened:ask("POST /api/refresh", { headers = headers, body = "{}" })))
      end
      assert.equal(403, (opened:ask("POST /api/refresh", { headers = { Origin = false },
        body = "{}" })))
      local named = "localhost:" .. opened.port
      assert.equal(200, (opened:ask("POST /api/refresh", { body = "{}",
        headers = { Host = named, Origin = "http://" .. named } })))
    end)
  end)

  it("sends a strict policy with every answer", function()
    opened_studio.with({}, nil, function(opened)
      for _, path in ipairs { "/", "/app.js", "/api/state", "/none", "/start" } do
        local _, _, head = opened:ask("GET " .. path)
        assert.truthy(head:find("Content-Security-Policy: default-src 'none'; script-src 'self'", 1,
          true))
        assert.truthy(head:find("require-trusted-types-for 'script'", 1, true))
        assert.is_nil(head:find("unsafe", 1, true))
        for _, header in ipairs { "X-Content-Type-Options: nosniff", "Cache-Control: no-store",
          "Referrer-Policy: no-referrer", "X-Frame-Options: DENY" } do
          assert.truthy(head:find(header, 1, true), header)
        end
      end
    end)
  end)

  it("serves the files of the page with their types", function()
    opened_studio.with({}, nil, function(opened)
      for path, kind in pairs {
        ["/"] = "text/html; charset=utf-8", ["/app.js"] = "text/javascript; charset=utf-8",
        ["/style.css"] = "text/css; charset=utf-8", ["/icon.svg"] = "image/svg+xml",
        ["/favicon.ico"] = "image/svg+xml",
      } do
        local status, _, head = opened:ask("GET " .. path)
        assert.equal(200, status)
        assert.truthy(head:find("Content-Type: " .. kind, 1, true), path)
      end
      for _, path in ipairs {
        "/server.lua", "/../server.lua", "/page/app.js", "/%2e%2e/init.lua",
      } do
        assert.equal(404, (opened:ask("GET " .. path)))
      end
    end)
  end)

  it("refuses methods, bodies and addresses that the page never sends", function()
    opened_studio.with({}, nil, function(opened)
      assert.equal(405, (opened:ask("DELETE /api/state", {
        headers = { Origin = "http://127.0.0.1:" .. opened.port } })))
      assert.equal(404, (opened:ask "GET /api/none"))
      assert.equal(404, (opened:ask("POST /api/state", { body = "{}" })))
      assert.equal(405, (opened:ask("POST /app.js", { body = "{}" })))
      assert.equal(414, (opened:ask("GET /" .. ("x"):rep(5000))))
      for _, body in ipairs { "", "[]", "3", "{", '{"a":1,"a":2}' } do
        local status, text = opened:ask("POST /api/refresh", { body = body })
        assert.equal(400, status)
        assert.equal("InvalidArgument", json.decode(text).error.code)
      end
      local plain = { headers = { ["Content-Type"] = "text/plain" }, body = "{}" }
      assert.equal(400, (opened:ask("POST /api/refresh", plain)))
      assert.equal(413, (opened:ask("POST /api/refresh", { body = ("x"):rep(1024 * 1024 + 1) })))
    end)
  end)

  it("gives no token and no secret to the page", function()
    opened_studio.with({ ["ci-a"] = "Running" }, nil, function(opened, emulator)
      local token = emulator:issue_token():match "^[^.]+%.[^.]+"
      for _, path in ipairs { "/api/state", "/api/instance?name=ci-a", "/api/recipe?name=ci-a" } do
        local _, body = opened:ask("GET " .. path)
        assert.is_nil(body:find("eyJ", 1, true))
        assert.is_nil(body:find(token, 1, true))
        assert.is_nil(body:find(emulator:settings().client_secret, 1, true))
      end
    end)
  end)

  it("that is read-only shows everything and changes nothing", function()
    opened_studio.with({ ["ci-a"] = "Running" }, { read_only = true }, function(opened, emulator)
      assert.is_true(opened:get("state").facts.is_read_only)
      assert.equal("ci-a", opened:get("instance?name=ci-a").row.name)
      for _, name in ipairs {
        "verb", "update", "schedules", "services", "resize", "create", "cancel", "key",
      } do
        local status, body = opened:ask("POST /api/" .. name, { body = {
          name = "ci-a", names = { "ci-a" }, verb = "delete", settings = {}, size = "x" } })
        assert.equal(403, status)
        assert.equal("ReadOnly", json.decode(body).error.code)
      end
      assert.equal(0, emulator:verb_counts().delete or 0)
    end)
  end)

  it("sends events with numbers, after a first one that lets the page load", function()
    opened_studio.with({ ["ci-a"] = "Running" }, nil, function(opened)
      local stream <close> = opened:events()
      assert.truthy(stream.heard:find("Content-Type: text/event-stream", 1, true))
      assert.truthy(stream.heard:find("retry: 1000\nid: %d+\nevent: reload\ndata: {}\n\n"))
      local version = opened.studio.server:publish("trouble", { trouble = json.null })
      opened.await(stream, ('id: %d\nevent: trouble\ndata: {"trouble":null}'):format(version))
    end)
  end)

  it("forgets a page that has gone, at the next event", function()
    opened_studio.with({}, nil, function(opened)
      local server = opened.studio.server
      local stream = opened:events()
      assert.equal(1, opened.studio.board.viewers)
      stream:close()
      repeat
        server:publish("trouble", {})
        azureml.sleep(0.001)
      until not next(server.streams)
      assert.equal(0, opened.studio.board.viewers)
    end)
  end)

  it("refuses the 65th page", function()
    opened_studio.with({}, nil, function(opened)
      local streams <close> = setmetatable({}, { __close = function(list)
        for _, stream in ipairs(list) do stream:close() end
      end })
      for index = 1, 64 do streams[index] = opened:events() end
      assert.equal(503, (opened:ask "GET /api/events"))
    end)
  end)

  it("lives through a fault of its own, and says so", function()
    opened_studio.with({}, nil, function(opened)
      opened.studio.server.actions["GET broken"] = { run = function() error("a fault", 0) end }
      local status, body = opened:ask "GET /api/broken"
      assert.equal(500, status)
      assert.equal("InternalError", json.decode(body).error.code)
      assert.equal(200, (opened:ask "GET /api/state"))
    end)
  end)

  it("says when its port is in use", function()
    opened_studio.with({}, nil, function(opened, _, ws)
      task.crew(function(start)
        local _, err = azureml.try(studio.open, ws, { port = opened.port }, start)
        assert.equal("AddressInUse", err.code)
      end)
    end)
  end)
end)
