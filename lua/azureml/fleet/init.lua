--- The fleet verbs: start_all, stop_all, restart_all, delete_all. This file selects the instances,
--- decides for which nothing is sent, and raises the failures. flight.lua does the verb to the
--- others.
local core = require "azureml.core"
local errors = require "azureml.error"
local flight = require "azureml.fleet.flight"
local hints = require "azureml.hints"
local list = require "azureml.list"
local notice = require "azureml.tool.notice"
local options_module = require "azureml.options"
local pace = require "azureml.pace"
local power_state = require "azureml.definition.power_state"
local progress = require "azureml.console.progress"
local survey = require "azureml.fleet.survey"
local tables = require "azureml.tool.tables"
local verdict = require "azureml.verdict"

local DEFAULT_LIMIT = 10000       -- instances at work at a time: as many as a workspace may hold

---@class azureml.FleetResult     what became of one instance
---@field name string
---@field workspace string?       where the fleet reaches over several workspaces
---@field resource_group string?  of that workspace
---@field outcome string          "done", "skipped", "failed"; of a dry run "planned"; "accepted"
---  where the caller does not wait
---@field reason string?          of a skipped one: "already Stopped"
---@field operation azureml.Operation?      of an accepted one
---@field error azureml.Error?    of a failed one. `Busy`: no_wait, and another operation is active;
---  `WrongState`: the service would refuse the verb; `outcome_unknown`: the verb may have run. Its
---  `operation` goes on at the service where there is one

---@class azureml.FleetResults    one result for each instance, as they were given or listed
---@field verb string  "start" and so on
---@field counts table<string, integer>      outcome -> how many
---@field seconds number          that it took
---@field open integer?           instances without a result, where the fleet was interrupted
---@field workspace string?       the workspace's name, where the fleet was interrupted
local results_metatable = { __name = "azureml.FleetResults" }

local fleet = {}

--- Which instances of many, by names, by filters or all; and how. Names and filters exclude each
--- other.
---@class azureml.FleetOptions: azureml.ListOptions
---@field [integer] azureml.InstanceName|azureml.Instance  names or instances, in front of the
---  options
---@field names? (azureml.InstanceName|azureml.Instance)[]  the same as a list; if it is empty,
---  nothing is done
---@field all? boolean  all instances of the workspace
---@field confirm? boolean  delete_all by filters, or all, is refused without it
---@field limit? integer  instances at work at once; 10,000
---@field approve? fun(names: string[])  called with the names before anything is sent; it may raise
---@field dry_run? boolean  only say what would be done
---@field keep_going? boolean  raise no failure of an instance: the results have it
---@field wait? boolean  true: until each has ended; false: until the service has accepted or
---  refused each; the results have the operations, which go on; default: true
---@field no_wait? boolean  fail with `Busy` instead of waiting for another operation
---@field timeout? number  seconds for the whole; 1,800
---@field settle? boolean  look at the states afterwards, as op:wait() does; false: the service's
---  word that it succeeded is enough; default: true
---@field show_output? boolean  print the progress, to standard error
---@field progress? azureml.ProgressStyle  how show_output prints
---@field summary? boolean  print a last line of progress with the results; default: true

--- Which instances to start, and how.
---@class azureml.StartAllOptions: azureml.FleetOptions
---@field wait_for_capacity? boolean  while the region is full try again every 60 s, within the
---  timeout

local OPTIONS = tables.merge(list.filters, {
  names = "table", all = "boolean", confirm = "boolean", limit = "integer", dry_run = "boolean",
  keep_going = "boolean", wait = "boolean", no_wait = "boolean", timeout = "number",
  settle = "boolean", show_output = "boolean", progress = "string", summary = "boolean",
  approve = "callable",
})
local START_OPTIONS = tables.merge(OPTIONS, { wait_for_capacity = "boolean" })

-- Options -----------------------------------------------------------------------------------------

