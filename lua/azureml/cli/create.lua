--- azureml create: create an instance.
local command = require "azureml.cli.command"

local create = {}

local TEXTS = {
  { "-s --size", "its size, which cannot be changed later (default: STANDARD_DS3_V2)", "SIZE",
    "vm_size" },
  { "--description", "a description", "TEXT", "description" },
  { "--idle-time-before-shutdown", "stop it after it was idle for TIME: 30m, 2h, 1d", "TIME",
    "idle_time_before_shutdown" },
  { "--vnet-resourcegroup-name", "the resource group of the virtual network", "NAME",
    "vnet_resourcegroup_name" },
  { "--vnet-name", "the virtual network to join", "NAME", "vnet_name" },
  { "--subnet-name", "the subnet of the virtual network", "NAME", "subnet_name" },
  { "--user-object-id", "the object id of the user to create it for", "ID",
    "assigned_user_object_id" },
  { "--user-tenant-id", "the tenant id of that user", "ID", "assigned_user_tenant_id" },
}

function create.configure(parser)
  command.verb_options(parser)
  for _, option in ipairs(TEXTS) do
    parser:option(option[1], option[2]):argname(option[3]):target(option[4])
  end
  parser:option("--ssh-key-file", "enable SSH for the public key in FILE"):argname "FILE"
  parser:option("--tags", "the tags of the instance")
    :argname("NAME=VALUE"):args("*"):convert(command.tag)
end

local function read_key(path)
  local file, message = io.open(path)
  if not file then command.misused("--ssh-key-file: " .. message) end
  local key <close> = file
  return key:read "a"
end

local function options_of(args)
  local options = { tags = command.tags(args.tags) }
  for _, option in ipairs(TEXTS) do options[option[4]] = args[option[4]] end
  if args.ssh_key_file then
    options.ssh_public_access = true
    options.admin_user_ssh_public_key = read_key(args.ssh_key_file)
  end
  return options
end

function create.run(args)
  local options = options_of(args)      -- first, so that wrong usage is refused before any request
  command.finish(args, command.workspace(args).instances:create(args.name, options))
end

return create
