--- azureml forward: forward ports of this machine to ports of an instance, until interrupted.
local command = require "azureml.cli.command"
local reaching = require "azureml.cli.reaching"
local ssh = require "azureml.ssh"
local task = require "azureml.task"

local forward = {}

local function port(text)
  local number = math.tointeger(tonumber(text))
  return number and number >= 1 and number <= 65535 and number or nil
end

-- Convert PORT or PORT:PORT.
local function pair(text)
  local here, there = text:match "^(%d+):(%d+)$"
  here, there = port(here or text), port(there or text)
  if here and there then return { here = here, there = there } end
  return nil, ("'%s' is not a port such as 8888, nor a pair such as 8888:80"):format(text)
end

function forward.configure(parser)
  local name = parser:argument("name", "the compute instance's name"):argname "NAME"
  name.azureml_values = "names"      -- for completion
  parser:argument("ports", "a port of this machine, and after a colon the instance's, if it is "
    .. "another"):args "+":argname "PORT[:PORT]":convert(pair)
  reaching.options(parser)
end

function forward.run(args)
  local where = reaching.target(args, args.name)
  local tunnels <close> = setmetatable({}, { __close = function(list)
    for _, tunnel in ipairs(list) do tunnel:close() end
  end })
  for _, ports in ipairs(args.ports) do
    local tunnel = ssh.forward(where.vm, ports.here, ports.there, { key = args.key })
    tunnels[#tunnels + 1] = tunnel
    print(tostring(tunnel))
  end
  io.stdout:flush()
  command.say "Ctrl-C ends it."
  local waits = {}
  for i, tunnel in ipairs(tunnels) do waits[i] = function() tunnel:wait() end end
  task.parallel(table.unpack(waits))
end

return forward
