-- Ways to a service: TLS and trusted authorities, proxies, IPv6, hosts that a server points to.
local azureml = require "azureml"
local certificate = require "spec.certificate"
local process = require "spec.process"
local scripted = require "spec.scripted"
local serve = require "spec.raw"

local function json(body)
  return { status = 200, headers = { ["Content-Type"] = "application/json" }, body = body or "{}" }
end

local function client_of(url, more)
  local given = { endpoint = url, retry = { tries = 0 } }
  for name, value in pairs(more or {}) do given[name] = value end
  return azureml.client(given)
end

local function failure_of(client, request)
  local _, err = azureml.try(client.request, client, request or { path = "/x" })
  return err
end

describe("TLS", function()
  local authority, other

  setup(function() authority, other = certificate.authority "ec", certificate.authority "ec" end)
  teardown(function()
    certificate.remove(authority)
    certificate.remove(other)
  end)

  local function served(name, days)
    return scripted(function() return json '{"ok":true}' end,
      { tls = certificate.server(authority, name, days) })
  end

  it("is spoken with a server whose authority ca_file names", function()
    local server <close> = served "IP:127.0.0.1"
    local client <close> = client_of(server.url, { ca_file = authority.ca_file })
    assert.is_true(client:request({ path = "/x" }).json.ok)
  end)

  for _, row in ipairs {
    { "an unknown authority", "IP:127.0.0.1", nil, function() end,
      "certificate problem" },
    { "another authority than ca_file names", "IP:127.0.0.1", nil,
      function() return other.ca_file end, "certificate" },
    { "another name", "DNS:management.azure.com", nil, function() return authority.ca_file end,
      "no alternative certificate subject name" },
    { "a ca_file that is not there", "IP:127.0.0.1", nil, function() return "/nowhere/ca.pem" end,
      "/nowhere/ca%.pem" },
    { "a time that has passed", "IP:127.0.0.1", "-1", function() return authority.ca_file end,
      "expired" },
  } do
    it("is refused with " .. row[1], function()
      local server <close> = served(row[2], row[3])
      local client <close> = client_of(server.url,
        { ca_file = row[4](), retry = { tries = 3, delay = 0 } })
      local err = failure_of(client, { method = "POST", path = "/x", body = "{}" })
      assert.equal("CertificateInvalid", err.code)
      assert.is_truthy(err.message:find(row[5]), err.message)
      assert.is_truthy(err.hint:find "ca_file", err.hint)
      assert.is_nil(err.outcome_unknown)
      assert.equal(0, #server.requests)
    end)
  end

  it("is not spoken by a server of plain http", function()
    local server <close> = scripted(function() return json() end)
    local client <close> = client_of((server.url:gsub("^http:", "https:")))
    assert.equal("TlsFailed", failure_of(client).code)
    assert.equal(0, #server.requests)
  end)
end)

describe("a proxy", function()
  it("is given whole URLs for plain http", function()
    local proxy <close> = scripted(function() return json '{"by":"proxy"}' end)
    local client <close> = client_of("http://service.invalid", { proxy = proxy.url })
    assert.equal("proxy", client:request({ path = "/a?b=%2F" }).json.by)
    assert.equal("http://service.invalid/a?b=%2F", proxy.requests[1].target)
  end)

  it("is asked for a tunnel for https, and never sees the token", function()
    local refusal = "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"
    local proxy <close> = serve(function() return { refusal, "close" } end)
    local client <close> = client_of("https://service.invalid", {
      proxy = proxy.url, credential = azureml.credential.token { token = "s3cr3t" },
    })
    local err = failure_of(client)
    assert.is_truthy(err.message:find "CONNECT tunnel failed, response 403", err.message)
    assert.is_truthy(proxy.requests[1]:find "^CONNECT service%.invalid:443 HTTP/1%.1\r\n")
    assert.is_nil(proxy.requests[1]:find "s3cr3t")
    assert.is_nil(proxy.requests[1]:lower():find "\r\nauthorization:")
    assert.is_nil(err.outcome_unknown)
  end)

  it("that cannot be found is told as such", function()
    local client <close> = client_of("http://service.invalid",
      { proxy = "http://proxy.invalid:3128" })
    local err = failure_of(client)
    assert.equal("ProxyNotFound", err.code)
    assert.is_truthy(err.message:find("proxy.invalid", 1, true), err.message)
  end)

  -- The environment is read by programs that a spec starts; an emulator plays the proxy.
  local ASK = [[
    local azureml = require "azureml"
    local client = azureml.client { endpoint = arg[1], retry = { tries = 0 } }
    local ok, err = azureml.try(client.request, client, { path = "/emulator" })
    print(ok and ok.status or err.code)
  ]]

  it("is taken from the environment, but for NO_PROXY and loopback", function()
    local proxy <close> = process.served_emulator {}
    local directory = process.directory()
    local script = process.write(directory .. "/ask.lua", ASK)
    local function ask(endpoint, more)
      local environment = { http_proxy = proxy.url }
      for name, value in pairs(more or {}) do environment[name] = value end
      return (process.executable({ script, endpoint }, environment):gsub("\n$", ""))
    end
    assert.equal("NotFound", ask "http://service.invalid")      -- the emulator's own answer
    assert.equal("HostNotFound", ask("http://service.invalid", { no_proxy = "service.invalid" }))
    assert.equal("HostNotFound", ask("http://service.invalid", { NO_PROXY = ".invalid" }))
    assert.equal("ConnectionFailed", ask "http://127.0.0.1:1")
    process.remove(directory)
  end)
end)

describe("IPv6", function()
  it("loopback is an endpoint like any other, and may be given a token", function()
    local ok, server = pcall(scripted, function() return json '{"ok":6}' end, { address = "::1" })
    if not ok then return pending "this machine has no IPv6" end
    local closing <close> = server
    assert.is_truthy(closing.url:find "^http://%[::1%]:%d+$")
    local client <close> = client_of(server.url,
      { credential = azureml.credential.token { token = "t" } })
    assert.equal(6, client:request({ path = "/x" }).json.ok)
    assert.equal("Bearer t", server.requests[1].headers.authorization)
  end)
end)

describe("another host", function()
  local away

  -- A service that answers with a redirect, or with a page or an operation elsewhere.
  local function pointing(status, headers, body)
    return scripted(function() return { status = status, headers = headers, body = body or "" } end)
  end

  before_each(function()
    away = scripted(function() return json '{"value":[],"status":"Succeeded"}' end)
  end)
  after_each(function() away:close() end)

  local function holder(server, more)
    local given = { credential = azureml.credential.token { token = "s3cr3t" } }
    for name, value in pairs(more or {}) do given[name] = value end
    return client_of(server.url, given)
  end

  local function assert_refused(err)
    assert.equal("ForeignUrl", err.code)
    assert.is_truthy(err.message:find(away.url, 1, true), err.message)
    assert.equal(0, #away.requests)
  end

  it("is not redirected to", function()
    local server <close> = pointing(307, { Location = away.url .. "/x" })
    local client <close> = holder(server)
    assert_refused(failure_of(client))
    assert.equal(1, #server.requests)
  end)

  it("is not asked for the next page", function()
    local server <close> = pointing(200, { ["Content-Type"] = "application/json" },
      '{"value":[1],"nextLink":"' .. away.url .. '/2"}')
    local client <close> = holder(server)
    local _, err = azureml.try(function()
      for _ in client:pages { path = "/list" } do assert.equal(0, #away.requests) end
    end)
    assert_refused(err)
  end)

  it("is not polled", function()
    local server <close> = pointing(202, { ["Azure-AsyncOperation"] = away.url .. "/status" })
    local client <close> = holder(server)
    local _, err = azureml.try(client.operation, client, { method = "POST", path = "/start" })
    assert_refused(err)
    assert.is_true(err.outcome_unknown)      -- it was accepted
  end)

  it("is not asked for a result", function()
    local server
    server = scripted(function(request)
      if request.method == "POST" then
        return { status = 202,
          headers = { ["Azure-AsyncOperation"] = server.url .. "/status",
            Location = away.url .. "/result" } }
      end
      return json '{"status":"Succeeded"}'
    end)
    local closing <close> = server
    local client <close> = holder(closing, { poll_interval = 0 })
    local _, err = azureml.try(function()
      return client:operation({ method = "POST", path = "/start" }):wait()
    end)
    assert_refused(err)
  end)

  it("is not called by the caller's own URL", function()
    local server <close> = pointing(200, {})
    local client <close> = holder(server)
    assert_refused(failure_of(client, { url = away.url .. "/x" }))
  end)

  it("may be, if allow_hosts names it; with a token only by https", function()
    local server <close> = pointing(307, { Location = away.url .. "/x" })
    local client <close> = client_of(server.url, { allow_hosts = { away.url } })
    assert.equal(200, client:request({ path = "/x" }).status)
    assert.equal(1, #away.requests)
    local with_token <close> = holder(server, { allow_hosts = { away.url } })
    assert.equal("ForeignUrl", failure_of(with_token).code)
    assert.equal(1, #away.requests)
  end)
end)

describe("a redirect on the same host", function()
  -- /1 leads to /2 by the status asked for, and so on; /9 is the end.
  local function stairs(status)
    return scripted(function(request)
      local step = tonumber(request.target:match "^/(%d+)")
      if step == 9 then
        return json(('{"method":"%s","body":"%s"}'):format(request.method, request.body))
      end
      return { status = status, headers = { Location = "/" .. step + 1 } }
    end)
  end

  for _, status in ipairs { 301, 302, 303, 307, 308 } do
    it(("is followed by a GET (%d)"):format(status), function()
      local server <close> = stairs(status)
      local client <close> = client_of(server.url)
      assert.equal("GET", client:request({ path = "/1" }).json.method)
      assert.equal(9, #server.requests)
    end)
  end

  for _, status in ipairs { 307, 308 } do
    it(("is followed by a PUT with its body (%d)"):format(status), function()
      local server <close> = stairs(status)
      local client <close> = client_of(server.url)
      assert.same({ method = "PUT", body = "hello" },
        client:request({ method = "PUT", path = "/8", body = "hello" }).json)
    end)
  end

  for _, status in ipairs { 301, 302, 303, 304, 300 } do
    it(("is not followed by a POST (%d)"):format(status), function()
      local server <close> = stairs(status)
      local client <close> = client_of(server.url)
      local err = failure_of(client, { method = "POST", path = "/8" })
      assert.equal("Redirected", err.code)
      assert.equal(status, err.status)
      assert.is_truthy(err.message:find("/9", 1, true), err.message)
      assert.equal(1, #server.requests)
    end)
  end

  it("that never ends is given up", function()
    local server <close> = scripted(function()
      return { status = 302, headers = { Location = "/again?token=s3cr3t" } }
    end)
    local client <close> = client_of(server.url)
    local err = failure_of(client)
    assert.equal("Redirected", err.code)
    assert.is_truthy(err.message:find("too many", 1, true))
    assert.is_nil(err.message:find "s3cr3t")
    assert.equal(11, #server.requests)
  end)
end)
