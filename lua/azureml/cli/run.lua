--- azureml run: a workflow by name; what follows the name is the workflow's.
local command = require "azureml.cli.command"

local run = {}

function run.configure(parser)
  parser:argument("workflow", "its name: lifecycle, nightly")
  parser:argument("arguments", "the workflow's own"):args "*"
end

-- Found as a module is, embedded or in a file, but run as a script.
local function find(name)
  if not name:find "^[%w_]+$" then return nil end
  for _, search in ipairs(package.searchers) do
    local loader = search("azureml.workflows." .. name)
    if type(loader) == "function" then return loader end
  end
end

function run.run(args)
  local script = find(args.workflow) or command.misused(("there is no workflow '%s'"):format(args.workflow))
  script(table.unpack(args.arguments))
end

return run
