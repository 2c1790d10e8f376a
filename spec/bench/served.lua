--- Run the benchmark's server in a process of its own, on a free port, until its scope ends.
local azureml = require "azureml"

local Served = {}
Served.__index = Served

local served = {}

--- Quote words for a shell and join them to a command line.
function served.command(...)
  local words = {}
  for i, word in ipairs { ... } do words[i] = "'" .. word:gsub("'", "'\\''") .. "'" end
  return table.concat(words, " ")
end

local function start(scheme, ca_file, ...)
  local file = assert(io.popen("echo $$; exec " .. served.command(...)))
  local pid, port = file:read("n", "n")
  assert(port, "the server did not start")
  local url = ("%s://127.0.0.1:%d"):format(scheme, port)
  return setmetatable({
    file = file, pid = pid, port = port, url = url,
    client = azureml.client { endpoint = url, ca_file = ca_file },
  }, Served)
end

--- Start a server that speaks plain HTTP.
---@param program string
---@param ... string         its arguments
---@return table             url, port, stats(), close()
function served.start(program, ...)
  return start("http", nil, program, ...)
end

--- Start a server that speaks TLS.
---@param authority table    of spec.certificate, which has signed a server's certificate
---@param program string
---@param ... string         its arguments
---@return table             url, port, stats(), close()
function served.start_tls(authority, program, ...)
  local directory = authority.directory
  return start("https", authority.ca_file, program, "--certificate", directory .. "/server.pem",
    "--key", directory .. "/server.key", ...)
end

--- Return the requests since the last call and the server's processor time. This call's own request
--- is not counted.
function Served:stats()
  return self.client:request { path = "/stats" }.json
end

function Served:close()
  self.client:close()
  os.execute(("kill %d"):format(self.pid))      -- first: to close the file waits for its end
  self.file:close()
end

Served.__close = Served.close

return served
