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
  parser:option("--port", "where to listen; 0: any that is free"):argname("N"):convert(port):default "0"
  parser:option("--address", "on which address; loopback unless told otherwise"):argname "A":default "127.0.0.1"
  parser:flag("--tls", "serve https, with a certificate authority that is made on first use, for loopback names alone")
  parser:flag("--azure-names", "an authority that may vouch for Azure's own names too: trust it nowhere but in tests")
  parser:option("--seed", "what there is at first: a file in Lua or JSON"):argname "FILE"
  parser:option("--state", "keep what there is in this file, over kills and restarts"):argname "FILE"
  parser:option("--speed", "its clock runs N times as fast"):argname("N"):convert(number):default "1"
  parser:option("-w --workspace-name", "the workspace that is there"):argname "NAME"
  parser:flag("--quiet", "no banner, no log of requests")
end

local function say(line)
  io.stderr:write(line, "\n")
end

local function facts_of(running, args)
  local facts = running:settings()
  facts.url, facts.ca_file, facts.speed, facts.state, facts.is_restored = running.url, running.ca_file, args.speed, args.state,
    running.is_restored
  return facts
end

local function warn_of_others(args)
  if core.is_loopback(args.address:find ":" and ("http://[%s]"):format(args.address) or "http://" .. args.address) then return end
  say(("azureml: whoever reaches %s can use this emulator, and take its secrets: it is meant for this machine alone"):format(args.address))
end

local function check(args)
  if not args.address:find "^[%x.:]+$" then command.misused(("'%s' is not an address such as 127.0.0.1 or ::1"):format(args.address)) end
  if args.azure_names and not args.tls then command.misused "'--azure-names' is for certificates: it needs '--tls'" end
end

local function own_path(running)
  local names = running:settings()
  return ("/subscriptions/%s/resourceGroups/%s/providers/Microsoft.MachineLearningServices"):format(
    names.subscription_id, names.resource_group):lower()
end

function serve.run(args)
  check(args)
  local own
  local sown = args.seed and seed.read(args.seed) or {}
  sown.workspace_name = args.workspace_name or sown.workspace_name
  local function note(request, response, seconds) say(log.line(request, response, seconds, own)) end
  local running <close> = emulator.start {
    port = args.port, address = args.address, tls = args.tls, azure_names = args.azure_names, speed = args.speed, seed = sown,
    state = args.state, log = not args.quiet and note or nil,
  }
  own = own_path(running)
  warn_of_others(args)
  if not args.quiet then say(table.concat(banner.lines(facts_of(running, args)), "\n")) end
  if running.is_restored and next(sown) then say "azureml: the state is taken up as it is, and the seed is not sown" end
  print(running.url)
  io.stdout:flush()
  task.serve()
end

return serve
