--- azureml schedule: show when an instance is started and stopped, and change it.
local changes = require "azureml.definition.schedule.changes"
local command = require "azureml.cli.command"
local date = require "azureml.definition.schedule.date"
local duration = require "azureml.definition.duration"
local errors = require "azureml.error"
local firing = require "azureml.definition.schedule.firing"
local json = require "azureml.json"
local schedules = require "azureml.definition.schedule"
local screen = require "azureml.console.screen"
local tables = require "azureml.tool.tables"
local words = require "azureml.definition.schedule.words"

local schedule = {}

local SHOWN = 5      -- firings of a schedule

-- Options -----------------------------------------------------------------------------------------

local function whole(first, noun)
  return function(text)
    local number = math.tointeger(tonumber(text))
    if number and number >= first then return number end
    return nil, ("'%s' is not %s"):format(text, noun)
  end
end

local function position_option(parser, name, verb)
  parser:option(name, verb .. " the schedule with this number")
    :argname("N"):convert(whole(1, "the number of a schedule")):count "*"
end

local FORM = "\"stop weekdays 18:00 Europe/Amsterdam\", \"start mon,thu 08:00\", "
  .. "\"stop cron 0 18 * * 1-5\", \"stop every 2 weeks at 18:00 from 2026-11-30\""

-- Return the checked schedules of --set or --add.
local function checked(option, texts)
  local list, fault = schedules.check(texts)
  if not list then command.misused("%s: %s", option, fault) end
  return list
end

-- The options that change single schedules, by their numbers before the change. Removals come last,
-- so that the numbers still hold.
local BY_NUMBER = { "enable", "disable", "remove" }

local function has_changes(args)
  if args.clear or #args.set > 0 or #args.add > 0 then return true end
  for _, name in ipairs(BY_NUMBER) do
    if #args[name] > 0 then return true end
  end
  return false
end

-- Refuse what contradicts itself before any request is sent.
local function check(args)
  local replaces = args.clear or #args.set > 0
  for _, name in ipairs(BY_NUMBER) do
    if replaces and #args[name] > 0 then
      command.misused("--%s has no effect with --set or --clear", name)
    end
  end
  if args.clear and #args.set > 0 then
    command.misused "--set and --clear exclude each other"
  end
  if args.skip_next_stop and has_changes(args) then
    command.misused "--skip-next-stop stands alone"
  end
  checked("--set", args.set)
  checked("--add", args.add)
end

function schedule.configure(parser)
  command.name_option(parser)
  command.workspace_options(parser)
  parser:option("--count", "the firings to show of each schedule")
    :argname("N"):convert(whole(0, "a number of firings")):default(tostring(SHOWN))
  parser:option("--set", "replace all schedules; repeat it for more than one: " .. FORM)
    :argname("SCHEDULE"):count "*"
  parser:flag("--clear", "remove all schedules")
  parser:option("--add", "add a schedule, written as for --set"):argname("SCHEDULE"):count "*"
  position_option(parser, "--remove", "remove")
  position_option(parser, "--enable", "enable")
  position_option(parser, "--disable", "disable")
  parser:flag("--skip-next-stop", "skip the next stop; later ones stay as they are")
  command.output_option(parser, "object")
  command.check(parser, check)
end

-- Changing ----------------------------------------------------------------------------------------

local function refuse(vm, fault)
  errors.raise { code = "InvalidArgument",
    message = ("cannot change the schedules of '%s': %s"):format(vm.name, fault) }
end

-- Return numbers from the highest to the lowest, each once: a removal moves the later ones.
local function descending(numbers)
  local set = {}
  for _, number in ipairs(numbers) do set[number] = true end
  return tables.keys(set, function(a, b) return a > b end)
end

-- Return the list that the options make of an instance's schedules.
local function changed(args, vm)
  local list = vm.schedules
  if args.clear or #args.set > 0 then list = checked("--set", args.set) end
  local fault
  for _, name in ipairs(BY_NUMBER) do
    for _, number in ipairs(descending(args[name])) do
      list, fault = changes[name](list, number)
      if not list then refuse(vm, fault) end
    end
  end
  for _, text in ipairs(args.add) do
    list, fault = changes.add(list, text)
    if not list then refuse(vm, fault) end
  end
  return list
end

-- Showing -----------------------------------------------------------------------------------------

local CREATION = "counted from the creation of the instance: the service does not tell when the "
  .. "schedule was set"

-- Return what is shown of a schedule: its fields, words and next firings.
local function outlook_of(vm, number, item, count)
  local outlook = tables.merge(item, { number = number, words = words.of(item) })
  if item.status == "disabled" then return outlook end
  local now, created = os.time(), date.parse_utc(vm.created_on)
  local list, fault = firing.list(item, now, count)
  if not list and created then
    list = firing.list(item, now, count, created)
    fault = list and CREATION or fault
  end
  outlook.next, outlook.note = list and json.array(list), fault
  return outlook
end

local function outlooks_of(vm, count)
  local list = json.array {}
  for number, item in ipairs(vm.schedules) do
    list[number] = outlook_of(vm, number, item, count)
  end
  return list
end

-- Write a firing: "Mon 2026-11-30 18:00 CET, 17:00 UTC"; the day of UTC where it is another one.
local function line_of(found)
  local line = os.date("!%a %Y-%m-%d %H:%M ", found.time + found.offset) .. found.clock
  if found.clock ~= "UTC" then
    local is_same_day = found.wall:sub(1, 10) == found.utc:sub(1, 10)
    local form = is_same_day and "!, %H:%M UTC" or "!, %a %H:%M UTC"
    line = line .. os.date(form, found.time)
  end
  return found.note and ("%s: %s"):format(line, found.note) or line
end

local function print_outlook(outlook)
  local status = outlook.provisioning_status
  local suffix = status and status ~= "Completed" and ", " .. status:lower() or ""
  print(screen.one_line(("%d  %s%s"):format(outlook.number, outlook.words, suffix)))
  if outlook.note then print("     " .. outlook.note) end
  for _, found in ipairs(outlook.next or {}) do print("     " .. line_of(found)) end
end

local function print_idle(vm)
  local minutes = vm.idle_time_before_shutdown and duration.minutes(vm.idle_time_before_shutdown)
  print(minutes and ("stops after %d idle minutes"):format(minutes) or "has no idle shutdown")
end

local function show(args, vm)
  local outlooks = outlooks_of(vm, args.count)
  if args.output ~= "table" or args.columns or args.query then
    command.print_object(args, {
      name = vm.name, state = vm.state, schedules = outlooks,
      idle_time_before_shutdown = vm.idle_time_before_shutdown,
    })
    return
  end
  if #outlooks == 0 then print(("'%s' has no schedules"):format(vm.name)) end
  for _, outlook in ipairs(outlooks) do print_outlook(outlook) end
  print_idle(vm)
end

function schedule.run(args)
  local vm = command.workspace(args).instances:get(args.name)
  if args.skip_next_stop then
    command.say("skips the stop of " .. line_of(vm:skip_next_stop()))
  elseif has_changes(args) then
    vm:update { schedules = changed(args, vm) }
  end
  show(args, vm)
end

return schedule
