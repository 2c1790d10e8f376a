--- azureml compute: the commands of `az ml compute`, as they are pasted.
--- Source: spec/contract/sdk-v1.md, section 8.
local command = require "azureml.cli.command"
local definition = require "azureml.cli.az.definition"
local flags = require "azureml.cli.az.flags"
local members = require "azureml.cli.az.members"
local suggest = require "azureml.cli.suggest"
local tables = require "azureml.tool.tables"
local verbs = require "azureml.cli.az.verbs"

local compute = { subcommands = {} }
local commands = compute.subcommands

-- Types -------------------------------------------------------------------------------------------

local TYPES = { "ComputeInstance", "AmlCompute", "Kubernetes", "VirtualMachine" }

-- Refuse the other types of compute.
local function check_type(text)
  local known = {}
  for _, name in ipairs(TYPES) do known[name:lower()] = name end
  local kind = known[text:lower()]
  if kind == "ComputeInstance" then return kind end
  if not kind then return nil, suggest.unknown("--type: there is no type", text, TYPES) end
  return nil, ("azureml manages compute instances; for %s use 'az ml compute'"):format(kind)
end

local function type_option(parser)
  parser:option("-t --type", "ComputeInstance"):argname "TYPE":convert(check_type)
end

-- create ------------------------------------------------------------------------------------------

-- Flags whose value is a member of the definition: flag, path of the member, text.
local MEMBERS = {
  { "--size", "size", "its size (default: STANDARD_DS3_V2)" },
  { "-l --location", "location", "ignored: it is the workspace's region" },
  { "--description", "description", "a description" },
  { "--ssh-key-value", "ssh_settings.ssh_key_value", "the public key for SSH, or a file with it" },
  { "--vnet-name", "network_settings.vnet_name", "the virtual network to join" },
  { "--subnet", "network_settings.subnet", "the subnet: its name or its ARM id" },
  { "--user-object-id", "create_on_behalf_of.user_object_id",
    "the object id of the user to create it for" },
  { "--user-tenant-id", "create_on_behalf_of.user_tenant_id", "the tenant id of that user" },
  { "--identity-type", "identity.type", "SystemAssigned or UserAssigned" },
}

-- Flags with true or false.
local SWITCHES = {
  { "-p --ssh-public-access-enabled", "ssh_public_access_enabled", "whether SSH is open" },
  { "--enable-node-public-ip", "enable_node_public_ip", "whether it has a public IP address" },
}

-- Flags of clusters.
local CLUSTERS = {
  "--admin-username", "--admin-password", "--min-instances", "--max-instances",
  "-d --idle-time-before-scale-down", "--tier",
}

local function refuse_cluster_flag()
  return nil, "this flag is for clusters; azureml manages compute instances"
end

local function target_of(path)
  return "member_" .. path:gsub("%.", "_")
end

commands.create = { summary = "create a compute instance" }

function commands.create.configure(parser)
  parser:option("-f --file", "read the definition from a YAML file"):argname "FILE"
  parser:option("-n --name", "the compute instance's name"):argname "NAME"
  type_option(parser)
  for _, row in ipairs(MEMBERS) do
    parser:option(row[1], row[3]):argname "VALUE":target(target_of(row[2]))
  end
  for _, row in ipairs(SWITCHES) do
    parser:option(row[1], row[3]):argname("true|false"):args "?":target(target_of(row[2]))
      :convert(flags.boolean)
  end
  for _, names in ipairs(CLUSTERS) do
    parser:option(names, "for clusters alone"):argname("VALUE"):convert(refuse_cluster_flag)
      :hidden(true)
  end
  parser:option("-i --user-assigned-identities", "ids of identities, with commas, or [system]")
    :argname "ID,..."
  parser:option("--tags", "its tags"):argname("NAME=VALUE"):args("*"):convert(command.tag)
  parser:option("--set", "set a member of the definition: tags.team=vision")
    :argname("PATH=VALUE"):args("+"):count "*"
  flags.no_wait(parser)
  flags.globals(parser)
end

local function read_key(value)
  if value:find "^ssh%-" or value:find "%-%-%-%-%-BEGIN" then return value end
  return require("azureml.cli.definition").read_key("--ssh-key-value", value)
end

local function set_path(wanted, path, value)
  local outer, inner = path:match "^(.-)%.(.*)$"
  if not outer then
    wanted[path] = value
    return
  end
  wanted[outer] = wanted[outer] or {}
  wanted[outer][inner] = value
end

