--- azureml watch: print a line for each change of state, until interrupted.
local command = require "azureml.cli.command"
local errors = require "azureml.error"
local json = require "azureml.json"
local resource = require "azureml.resource"

local watch = {}

function watch.configure(parser)
  command.workspace_options(parser)
  command.filter_options(parser)
  parser:option("--interval", "the seconds between two requests (default: 10)"):argname("SECONDS")
    :convert(command.seconds)
  parser:option("--timeout", "end after SECONDS"):argname("SECONDS"):convert(command.seconds)
  parser:flag("--initial", "print the state of each instance first")
  command.output_option(parser, "stream")
end

local function flush()
  local is_written, reason = io.stdout:flush()
  if not is_written then
    errors.raise { code = "OutputFailed",
      message = "standard output cannot be written: " .. reason }
  end
end

-- Return a change as a line of the format.
local function line_of(args, time, change)
  local was, state = change.was or json.null, change.state or json.null
  if args.output == "table" then return time .. "  " .. tostring(change) end
  if args.output == "tsv" then
    return table.concat({ time, change.name, change.was or "", change.state or "" }, "\t")
  end
  return json.encode { time = time, name = change.name, was = was, state = state }
end

local function print_change(args, change)
  print(line_of(args, os.date "!%Y-%m-%dT%H:%M:%SZ", change))
  flush()
end

function watch.run(args)
  local options = command.filters(args)
  options.interval, options.timeout, options.initial = args.interval, args.timeout, args.initial
  if options.interval == 0 then command.misused "--interval must be more than 0 seconds" end
  local next_change = command.workspace(args):watch(options)
  while true do
    local change, err = errors.try(next_change)
    if err and not resource.is_temporary(err) then error(err, 0) end
    if err then io.stderr:write("azureml: ", err.message, "; watch goes on\n")
    elseif change then print_change(args, change)
    else return end
  end
end

return watch