-- Separate the names that stand before the options from the options.
local function split(arguments)
  local names, options = {}, {}
  for key, value in pairs(arguments) do
    if math.type(key) == "integer" then names[key] = value else options[key] = value end
  end
  return names, options
end

local function filters_of(options)
  local filters
  for name in pairs(list.filters) do
    if options[name] ~= nil then
      filters = filters or {}
      filters[name] = options[name]
    end
  end
  return filters
end

-- Refuse an empty filter. A script's list of states that came out empty would select nothing, and
-- empty tags would select all.
local function check_not_empty(what, filters)
  for name, value in pairs(filters or {}) do
    if type(value) == "table" and next(value) == nil then
      errors.mistake("%s: option '%s' is empty: say which, or leave it out", what, name)
    end
  end
end

-- Names and filters exclude each other. Without either nothing is done: a script whose list came
-- out empty must not stop everything.
local function check_selection(what, names, filters, options)
  if names and (filters or options.all) then
    errors.mistake("%s: either names, or filters, or all = true", what)
  end
  if not names and not filters and not options.all then
    errors.mistake("%s: say which: names, filters (state, tags, ...), or all = true", what)
  end
end

-- Check the options and return them, the names or nil, and the filters.
local function read_options(verb, arguments)
  local what = verb .. "_all"
  if type(arguments) ~= "table" then
    errors.mistake("%s: a table of names or options expected, got %s", what, type(arguments))
  end
  local listed, options = split(arguments)
  options_module.check(what, options, verb == "start" and START_OPTIONS or OPTIONS)
  if #listed > 0 and options.names then
    errors.mistake("%s: names stand either in front or in option 'names'", what)
  end
  local names, filters = #listed > 0 and listed or options.names, filters_of(options)
  check_selection(what, names, filters, options)
  check_not_empty(what, filters)
  list.check(what, filters)
  if options.limit and options.limit < 1 then
    errors.mistake("%s: option 'limit' must be 1 or more, not %d", what, options.limit)
  end
  if options.timeout then options_module.check_seconds(what .. ": timeout", options.timeout) end
  progress.style(what, options)
  if verb == "delete" and not names and not options.confirm and not options.dry_run then
    errors.mistake("delete_all by filters deletes for good: %s",
      "say confirm = true, or name the instances")
  end
  return options, names, filters or {}
end

fleet.read_options = read_options

-- Plans -------------------------------------------------------------------------------------------

---@class azureml.FleetPlan
---@field verb string
---@field options table
---@field names string[]
---@field results azureml.FleetResult[]               known before anything is sent
---@field busy table<integer, boolean>                another operation is active on it
---@field before table<integer, azureml.Instance>      instances as they are, where that is known
---@field survey azureml.Survey

local function new_plan(self, verb, options, count)
  return {
    verb = verb, options = options, names = {}, results = {}, busy = {}, before = {},
    survey = survey.new(self, count),
  }
end

local function set_result(plan, index, outcome, fields)
  fields.name, fields.outcome = plan.names[index], outcome
  plan.results[index] = fields
end

local function label_of(plan, index)
  return plan.verb .. " " .. plan.names[index]
end

-- Decide by an instance's state whether its verb is sent now, later or never. A delete needs no
-- turn: the service says whether it takes it.
local function judge(plan, index, vm)
  if plan.verb ~= "delete" and power_state.is_transitional(vm.state) then
    if plan.options.no_wait then
      local err = verdict.busy(label_of(plan, index), vm.state)
      return set_result(plan, index, "failed", { error = err })
    end
    plan.busy[index] = true
    return
  end
  local is_there, err = verdict.before_sending(plan.verb, vm, label_of(plan, index))
  if err then return set_result(plan, index, "failed", { error = err }) end
  if is_there then set_result(plan, index, "skipped", { reason = "already " .. vm.state }) end
end

-- Texts that would lead from an instance's path to another resource.
local NO_NAMES = { [""] = true, ["."] = true, [".."] = true }

