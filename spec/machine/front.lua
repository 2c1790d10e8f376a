local hosted = require "spec.hosted"
local json = require "azureml.json"

describe("the front of the machines", function()
  local world, vm, base, token

  setup(function()
    world = hosted.open { users = { { name = "eve" } },
      role_assignments = { { principal = "eve", role = "Owner" } } }
    vm = world:create "ci-front"
    base = vm.applications.jupyter:gsub("tree/$", "")
    token = world.emulator:issue_token()
  end)
  teardown(function() world:close() end)

  it("is plain http on loopback", function() assert.matches("^http://127%.0%.0%.1:%d+/", base) end)

  it("refuses without a token, and with a wrong one", function()
    assert.equal(401, (world:fetch(base .. "api")))
    assert.equal(401, (world:fetch(base .. "api", "wrong")))
  end)

  it("refuses every user but the instance's own", function()
    local eve = world.emulator.directory:principal "eve"
    local text = world.emulator.tokens:issue {
      principal = eve, audience = "https://management.azure.com",
    }
    local status, answer = world:fetch(base .. "api", text)
    assert.equal(403, status)
    assert.matches("Only the creator of the compute instance", answer)
  end)

  it("refuses pages of other sites and rebound names", function()
    assert.equal(403, (world:fetch(base .. "api", token, "-H", "Origin: http://evil.example")))
    assert.equal(403, (world:fetch(base .. "api", token, "-H", "Host: evil.example")))
  end)

  it("refuses what two servers may read differently", function()
    for _, header in ipairs {
      "Transfer-Encoding: gzip", "Authorization: token x", "Content-Length: 3, 4",
    } do
      local status = world:fetch(base .. "api", token, "-H", header, "-H", "Content-Length: 5",
        "-X", "POST", "--http1.1", "-d", "12345")
      assert.is_true(status == 400 or status == nil, header)
    end
  end)

  it("refuses heads that are malformed", function()
    local port = base:match ":(%d+)/"
    for _, head in ipairs {
      "GET / HTTP/1.0\\r\\n\\r\\n", "get / HTTP/1.1\\r\\n\\r\\n",
      "GET / HTTP/1.1\\r\\nA: b\\nAuthorization: x\\r\\n\\r\\n",
      "GET / HTTP/1.1\\r\\nA: b\\r\\n folded\\r\\n\\r\\n", "GET http://x/ HTTP/1.1\\r\\n\\r\\n",
      "GET / HTTP/1.1\\r\\nA\\001: b\\r\\n\\r\\n",
      "GET / HTTP/1.1\\r\\nHost: a\\r\\nHost: a\\r\\n\\r\\n",
    } do
      local answer = world:run { "bash", "-c",
        ("exec 3<>/dev/tcp/127.0.0.1/%s; printf '%s' >&3; head -1 <&3"):format(port, head) }
      assert.equal("HTTP/1.1 400 Bad Request\r\n", answer, head)
    end
  end)

  it("lets neither cookies in nor out", function()
    local status, answer = world:fetch(base .. "api/status", token)
    assert.equal(200, status)
    assert.is_nil(answer:lower():find "set%-cookie")
    assert.equal(401, (world:fetch(base .. "api/status", nil,
      "-H", "Cookie: username-localhost=x")))
  end)

  it("passes a file of some megabytes both ways", function()
    local text = ("0123456789abcdef"):rep(200000)
    local body = world.home .. "/body"
    local file = assert(io.open(body, "w"))
    file:write(json.encode { type = "file", format = "text", content = text })
    file:close()
    local status = world:fetch(base .. "api/contents/Users/large.txt", token, "-X", "PUT",
      "--data-binary", "@" .. body)
    assert.equal(201, status)
    local _, answer = world:fetch(base .. "files/Users/large.txt", token)
    assert.is_true(answer:sub(-#text) == text)
  end)

  it("passes WebSockets: a terminal of the machine", function()
    local status, answer = world:fetch(base .. "api/terminals", token, "-X", "POST")
    assert.equal(200, status)
    local name = answer:match '"name": "(%w+)"'
    local _, opened = world:fetch(base .. "terminals/websocket/" .. name, token, "--http1.1",
      "-m", "1", "-H", "Connection: Upgrade", "-H", "Upgrade: websocket",
      "-H", "Sec-WebSocket-Version: 13", "-H", "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==")
    assert.matches("^HTTP/1%.1 101 ", opened)
    assert.matches('%["setup", {}%]', opened)
    assert.equal(401, (world:fetch(base .. "terminals/websocket/" .. name, nil, "--http1.1",
      "-H", "Connection: Upgrade", "-H", "Upgrade: websocket",
      "-H", "Sec-WebSocket-Version: 13", "-H", "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==")))
  end)

  it("runs a Python kernel", function()
    local status, answer = world:fetch(base .. "api/kernelspecs", token)
    assert.equal(200, status)
    assert.matches('"python3"', answer)
    assert.equal(201, (world:fetch(base .. "api/kernels", token, "-X", "POST", "-d", "{}")))
  end)

  it("answers 404 where no instance is", function()
    local origin = base:match "^http://[^/]+"
    assert.equal(404, (world:fetch(origin .. "/", token)))
    assert.equal(404, (world:fetch(origin .. "/instances/eastus/nobody/api", token)))
  end)
end)
