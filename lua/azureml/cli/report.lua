--- Print what became of many instances: failures first, then the summary. Equal failures are one
--- line with a count. The format of the option -o decides what goes to standard output.
local command = require "azureml.cli.command"
local core = require "azureml.core"
local errors = require "azureml.error"
local exit_codes = require "azureml.cli.exit_codes"
local hints = require "azureml.hints"
local progress = require "azureml.console.progress"
local screen = require "azureml.console.screen"
local tables = require "azureml.tool.tables"
local task = require "azureml.task"

local report = {}

local SHOWN = 5      -- names in a line about several instances

local function why(result)
  return result.reason or result.error and result.error.message
end

local COLOURS = { failed = 31, done = 32, skipped = 90 }

--- Return the name of a result's instance, with its workspace where there are several.
---@param result azureml.FleetResult
---@return string      "ci-ann", "team/ci-ann"; of a workspace that refused "team/*"
function report.name_of(result)
  if not result.workspace or result.name:find("/", 1, true) then return result.name end
  return result.workspace .. "/" .. result.name
end

local COLUMNS = {
  { title = "Name", key = report.name_of, field = "name" },
  { title = "Outcome", key = "outcome", colour = function(row) return COLOURS[row.outcome] end },
  { title = "Why", key = why },
}

local FIELDS = {
  name = true, workspace = true, resource_group = true, outcome = true, reason = true,
  error = true, ticket = true,
}

-- Return the members of a result's JSON object.
local function as_fields(result)
  local err = result.error
  return {
    name = result.name,
    workspace = result.workspace,
    resource_group = result.resource_group,
    outcome = result.outcome,
    reason = result.reason,
    error = err and {
      code = err.code, message = err.message, status = err.status, request_id = err.request_id,
      hint = err.hint,
    },
    ticket = result.operation and result.operation:ticket(),
  }
end

-- Failures ----------------------------------------------------------------------------------------

-- Replace the name of an instance in a text, so that texts about several instances are equal.
local function without_name(text, name)
  return (text:gsub(name:gsub("%p", "%%%0"), "NAME"))
end

