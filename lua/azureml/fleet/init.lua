--- The fleet verbs: start_all, stop_all, restart_all, delete_all. Which instances are meant, what is left alone and why, and what is
--- raised at the end. How thousands are in flight at once is flight.lua's.
local core = require "azureml.core"
local errors = require "azureml.error"
local flight = require "azureml.fleet.flight"
local list = require "azureml.list"
local naming = require "azureml.definition.naming"
local options = require "azureml.options"
local power_state = require "azureml.definition.power_state"
local progress = require "azureml.console.progress"
local tables = require "azureml.tables"

local DEFAULT_TIMEOUT = 1800      -- seconds
local DEFAULT_LIMIT = 10000       -- under way at a time
local LOOK_AT_EACH = 10           -- names; more are looked up in one list

---@class azureml.FleetResult     what became of one instance
---@field name string
---@field outcome string          "done", "skipped", "failed"; of a dry run "planned"; where it is not waited for "accepted"
---@field reason string?          of a skipped one: "already Stopped", "busy: Starting", "wrong state: CreateFailed"
---@field operation azureml.Operation?      of an accepted one
---@field error azureml.Error?    of a failed one; its operation goes on at the service where there is one

---@class azureml.FleetResults    one result for each instance, in the order they were given or listed
---@field verb string
---@field counts { done: integer, accepted: integer, skipped: integer, failed: integer, planned: integer }
---@field seconds number          that it took
local results_metatable = { __name = "azureml.FleetResults" }

local fleet = {}

local OPTIONS = tables.merge(list.filters, {
  names = "table", all = "boolean", confirm = "boolean", limit = "integer", dry_run = "boolean", keep_going = "boolean",
  wait = "boolean", timeout = "number", settle = "boolean", show_output = "boolean", progress = "string",
})

-- What is meant -----------------------------------------------------------------------------------------------------------

-- The names that stand before the options, and the options.
local function split(given)
  local names, rest = {}, {}
  for key, value in pairs(given) do
    if math.type(key) == "integer" then names[key] = value else rest[key] = value end
  end
  return names, rest
end

local function filters_of(given)
  local wanted
  for name in pairs(list.filters) do
    if given[name] ~= nil then
      wanted = wanted or {}
      wanted[name] = given[name]
    end
  end
  return wanted
end

-- All that is wrong with the options themselves. Names and filters exclude each other; neither is taken for "all": a script whose list
-- came out empty must not stop everything.
local function read_options(verb, given)
  local what = verb .. "_all"
  if type(given) ~= "table" then errors.mistake("%s: a table of names or options expected, got %s", what, type(given)) end
  local listed, rest = split(given)
  options.check(what, rest, OPTIONS)
  if #listed > 0 and rest.names then errors.mistake("%s: names stand either in front or in option 'names'", what) end
  local names = #listed > 0 and listed or rest.names
  local wanted = filters_of(rest)
  if names and (wanted or rest.all) then errors.mistake("%s: either names, or filters, or all = true", what) end
  if not names and not wanted and not rest.all then
    errors.mistake("%s: say which: names, filters (state, tags, ...), or all = true", what)
  end
  if rest.limit and rest.limit < 1 then errors.mistake("%s: option 'limit' must be 1 or more, not %d", what, rest.limit) end
  if rest.timeout then options.check_seconds(what .. ": timeout", rest.timeout) end
  progress.style(what, rest)
  if verb == "delete" and not names and not rest.confirm and not rest.dry_run then
    errors.mistake("delete_all by filters deletes for good: say confirm = true, or name the instances")
  end
  return rest, names, wanted or {}
end

local function name_of(self, what, i, item)
  if type(item) == "string" then return item end
  local vm = type(item) == "table" and item or {}
  local place = vm.workspace
  if type(vm.name) ~= "string" or not place then
    errors.mistake("%s_all: #%d is neither a name nor an instance, but a %s", what, i, type(item))
  end
  if place.name ~= self.workspace.name or place.resource_group ~= self.workspace.resource_group
    or place.subscription_id ~= self.workspace.subscription_id then
    errors.mistake("%s_all: '%s' is an instance of %s, not of %s", what, vm.name, tostring(place), tostring(self.workspace))
  end
  return vm.name
end

---@class azureml.FleetPlan
---@field names string[]
---@field results azureml.FleetResult[]      where it is known already: skipped or failed

local function fail(plan, i, err)
  plan.results[i] = { name = plan.names[i], outcome = "failed", error = err }
end

-- As an error object; nil: it can be a name, as most can.
local function fault_of(name)
  return naming.fault(name) and select(2, errors.try(naming.check, name))
end

