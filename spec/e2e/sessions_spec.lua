-- A further connection to a host resumes a TLS session, also when another handle of libcurl opens
-- it. openssl s_server closes each connection, and its page tells whether the session is new.
local azureml = require "azureml"
local certificate = require "spec.certificate"
local process = require "spec.process"

describe("TLS sessions", function()
  local authority, server, endpoint

  local function port_in(log)
    local port
    repeat port = process.read(log):match "ACCEPT %S+:(%d+)" until port
    return port
  end

  setup(function()
    authority = certificate.authority "ec"
    certificate.server(authority, "IP:127.0.0.1")
    local directory = authority.directory
    local log = process.write(directory .. "/log", "")
    server = process.background({ "openssl", "s_server", "-accept", "127.0.0.1:0", "-www",
      "-cert", directory .. "/server.pem", "-key", directory .. "/server.key" }, log)
    endpoint = "https://127.0.0.1:" .. port_in(log)
  end)

  teardown(function()
    server:close()
    certificate.remove(authority)
  end)

  local function client_of(cookies)
    return azureml.client { endpoint = endpoint, ca_file = authority.ca_file, cookies = cookies }
  end

  local function session(client)
    return client:request({ path = "/" }).body:match "(%a+), TLSv1"
  end

  -- Whether two concurrent requests resume sessions. A session whose connection the server resets
  -- cannot be resumed, and s_server resets some: try again.
  local function share_sessions(client)
    local first, second
    for _ = 1, 10 do
      azureml.parallel(function() first = session(client) end,
        function() second = session(client) end)
      if first == "Reused" and second == "Reused" then return true end
    end
    return false
  end

  for _, cookies in ipairs { false, true } do
    it(("are shared by concurrent requests %s cookies"):format(cookies and "with" or "without"),
      function()
        local client <close> = client_of(cookies)
        session(client)
        assert.is_true(share_sessions(client))
      end)
  end

  -- libcurl 7.88 leaks the sessions of a handle that moves to a share: the sanitized suite fails.
  it("of a client with cookies are its own, though handles go from client to client", function()
    local plain <close> = client_of(false)
    for _ = 1, 3 do
      local own <close> = client_of(true)
      assert.equal("New", session(own))
      assert.is_true(share_sessions(own))
      assert.is_true(share_sessions(plain))
    end
  end)
end)