-- Gather failures with equal errors: a list of { names =, error =, message = }.
local function gather(results)
  local groups, by_key = {}, {}
  for _, result in ipairs(results) do
    local err = result.error
    if result.outcome == "failed" and err then
      local message = without_name(err.message, result.name)
      local key = ("%s\n%s\n%s"):format(err.code, message, err.hint or "")
      local group = by_key[key]
      if not group then
        group = { names = {}, error = err, message = message }
        by_key[key], groups[#groups + 1] = group, group
      end
      group.names[#group.names + 1] = report.name_of(result)
    end
  end
  return groups
end

-- Return the line about a group of failures. The code, the HTTP status and the id of the (first)
-- request stand at its end.
local function line_of(group)
  local err, count = group.error, #group.names
  local parts = { err.code }
  if err.status then parts[#parts + 1] = "HTTP " .. err.status end
  if err.request_id then
    parts[#parts + 1] = (count > 1 and "first request " or "request ") .. err.request_id
  end
  local marks = table.concat(parts, ", ")
  if count == 1 then return ("%s: %s (%s)"):format(group.names[1], err.message, marks) end
  return ("%d instances (%s): %s (%s)"):format(count, tables.excerpt(group.names, SHOWN),
    group.message, marks)
end

local function goes_on(result)
  local operation = result.error and result.error.operation
  return operation ~= nil and operation.entry ~= nil
end

-- Print the failures; tell whether some of their operations go on at the service.
local function print_failures(results)
  local last_hint
  for _, group in ipairs(gather(results)) do
    command.say("azureml: " .. screen.one_line(line_of(group)))
    local hint = group.error.hint
    if hint and hint ~= last_hint then command.say("  hint: " .. hint) end
    last_hint = hint
  end
  for _, result in ipairs(results) do
    if goes_on(result) then return command.say("  hint: " .. hints.go_on_waiting) end
  end
end

-- The whole ---------------------------------------------------------------------------------------

-- Leave the operations of the results to other processes. Tell whether the journal keeps some.
local function leave_operations(results)
  local is_kept = false
  for _, result in ipairs(results) do
    local operation = result.operation
    if operation then
      is_kept = is_kept or operation.entry ~= nil
      operation:leave()
    end
  end
  return is_kept
end

-- Tell whether the table of all instances is wanted: for a dry run, and with -v.
local function is_listed(args)
  local is_chosen = args.columns or args.query or args.sort
  return args.output ~= "table" or args.dry_run or args.verbose or is_chosen
end

--- Print the results of a verb for many instances.
---@param args table             the command's options: output, verbose, dry_run, no_wait, progress
---@param results azureml.FleetResults
---@param err azureml.Error?     that was raised with the results
---@return integer               the exit code
---@raise the error, where errors are printed as JSON, and for an interrupt
function report.print(args, results, err)
  local is_ended = not err or err.code == "SomeFailed"
  if is_listed(args) or not is_ended then
    command.print_list(args, results, COLUMNS, as_fields, FIELDS)
  end
  local is_kept = leave_operations(results)
  if not is_ended then error(err, 0) end
  local is_json = args.output == "json" or args.output == "jsonl"
  if not is_json then print_failures(results) end
  if args.progress ~= "quiet" and args.progress ~= "json" and not args.dry_run then
    local seconds = screen.duration(results.seconds or 0)
    command.say(("%s, %s"):format(tostring(results), seconds))
    if is_kept then command.say("  hint: " .. hints.go_on_waiting) end
  end
  if is_json and err then error(err, 0) end
  if err then return exit_codes.of(err) end
  return results.counts.failed > 0 and exit_codes.FAILED or exit_codes.OK
end

local results_metatable = {}

function results_metatable:__tostring()
  local parts = {}
  for _, outcome in ipairs { "done", "accepted", "failed" } do
    if self.counts[outcome] > 0 then
      parts[#parts + 1] = ("%d %s"):format(self.counts[outcome], outcome)
    end
  end
  return ("%s: %s"):format(self.verb, #parts > 0 and table.concat(parts, ", ") or "nothing to do")
end

-- Begin one operation and wait for it, unless the user does not want to wait. Return the result.
local function run_one(args, item, begin, reporter)
  if reporter then reporter.began(item.name) end
  local op, err = errors.try(begin, item)
  if op and reporter then reporter.change(item.name, "accepted") end
  if op and not args.no_wait then
    err = select(2, errors.try(op.wait, op, { timeout = args.timeout }))
  end
  local outcome = err and "failed" or args.no_wait and "accepted" or "done"
  if reporter then reporter.ended(item.name, outcome, err and err.message) end
  local left = args.no_wait and op or nil
  return { name = item.name, outcome = outcome, error = err, operation = left }
end

--- Do something to several instances side by side, and report the results.
---@param args table                  the command's options
---@param verb string                 for the summary
---@param items { name: string }[]
---@param begin fun(item: table): azureml.Operation?     nil: it is done
---@return integer                    the exit code
function report.run(args, verb, items, begin)
  local reporter <close> = progress.of_many(verb, #items, command.style_for_many(args))
  local results, began = { verb = verb }, core.now()
  local indexes = {}
  for i in ipairs(items) do indexes[i] = i end
  task.each(indexes, function(i) results[i] = run_one(args, items[i], begin, reporter) end)
  results.counts, results.seconds = { done = 0, accepted = 0, failed = 0 }, core.now() - began
  for _, result in ipairs(results) do
    results.counts[result.outcome] = results.counts[result.outcome] + 1
  end
  setmetatable(results, results_metatable)
  if reporter and args.progress == "json" then reporter.finish(tostring(results)) end
  if results.counts.failed == 0 then return report.print(args, results) end
  return report.print(args, results, report.error_of(results))
end

--- Make the error about results of which some failed.
---@param results table
---@return azureml.Error
function report.error_of(results)
  local details = {}
  for _, result in ipairs(results) do
    if result.error then
      details[#details + 1] = { name = result.name, error = result.error,
        message = result.name .. ": " .. result.error.message }
    end
  end
  return errors.new { code = "SomeFailed", details = details,
    message = ("%s: %d of %d failed"):format(results.verb, #details, #results) }
end

-- Return the results of several fleets, each with its workspace.
local function join(fleets)
  if #fleets == 1 then return fleets[1] end
  local joined = {}
  for _, results in ipairs(fleets) do
    for _, result in ipairs(results) do
      result.workspace = result.workspace or results.workspace
      joined[#joined + 1] = result
    end
  end
  return joined
end

--- Return the results that an error carries: all when some failed, those known so far after an
--- interrupt.
---@param err any
---@return azureml.FleetResults?      nil for other errors
function report.results_of(err)
  if not errors.is(err) then return nil end
  return err.results or err.fleets and join(err.fleets)
end

return report
