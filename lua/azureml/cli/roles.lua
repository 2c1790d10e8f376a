--- azureml roles: print definitions of roles for compute instances, as the Azure CLI takes them.
local command = require "azureml.cli.command"
local output = require "azureml.cli.output"
local roles = require "azureml.look.roles"
local shape = require "azureml.cli.shape"
local view = require "azureml.cli.view"

local group = { subcommands = {} }

local SUMMARIES = {
  ["on-behalf-of"] = "print a role for the user of an instance that was created for them: start, "
    .. "stop, restart, open its applications",
  operator = "print a role that looks at instances, creates, starts, stops, restarts, deletes them",
}

local ORDER = { "Name", "IsCustom", "Description", "Actions", "NotActions", "AssignableScopes" }

-- Return the scope of the option, or that of the workspace's resource group.
local function scope_of(args)
  if args.scope then return args.scope end
  local workspace = command.workspace(args)
  return ("/subscriptions/%s/resourceGroups/%s"):format(workspace.subscription_id,
    workspace.resource_group)
end

local function scope(text)
  if text:find "^/" then return text end
  return nil, ("--scope: '%s' is not a scope such as /subscriptions/ID/resourceGroups/NAME")
    :format(text)
end

local function configure(parser)
  parser:option("--scope", "where the role can be assigned (default: the workspace's group)")
    :argname "SCOPE":convert(scope)
  command.workspace_options(parser)
  command.choice(parser, "-o --output", "the format: json, yaml (default: json)",
    { "json", "yaml" }, "FORMAT")
  command.check(parser, function(args) args.output = args.output or "json" end)
end

for _, name in ipairs(roles.names) do
  group.subcommands[name] = {
    summary = SUMMARIES[name], configure = configure,
    run = function(args)
      local role = shape.ordered(ORDER, roles.role(name, scope_of(args)))
      args.is_az = true      -- indented JSON, for a file
      output.print(args, view.new { items = { role }, is_object = true })
    end,
  }
end

return group
