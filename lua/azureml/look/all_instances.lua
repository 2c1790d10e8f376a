--- The compute instances of all workspaces of a subscription or a resource group: look at them,
--- watch them, start, stop, restart and delete them. The workspaces are read side by side. One that
--- refuses does not hide the others: it is an error at the end.
local later = require "azureml.tool.later"
local core = require "azureml.core"
local counts = later "azureml.tool.count"
local errors = require "azureml.error"
local fleet = later "azureml.fleet"
local list_module = require "azureml.list"
local options = require "azureml.options"
local preflight = later "azureml.change.preflight"
local progress = later "azureml.console.progress"
local tables = require "azureml.tool.tables"
local task = require "azureml.task"
local watch = later "azureml.watch"
local workspaces = require "azureml.look.workspaces"

--- The instances of all workspaces of a subscription or a resource group.
---@class azureml.AllInstances
---@field start_all fun(self, settings: azureml.StartAllOptions): azureml.FleetResults
---  Start many instances of all workspaces, and wait until each runs.
---@field stop_all fun(self, settings: azureml.FleetOptions): azureml.FleetResults
---  Stop many instances of all workspaces, and wait until each is stopped.
---@field restart_all fun(self, settings: azureml.FleetOptions): azureml.FleetResults
---  Restart many instances of all workspaces, and wait until each runs again.
---@field delete_all fun(self, settings: azureml.FleetOptions): azureml.FleetResults
---  Delete many instances of all workspaces, and wait until each is gone.
---@field subscription_id string  the id of the subscription
---@field resource_group string?  nil: all groups
local AllInstances = {}
local metatable = { __name = "azureml.AllInstances", __index = AllInstances }

local all_instances = {}

-- Workspaces that are read at a time. Their instances are in memory together.
local AT_A_TIME = 16

--- Open the instances of all workspaces; send no request.
---@param settings? azureml.WorkspacesOptions
---@return azureml.AllInstances
---@usage for vm in azureml.instances { resource_group = "ml" }:list { state = "Running" } do
---    print(vm.workspace.name, vm)
---  end
function all_instances.new(settings)
  local place = workspaces.open("instances", settings)
  return setmetatable({
    place = place, subscription_id = place.subscription_id, resource_group = place.resource_group,
  }, metatable)
end

--- List the workspaces. The service is asked each time.
---@return azureml.Workspace[]
function AllInstances:workspaces()
  return workspaces.at(self.place)
end

-- Failures of workspaces --------------------------------------------------------------------------

