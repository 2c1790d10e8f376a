--- Make the commands start, stop, restart and delete. Each works on one instance or many, selected
--- by name or by filter.
local command = require "azureml.cli.command"
local core = require "azureml.core"
local ending = require "azureml.cli.ending"
local errors = require "azureml.error"
local exit_codes = require "azureml.cli.exit_codes"
local question = require "azureml.cli.question"
local report = require "azureml.cli.report"
local tables = require "azureml.tool.tables"

local fleet = {}

local SHOWN = 10      -- names listed in a question

-- Verbs that end what runs on an instance.
local ENDS = { stop = true, restart = true, delete = true }

-- Options -----------------------------------------------------------------------------------------

--- Add the options that the four commands share.
function fleet.options(parser)
  command.selection_options(parser)
  command.workspace_options(parser)
  command.all_workspaces_option(parser)
  command.wait_options(parser)
  parser:option("--limit", "the number of operations that run at the same time (default: 10000)")
    :argname("N"):convert(command.count_of "operations")
  parser:flag("--dry-run", "print what would be done, and change nothing")
  command.verbose_option(parser)
  parser:flag("--keep-going", "report an invalid name as failed and go on with the other names")
  command.progress_option(parser)
  command.output_option(parser)
end

-- Return the options of `instances:stop_all` and the like.
local function options_of(args)
  local options = command.selection(args)
  options.limit, options.timeout, options.keep_going = args.limit, args.timeout, args.keep_going
  options.wait, options.no_wait = not args.no_wait, args.no_wait
  options.wait_for_capacity = args.wait_for_capacity
  return options
end

local function is_one(args, options)
  return options.names and #options.names == 1 and not args.dry_run and not args.keep_going
    and not args.all_workspaces
end

-- Asking ------------------------------------------------------------------------------------------

local function question_about(names)
  if #names == 1 then return ("Delete the compute instance '%s' and its disk?"):format(names[1]) end
  local shown = tables.excerpt(names, SHOWN)
  return ("Delete %d compute instances and their disks (%s)?"):format(#names, shown)
end

local function planned_names(results)
  local names = {}
  for _, result in ipairs(results) do
    if result.outcome == "planned" then names[#names + 1] = report.name_of(result) end
  end
  return names
end

local function dry_run(verb, instances, options)
  return instances[verb .. "_all"](instances, tables.merge(options, { dry_run = true }))
end

-- Ask about the instances that a dry run finds. Return options that delete exactly these instances,
-- also if others match the filters by now; nil when the user says no.
local function ask(instances, options)
  local results = dry_run("delete", instances, options)
  local names = planned_names(results)
  if #names == 0 then return nil end
  ending.say("delete", ending.find_many("delete", instances, function() return results end))
  if not question.is_confirmed(question_about(names)) then return nil end
  local confirmed = { names = names }
  for _, name in ipairs { "limit", "timeout", "keep_going", "wait", "no_wait" } do
    confirmed[name] = options[name]
  end
  return confirmed
end

-- Return what a delete would end.
local function ended_by_delete(args, instances, options)
  if is_one(args, options) then return (ending.find("delete", instances, options.names[1])) end
  return ending.find_many("delete", instances, function()
    return dry_run("delete", instances, options)
  end)
end

-- Doing -------------------------------------------------------------------------------------------

-- Do a verb to many instances and report the results, also those known so far after an interrupt.
local function do_many(args, verb, instances, options)
  options.progress, options.summary = command.style_for_many(args), args.progress == "json"
  local ok, results = pcall(instances[verb .. "_all"], instances, options)
  if ok and args.dry_run and ENDS[verb] then
    ending.say(verb, ending.find_many(verb, instances, function() return results end))
  end
  if ok then return report.print(args, results) end
  local err, known = results, report.results_of(results)
  if not known or #known == 0 then error(err, 0) end
  return report.print(args, known, err)
end

-- Do a verb to one instance. The timeout covers the call and the wait. An instance that was seen
-- just now is not looked at again.
local function do_one(args, verb, instances, name, vm)
  local began = core.now()
  local settings = {
    timeout = args.timeout, no_wait = args.no_wait, progress = args.progress,
    wait_for_capacity = args.wait_for_capacity,
  }
  local op = vm and instances:send(verb, vm, settings, { vm = vm })
    or instances[verb](instances, name, settings)
  local left = args.timeout and math.ceil(began + args.timeout - core.now())
  args.timeout = left and math.max(0, math.min(left, args.timeout))
  command.finish(args, op)
end

-- Return the options after the user's yes; nil after a no.
local function confirm(args, instances, options)
  if args.yes then
    options.confirm = true
    return options
  end
  ending.check_terminal("delete", function() return ended_by_delete(args, instances, options) end)
  if not is_one(args, options) then return ask(instances, options) end
  ending.say("delete", (ending.find("delete", instances, options.names[1])))
  return question.is_confirmed(question_about(options.names)) and options or nil
end

-- Do a verb that ends jobs to many instances, unless the user declines. The jobs of a workspace are
-- read beside its instances, those of several workspaces before them.
local function do_many_if_allowed(args, verb, instances, options)
  if args.all_workspaces then
    local is_allowed = ending.is_allowed_in_all(args, verb, instances, function()
      return dry_run(verb, instances, options)
    end)
    return is_allowed and do_many(args, verb, instances, options) or exit_codes.FAILED
  end
  local asked, approve = ending.begin(verb, instances)
  local _ <close> = asked
  options.approve = approve
  local code, err = errors.try(do_many, args, verb, instances, options)
  if err and err.code ~= "Declined" then error(err, 0) end
  return err and exit_codes.FAILED or code
end

--- Make the command of a verb. For one instance it waits and prints the instance; for many it
--- prints each instance's outcome.
---@param verb string           "start", "stop", "restart", "delete"
---@param asks boolean?         ask for confirmation, unless the user gives --yes
---@return azureml.Command
function fleet.command(verb, asks)
  local verb_command = {}

  function verb_command.configure(parser)
    fleet.options(parser)
    if verb == "start" then
      parser:flag("--wait-for-capacity", "while the region is full, try again every 60 s, until "
        .. "the --timeout")
    end
    if asks then question.option(parser) elseif ENDS[verb] then ending.option(parser) end
  end

  function verb_command.run(args)
    local options = options_of(args)
    local must_ask = asks and not args.dry_run
    local instances = command.instances(args)
    if must_ask then options = confirm(args, instances, options) end
    if not options then return exit_codes.FAILED end
    if is_one(args, options) then
      local may_end, vm = true, nil
      if ENDS[verb] and not asks then
        may_end, vm = ending.is_allowed(args, verb, instances, options.names[1])
      end
      if not may_end then return exit_codes.FAILED end
      return do_one(args, verb, instances, options.names[1], vm)
    end
    options.dry_run = args.dry_run
    if ENDS[verb] and not asks and not args.yes and not args.dry_run then
      return do_many_if_allowed(args, verb, instances, options)
    end
    return do_many(args, verb, instances, options)
  end

  return verb_command
end

return fleet
