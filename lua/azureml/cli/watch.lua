--- azureml watch: a line for each change of state, until interrupted.
local command = require "azureml.cli.command"
local errors = require "azureml.error"
local json = require "azureml.json"

local watch = {}

function watch.configure(parser)
  command.workspace_options(parser)
  command.filter_options(parser)
  parser:option("--interval", "look every so many seconds (default: 10)"):argname("SECONDS")
    :convert(command.seconds)
  parser:option("--timeout", "end after so many seconds"):argname("SECONDS"):convert(command.seconds)
  parser:flag("--initial", "begin with those that are there")
  command.output_option(parser)
end

local function print_change(args, change)
  local time = os.date "!%Y-%m-%dT%H:%M:%SZ"
  if args.output == "json" then
    print(json.encode { time = time, name = change.name, was = change.was or json.null, state = change.state or json.null })
  else
    print(time .. "  " .. tostring(change))
  end
  io.stdout:flush()
end

-- What passes by itself: no answer, throttling, the service's own trouble. Whoever watches for hours is told, and goes on.
local function is_passing(err)
  local status = err.status or 0
  return err.kind == "transport" or status == 429 or status >= 500
end

function watch.run(args)
  local given = command.filters(args)
  given.interval, given.timeout, given.initial = args.interval, args.timeout, args.initial
  if given.interval == 0 then command.misused "--interval: more than 0 seconds" end
  local next_change = command.workspace(args):watch(given)
  while true do
    local change, err = errors.try(next_change)
    if err and not is_passing(err) then error(err, 0) end
    if err then io.stderr:write("azureml: ", err.message, "; goes on watching\n")
    elseif change then print_change(args, change)
    else return end
  end
end

return watch
