--- What the commands start, stop, restart and delete share: one instance or many, by name or by filter.
local command = require "azureml.cli.command"
local core = require "azureml.core"
local errors = require "azureml.error"
local tables = require "azureml.tables"

local fleet = {}

local STANDARD_INPUT = 0
local SHOWN = 10      -- names in a question

-- Options -----------------------------------------------------------------------------------------------------------------

local function count(text)
  local number = math.tointeger(tonumber(text))
  if number and number >= 1 then return number end
  return nil, ("'%s' is not a number of instances, 1 or more"):format(text)
end

--- Which instances, and how they are gone about.
function fleet.options(parser)
  parser:argument("names", "the compute instances"):args "*"
  parser:option("-n --name", "a compute instance; may be said again"):argname("NAME"):count "*"
  parser:flag("--all", "all of the workspace")
  command.filter_options(parser)
  command.workspace_options(parser)
  command.wait_options(parser)
  parser:option("--limit", "so many at a time (default: 10000)"):argname("N"):convert(count)
  parser:flag("--dry-run", "only say what would be done")
  parser:flag("--keep-going", "a name that is wrong does not stop the others")
  command.progress_option(parser)
  command.output_option(parser)
end

local function names_of(args)
  local names = tables.append(tables.copy(args.names), args.name)
  return #names > 0 and names or nil
end

-- What the fleet verbs take.
local function given_of(verb, args)
  local names, given = names_of(args), command.filters(args)
  local filtered = next(given) ~= nil
  if names and (filtered or args.all) then command.misused(verb .. ": either names, or filters, or --all") end
  if not names and not filtered and not args.all then
    command.misused(verb .. ": which ones? Say names, or --state, --tags, --mine, --where, or --all")
  end
  given.names, given.all = names, args.all
  given.limit, given.timeout, given.keep_going = args.limit, args.timeout, args.keep_going
  given.progress, given.wait = args.progress, not args.no_wait
  return given
end

-- Asking ------------------------------------------------------------------------------------------------------------------

local function check_somebody_is_there()
  if not core.terminal_width(STANDARD_INPUT) then command.misused("delete asks first, and nobody is there to answer: say --yes") end
end

local function is_confirmed(question)
  io.stderr:write(question, " [y/N] ")
  return (io.read() or ""):lower():find "^y" ~= nil
end

local function question_about(names)
  if #names == 1 then return ("Delete the compute instance '%s' and its disk?"):format(names[1]) end
  return ("Delete %d compute instances and their disks (%s)?"):format(#names, tables.excerpt(names, SHOWN))
end

local function planned(results)
  local names = {}
  for _, result in ipairs(results) do
    if result.outcome == "planned" then names[#names + 1] = result.name end
  end
  return names
end

-- Those that the answer was about are deleted, whatever has come since.
local function ask(instances, given)
  local names = planned(instances:delete_all(tables.merge(given, { dry_run = true })))
  if #names == 0 or not is_confirmed(question_about(names)) then return nil end
  return {
    names = names, limit = given.limit, timeout = given.timeout, keep_going = given.keep_going,
    progress = given.progress, wait = given.wait,
  }
end

-- Doing -------------------------------------------------------------------------------------------------------------------

local function why(result)
  return result.reason or result.error and result.error.message
end

local COLUMNS = { { title = "Name", key = "name" }, { title = "Outcome", key = "outcome" }, { title = "Why", key = why } }

local function as_fields(result)
  local err = result.error
  local told = err and { code = err.code, message = err.message }
  local ticket = result.operation and result.operation:ticket()
  return { name = result.name, outcome = result.outcome, reason = result.reason, error = told, ticket = ticket }
end

local function let_go(results)
  for _, result in ipairs(results) do
    if result.operation then result.operation:close() end
  end
end

-- The table says all; the failures are told again, with hints, where nobody reads tables.
local function do_many(args, verb, instances, given)
  local results, err = errors.try(instances[verb .. "_all"], instances, given)
  if err and not err.results then error(err, 0) end
  results = results or err.results
  command.print_list(args, results, COLUMNS, as_fields)
  let_go(results)
  if err then error(err, 0) end
  return results.counts.failed > 0 and 1 or 0
end

local function is_one(args, given)
  return given.names and #given.names == 1 and not args.dry_run and not args.keep_going
end

local function do_one(args, verb, instances, name)
  command.finish(args, instances[verb](instances, name))
end

local function confirm(args, instances, given)
  if args.yes then
    given.confirm = true
    return given
  end
  if is_one(args, given) then return is_confirmed(question_about(given.names)) and given or nil end
  return ask(instances, given)
end

--- A command that does a verb to one instance, waits, and shows it; or to many, and shows what became of each.
---@param verb string
---@param asks boolean?         it is sure of nothing that nobody said yes to
---@return azureml.Command
function fleet.command(verb, asks)
  local one = {}

  function one.configure(parser)
    fleet.options(parser)
    if asks then parser:flag("-y --yes", "do not ask") end
  end

  function one.run(args)
    local given = given_of(verb, args)
    local must_ask = asks and not args.dry_run
    if must_ask and not args.yes then check_somebody_is_there() end
    local instances = command.workspace(args).instances
    if must_ask then given = confirm(args, instances, given) end
    if not given then return 1 end
    if is_one(args, given) then return do_one(args, verb, instances, given.names[1]) end
    given.dry_run = args.dry_run
    return do_many(args, verb, instances, given)
  end

  return one
end

return fleet
