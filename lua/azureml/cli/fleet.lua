--- Make the commands start, stop, restart and delete. Each works on one instance or many, selected
--- by name or by filter.
local command = require "azureml.cli.command"
local core = require "azureml.core"
local ending = require "azureml.cli.ending"
local exit_codes = require "azureml.cli.exit_codes"
local question = require "azureml.cli.question"
local report = require "azureml.cli.report"
local tables = require "azureml.tool.tables"

local fleet = {}

local SHOWN = 10      -- names listed in a question

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

-- Ask about the instances that a dry run finds. Return options that delete exactly these instances,
-- also if others match the filters by now; nil when the user says no.
local function ask(instances, options)
  local dry_run = tables.merge(options, { dry_run = true })
  local names = planned_names(instances:delete_all(dry_run))
  if #names == 0 or not question.is_confirmed(question_about(names)) then return nil end
  local confirmed = { names = names }
  for _, name in ipairs { "limit", "timeout", "keep_going", "wait", "no_wait" } do
    confirmed[name] = options[name]
  end
  return confirmed
end

-- Doing -------------------------------------------------------------------------------------------

-- Do a verb to many instances and report the results, also those known so far after an interrupt.
local function do_many(args, verb, instances, options)
  options.progress, options.summary = command.style_for_many(args), args.progress == "json"
  local ok, results = pcall(instances[verb .. "_all"], instances, options)
  if ok then return report.print(args, results) end
  local err, known = results, report.results_of(results)
  if not known or #known == 0 then error(err, 0) end
  return report.print(args, known, err)
end

local function is_one(args, options)
  return options.names and #options.names == 1 and not args.dry_run and not args.keep_going
    and not args.all_workspaces
end

-- Do a verb to one instance. The timeout covers the call and the wait.
local function do_one(args, verb, instances, name)
  local began = core.now()
  local op = instances[verb](instances, name, {
    timeout = args.timeout, no_wait = args.no_wait, progress = args.progress,
    wait_for_capacity = args.wait_for_capacity,
  })
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
  if not is_one(args, options) then return ask(instances, options) end
  ending.say("delete", ending.find(instances, options.names))
  return question.is_confirmed(question_about(options.names)) and options or nil
end

-- Verbs that end what runs on an instance; delete asks in any case.
local ENDS = { stop = true, restart = true }

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
    if must_ask and not args.yes then question.check_terminal() end
    local instances = command.instances(args)
    if must_ask then options = confirm(args, instances, options) end
    if not options then return exit_codes.FAILED end
    if is_one(args, options) then
      local may_end = not ENDS[verb] or ending.is_allowed(args, verb, instances, options.names)
      if not may_end then return exit_codes.FAILED end
      return do_one(args, verb, instances, options.names[1])
    end
    options.dry_run = args.dry_run
    return do_many(args, verb, instances, options)
  end

  return verb_command
end

return fleet