-- Return the name of item number `index`, which is a name or an instance of this workspace. Any
-- other text may be the name of an instance that exists, whatever a new one may be called.
local function name_of(self, what, index, item)
  if NO_NAMES[item] then errors.mistake("%s_all: #%d, '%s', is not a name", what, index, item) end
  if type(item) == "string" then return item end
  local vm = type(item) == "table" and item or {}
  local place = vm.workspace
  if type(vm.name) ~= "string" or not place then
    errors.mistake("%s_all: #%d is neither a name nor an instance, but a %s", what, index,
      type(item))
  end
  if place.name ~= self.workspace.name or place.resource_group ~= self.workspace.resource_group
    or place.subscription_id ~= self.workspace.subscription_id then
    errors.mistake("%s_all: '%s' is an instance of %s, not of %s", what, vm.name, tostring(place),
      tostring(self.workspace))
  end
  return vm.name
end

-- Plan for names, each once: the service compares names without case.
local function plan_names(self, plan, names)
  local seen = {}
  for position, item in ipairs(names) do
    local name = name_of(self, plan.verb, position, item)
    local key = name:lower()
    if not seen[key] then
      local index = #plan.names + 1
      seen[key], plan.names[index] = true, name
      if type(item) == "table" then plan.before[index] = item end
    end
  end
end

