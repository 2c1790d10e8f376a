--- azureml emulator: serve the emulator until interrupted.
local banner = require "azureml.emulator.banner"
local command = require "azureml.cli.command"
local core = require "azureml.core"
local emulator = require "azureml.emulator"
local log = require "azureml.emulator.log"
local seed = require "azureml.emulator.seed"
local task = require "azureml.task"

local serve = {}

local function number(text)
  local value = tonumber(text)
  if value and value > 0 and value < math.huge then return value end
  return nil, ("'%s' is not a number above 0"):format(text)
end

local function port(text)
  local value = math.tointeger(tonumber(text))
  if value and value >= 0 and value <= 65535 then return value end
  return nil, ("'%s' is not a port from 0 to 65535"):format(text)
end

function serve.configure(parser)
  parser:option("--port", "the TCP port; 0 selects a free port")
    :argname("N"):convert(port):default "0"
  parser:option("--address", "the IP address to listen on"):argname "IP":default "127.0.0.1"
  parser:flag("--tls", "serve https; the first use creates a certificate authority that is limited "
    .. "to loopback names")
  parser:flag("--azure-names", "with --tls: use an authority that may also sign for Azure's own "
    .. "names; trust it only in tests")
  parser:option("--seed", "load the first resources from a file in Lua or JSON"):argname "FILE"
  parser:option("--state", "keep all resources in this file, across restarts and kills")
    :argname "FILE"
  parser:option("--replay", "serve a recording of 'azureml --record FILE' instead of the emulated "
    .. "service, and refuse what was not recorded"):argname "FILE"
  parser:option("--speed", "run the emulator's clock N times as fast")
    :argname("N"):convert(number):default "1"
  parser:option("--machine", "local: run OpenSSH and Jupyter of this computer behind each "
    .. "instance, and run setup scripts and jobs"):argname("local"):choices { "local" }
  parser:option("-w --workspace-name", "the name of the workspace to serve"):argname "NAME"
  parser:flag("--quiet", "print no banner and no log of requests")
end

local function say(line)
  io.stderr:write(line, "\n")
end

local function facts_of(running, args)
  local facts = running:settings()
  facts.url, facts.ca_file, facts.speed = running.url, running.ca_file, args.speed
  facts.state, facts.is_restored, facts.replay = args.state, running.is_restored, args.replay
  facts.key, facts.key_file = running.key, running.key_file
  return facts
end

local EXPOSED = "azureml: any program that reaches %s can use this emulator and read its secrets; "
  .. "use --address 127.0.0.1 to serve this machine alone"

local function is_loopback(address)
  return core.is_loopback("http://" .. (address:find ":" and ("[%s]"):format(address) or address))
end

local function warn_if_exposed(args)
  if not is_loopback(args.address) then say(EXPOSED:format(args.address)) end
end

-- A machine gives a shell, so no other computer may reach the emulator.
local function check_machine(args)
  if args.machine and not is_loopback(args.address) then
    command.misused(("'--machine local' gives a shell: it needs a loopback address, not '%s'")
      :format(args.address))
  end
end

local function check(args)
  if not args.address:find "^[%x.:]+$" then
    command.misused(("'%s' is not an IP address such as 127.0.0.1 or ::1"):format(args.address))
  end
  if args.azure_names and not args.tls then
    command.misused "'--azure-names' is for certificates: it needs '--tls'"
  end
  if args.replay and (args.seed or args.state or args.workspace_name) then
    command.misused "'--replay' takes all from the recording: leave out '--seed', '--state', '-w'"
  end
  check_machine(args)
end

-- Return the path of the workspace's resource group, which the log shortens.
local function own_path(running)
  local names = running:settings()
  local path = "/subscriptions/%s/resourceGroups/%s/providers/Microsoft.MachineLearningServices"
  return path:format(names.subscription_id, names.resource_group):lower()
end

function serve.run(args)
  check(args)
  local path
  local resources = args.seed and seed.read(args.seed) or {}
  resources.workspace_name = args.workspace_name or resources.workspace_name
  local function log_request(request, response, seconds)
    say(log.line(request, response, seconds, path))
  end
  local running <close> = emulator.start {
    port = args.port,
    address = args.address,
    tls = args.tls,
    azure_names = args.azure_names,
    speed = args.speed,
    machine = args.machine,
    seed = resources,
    state = args.state,
    replay = args.replay,
    log = not args.quiet and log_request or nil,
  }
  path = own_path(running)
  warn_if_exposed(args)
  if not args.quiet then say(table.concat(banner.lines(facts_of(running, args)), "\n")) end
  if running.is_restored and next(resources) then
    say(("azureml: the state of %s is restored; the seed is ignored"):format(args.state))
  end
  print(running.url)
  io.stdout:flush()
  task.serve()
end

return serve
