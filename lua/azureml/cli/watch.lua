--- azureml watch: show the states of instances until interrupted. On a terminal it is one table,
--- redrawn, that marks changes; elsewhere it is a line for each change.
local board = require "azureml.console.board"
local changes = require "azureml.watch"
local command = require "azureml.cli.command"
local core = require "azureml.core"
local errors = require "azureml.error"
local exit_codes = require "azureml.cli.exit_codes"
local json = require "azureml.json"
local resource = require "azureml.resource"
local selection = require "azureml.cli.selection"

local watch = {}

local STANDARD_OUTPUT = 1

local function not_empty(text)
  if text:find "%S" then return text end
  return nil, "--exec: the command is empty"
end

function watch.configure(parser)
  command.workspace_options(parser)
  command.all_workspaces_option(parser)
  command.scope_options(parser)
  parser:option("--interval", "the seconds between two requests (default: 10)"):argname("SECONDS")
    :convert(command.seconds)
  parser:option("--timeout", "end after SECONDS"):argname("SECONDS"):convert(command.seconds)
  parser:flag("--initial", "print the state of each instance first")
  parser:option("--exec", "run this shell command at each change; AZUREML_NAME, AZUREML_WORKSPACE, "
    .. "AZUREML_WAS and AZUREML_STATE describe the change"):argname("COMMAND"):convert(not_empty)
  parser:flag("--lines", "print a line for each change, also on a terminal")
  command.output_option(parser, "stream")
  command.check(parser, function(args)
    if args.interval == 0 then command.misused "--interval must be more than 0 seconds" end
  end)
end

-- Lines -------------------------------------------------------------------------------------------

local function flush()
  local is_written, reason = io.stdout:flush()
  if not is_written then
    errors.raise { code = "OutputFailed",
      message = "standard output cannot be written: " .. reason }
  end
end

local function text_of(args, change)
  if not args.all_workspaces then return tostring(change) end
  return change.workspace .. "/" .. tostring(change)
end

-- Return a change as a line of the format.
local function line_of(args, time, change)
  local was, state = change.was or json.null, change.state or json.null
  if args.output == "table" then return time .. "  " .. text_of(args, change) end
  if args.output == "tsv" then
    return table.concat({ time, change.name, change.was or "", change.state or "" }, "\t")
  end
  return json.encode {
    time = time, name = change.name, workspace = args.all_workspaces and change.workspace or nil,
    was = was, state = state,
  }
end

local function print_change(args, change)
  print(line_of(args, os.date "!%Y-%m-%dT%H:%M:%SZ", change))
  flush()
end

-- Commands ----------------------------------------------------------------------------------------

local function quoted(text)
  return "'" .. text:gsub("'", "'\\''") .. "'"
end

-- Run the user's command in a shell. The change comes in variables: a name in the text of a command
-- would be a part of the command. What the command returns is told, not acted on.
local function run_command(args, change)
  local variables = ("AZUREML_NAME=%s AZUREML_WORKSPACE=%s AZUREML_WAS=%s AZUREML_STATE=%s"):format(
    quoted(change.name), quoted(change.workspace), quoted(change.was or ""),
    quoted(change.state or ""))
  local is_well, how, code = os.execute(("unset AZUREML_TOKEN; export %s; %s"):format(variables,
    args.exec))
  if not is_well then
    command.say(("azureml: the command of --exec ended with %s %d; watch goes on"):format(
      how == "signal" and "signal" or "exit code", code))
  end
end

-- Failures ----------------------------------------------------------------------------------------

-- Return a function that tells an error of a list, but not the same one again. An error that lasts
-- ends the watch, unless it is that of some of many workspaces.
local function teller(state)
  local told
  return function(err)
    local is_partial = err.refused_workspaces ~= nil
    if not is_partial and not resource.is_temporary(err) then error(err, 0) end
    state.has_refused = state.has_refused or is_partial
    local key = is_partial and table.concat(err.refused_workspaces, " ") or err.code
    local text = is_partial and tostring(err) or err.message
    if key ~= told then command.say(("azureml: %s; watch goes on"):format(text)) end
    told = key
  end
end

-- The whole ---------------------------------------------------------------------------------------

local function is_board(args)
  return args.output == "table" and not args.lines and core.terminal_width(STANDARD_OUTPUT)
    and board.is_possible()
end

-- Return the filter for the instances that the user named. Their names are checked first: a watch
-- of a mistyped name would never show anything.
local function named(instances, names)
  local is_named = {}
  for _, vm in ipairs(selection.get_names(instances, names)) do is_named[vm.name] = true end
  return { where = function(vm) return is_named[vm.name] end }
end

function watch.run(args)
  local instances, state = command.instances(args), {}
  local options = #args.names > 0 and named(instances, args.names) or command.filters(args)
  options.interval, options.timeout, options.initial = args.interval, args.timeout, args.initial
  options.on_error = teller(state)
  local shown = is_board(args) and board.new { has_workspaces = args.all_workspaces } or nil
  if shown then options.initial = true end
  for change in changes.changes(instances, options) do
    if shown then shown:add(change) else print_change(args, change) end
    if args.exec and not change.is_initial then run_command(args, change) end
  end
  if shown then shown:close() end
  return state.has_refused and exit_codes.FAILED or exit_codes.OK
end

return watch
