-- Websockets by TLS, and through a proxy, to a real Jupyter server.
local azureml = require "azureml"
local certificate = require "spec.certificate"
local client = require "azureml.client"
local core = require "azureml.core"
local process = require "spec.process"
local proxy = require "spec.websocket_proxy"
local terminal = require "azureml.jupyter.terminal"

describe("a websocket by TLS", function()
  local authority, url, running

  setup(function()
    authority = certificate.authority()
    certificate.server(authority, "IP:127.0.0.1")
    local directory, port = authority.directory, process.free_port()
    os.execute(("mkdir '%s/home'"):format(directory))
    -- The path is the secret: Jupyter takes no bearer token, and an instance's front is not here.
    local base = "/" .. core.guid() .. "/"
    url = "https://127.0.0.1:" .. port .. base:sub(1, -2)
    running = process.background({ "env", "HOME=" .. directory .. "/home", "SHELL=/bin/sh",
      "--default-signal=INT,QUIT", "/usr/bin/python3", "/usr/bin/jupyter-server",
      "--ServerApp.port=" .. port, "--ServerApp.base_url=" .. base, "--ServerApp.token=",
      "--ServerApp.password=", "--ServerApp.disable_check_xsrf=True",
      "--ServerApp.certfile=" .. directory .. "/server.pem",
      "--ServerApp.keyfile=" .. directory .. "/server.key", "--ServerApp.allow_root=True",
      "--ServerApp.open_browser=False", "--ServerApp.root_dir=" .. directory .. "/home",
      "--ServerApp.ip=127.0.0.1" }, directory .. "/log")
  end)
  teardown(function()
    running:close()
    certificate.remove(authority)
  end)

  -- What a terminal needs of an instance's server.
  local function server(settings)
    local all = { endpoint = url, credential = azureml.credential.token { token = "the-token" },
      scope = "any", ca_file = authority.ca_file,
      retry = { tries = 200, delay = 0.05, max_delay = 0.05,
        methods = { "GET", "POST" } } }
    for name, value in pairs(settings or {}) do all[name] = value end
    local opened = client.new(all)
    return {
      vm = { name = "ci-ann" }, client = function() return opened end,
      explain = function(_, err) return err end,
      request = function(_, method, path, body)
        return opened:request { method = method, path = path, body = body }
      end,
    }
  end

  -- Print much, and read all of it.
  local function flood(opened)
    opened:type "stty -echo; echo BE''GIN; seq 1 500000; echo E''ND\r"
    local text = ""
    local parts = {}
    repeat
      local kind, more = opened:receive(30)
      assert(kind, more)
      parts[#parts + 1] = more
      text = (text .. (more or "")):sub(-100)
    until text:find "\nEND\r"
    local all = table.concat(parts):match "BEGIN\r\n(.*)\r\nEND"
    local count = 0
    for number in all:gmatch "%d+" do
      count = count + 1
      assert(tonumber(number) == count, number)
    end
    assert.equal(500000, count)
  end

  it("carries a flood without a loss, also through a proxy", function()
    local direct <close> = terminal.open(server())
    flood(direct)
    local through <close> = proxy.start()
    local proxied <close> = terminal.open(server { proxy = through.url })
    flood(proxied)
    assert.matches("^CONNECT 127%.0%.0%.1:%d+ HTTP/1%.1", through.requests[1])
  end)

  it("is refused when the certificate is not trusted", function()
    local reaches = server()
    reaches.client = server({ ca_file = "/etc/ssl/certs/ca-certificates.crt" }).client
    local _, err = azureml.try(terminal.open, reaches)
    assert.equal("CertificateInvalid", err.code)
    assert.matches("^cannot open the terminal %d+ of ci%-ann: no connection to https://",
      err.message)
  end)
end)
