--- The options of create and ensure that describe an instance. A row names the option and the field
--- of `instances:create` that it sets.
local command = require "azureml.cli.command"

local definition = {}

-- kind: "text" (default), "flag" sets `value`, "list" takes several values.
local ROWS = {
  { "-s --size", "vm_size", "its size, which cannot be changed later (default: STANDARD_DS3_V2)",
    argname = "SIZE" },
  { "--description", "description", "a description", argname = "TEXT" },
  { "--idle-time-before-shutdown", "idle_time_before_shutdown",
    "stop it after it was idle for TIME: 30m, 2h, 1d", argname = "TIME" },
  { "--vnet-resourcegroup-name", "vnet_resourcegroup_name",
    "the resource group of the virtual network", argname = "NAME" },
  { "--vnet-name", "vnet_name", "the virtual network to join", argname = "NAME" },
  { "--subnet-name", "subnet_name", "the subnet of the virtual network", argname = "NAME" },
  { "--no-public-ip", "enable_node_public_ip", "give it no public IP address", kind = "flag",
    value = false },
  { "--user-object-id", "assigned_user_object_id", "the object id of the user to create it for",
    argname = "ID" },
  { "--user-tenant-id", "assigned_user_tenant_id", "the tenant id of that user", argname = "ID" },
  { "--identity", "identity", "its managed identity: SystemAssigned, or the ids of identities",
    argname = "ID", kind = "list" },
  { "--no-sso", "enable_sso", "turn single sign-on off", kind = "flag", value = false },
  { "--no-root-access", "enable_root_access", "give its user no root access", kind = "flag",
    value = false },
  { "--os-patching", "enable_os_patching", "patch its operating system on schedule", kind = "flag",
    value = true },
  { "--release-quota-on-stop", "release_quota_on_stop", "give its quota back while it is stopped",
    kind = "flag", value = true },
}

local adders = {}

function adders.text(parser, row) return parser:option(row[1], row[3]):argname(row.argname) end
function adders.flag(parser, row) return parser:flag(row[1], row[3]) end

function adders.list(parser, row)
  return parser:option(row[1], row[3]):argname(row.argname):args "+"
end

--- Add the options to a parser.
function definition.options(parser)
  for _, row in ipairs(ROWS) do
    adders[row.kind or "text"](parser, row):target(row[2])
  end
  parser:option("--ssh-key-file", "enable SSH for the public key in FILE"):argname "FILE"
  parser:option("--tags", "the tags of the instance")
    :argname("NAME=VALUE"):args("*"):convert(command.tag)
end

--- Read a public key from a file.
---@param option string      that names the file, for the message
---@param path string
---@return string
function definition.read_key(option, path)
  local file, message = io.open(path)
  if not file then command.misused("%s: %s", option, message) end
  local key <close> = file
  return key:read "a"
end

-- A single word is a kind of identity; anything else is a list of ids.
local function identity_of(list)
  if list and #list == 1 and not list[1]:find "/" then return list[1] end
  return list
end

--- Return the settings for `instances:create` from the options.
---@param args table
---@return table
function definition.of(args)
  local settings = { tags = command.tags(args.tags) }
  for _, row in ipairs(ROWS) do
    local value = args[row[2]]
    if row.kind == "flag" and value then value = row.value end
    settings[row[2]] = value
  end
  settings.identity = identity_of(settings.identity)
  if args.ssh_key_file then
    settings.ssh_public_access = true
    settings.admin_user_ssh_public_key = definition.read_key("--ssh-key-file", args.ssh_key_file)
  end
  return settings
end

return definition
