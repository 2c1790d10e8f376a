--- Plan and apply: compare instances with what is wanted of them, and make them so. What is there
--- is the state; nothing else is kept. Instances that are not named are never touched.
local changing = require "azureml.change.changing"
local completing = require "azureml.change.completing"
local core = require "azureml.core"
local definition = require "azureml.definition"
local errors = require "azureml.error"
local json = require "azureml.json"
local naming = require "azureml.definition.naming"
local options = require "azureml.options"
local pace = require "azureml.pace"
local power_state = require "azureml.definition.power_state"
local preflight = require "azureml.change.preflight"
local tables = require "azureml.tool.tables"
local task = require "azureml.task"

--- What apply would do to one instance.
---@class azureml.PlanItem
---@field name string  of the instance
---@field action "create"|"change"|"recreate"|"delete"|"nothing"  what is done
---@field changes azureml.FieldChange[]      field, from, to; of a creation and a deletion: none
---@field reasons string[]                   why it must be recreated
---@field unverified string[]                fields that the service does not return
---@field blocked string?                    what the caller must allow first
---@field findings azureml.Finding[]         about its creation, errors first
---@field report azureml.Report?             of the creation
---@field wanted table                       canonical; without what must be looked up
---@field settings table                     options for a creation
---@field vm azureml.Instance?               as it is
---@field fault string?                      what is wrong with its name, if it is new
---@field is_moving boolean?                 its state still changes by itself

--- What apply would do: a list of items.
---@class azureml.Plan
---@field [integer] azureml.PlanItem         sorted by name
---@field collection azureml.Instances  the instances of a workspace
local Plan = {}
local metatable = { __name = "azureml.Plan", __index = Plan }

local planning = {}

local ABSENT = "absent"

-- Planning ----------------------------------------------------------------------------------------

-- Check one definition. Return what is wanted, whether the instance shall be absent, the
-- options for a creation, and what is wrong.
local function read(collection, name, settings)
  if type(name) ~= "string" or type(settings) ~= "table" then
    errors.mistake("plan: a map of definitions by name expected")
  end
  local own, is_absent = tables.copy(settings), false
  if type(own.state) == "string" and own.state:lower() == ABSENT then
    own.state, is_absent = nil, true
  end
  local wanted, findings = definition.check("plan", own, collection.workspace.subscription_id)
  for _, finding in ipairs(findings) do finding.text = ("%s: %s"):format(name, finding.text) end
  return wanted, is_absent, own, findings
end

-- Refuse two spellings of a name: to the service they are a single instance.
local function check_twins(names)
  local spelt = {}
  for _, name in ipairs(names) do
    local twin = spelt[name:lower()]
    if twin then
      options.refuse("'%s' and '%s' name the same instance: capitals do not count", twin, name)
    end
    spelt[name:lower()] = name
  end
end

-- Refuse all definitions that are wrong, at once.
local function check_definitions(collection, names, wanted)
  local all = {}
  for _, name in ipairs(names) do
    local _, _, _, findings = read(collection, name, wanted[name])
    tables.append(all, findings)
  end
  definition.refuse(all)
  check_twins(names)
end

-- Let the caller of apply allow one thing more.
local function block(item, text)
  item.blocked = item.blocked and item.blocked .. "; " .. text or text
end

-- Add the change of the state that is wanted; a running instance may be at work on a job. From a
-- failure no verb leads to it, except from Unusable the restart.
local function add_power(item)
  local state = item.vm.state
  local verb = item.wanted.state == "Stopped" and "stop" or "start"
  local remedy = item.wanted.state and power_state.remedy(verb, state)
  if state == "CreateFailed" or remedy and state ~= "Unusable" then
    table.insert(item.reasons, ("state is %s"):format(state))
    return
  end
  if remedy then block(item, remedy) end
  local is_there = item.wanted.state == nil or state == item.wanted.state
    or item.wanted.state == "Running" and power_state.is_running(state)
  if not is_there then
    table.insert(item.changes, { field = "state", from = state, to = item.wanted.state })
  end
end

-- Sort a difference into the changes of an item, or the reasons to recreate it.
local function add_difference(collection, item, difference, settings)
  local field, change = difference.field, difference.change
  if change == "resize" and not changing.may_resize(collection, item.name, difference.wanted) then
    change = nil
  end
  if not change then
    table.insert(item.reasons, difference.text)
    return
  end
  table.insert(item.changes, { field = field, from = difference.actual, to = difference.wanted })
  if change == "replace" and not settings.change_tags then
    if not item.is_replaced then
      block(item, "change_tags = true (--change-tags) lets the whole definition be replaced for it")
    end
    item.is_replaced = true
  elseif change == "resize" and power_state.is_running(item.vm.state) and not settings.stop then
    block(item, "stop = true (--stop) lets the instance be stopped for it")
  end
