--- azureml top: show the load, memory, disks and GPUs of instances. On a terminal it redraws a
--- table until interrupted; elsewhere, and with --once, it reads the metrics once.
local command = require "azureml.cli.command"
local core = require "azureml.core"
local counts = require "azureml.tool.count"
local errors = require "azureml.error"
local exit_codes = require "azureml.cli.exit_codes"
local meters = require "azureml.console.meters"
local meters_board = require "azureml.console.meters_board"
local panel = require "azureml.console.panel"
local power_state = require "azureml.definition.power_state"
local resource = require "azureml.resource"
local screen = require "azureml.console.screen"
local task = require "azureml.task"

local top = {}

local STANDARD_OUTPUT = 1
local INTERVAL = 5       -- seconds between two readings
local LIMIT = 20         -- instances that are read at the same time

-- Options -----------------------------------------------------------------------------------------

local function is_text(args)
  return args.output == "table" and not args.columns and not args.query
end

-- Tell whether the table is redrawn: it needs a terminal, and no other format.
local function is_live(args)
  return is_text(args) and not args.sort and not args.once and panel.is_possible()
    and core.terminal_width(STANDARD_OUTPUT) ~= nil
end

-- Refuse options of the live table where there is none.
local function check_live(args)
  if args.interval == 0 then command.misused "--interval must be more than 0 seconds" end
  local name = args.interval and "--interval" or args.duration and "--for"
  if name and not is_live(args) then
    command.misused("%s is for the table that is redrawn on a terminal: without one the metrics "
      .. "are read once", name)
  end
end

function top.configure(parser)
  command.scope_options(parser)
  command.workspace_options(parser)
  parser:option("--key", "the private key's file (default: the key in ~/.ssh that fits)")
    :argname "FILE"
  command.choice(parser, "--over", "the way to them (default: ssh where it is on, else jupyter)",
    { "ssh", "jupyter" })
  parser:flag("--once", "read the metrics once and end, also on a terminal")
  parser:option("--interval", ("the seconds between two readings (default: %d)"):format(INTERVAL))
    :argname("SECONDS"):convert(command.seconds)
  parser:option("--for", "end after SECONDS"):target "duration":argname "SECONDS"
    :convert(command.seconds)
  parser:option("--timeout", "give up after SECONDS on each instance (default: 30)")
    :argname("SECONDS"):convert(command.seconds)
  parser:option("--limit", "the number of instances that are read at the same time"):argname "N"
    :convert(command.count_of "instances"):default(tostring(LIMIT))
  command.output_option(parser)
  command.check(parser, check_live)
  parser:epilog("Without names it shows the instances that run and are the user's own. A disk that "
    .. "is nearly full is marked, with the commands that free space.")
end

-- Reading -----------------------------------------------------------------------------------------

-- Return the instances to read: those that the user names, or those that run.
local function instances_of(args)
  local all = command.read_scope(args)
  if #args.names > 0 then return all end
  local running = {}
  for _, vm in ipairs(all) do
    if power_state.is_running(vm.state) then running[#running + 1] = vm end
  end
  return running
end

-- Read an instance. One that does not run is not asked.
local function metrics_of(args, vm)
  if power_state.is_running(vm.state) then
    return vm:metrics { timeout = args.timeout, key = args.key, over = args.over }
  end
  errors.raise { code = "NotRunning", message = "it is " .. tostring(vm.state),
    hint = vm.state == "Stopped" and ("start it first: 'azureml start %s'"):format(vm.name)
      or ("'azureml why %s' explains its state"):format(vm.name) }
end

local function reading_of(args, vm)
  local found, err = errors.try(metrics_of, args, vm)
  return { name = vm.name, metrics = found, why = err and err.message, error = err }
end

-- Tell whether an instance is another user's, which the user did not ask for by its name.
local function is_left_out(args, reading)
  return #args.names == 0 and reading.error ~= nil and reading.error.code == "NotYours"
end

-- Read all instances side by side, and hand on each reading when it is there. Return how many were
-- left out.
local function read_all(args, vms, take)
  local left_out = 0
  task.each(vms, function(vm)
    local reading = reading_of(args, vm)
    if is_left_out(args, reading) then left_out = left_out + 1 else take(reading) end
  end, { limit = args.limit })
  return left_out
end

-- Once --------------------------------------------------------------------------------------------

local FIELDS = {
  name = true, cores = true, load_1 = true, load_5 = true, load_15 = true, uptime = true,
  memory = true, disks = true, gpus = true, notes = true, error = true,
}

-- Return a reading as the object that -o json prints.
local function record_of(reading)
  local record, err = { name = reading.name }, reading.error
  if err then record.error = { code = err.code, message = err.message, hint = err.hint } end
  for field in pairs(FIELDS) do
    if reading.metrics and reading.metrics[field] ~= nil then
      record[field] = reading.metrics[field]
    end
  end
  return record
end

local function say(text)
  command.say(screen.one_line(text))
end

local function say_failures(readings)
  for _, reading in ipairs(readings) do
    if reading.error then
      say(("azureml: %s: %s"):format(reading.name, reading.why))
      if reading.error.hint then say("  hint: " .. reading.error.hint) end
    end
  end
end

local function print_details(readings)
  for _, reading in ipairs(readings) do
    for _, line in ipairs(reading.metrics and meters.details(reading.metrics) or {}) do
      print(line)
    end
  end
end

-- Say how many instances of other users were not read.
local function say_left_out(count)
  if count == 0 then return end
  say(("azureml: note: left out %s of other users: only its own user may look into an instance")
    :format(counts.of(count, "instance")))
end

local function print_text(args, readings, left_out)
  if #readings == 0 and left_out > 0 then return end
  if #readings == 0 then return command.say "no instance runs" end
  if #readings == 1 and not args.sort then return print_details(readings) end
  command.print_list(args, readings, meters.COLUMNS, record_of, FIELDS)
  for _, line in ipairs(meters.warnings(readings)) do say(line) end
end

local function show_once(args)
  local readings, code = {}, exit_codes.OK
  local left_out = read_all(args, instances_of(args), function(reading)
    readings[#readings + 1] = reading
    if reading.error then code = exit_codes.FAILED end
  end)
  table.sort(readings, function(a, b) return a.name < b.name end)
  if is_text(args) then print_text(args, readings, left_out)
  else command.print_list(args, readings, meters.COLUMNS, record_of, FIELDS) end
  say_failures(readings)
  say_left_out(left_out)
  return code
end

-- Live --------------------------------------------------------------------------------------------

local function names_of(vms)
  local names = {}
  for _, vm in ipairs(vms) do names[vm.name] = true end
  return names
end

-- Return the instances to read. An error that may pass is shown, and the last ones are read again.
local function instances_now(args, board, last)
  local vms, err = errors.try(instances_of, args)
  if err and not (last and resource.is_temporary(err)) then error(err, 0) end
  board:tell(err and err.message)
  return vms or last
end

-- Read and draw until the time is over or the user interrupts.
local function show_live(args)
  local ends = args.duration and core.now() + args.duration or math.huge
  local board <close> = meters_board.new()
  local vms
  while true do
    vms = instances_now(args, board, vms)
    board:keep(names_of(vms))
    local left_out = read_all(args, vms, function(reading) board:add(reading) end)
    if left_out == #vms then board:draw() end
    local pause = math.min(args.interval or INTERVAL, ends - core.now())
    if pause <= 0 then return exit_codes.OK end
    task.sleep(pause)
  end
end

function top.run(args)
  if is_live(args) then return show_live(args) end
  return show_once(args)
end

return top
