-- HTTP/2, as nghttp2's own server speaks it.
local azureml = require "azureml"
local certificate = require "spec.certificate"
local process = require "spec.process"

local SERVER = "/usr/sbin/nghttpd"

local read = process.read

local function count(text, pattern)
  local _, found = text:gsub(pattern, "")
  return found
end

describe("HTTP/2", function()
  local authority, log

  setup(function()
    authority = certificate.authority "ec"
    log = authority.directory .. "/log"
    certificate.server(authority, "IP:127.0.0.1")
    process.write(authority.directory .. "/instance", '{"name":"ci-ann"}')
  end)
  teardown(function() certificate.remove(authority) end)

  -- A server that takes so many streams at once, and a client that has waited until it is up.
  local function open(streams)
    local port = process.free_port()
    local directory = authority.directory
    local server = process.background({ SERVER, "-v", "-a", "127.0.0.1", "-m", streams, "-d",
      directory, port, directory .. "/server.key",
      directory .. "/server.pem" }, log)
    local client = azureml.client {
      endpoint = "https://127.0.0.1:" .. port, ca_file = authority.ca_file,
      retry = { tries = 100, delay = 0.02, max_delay = 0.02 },
    }
    client:request { path = "/instance" }
    return server, client
  end

  for _, streams in ipairs { 100, 4 } do
    local name = "serves 200 requests, 50 at a time, on one connection that takes %d streams"
    it(name:format(streams), function()
      local opened, asking = open(streams)
      local server <close> = opened
      local client <close> = asking
      local names, paths = 0, {}
      for i = 1, 200 do paths[i] = "/instance?" .. i end
      azureml.each(paths, function(path)
        if client:request({ path = path }).json.name == "ci-ann" then names = names + 1 end
      end, { limit = 50 })
      server:close()
      local said = read(log)
      assert.equal(200, names)
      assert.is_truthy(said:find("The negotiated protocol: h2", 1, true))
      assert.equal(201, count(said, ":path: /instance"))
      local connections = count(said, "The negotiated protocol: h2")
      assert.is_true(connections <= (streams == 100 and 2 or 51), connections .. " connections")
    end)
  end

  it("refuses what the server refuses", function()
    local opened, asking = open(100)
    local server <close> = opened
    local client <close> = asking
    local _, err = azureml.try(client.request, client, { path = "/nothing" })
    assert.equal(404, err.status)
    assert.is_truthy(server.pid)
  end)
end)
