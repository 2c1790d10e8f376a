--- azureml sessions: list the terminals, kernels and notebooks of an instance, and stop forgotten
--- ones.
local command = require "azureml.cli.command"
local duration = require "azureml.definition.duration"
local errors = require "azureml.error"
local exit_codes = require "azureml.cli.exit_codes"
local filters = require "azureml.cli.filters"
local open_sessions = require "azureml.jupyter.sessions"
local screen = require "azureml.console.screen"
local task = require "azureml.task"

local sessions = {}

local STOPS = 8      -- at the same time

function sessions.configure(parser)
  command.name_option(parser)
  parser:option("--stop-idle", "stop those that were idle for TIME and do not compute: 30m, 2h, "
    .. "1d; what their kernels hold in memory is lost"):argname("TIME"):convert(filters.duration)
  parser:flag("--dry-run", "with --stop-idle: print what would be stopped, and stop nothing")
  command.workspace_options(parser)
  command.output_option(parser)
  command.check(parser, function(args)
    if args.dry_run and not args.stop_idle then command.misused "--dry-run needs --stop-idle" end
  end)
  parser:epilog("A terminal counts as idle while its program neither prints nor reads: see what "
    .. "would be stopped with --dry-run.")
end

local function idle_of(open)
  if open:is_busy() then return "busy" end
  return open.idle and screen.duration(open.idle) or nil
end

local COLUMNS = {
  { title = "Kind", key = "kind" }, { title = "Name", key = "name" },
  { title = "Idle", key = idle_of, field = "idle" },
  { title = "Kernel", field = "kernel", key = function(open)
    return open.kernel and open.kernel.name or open.kind == "kernel" and open.name or nil
  end },
  { title = "Connections", key = "connections" }, { title = "Path", key = "path" },
}

local OUTCOME = { title = "Outcome", key = "outcome" }

local FIELDS = {
  kind = true, id = true, name = true, path = true, state = true, connections = true,
  last_activity = true, idle = true, kernel = true, outcome = true, why = true,
}

local function record_of(open)
  local record = {}
  for name in pairs(FIELDS) do record[name] = open[name] end
  record.kernel = open.kernel and open.kernel.name
  return record
end

-- Stop one, and note the outcome in it.
local function stop(open)
  local _, err = errors.try(open.stop, open)
  open.outcome, open.why = err and "failed" or "stopped", err and err.message
  if err then command.say(("azureml: %s: %s"):format(tostring(open), err.message)) end
end

local function stop_forgotten(args, list)
  local forgotten = open_sessions.forgotten(list, duration.seconds(args.stop_idle))
  if args.dry_run then
    for _, open in ipairs(forgotten) do open.outcome = "planned" end
  else
    task.each(forgotten, stop, { limit = STOPS })
  end
  return forgotten
end

function sessions.run(args)
  local vm = command.workspace(args).instances:get(args.name)
  local list, columns = open_sessions.all(vm.jupyter.server), COLUMNS
  if args.stop_idle then
    list, columns = stop_forgotten(args, list), { OUTCOME, table.unpack(COLUMNS) }
  end
  command.print_list(args, list, columns, record_of, FIELDS)
  for _, open in ipairs(list) do
    if open.outcome == "failed" then return exit_codes.FAILED end
  end
end

return sessions
