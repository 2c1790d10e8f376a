--- azureml emulator: serve the emulator until interrupted.
local command = require "azureml.command"
local emulator = require "azureml.emulator"
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

local function say(...)
  io.stderr:write(table.concat({ ... }), "\n")
end

local function log(request, response)
  say(os.date "%H:%M:%S ", request.method, " ", request.target:match "^[^?]*", " ", tostring(response.status))
end

local function banner(running)
  local settings = running:settings()
  say("An emulator of Azure Machine Learning compute listens at ", running.url, "; Ctrl-C ends it.")
  say("For azureml:    export AZUREML_EMULATOR=", running.url)
  say("For others:     export AZURE_AUTHORITY_HOST=", running.authority, " AZURE_TENANT_ID=", settings.tenant_id)
  say("                export AZURE_CLIENT_ID=", settings.client_id, " AZURE_CLIENT_SECRET=", settings.client_secret)
  if running.ca_file then
    say("They trust it with:  export SSL_CERT_FILE=", running.ca_file, " NODE_EXTRA_CA_CERTS=", running.ca_file)
    say("                     export REQUESTS_CA_BUNDLE=", running.ca_file)
  end
  say("Subscription ", settings.subscription_id, ", group ", settings.resource_group, ", workspace ", settings.workspace_name, ".")
end

function serve.run(args)
  if not args.address:find "^[%x.:]+$" then command.misused(("'%s' is not an address such as 127.0.0.1 or ::1"):format(args.address)) end
  if args.azure_names and not args.tls then command.misused "'--azure-names' is for certificates: it needs '--tls'" end
  local sown = args.seed and seed.read(args.seed) or {}
  sown.workspace_name = args.workspace_name or sown.workspace_name
  local running <close> = emulator.start {
    port = args.port, address = args.address, tls = args.tls, azure_names = args.azure_names, speed = args.speed,
    log = not args.quiet and log or nil,
    seed = sown, state = args.state,
  }
  if not args.quiet then banner(running) end
  print(running.url)
  io.stdout:flush()
  task.serve()
end

return serve
