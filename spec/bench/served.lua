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

--- Start a server.
---@param program string
---@param ... string         its arguments
---@return table             url, port, stats(), close()
function served.start(program, ...)
  local file = assert(io.popen("echo $$; exec " .. served.command(program, ...)))
  local pid, port = file:read("n", "n")
  assert(port, "the server did not start")
  local url = ("http://127.0.0.1:%d"):format(port)
  return setmetatable(
    { file = file, pid = pid, port = port, url = url, client = azureml.client { endpoint = url } },
    Served)
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
