--- azureml wait: wait until instances reach a state, or for the operation of a ticket.
local azureml = require "azureml"
local command = require "azureml.cli.command"
local core = require "azureml.core"
local errors = require "azureml.error"
local pace = require "azureml.pace"
local power_state = require "azureml.definition.power_state"
local progress = require "azureml.console.progress"
local report = require "azureml.cli.report"
local selection = require "azureml.cli.selection"
local suggest = require "azureml.cli.suggest"
local tables = require "azureml.tool.tables"
local tickets = require "azureml.cli.tickets"

local wait = {}

local SETTLED, DELETED = "Settled", "Deleted"

-- Convert the value of --for: states with commas, Settled or Deleted.
local function goals(text)
  local wanted = {}
  for word in text:gmatch "[^,]+" do
    local special = ({ settled = SETTLED, deleted = DELETED })[word:lower()]
    local state = special or power_state.canonical(word)
    if not state then
      local known = tables.append({ SETTLED, DELETED }, power_state.names)
      return nil, suggest.unknown("--for: there is no state", word, known)
    end
    wanted[state] = true
  end
  if next(wanted) then return wanted end
  return nil, "--for needs a state, such as Running"
end

function wait.configure(parser)
  selection.names(parser)
  parser:flag("--all", "all instances of the workspace")
  command.filter_options(parser)
  tickets.option(parser)
  parser:option("--for", "wait for one of these states, with commas; Deleted: until it is gone; "
    .. "Settled: until its state no longer changes by itself (default: Settled)")
    :argname("STATE"):convert(goals):target "goals"
  command.workspace_options(parser)
  command.timeout_option(parser)
  command.verbose_option(parser)
  command.progress_option(parser)
  command.output_option(parser)
  command.check(parser, function(args)
    if args.ticket and (args.goals or #args.names > 0 or args.all) then
      command.misused "a ticket says what to wait for: leave the other choices away"
    end
    if not args.ticket then selection.check(args) end
  end)
end

local function is_reached(wanted, vm)
  if not vm then return wanted[DELETED] == true end
  if wanted[SETTLED] and not power_state.is_transitional(vm.state) then return true end
  return wanted[vm.state] == true
end

-- Raise where the goal is out of reach: the instance is gone, or has failed.
local function check_reachable(name, vm)
  if not vm then
    errors.raise { code = "ResourceNotFound", message = ("wait %s: it does not exist"):format(name),
      hint = "check the name; 'azureml list' shows what there is" }
  end
  if power_state.is_failed(vm.state) then
    errors.raise { code = "UnexpectedState",
      message = ("wait %s: the instance is %s"):format(name, vm.state),
      hint = "'azureml show' prints its errors" }
  end
end

local function raise_overdue(name, vm, timeout)
  errors.raise { code = "Timeout",
    message = ("wait %s: it is still %s after %.14g s"):format(name, vm.state, timeout) }
end

-- Poll an instance until it reaches a state. Return the instance; nil when it is gone.
local function poll(instances, name, wanted, timeout, reporter)
  local deadline, next_pause = core.now() + timeout, pace.pauses(instances)
  while true do
    local vm = instances:find(name)
    if is_reached(wanted, vm) then
      if reporter then reporter.finish(vm and vm.state or DELETED) end
      return vm
    end
    check_reachable(name, vm)
    if reporter then reporter.state(vm.state) end
    if core.now() >= deadline then raise_overdue(name, vm, timeout) end
    azureml.sleep(math.max(0, math.min(next_pause(), deadline - core.now())))
  end
end

-- Make an object with the method `wait` of an operation.
local function waiter(instances, name, wanted)
  local function wait_for_state(_, settings)
    local timeout = settings.timeout or pace.wait_timeout
    local reporter = progress.reporter("wait", name, progress.style("wait", settings))
    local ok, result = pcall(poll, instances, name, wanted, timeout, reporter)
    if ok then return result end
    if reporter then reporter.leave() end
    error(result, 0)
  end
  return { verb = "wait", name = name, wait = wait_for_state }
end

local function wait_for_tickets(args)
  for _, ticket in ipairs(tickets.read(args.ticket)) do
    command.finish(args, azureml.resume(ticket))
  end
end

local function items_of(args, instances)
  if #args.names == 0 then return instances:list(command.filters(args)):all() end
  local items = {}
  for i, name in ipairs(args.names) do items[i] = { name = name } end
  return items
end

function wait.run(args)
  if args.ticket then return wait_for_tickets(args) end
  local instances = command.workspace(args).instances
  local wanted = args.goals or { [SETTLED] = true }
  if #args.names == 1 then return command.finish(args, waiter(instances, args.names[1], wanted)) end
  return report.run(args, "wait", items_of(args, instances), function(item)
    return waiter(instances, item.name, wanted)
  end)
end

return wait