-- Each once: names are compared without case.
local function plan_of_names(self, verb, names, keep_going)
  local plan, seen = { names = {}, results = {} }, {}
  for i, item in ipairs(names) do
    local name = name_of(self, verb, i, item)
    local err, key = fault_of(name), name:lower()
    if err and not keep_going then error(err, 0) end
    if not seen[key] then
      plan.names[#plan.names + 1] = name
      seen[key] = #plan.names
      if err then fail(plan, #plan.names, err) end
    end
  end
  return plan, seen
end

local function skip_by_state(plan, verb, i, word)
  local reason = power_state.reason_to_skip(verb, word)
  if reason then plan.results[i] = { name = plan.names[i], outcome = "skipped", reason = reason } end
end

-- Nothing but a compute instance is deleted, and a wrong name is an error: so names are looked up first.
local function look_up(self, verb, plan, places, keep_going)
  local known = {}
  if #plan.names > LOOK_AT_EACH then
    for vm in self:list() do
      if places[vm.name:lower()] then known[vm.name:lower()] = vm.state end
    end
  end
  for i, name in ipairs(plan.names) do
    local word, vm, err = known[name:lower()], nil, nil
    if not word and not plan.results[i] then vm, err = errors.try(self.get, self, name) end
    if err and not keep_going then error(err, 0) end
    if err then fail(plan, i, err) end
    if word or vm then skip_by_state(plan, verb, i, word or vm.state) end
  end
end

local function plan_of_filters(self, verb, wanted)
  local plan = { names = {}, results = {} }
  for vm in self:list(wanted) do
    plan.names[#plan.names + 1] = vm.name
    skip_by_state(plan, verb, #plan.names, vm.state)
  end
  return plan
end

local function make_plan(self, verb, given, names, wanted)
  if not names then return plan_of_filters(self, verb, wanted) end
  local plan, places = plan_of_names(self, verb, names, given.keep_going)
  if verb == "delete" or given.dry_run then look_up(self, verb, plan, places, given.keep_going) end
  return plan
end

-- What comes of it --------------------------------------------------------------------------------------------------------

local function sum_up(verb, results, seconds)
  local counts = { done = 0, accepted = 0, skipped = 0, failed = 0, planned = 0 }
  for _, result in ipairs(results) do counts[result.outcome] = counts[result.outcome] + 1 end
  results.verb, results.counts, results.seconds = verb, counts, seconds
  return setmetatable(results, results_metatable)
end

function results_metatable:__tostring()
  local parts = {}
  for _, outcome in ipairs { "done", "accepted", "planned", "skipped", "failed" } do
    if self.counts[outcome] > 0 then parts[#parts + 1] = ("%d %s"):format(self.counts[outcome], outcome) end
  end
  return ("%s: %s"):format(self.verb, #parts > 0 and table.concat(parts, ", ") or "nothing to do")
end

local function raise_failures(results)
  local failures = {}
  for _, result in ipairs(results) do
    if result.outcome == "failed" then
      failures[#failures + 1] = { name = result.name, error = result.error, message = result.name .. ": " .. result.error.message }
    end
  end
  if #failures == 0 then return end
  errors.raise {
    code = "SomeFailed", message = ("%s: %d of %d failed"):format(results.verb, #failures, #results), details = failures, results = results,
  }
end

local function plan_only(plan)
  for i, name in ipairs(plan.names) do
    plan.results[i] = plan.results[i] or { name = name, outcome = "planned" }
  end
end

-- What was decided before the verb is sent to anybody.
local function report_decided(reporter, plan)
  for i, name in ipairs(plan.names) do
    local result = plan.results[i]
    if result then reporter.ended(name, result.outcome, result.reason or result.error.message) end
  end
end

local function fly(self, verb, given, plan)
  local timeout, wait = given.timeout or DEFAULT_TIMEOUT, given.wait ~= false
  local reporter <close> = progress.of_many(verb, #plan.names, progress.style(verb, given))
  if reporter then report_decided(reporter, plan) end
  local began = core.now()
  flight.run {
    workspace = self.workspace, verb = verb, names = plan.names, results = plan.results, limit = given.limit or DEFAULT_LIMIT,
    timeout = timeout, deadline = began + timeout, wait = wait,
    settle = wait and given.settle ~= false, reporter = reporter,
  }
  local results = sum_up(verb, plan.results, core.now() - began)
  if reporter then reporter.finish(tostring(results)) end
  return results
end

--- Do a verb to many instances, and wait until each is where it leads.
---@param self azureml.Instances
---@param verb string
---@param given table          see azureml.Instances:start_all
---@return azureml.FleetResults
function fleet.run(self, verb, given)
  local names, wanted
  given, names, wanted = read_options(verb, given)
  self.workspace:client()      -- what is wrong with it is said here, at the caller's line, not in a task of ours
  local plan = make_plan(self, verb, given, names, wanted)
  if given.dry_run then
    plan_only(plan)
    return sum_up(verb, plan.results, 0)
  end
  local results = fly(self, verb, given, plan)
  if not given.keep_going then raise_failures(results) end
  return results
end

return fleet
