--- azureml run: run a workflow by name. The words after the name are the workflow's arguments.
local command = require "azureml.cli.command"

local run = {}

function run.configure(parser)
  parser:argument("workflow", "the workflow's name: lifecycle or nightly")
  parser:argument("arguments", "the workflow's arguments"):args "*"
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

function run.run(args)
  local script = find(args.workflow)
  if not script then
    local message = "there is no workflow '%s'; the workflows are lifecycle and nightly"
    command.misused(message:format(args.workflow))
  end
  script(table.unpack(args.arguments))
end

return run
