--- Write what a run did as a JSON object, for a pipeline and for people who look at it later.
local later = require "azureml.tool.later"
local cost = later "azureml.look.cost"
local hints = later "azureml.hints"
local json = require "azureml.json"
local moment = require "azureml.tool.moment"
local run_module = require "azureml.observe.run"

local summary = {}

local VERSION = 1      -- of the object; members are only added

local function map(list, f)
  local mapped = json.array {}
  for i, item in ipairs(list) do mapped[i] = f(item) end
  return mapped
end

local function workspace_fields(workspace)
  return { name = workspace.name, resource_group = workspace.resource_group,
    subscription_id = workspace.subscription_id }
end

local function verb_fields(entry)
  return {
    name = entry.name, workspace = run_module.workspace_name(entry.workspace), verb = entry.verb,
    outcome = entry.outcome, seconds = entry.seconds, reason = entry.reason,
    request_id = entry.request_id, error = entry.error,
  }
end

local function operation_fields(entry)
  return { verb = entry.verb, name = entry.name, request_id = entry.request_id,
    workspace = run_module.workspace_name(entry.workspace) }
end

local function counts_of(run)
  local counts = {}
  for _, row in ipairs(run_module.sort_out(run.verbs, function(entry)
    return { outcome = entry.outcome }
  end)) do counts[row.labels.outcome] = #row end
  return counts
end

local function instance_rows(run)
  return map(run_module.sort_out(run:instances(), function(seen)
    return { workspace = seen.workspace.name, resource_group = seen.workspace.resource_group,
      state = seen.state, vm_size = seen.vm_size }
  end), function(row)
    row.labels.count = #row
    return row.labels
  end)
end

local function unless_empty(list)
  return #list > 0 and list or nil
end

local function cost_fields(costs)
  if #costs == 0 then return nil end
  return { note = cost.note, an_hour = json.array(costs) }
end

--- Write the summary of a run.
---@param run azureml.Run
---@param ending azureml.RunEnding
---@return string
function summary.text(run, ending)
  local operations = map(run:running(), operation_fields)
  return json.encode(json.in_utf8 {
    azureml = "summary", version = VERSION, program_version = ending.version,
    started = moment.write(run.began), ended = moment.write(ending.ended),
    seconds = ending.seconds, exit_code = ending.exit_code, command = json.array(ending.command),
    workspaces = map(run:list_workspaces(), workspace_fields), verbs = map(run.verbs, verb_fields),
    counts = counts_of(run), requests = json.array(ending.requests),
    throttled_replies = ending.throttled, throttled_seconds = ending.held,
    operations = operations, next = #operations > 0 and hints.go_on_waiting or nil,
    instances = unless_empty(instance_rows(run)), cost = cost_fields(run:costs()),
    error = run.failure,
  }) .. "\n"
end

return summary
