--- azureml create: a new instance.
local command = require "azureml.cli.command"

local create = {}

local TEXTS = {
  { "-s --size", "its size, fixed from then on (default: STANDARD_DS3_V2)", "SIZE", "vm_size" },
  { "--description", "what it is for", "TEXT", "description" },
  { "--idle-time-before-shutdown", "stop it when idle for so long: 30m, 2h, 1d", "TIME",
    "idle_time_before_shutdown" },
  { "--vnet-resourcegroup-name", "the virtual network's resource group", "NAME",
    "vnet_resourcegroup_name" },
  { "--vnet-name", "the virtual network", "NAME", "vnet_name" },
  { "--subnet-name", "the subnet in it", "NAME", "subnet_name" },
  { "--user-object-id", "create it on behalf of this user", "ID", "assigned_user_object_id" },
  { "--user-tenant-id", "that user's tenant", "ID", "assigned_user_tenant_id" },
}

function create.configure(parser)
  command.verb_options(parser)
  for _, option in ipairs(TEXTS) do
    parser:option(option[1], option[2]):argname(option[3]):target(option[4])
  end
  parser:option("--ssh-key-file", "open SSH to the owner of this public key"):argname "FILE"
  parser:option("--tags", "its tags"):argname("NAME=VALUE"):args("*"):convert(command.tag)
end

local function read_key(path)
  local file, why = io.open(path)
  if not file then command.misused("--ssh-key-file: " .. why) end
  local key <close> = file
  return key:read "a"
end

local function options_of(args)
  local given = { tags = command.tags(args.tags) }
  for _, option in ipairs(TEXTS) do given[option[4]] = args[option[4]] end
  if args.ssh_key_file then
    given.ssh_public_access = true
    given.admin_user_ssh_public_key = read_key(args.ssh_key_file)
  end
  return given
end

function create.run(args)
  local given = options_of(args)      -- what is wrong with them is said before anything is looked up
  command.finish(args, command.workspace(args).instances:create(args.name, given))
end

return create