local function raise_refusals(what, failures, count)
  if #failures == 0 then return end
  local details, names = {}, {}
  for index, failure in ipairs(failures) do
    names[index] = failure.workspace.name
    details[index] = {
      name = failure.workspace.name, error = failure.error,
      message = failure.workspace.name .. ": " .. failure.error.message,
    }
  end
  errors.raise {
    code = "SomeFailed", details = details, refused_workspaces = names,
    message = ("%s: %d of %s refused"):format(what, #failures, counts.of(count, "workspace")),
  }
end

-- Listing -----------------------------------------------------------------------------------------

-- Read the instances of some workspaces side by side. Return them in the order of the workspaces.
local function read(some, failures)
  local found, vms = {}, {}
  task.each(some, function(workspace)
    local all, err = errors.try(function() return workspace.instances:list():all() end)
    found[workspace] = all
    if err then failures[#failures + 1] = { workspace = workspace, error = err } end
  end, { limit = AT_A_TIME })
  for _, workspace in ipairs(some) do tables.append(vms, found[workspace]) end
  return vms
end

-- Refuse a size that none of the regions offers: a mistyped one looks like "nothing found".
local function check_size(known, size)
  local seen, refusal = {}, nil
  for _, workspace in ipairs(known) do
    local region = workspace:location()
    if not seen[region] then
      local is_offered, err = errors.try(function()
        preflight.check_size(workspace, size)
        return true
      end)
      if is_offered then return end
      seen[region], refusal = true, err
    end
  end
  if refusal then error(refusal, 0) end
end

--- Iterate over the instances of all workspaces, workspace by workspace. Single-pass; the first
--- request goes out at first use.
---@param wanted? azureml.ListOptions
---@return azureml.List      an iterator, with all(); vm.workspace tells where an instance is
---@raise an error object `SomeFailed` after the last instance, if workspaces refused: it names them
function AllInstances:list(wanted)
  local known, index, vms, position, failures = nil, 0, {}, 0, {}
  local pages = 0
  local function next_instance()
    known = known or self:workspaces()
    while position >= #vms do
      if index >= #known then
        raise_refusals("list instances", failures, #known)
        return nil
      end
      local some = table.move(known, index + 1, math.min(index + AT_A_TIME, #known), 1, {})
      vms, position, index = read(some, failures), 0, index + #some
      pages = pages + #some
    end
    position = position + 1
    return vms[position]
  end
  local function check(size) check_size(known or {}, size) end
  return list_module.new(next_instance, wanted, check, function() return pages end)
end

-- Fleets ------------------------------------------------------------------------------------------

local function full_name(vm)
  return vm.workspace.name .. "/" .. vm.name
end

-- Return all instances by their names in lower case: "ci-ann" and "team/ci-ann".
local function by_name(self)
  local named = {}
  for vm in self:list() do
    for _, key in ipairs { vm.name:lower(), full_name(vm):lower() } do
      named[key] = named[key] or {}
      table.insert(named[key], vm)
    end
  end
  return named
end

-- Return the result for a name that is not the name of exactly one instance.
local function not_one(name, found)
  local places = {}
  for i, vm in ipairs(found) do places[i] = full_name(vm) end
  local err = errors.new(#found == 0 and {
    code = "ResourceNotFound",
    message = ("there is no instance '%s' in these workspaces"):format(name),
  } or {
    code = "AmbiguousName",
    message = ("'%s' is the name of %d instances"):format(name, #found),
    hint = "say which: " .. table.concat(places, " or "),
  })
  return { name = name, outcome = "failed", error = err }
end

local function name_of(verb, item)
  if type(item) == "table" and item.workspace then return full_name(item) end
  if type(item) == "string" then return item end
  errors.mistake("%s_all: a name or an instance expected, got %s", verb, type(item))
end

-- Return the named instances by workspace. A name that is not found is a failed result.
local function find_named(self, verb, names, results)
  local named, chosen, seen = by_name(self), {}, {}
  for _, item in ipairs(names) do
    local name = name_of(verb, item)
    local found = named[name:lower()] or {}
    local vm = #found == 1 and found[1]
    if not vm then
      results[#results + 1] = not_one(name, found)
    elseif not seen[vm] then
      seen[vm], chosen[vm.workspace] = true, chosen[vm.workspace] or {}
      table.insert(chosen[vm.workspace], vm)
    end
  end
  return chosen
end

-- Return the options of a workspace's fleet.
local function options_of(given, filters, share)
  local wanted = tables.copy(given)
  for name in pairs(list_module.filters) do wanted[name] = nil end
  wanted.names, wanted.all, wanted.keep_going, wanted.limit = nil, nil, true, share
  wanted.show_output, wanted.progress, wanted.approve = nil, "quiet", nil
  wanted.where = function(vm) return list_module.passes(vm, filters) end
  return wanted
end

local function add(results, workspace, more)
  for _, result in ipairs(more) do
    result.workspace, result.resource_group = workspace.name, workspace.resource_group
    results[#results + 1] = result
  end
end

-- Do a verb in each workspace, side by side. A limit is shared out among those at work, and all
-- tell one reporter.
local function run_each(verb, known, arguments_of, limit, results, reporter)
  local at_a_time = limit and math.max(1, math.min(limit, #known)) or nil
  local share, by_workspace = limit and math.max(1, limit // math.max(1, at_a_time)), {}
  task.each(known, function(workspace)
    local came, err = errors.try(fleet.run, workspace.instances, verb,
      arguments_of(workspace, share), reporter)
    by_workspace[workspace] = came or {
      { name = workspace.name .. "/*", outcome = "failed", error = err },
    }
  end, { limit = at_a_time })
  for _, workspace in ipairs(known) do add(results, workspace, by_workspace[workspace] or {}) end
end

local function run(self, verb, arguments)
  local given, names, filters = fleet.read_options(verb, arguments)
  list_module.check(verb .. "_all", filters)
  local began, results = core.now(), {}
  local chosen = names and find_named(self, verb, names, results)
  local known = chosen and tables.keys(chosen, function(a, b) return a.name < b.name end)
    or self:workspaces()
  local style = given.dry_run and "quiet" or progress.style(verb .. "_all", given)
  local reporter <close> = progress.of_many(verb, 0, style)
  run_each(verb, known, function(workspace, share)
    local wanted = options_of(given, filters, share)
    if chosen then wanted.names, wanted.where = chosen[workspace], nil end
    return wanted
  end, given.limit, results, reporter)
  fleet.sum_up(verb, results, core.now() - began)
  if reporter and given.summary ~= false then reporter.finish(tostring(results)) end
  if not given.keep_going then fleet.raise_failures(results) end
  return results
end

-- start_all, stop_all, restart_all and delete_all: as those of ws.instances, in all workspaces side
-- by side. A name is looked for in all of them; "team/ci-ann" names the workspace too. Each result
-- has `workspace` and `resource_group`; a workspace that refuses is one failed result "team/*".
for _, verb in ipairs { "start", "stop", "restart", "delete" } do
  ---@param settings table              as for ws.instances:start_all
  ---@return azureml.FleetResults
  ---@raise an error object `SomeFailed` with `results`, unless keep_going is set
  ---@usage azureml.instances():stop_all { state = "Running", tags = { team = "vision" } }
  AllInstances[verb .. "_all"] = function(self, settings)
    return run(self, verb, settings)
  end
end

--- Iterate over changes of state in all workspaces. See azureml.watch.
---@param settings? azureml.WatchOptions
---@return fun(): azureml.Change?
function AllInstances:watch(settings)
  return watch.changes(self, settings)
end

--- Close the client that the workspaces share. Running operations keep their own reference. A
--- client that the script passed stays open.
function AllInstances:close()
  if not self.place.settings.client then self.place.client:close() end
end

options.check_colon(AllInstances, metatable, "instances")
metatable.__close = AllInstances.close

function metatable:__tostring()
  return "instances of all workspaces in " .. (self.resource_group or self.subscription_id)
end

return all_instances