local function add_identities(wanted, text)
  local ids = {}
  for id in (text or ""):gmatch "[^,%s]+" do
    if id == "[system]" then set_path(wanted, "identity.type", "system_assigned")
    else ids[#ids + 1] = { resource_id = id } end
  end
  if #ids == 0 then return end
  set_path(wanted, "identity.user_assigned_identities", ids)
  if not wanted.identity.type then wanted.identity.type = "user_assigned" end
end

-- A switch without a value is on.
local function switch_of(value)
  if value == nil then return nil end
  if value[1] == nil then return true end
  return value[1]
end

-- Return the definition: the file, then the flags, then --set.
local function wanted_of(args)
  local wanted = args.file and definition.read(args.file) or {}
  wanted.name = args.name or wanted.name
  if args.type then wanted.type = args.type end
  if args.tags then wanted.tags = command.tags(args.tags) end
  for _, row in ipairs(MEMBERS) do
    local value = args[target_of(row[2])]
    if value and row[2] == "ssh_settings.ssh_key_value" then value = read_key(value) end
    if value then set_path(wanted, row[2], value) end
  end
  for _, row in ipairs(SWITCHES) do
    local value = switch_of(args[target_of(row[2])])
    if value ~= nil then set_path(wanted, row[2], value) end
  end
  add_identities(wanted, args.user_assigned_identities)
  for _, group in ipairs(args.set or {}) do
    for _, text in ipairs(group) do definition.set(wanted, text) end
  end
  return wanted
end

function commands.create.run(args)
  local wanted, ws = wanted_of(args), command.workspace(args)
  local name, settings = definition.settings(wanted, ws)
  verbs.finish(args, ws.instances:create(name, settings), members.of)
end

-- list --------------------------------------------------------------------------------------------

commands.list = { summary = "list the compute instances of a workspace" }

function commands.list.configure(parser)
  type_option(parser)
  parser:option("-r --max-results", "print at most N"):argname("N")
    :convert(command.count_of "results")
  flags.globals(parser)
end

function commands.list.run(args)
  local list = {}
  for vm in command.workspace(args).instances:list() do
    if args.max_results and #list >= args.max_results then break end
    list[#list + 1] = vm
  end
  verbs.print_list(args, list, members.of)
end

-- update ------------------------------------------------------------------------------------------

commands.update = { summary = "change a compute instance" }

local function refuse_generic()
  return nil, "it is not supported for instances: use --set PATH=VALUE"
end

function commands.update.configure(parser)
  flags.name(parser)
  parser:option("--tags", "its tags, in place of those that it has"):argname("NAME=VALUE"):args("*")
    :convert(command.tag)
  parser:option("--set", "set a member of the definition: tags.team=vision")
    :argname("PATH=VALUE"):args("+"):count "*"
  parser:option("--identity-type", "SystemAssigned or UserAssigned"):argname "TYPE"
  parser:option("-i --user-assigned-identities", "ids of identities, with commas, or [system]")
    :argname "ID,..."
  for _, names in ipairs { "--add", "--remove", "--force-string" } do
    parser:option(names, "not for instances"):argname("VALUE"):args("+"):convert(refuse_generic)
      :hidden(true)
  end
  for _, names in ipairs(CLUSTERS) do
    parser:option(names, "for clusters alone"):argname("VALUE"):convert(refuse_cluster_flag)
      :hidden(true)
  end
  flags.no_wait(parser)
  flags.globals(parser)
  command.check(parser, function(args)
    if not args.no_wait then return end
    command.misused "update ends when the changes are made: leave --no-wait away"
  end)
end

-- Return the changes as a definition. --set of a tag changes the tags that the instance has.
local function changes_of(args, vm)
  local wanted = { name = args.name, tags = args.tags and command.tags(args.tags) }
  if args.identity_type then set_path(wanted, "identity.type", args.identity_type) end
  add_identities(wanted, args.user_assigned_identities)
  for _, group in ipairs(args.set or {}) do
    for _, text in ipairs(group) do
      if text:find "^tags%." and not wanted.tags then wanted.tags = tables.copy(vm.tags) end
      definition.set(wanted, text)
    end
  end
  return wanted
end

function commands.update.run(args)
  local ws = command.workspace(args)
  local vm = ws.instances:get(args.name)
  local _, settings = definition.settings(changes_of(args, vm), ws)
  if not next(settings) then command.misused "nothing to change is given: add --set or --tags" end
  verbs.print(args, ws.instances:update(vm, settings), members.of)
end

-- The others --------------------------------------------------------------------------------------

commands.show = verbs.show(members.of)
commands.delete = verbs.delete(true)
for _, verb in ipairs { "start", "stop", "restart" } do
  commands[verb] = verbs.power(verb, members.of)
end

-- Check that the user asks for the workspace's own region.
local function check_location(args, ws)
  local location = args.location
  if location and location:lower():gsub("%s", "") ~= ws:location():lower() then
    command.misused("--location: the workspace is in %s; leave the option away", ws:location())
  end
end

-- Make a command that lists what the service offers in the workspace's region.
local function regional(summary, method, write, columns)
  return {
    summary = summary,
    configure = function(parser)
      type_option(parser)
      parser:option("-l --location", "the workspace's region"):argname "REGION"
      flags.globals(parser)
    end,
    run = function(args)
      local ws = command.workspace(args)
      check_location(args, ws)
      command.print_list(args, ws[method](ws), columns, write)
    end,
  }
end

commands["list-sizes"] = regional("list the sizes that the region offers", "vm_sizes",
  members.of_size, {
    { title = "Name", key = "name" }, { title = "Family", key = "family" },
    { title = "vCPUs", key = "vcpus", field = "v_cpus" }, { title = "GPUs", key = "gpus" },
    { title = "Memory GB", key = "memory_gb" },
  })

commands["list-usage"] = regional("list the usage of the region's quota", "usages",
  members.of_usage, {
    { title = "Name", key = "title", field = "name.value" },
    { title = "Current value", key = "used", field = "current_value" },
    { title = "Limit", key = "limit" },
  })

local enable_sso = { summary = "turn single sign-on of a compute instance on or off" }

function enable_sso.configure(parser)
  flags.name(parser)
  parser:flag("--disable", "turn it off")
  flags.globals(parser)
end

function enable_sso.run(args)
  local instances = command.workspace(args).instances
  instances:update(args.name, { enable_sso = not args.disable })
end

commands["enable-sso"] = enable_sso

local refusal = flags.refusal

commands["connect-ssh"] = require "azureml.cli.connect_ssh"
commands.attach = refusal("attach a machine; not here",
  "azureml manages compute instances; use 'az ml compute attach' for machines and Kubernetes")
commands.detach = refusal("detach a machine; not here",
  "azureml manages compute instances; use 'az ml compute detach', or 'azureml delete'")
commands["list-nodes"] = refusal("list the nodes of a cluster; not here",
  "a compute instance has no nodes to list; 'azureml show' prints its addresses")

return compute
