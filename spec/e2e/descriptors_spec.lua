-- What listens on a port has a rest while descriptors are used up: its listening socket stays
-- ready, and accepting would fail again and again. Plain Lua runs the scripts, because a static
-- executable cannot load the module of raw sockets.
local certificate = require "spec.certificate"
local process = require "spec.process"

local LIMITED = [[ulimit -n 64; exec env LD_PRELOAD="$AZUREML_PRELOAD" lua5.4 "$1"]]

-- Each script calls `try` with the port that it listens on. A connection waits there while no
-- descriptor is left, for longer than a pause between two attempts, and is answered afterwards.
local TRY = [[
local azureml = require "azureml"
local raw = require "raw"
local task = require "azureml.task"

local function take_all()
  local files = {}
  for file in function() return (io.open "/dev/null") end do files[#files + 1] = file end
  return files
end

local function try(port)
  local one = raw.connect(port)
  local files, before = take_all(), os.clock()
  azureml.sleep(0.6)
  print(os.clock() - before < 0.05 and "rests" or "is busy")
  for _, file in ipairs(files) do file:close() end
  one:write "GET /x HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
  local text
  repeat
    azureml.sleep(0.001)
    text = one:read()
  until text ~= ""
  print(text:match "^HTTP/1.1 40[04] " and "answers" or text)
  one:close()
end
]]

local SCRIPTS = {
  ["a server with TLS"] = [[
local server = require "azureml.tool.http_server"
local function read(name)
  local file <close> = io.open(os.getenv "XDG_CACHE_HOME" .. "/" .. name)
  return file:read "a"
end
local one = server.start({ tls = { certificate = read "ca.pem", key = read "ca.key" } }, error)
try(tonumber(one:url():match ":(%d+)$"))
one:close()
]],

  ["the relay of the emulator's machines"] = [[
local relay <close> = require("azureml.httpd").relay(0)
local function turn()
  local items, seconds = relay:run()
  for _, item in ipairs(items) do relay:refuse(item.id, "HTTP/1.1 404 Not Found\r\n\r\n") end
  if seconds then task.at(seconds, turn) end
end
task.on(relay:fd(), turn)
try(relay:port())
os.exit(0)
]],

  ["a sign-in with a browser"] = [[
local own = azureml.credential.browser {
  authority = "http://127.0.0.1:1", tenant_id = "t.example.org",
  open = function(asked)
    try(tonumber(asked.url:match "redirect_uri=http%%3A%%2F%%2Flocalhost%%3A(%d+)"))
    os.exit(0)
  end,
}
azureml.client { endpoint = "http://127.0.0.1:1", credential = own,
  scope = "https://r.example/.default" }:request { path = "/" }
]],
}

describe("without descriptors", function()
  local authority

  setup(function() authority = certificate.authority() end)
  teardown(function() certificate.remove(authority) end)

  for name, text in pairs(SCRIPTS) do
    it(name .. " rests, and goes on later", function()
      local script = process.write(authority.directory .. "/script.lua", TRY .. text)
      local out, err, code = process.run({ "sh", "-c", LIMITED, "sh", script },
        { XDG_CACHE_HOME = authority.directory })
      assert.same({ "rests\nanswers\n", "", 0 }, { out, err, code })
    end)
  end
end)