end

-- A new instance has all that is wanted: nothing else needs to be allowed.
local function action_of(item)
  if #item.reasons > 0 then
    item.blocked = nil
    return "recreate"
  end
  return #item.changes > 0 and "change" or "nothing"
end

-- Look up what a comparison needs, such as the ids of a user. A new key is a reason to recreate.
local function complete(collection, item)
  local wanted, err = errors.try(completing.compare, collection.workspace, item.wanted, item.vm)
  if not err then return wanted end
  if err.code ~= "DoesNotFit" then errors.raise(err) end
  table.insert(item.reasons, "generate_ssh_key makes a key for a new instance only")
  local others = tables.copy(item.wanted)
  others.generate_ssh_key = nil
  return others
end

-- Find an instance. One that is being deleted counts as missing; it is returned as the second.
local function find(collection, name, version)
  local vm = collection:find(name, version)
  if vm and vm.state == "Deleting" then return nil, vm end
  return vm
end

-- List what must change of an instance.
local function compare(collection, item, more)
  item.wanted = complete(collection, item)
  local differences, hidden = definition.differences(item.wanted, item.vm)
  for _, difference in ipairs(differences) do
    add_difference(collection, item, difference, more)
  end
  item.unverified = hidden
  add_power(item)
end

-- Refuse the names that no new instance can have, all at once.
local function check_names(plan)
  local faults = {}
  for _, item in ipairs(plan) do faults[#faults + 1] = item.fault end
  if #faults > 0 then options.refuse("%s", table.concat(faults, "; ")) end
end

-- Look for what the service would refuse of a creation.
local function look_ahead(collection, item, leaving, seen)
  local wanted = item.wanted
  if item.action == "recreate" then wanted = tables.merge(definition.of(item.vm), wanted) end
  local replaced = item.vm or leaving
  item.report = preflight.run_planned(collection, item.name, wanted, replaced, seen)
end

-- Compare one instance with what is wanted of it.
local function plan_item(collection, name, settings, more, seen)
  local wanted, is_absent, own = read(collection, name, settings)
  local item = {
    name = name, wanted = wanted, settings = own, changes = {}, reasons = {}, unverified = {},
    findings = {},
  }
  local leaving
  local version = definition.api_version(wanted, collection.workspace.api_version)
  item.vm, leaving = find(collection, name, version)
  if is_absent then
    item.action = item.vm and "delete" or "nothing"
  elseif not item.vm then
    item.fault = naming.fault(name)
    item.action = "create"
  else
    compare(collection, item, more)
    item.action = action_of(item)
    item.is_moving = power_state.is_transitional(item.vm.state)
  end
  if item.action == "create" or item.action == "recreate" then
    look_ahead(collection, item, leaving, seen)
  end
  return item
end

-- Tell whether applying a plan may give back quota. Its items are applied side by side, so that a
-- creation may come too early; a second apply then has the quota.
local function frees_quota(plan)
  for _, item in ipairs(plan) do
    if item.action == "delete" then return true end
    for _, change in ipairs(item.changes) do
      if change.field == "vm_size" then return true end
    end
  end
  return false
end

-- Give each creation of a plan what its report has found.
local function add_findings(plan)
  local is_excused = frees_quota(plan)
  for _, item in ipairs(plan) do
    if item.report then
      if is_excused then item.report:excuse_quota() end
      item.findings = item.report:sorted()
    end
  end
end

--- What an instance should be.
---@class azureml.WantedInstance: azureml.InstanceOptions
---@field state? "Running"|"Stopped"|"absent"  the state that is wanted; "absent": there should be
---  no such instance

--- What apply may do.
---@class azureml.PlanOptions
---@field change_tags? boolean  replace the whole definition for different tags or another
---  description
---@field stop? boolean  stop the instance before a resize

local PLAN_OPTIONS = { change_tags = "boolean", stop = "boolean" }

--- Compare instances with what is wanted of them.
---@param collection azureml.Instances
---@param wanted table<string, table>      by name: options of create, and state = "absent"
---@param settings { change_tags: boolean?, stop: boolean? }?
---@return azureml.Plan
function planning.plan(collection, wanted, settings)
  settings = options.check("plan", settings, PLAN_OPTIONS)
  if type(wanted) ~= "table" then errors.mistake "plan: a map of definitions by name expected" end
  local plan = setmetatable({ collection = collection, settings = settings }, metatable)
  local names = tables.keys(wanted, function(a, b) return tostring(a) < tostring(b) end)
  check_definitions(collection, names, wanted)
  local items, seen = {}, {}
  task.each(names, function(name)
    items[name] = plan_item(collection, name, wanted[name], settings, seen)
  end)
  for index, name in ipairs(names) do plan[index] = items[name] end
  check_names(plan)
  add_findings(plan)
  return plan
end

-- Telling -----------------------------------------------------------------------------------------

local function shown(value)
  if value == nil then return "nothing" end
  return type(value) == "table" and json.encode(value) or tostring(value)
end

--- Tell whether something differs from what is wanted.
---@return boolean
function Plan:differs()
  for _, item in ipairs(self) do
    if item.action ~= "nothing" then return true end
  end
  return false
end

--- List the names of the instances that the plan deletes, alone or to recreate them.
---@return string[]
function Plan:destroyed()
  local names = {}
  for _, item in ipairs(self) do
    if item.action == "delete" or item.action == "recreate" then names[#names + 1] = item.name end
  end
  return names
end

local function lines_of_changes(item)
  local lines = {}
  for _, change in ipairs(item.changes) do
    lines[#lines + 1] = ("%s: %s -> %s"):format(change.field,
      shown(definition.masked(change.field, change.from)),
      shown(definition.masked(change.field, change.to)))
  end
  return lines
end

--- List what an item of the plan comes to, a line each.
---@param item azureml.PlanItem
---@return string[]
function planning.lines(item)
  local lines = {}
  for _, reason in ipairs(item.reasons) do lines[#lines + 1] = "because " .. reason end
  tables.append(lines, lines_of_changes(item))
  for _, field in ipairs(item.unverified) do
    lines[#lines + 1] = field .. " cannot be verified: the service does not return it"
  end
  if item.blocked then lines[#lines + 1] = "not allowed: " .. item.blocked end
  for _, finding in ipairs(item.findings) do
    local label = finding.level == "error" and "would be refused" or finding.level
    lines[#lines + 1] = ("%s: %s"):format(label, finding.text)
  end
  if item.is_moving then lines[#lines + 1] = "still " .. item.vm.state end
  return lines
end

function metatable:__tostring()
  local lines = {}
  for _, item in ipairs(self) do
    lines[#lines + 1] = ("%s: %s"):format(item.name, item.action)
    for _, line in ipairs(planning.lines(item)) do lines[#lines + 1] = "  " .. line end
  end
  return #lines > 0 and table.concat(lines, "\n") or "nothing is planned"
end

--- Return an item of the plan as a table for JSON, without the secrets of the values.
---@param item azureml.PlanItem
---@return table
function planning.fields(item)
  local changes = json.array {}
  for index, change in ipairs(item.changes) do
    changes[index] = {
      field = change.field, from = definition.masked(change.field, change.from),
      to = definition.masked(change.field, change.to),
    }
  end
  return {
    name = item.name, action = item.action, changes = changes,
    reasons = json.array(item.reasons), unverified = json.array(item.unverified),
    blocked = item.blocked, findings = item.report and json.array(tables.copy(item.findings)),
  }
end

--- Return the plan as a table, for JSON.
function metatable:__json()
  local list = json.array {}
  for index, item in ipairs(self) do list[index] = planning.fields(item) end
  return list
end

options.check_colon(Plan, metatable, "plan")

-- Applying ----------------------------------------------------------------------------------------

local doers = {}

-- An instance that is being deleted has been planned as missing: ensure waits for that.
function doers.create(plan, item, watch)
  return plan.collection:ensure(item.name, item.settings):wait(watch())
end

function doers.change(plan, item, watch)
  local vm = changing.converge(plan.collection, item.vm, item.wanted, {
    api_version = definition.api_version(item.wanted, plan.collection.workspace.api_version),
    deadline = core.now() + watch().timeout, change_tags = plan.settings.change_tags,
    stop = plan.settings.stop,
  })
  local state = item.wanted.state
  if not state or vm.state == state then return vm end
  local verb = state == "Stopped" and "stop" or "start"
  return plan.collection[verb](plan.collection, vm):wait(watch())
end

function doers.recreate(_, item, watch)
  return item.vm:recreate(item.settings):wait(watch())
end

function doers.delete(plan, item, watch)
  return plan.collection:delete(item.vm):wait(watch())
end

-- An instance that is as it is wanted may still be on its way: another process has just made it.
function doers.nothing(plan, item, watch)
  local vm = plan.collection:settled(item.vm, core.now() + watch().timeout)
  if not power_state.is_failed(vm.state) then return vm end
  errors.raise { code = vm.state, instance = vm,
    message = ("'%s' has what is wanted, but it is %s"):format(item.name, vm.state),
    hint = "'azureml why' tells what is wrong with it" }
end

-- Refuse a plan with creations that the service would refuse; raise all that is wrong with them.
local function check_creations(plan)
  local refusals, texts, codes = {}, {}, {}
  for _, item in ipairs(plan) do
    local report = item.report
    local _, err = errors.try(function() return report and report:refuse() end)
    if err then
      refusals[#refusals + 1], texts[#texts + 1] = err, err.message
      codes[err.code] = true
    end
  end
  if #refusals == 0 then return end
  local code = next(codes)
  errors.raise { code = next(codes, code) and "InvalidArgument" or code,
    message = table.concat(texts, "; "), hint = refusals[1].hint }
end

--- Refuse a plan that the caller has not allowed as a whole, or that the service would refuse.
---@param plan azureml.Plan
---@param settings { confirm: boolean? }
---@raise an error object: `NotConfirmed`, `DoesNotFit`; for a creation `QuotaExceeded`,
---  `AuthorizationFailed`, else `InvalidArgument`
function planning.check_allowed(plan, settings)
  local destroyed = plan:destroyed()
  if #destroyed > 0 and not settings.confirm then
    errors.raise { code = "NotConfirmed",
      message = ("apply deletes %s, with all that is on the disk"):format(
        table.concat(destroyed, ", ")),
      hint = "confirm = true (--yes) allows it" }
  end
  for _, item in ipairs(plan) do
    if item.blocked then
      errors.raise { code = "DoesNotFit", message = ("'%s' differs: %s"):format(item.name,
        table.concat(lines_of_changes(item), "; ")), hint = item.blocked }
    end
  end
  check_creations(plan)
end

--- How to apply a plan.
---@class azureml.ApplyOptions: azureml.PlanOptions
---@field confirm? boolean  what deletes or recreates is refused without it
---@field timeout? number  seconds for the whole; 1,800
---@field keep_going? boolean  raise no failure of an instance: the results have it

--- What became of an item of a plan.
---@class azureml.PlanResult
---@field name string  of the instance
---@field action string  "create", "change", "recreate", "delete" or "nothing"
---@field outcome string  "done", "skipped" or "failed"
---@field error? azureml.Error  of a failed one

local APPLY_OPTIONS = {
  change_tags = "boolean", stop = "boolean", confirm = "boolean", timeout = "number",
  keep_going = "boolean",
}

-- Make one instance what is wanted of it; return the result.
local function apply_item(plan, item, watch)
  local result = { name = item.name, action = item.action, outcome = "skipped" }
  if item.action == "nothing" and not item.is_moving then return result end
  local _, err = errors.try(doers[item.action], plan, item, watch)
  result.outcome, result.error = err and "failed" or "done", err
  return result
end

local function raise_failures(results)
  local details = {}
  for _, result in ipairs(results) do
    if result.error then
      details[#details + 1] = { name = result.name, error = result.error,
        message = ("%s: %s"):format(result.name, result.error.message) }
    end
  end
  if #details == 0 then return end
  errors.raise { code = "SomeFailed", details = details, results = results,
    message = ("apply: %d of %d failed"):format(#details, #results) }
end

--- Make instances what is wanted of them, side by side.
---@param collection azureml.Instances
---@param wanted table<string, table>|azureml.Plan
---@param settings table?
---@return { name: string, action: string, outcome: string, error: azureml.Error? }[] results
function planning.apply(collection, wanted, settings)
  settings = options.check("apply", settings, APPLY_OPTIONS)
  local allowed = { change_tags = settings.change_tags, stop = settings.stop }
  local is_plan = getmetatable(wanted) == metatable
  if is_plan and next(allowed) then
    errors.mistake("apply: change_tags and stop are options of plan, which made this plan")
  end
  local plan = is_plan and wanted or planning.plan(collection, wanted, allowed)
  planning.check_allowed(plan, settings)
  local timeout = settings.timeout or pace.wait_timeout
  options.check_seconds("apply: timeout", timeout)
  local deadline, results, indexes = core.now() + timeout, {}, {}
  local function watch() return { timeout = math.max(0, deadline - core.now()) } end
  for index in ipairs(plan) do indexes[index] = index end
  task.each(indexes, function(index) results[index] = apply_item(plan, plan[index], watch) end)
  if not settings.keep_going then raise_failures(results) end
  return results
end

return planning