-- Look at the names of a plan first. A name that is not there is an error.
local function look_up(self, plan)
  local indexes, names, failures = {}, {}, {}
  for index, name in ipairs(plan.names) do
    if not plan.results[index] then
      indexes[#indexes + 1], names[#names + 1] = index, name
    end
  end
  plan.survey:look(names, function(position, vm, err)
    local index = indexes[position]
    if vm then judge(plan, index, vm) else failures[index] = err or "missing" end
  end)
  for _, index in ipairs(tables.keys(failures)) do
    local err = failures[index]
    -- The GET tells why it is missing, in the service's words.
    if err == "missing" then err = select(2, errors.try(self.get, self, plan.names[index])) end
    if err and not plan.options.keep_going then error(err, 0) end
    if err then set_result(plan, index, "failed", { error = err }) end
  end
end

-- Plan for the instances that pass the filters. The list tells their states. A restart alone leads
-- to the state that it came from, so a lost answer needs to know the operation before it.
local function plan_filters(self, plan, filters)
  local listed = self:list(filters)
  for vm in listed do
    local index = #plan.names + 1
    plan.names[index] = vm.name
    judge(plan, index, vm)
    if plan.verb == "restart" then plan.before[index] = { last_operation = vm.last_operation } end
  end
  plan.survey = survey.new(self, #plan.names, listed:page_count())
end

local function make_plan(self, verb, options, names, filters)
  local plan = new_plan(self, verb, options, names and #names or 0)
  if not names then
    plan_filters(self, plan, filters)
    return plan
  end
  plan_names(self, plan, names)
  if verb == "delete" or options.dry_run then look_up(self, plan) end
  return plan
end

-- Results -----------------------------------------------------------------------------------------

--- Sum up the results of a fleet.
---@param verb string
---@param results azureml.FleetResult[]
---@param seconds number
---@param workspace azureml.Workspace?     nil: each result has the name of its own
---@return azureml.FleetResults
function fleet.sum_up(verb, results, seconds, workspace)
  local counts = { done = 0, accepted = 0, skipped = 0, failed = 0, planned = 0 }
  for _, result in ipairs(results) do counts[result.outcome] = counts[result.outcome] + 1 end
  results.verb, results.counts, results.seconds = verb, counts, seconds
  notice.tell("fleet", results, workspace)
  return setmetatable(results, results_metatable)
end

-- Sum up the results of an interrupted fleet. An interrupt may end several fleets: each names its
-- workspace.
local function sum_up_known(plan, began, workspace)
  local known = {}
  for index = 1, #plan.names do known[#known + 1] = plan.results[index] end
  known.open, known.workspace = #plan.names - #known, workspace.name
  return fleet.sum_up(plan.verb, known, core.now() - began, workspace)
end

function results_metatable:__tostring()
  local parts = {}
  for _, outcome in ipairs { "done", "accepted", "planned", "skipped", "failed" } do
    if self.counts[outcome] > 0 then
      parts[#parts + 1] = ("%d %s"):format(self.counts[outcome], outcome)
    end
  end
  if self.open then parts[#parts + 1] = ("%d without a result"):format(self.open) end
  return ("%s: %s"):format(self.verb, #parts > 0 and table.concat(parts, ", ") or "nothing to do")
end

-- Whether another process can go on waiting for a failed one: the journal has it.
local function is_pending(result)
  local goes_on = result.error.operation
  return goes_on ~= nil and goes_on.entry ~= nil
end

local function raise_failures(results)
  local failures, hint = {}, nil
  for _, result in ipairs(results) do
    if result.outcome == "failed" then
      failures[#failures + 1] = {
        name = result.name, error = result.error,
        message = result.name .. ": " .. result.error.message,
      }
      if is_pending(result) then hint = hints.go_on_waiting end
    end
  end
  if #failures == 0 then return end
  errors.raise {
    code = "SomeFailed", details = failures, results = results, hint = hint,
    message = ("%s: %d of %d failed"):format(results.verb, #failures, #results),
  }
end

fleet.raise_failures = raise_failures

-- Let the caller look at the names to which the verb is about to be sent. It may raise.
local function approve(plan)
  if not plan.options.approve then return end
  local names = {}
  for index, name in ipairs(plan.names) do
    if not plan.results[index] then names[#names + 1] = name end
  end
  plan.options.approve(names)
end

local function plan_only(plan)
  for index, name in ipairs(plan.names) do
    plan.results[index] = plan.results[index] or { name = name, outcome = "planned" }
  end
end

-- Report the results that are known before anything is sent.
local function report_known(reporter, plan)
  for index, name in ipairs(plan.names) do
    local result = plan.results[index]
    if result then reporter.ended(name, result.outcome, result.reason or result.error.message) end
  end
end

-- Make the reporter of a fleet, or of its part in a larger one, whose reporter it tells.
local function reporter_of(self, plan, whole)
  if whole then return whole.part(self.workspace.name, #plan.names) end
  return progress.of_many(plan.verb, #plan.names, progress.style(plan.verb, plan.options))
end

local function fly(self, plan, whole)
  local verb, options = plan.verb, plan.options
  local timeout, wait = options.timeout or pace.wait_timeout, options.wait ~= false
  local reporter <close> = reporter_of(self, plan, whole)
  if reporter then report_known(reporter, plan) end
  local began = core.now()
  flight.run {
    workspace = self.workspace, verb = verb, names = plan.names, results = plan.results,
    busy = plan.busy, before = plan.before, survey = plan.survey,
    limit = options.limit or DEFAULT_LIMIT, timeout = timeout, deadline = began + timeout,
    wait = wait, no_wait = options.no_wait, wait_for_capacity = options.wait_for_capacity,
    settle = wait and options.settle ~= false, reporter = reporter,
    summarise = function() return sum_up_known(plan, began, self.workspace) end,
  }
  local results = fleet.sum_up(verb, plan.results, core.now() - began, self.workspace)
  if reporter and options.summary ~= false then reporter.finish(tostring(results)) end
  return results
end

--- Do a verb to many instances, and wait until each is where it leads.
---@param self azureml.Instances
---@param verb string
---@param arguments table          see azureml.Instances:start_all
---@param whole table?            the reporter of the fleet of which this one is a part
---@return azureml.FleetResults
function fleet.run(self, verb, arguments, whole)
  local options, names, filters = read_options(verb, arguments)
  self.workspace:client()      -- its mistakes are raised here, at the caller's line, not in a task
  local plan = make_plan(self, verb, options, names, filters)
  if options.dry_run then
    plan_only(plan)
    return fleet.sum_up(verb, plan.results, 0, self.workspace)
  end
  approve(plan)
  local results = fly(self, plan, whole)
  if not options.keep_going then raise_failures(results) end
  return results
end

return fleet
