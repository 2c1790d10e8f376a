--- azureml run: run a workflow by name. The words after the name are the workflow's arguments.
local command = require "azureml.cli.command"
local errors = require "azureml.error"
local suggest = require "azureml.cli.suggest"

local run = {}

local WORKFLOWS = {
  "idle_guard", "lifecycle", "morning", "nightly", "recreate_outdated", "report", "tag_schedule", "team",
}

function run.configure(parser)
  local argument = parser:argument("workflow", "the workflow's name: "
    .. table.concat(WORKFLOWS, ", ")):argname "WORKFLOW"
  argument.azureml_values = WORKFLOWS
  parser:argument("arguments", "the workflow's arguments"):argname "ARGUMENT":args "*"
end

-- Find a workflow as `require` finds a module, embedded or in a file. Return the chunk, to run as a
-- script.
local function find(name)
  if not name:find "^[%w_]+$" then return nil end
  for _, search in ipairs(package.searchers) do
    local loader = search("azureml.workflows." .. name)
    if type(loader) == "function" then return loader end
  end
end

-- Raise what a workflow raised. A sentence without a place is meant for the user: it needs no
-- traceback.
local function raise(err)
  if type(err) ~= "string" or err:find "^[^%s:]+:%d+: " then error(err, 0) end
  errors.raise { code = err:find "^usage: " and "Usage" or "WorkflowFailed", message = err }
end

function run.run(args)
  local script = find(args.workflow)
  if not script then
    command.misused("%s", suggest.unknown("there is no workflow", args.workflow, WORKFLOWS))
  end
  local ok, err = pcall(script, table.unpack(args.arguments))
  if not ok then raise(err) end
end

return run
