--- azureml terminal: open a shell on an instance in this terminal, through its Jupyter; attach to
--- one that is open there, list them, close them.
local command = require "azureml.cli.command"
local display = require "azureml.jupyter.terminal.display"
local errors = require "azureml.error"
local remote = require "azureml.cli.remote"
local screen = require "azureml.console.screen"

local terminal = {}

local function check(args)
  local chosen = {}
  for _, name in ipairs { "list", "attach", "close" } do
    if args[name] then chosen[#chosen + 1] = "--" .. name end
  end
  if #chosen > 1 then command.misused("give either %s or %s", chosen[1], chosen[2]) end
  for _, name in ipairs { "output", "columns", "query", "sort" } do
    if args[name] and not args.list then command.misused("--%s needs --list", name) end
  end
end

function terminal.configure(parser)
  command.name_option(parser)
  parser:flag("--list", "list the terminals that are open there, and open none")
  parser:option("--attach", "attach to an open terminal instead of a new one"):argname "ID"
  parser:option("--close", "close an open terminal; what runs in it ends"):argname "ID"
  command.progress_option(parser)
  remote.options(parser)
  command.check(parser, check)      -- before those of -o, which set its default
  command.output_option(parser)
  parser:epilog("~. at the start of a line detaches: the shell goes on there, and --attach comes "
    .. "back to it. 'exit' ends it. No SSH is needed.")
end

-- Terminals -------------------------------------------------------------------------------------

local COLUMNS = {
  { title = "Terminal", key = "name" },
  { title = "Idle", field = "idle",
    key = function(open) return open.idle and screen.duration(open.idle) end },
  { title = "Last activity", key = "last_activity" },
}

local FIELDS = { name = true, idle = true, last_activity = true }

local function record_of(open)
  return { name = open.name, idle = open.idle, last_activity = open.last_activity }
end

local function list(args, vm)
  command.print_list(args, vm.jupyter:terminals(), COLUMNS, record_of, FIELDS)
end

local function close(args, vm)
  for _, open in ipairs(vm.jupyter:terminals()) do
    if open.name == args.close then return open:stop() end
  end
  errors.raise {
    code = "TerminalNotFound",
    message = ("there is no terminal '%s' of '%s'"):format(args.close, vm.name),
    hint = ("'azureml terminal %s --list' lists those that are open"):format(vm.name),
  }
end

local function open(args, vm)
  local visit = vm:shell { attach = args.attach }
  if visit.ended ~= "detached" then return end
  io.stderr:write(("Detached. 'azureml terminal %s --attach %s' comes back, --close %s ends it.\n")
    :format(vm.name, visit.name, visit.name))
end

function terminal.run(args)
  local is_visit = not args.list and not args.close
  if is_visit then display.check() end
  local vm = command.workspace(args).instances:get(args.name)
  remote.prepare(args, vm)
  if args.list then list(args, vm) elseif args.close then close(args, vm) else open(args, vm) end
end

return terminal
