--- azureml whoami: print the identity of the credential in use.
local azureml = require "azureml"
local command = require "azureml.cli.command"
local later = require "azureml.tool.later"
local roles = later "azureml.look.roles"

local whoami = {}

function whoami.configure(parser)
  parser:flag("--can", "print what you may do in the workspace instead")
  command.workspace_options(parser)
  command.output_option(parser, "object")
end

local COLOURS = { yes = 32, no = 31 }

local COLUMNS = {
  { title = "Verb", key = "verb" },
  { title = "May", key = function(row) return row.may and "yes" or "no" end, field = "may",
    colour = function(row) return COLOURS[row.may and "yes" or "no"] end },
  { title = "Missing", key = function(row) return table.concat(row.missing, ", ") end,
    field = "missing" },
}

local function print_rights(args)
  local workspace, rows = command.workspace(args), {}
  for i, verb in ipairs(roles.verbs) do
    local may, missing = workspace:can(verb)
    rows[i] = { verb = verb, may = may, missing = missing }
  end
  command.print_list(args, rows, COLUMNS)
end

function whoami.run(args)
  if args.can then return print_rights(args) end
  command.print_object(args, azureml.whoami { cloud = args.cloud, ca_file = args.ca_file })
end

return whoami
