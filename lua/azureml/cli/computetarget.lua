--- azureml computetarget: the commands of az's first version, `az ml computetarget`, as they are
--- pasted, in both orders of words. Source: spec/contract/sdk-v1.md, section 7.
local command = require "azureml.cli.command"
local flags = require "azureml.cli.az.flags"
local members = require "azureml.cli.az.members"
local verbs = require "azureml.cli.az.verbs"

local computetarget = { subcommands = {} }
local commands = computetarget.subcommands

local KIND = "computeinstance"
local OTHER_KINDS = {
  amlcompute = true, aks = true, datafactory = true, remotevm = true, kubernetes = true,
}

--- Remove the word `computeinstance` from either place: `create computeinstance` and
--- `computeinstance stop` name the same commands.
---@param words string[]
---@return string[]
function computetarget.rewrite(words)
  local rest = { table.unpack(words) }
  for i = 1, math.min(2, #rest) do
    local word = rest[i]:lower()
    if word == KIND then
      table.remove(rest, i)
      return rest
    end
    if OTHER_KINDS[word] then
      command.misused("azureml manages compute instances; for '%s' use the Azure CLI", rest[i])
    end
  end
  return rest
end

-- Add the flags that only this version has.
local function path_option(parser)
  parser:option("--path", "a project folder; only this one"):argname "FOLDER"
end

-- Let a command of both versions take the flags of this one.
local function with_path(made)
  local configure = made.configure
  function made.configure(parser)
    configure(parser)
    path_option(parser)
  end
  return made
end

-- create ------------------------------------------------------------------------------------------

-- flag, field of `instances:create`, text
local FIELDS = {
  { "--admin-user-ssh-public-key", "admin_user_ssh_public_key", "the public key for SSH" },
  { "--description", "description", "a description" },
  { "--vnet-resourcegroup-name", "vnet_resourcegroup_name",
    "the resource group of the virtual network" },
  { "--vnet-name", "vnet_name", "the virtual network to join" },
  { "--subnet-name", "subnet_name", "the subnet of the virtual network" },
  { "--user-object-id", "assigned_user_object_id", "the object id of the user to create it for" },
  { "--user-tenant-id", "assigned_user_tenant_id", "the tenant id of that user" },
}

commands.create = { summary = "create a compute instance" }

function commands.create.configure(parser)
  flags.name(parser)
  parser:option("-s --vm-size", "its size"):argname "SIZE":count "1"
  for _, row in ipairs(FIELDS) do
    parser:option(row[1], row[3]):argname "VALUE":target(row[2])
  end
  parser:option("--ssh-public-access", "whether SSH is open"):argname "true|false"
    :convert(flags.boolean)
  parser:option("--tag", "a tag; repeat it for more"):argname "NAME=VALUE":count "*"
    :convert(command.tag)
  path_option(parser)
  flags.no_wait(parser)
  flags.globals(parser)
end

local function settings_of(args)
  local settings = { vm_size = args.vm_size, ssh_public_access = args.ssh_public_access }
  for _, row in ipairs(FIELDS) do settings[row[2]] = args[row[2]] end
  if #args.tag > 0 then settings.tags = command.tags(args.tag) end
  local key = settings.admin_user_ssh_public_key
  settings.admin_user_ssh_public_key = key
    and flags.public_key("--admin-user-ssh-public-key", key)
  return settings
end

function commands.create.run(args)
  local instances = command.workspace(args).instances
  verbs.finish(args, instances:create(args.name, settings_of(args)), members.of_first_version)
end

-- The others --------------------------------------------------------------------------------------

commands.list = { summary = "list the compute instances of a workspace" }

function commands.list.configure(parser)
  path_option(parser)
  flags.globals(parser)
end

function commands.list.run(args)
  local list = command.workspace(args).instances:list():all()
  verbs.print_list(args, list, members.of_first_version)
end

commands.show = with_path(verbs.show(members.of_first_version))
commands.delete = with_path(verbs.delete(false))
for _, verb in ipairs { "start", "stop", "restart" } do
  commands[verb] = with_path(verbs.power(verb, members.of_first_version))
end

local refusal = flags.refusal

commands.detach = refusal("detach a machine; not here",
  "a compute instance cannot be detached; 'azureml delete' deletes it")
commands["get-credentials"] = refusal("get the credentials of a machine; not here",
  "'azureml show NAME --columns ssh' prints how to reach a compute instance by SSH")
commands.attach = refusal("attach a machine; not here",
  "azureml manages compute instances; use the Azure CLI to attach machines")

return computetarget
