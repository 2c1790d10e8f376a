--- The options of create, ensure, update and check that describe an instance. A row names the
--- option and the field that it sets: see definition/fields.lua.
local command = require "azureml.cli.command"
local json = require "azureml.json"
local options = require "azureml.options"
local tables = require "azureml.tool.tables"

local definition = {}

---@class azureml.DefinitionRow
---@field [1] string         the option
---@field [2] string         the field
---@field [3] string         what help says
---@field argname string?
---@field kind string?       "text" (default), "switch", "off", "list", "texts", "json", "tags" or
---  "file"
---@field only string?       "new": the field says how an instance is created

---@type azureml.DefinitionRow[]
local ROWS = {
  { "-s --size", "vm_size",
    "its size (default: STANDARD_DS3_V2); a stopped instance can be resized", argname = "SIZE",
    values = "sizes" },
  { "--description", "description", "a description", argname = "TEXT" },
  { "--tags", "tags", "its tags", argname = "NAME=VALUE", kind = "tags" },
  { "--idle-time-before-shutdown", "idle_time_before_shutdown",
    "stop it after it was idle for TIME: 30m, 2h, 1h30m, 1d, or off", argname = "TIME",
    kind = "off" },
  { "--schedule", "schedules", "start or stop it by a schedule, such as 'stop weekdays 18:00 "
    .. "Europe/Amsterdam'; repeat it for more; 'none' for no schedule", argname = "SCHEDULE",
    kind = "texts" },
  { "--ssh", "ssh_public_access", "whether it can be reached by SSH", kind = "switch",
    only = "new" },
  { "--ssh-key", "admin_user_ssh_public_key", "the RSA public key of its user; enables SSH",
    argname = "KEY", only = "new" },
  { "--ssh-key-file", "ssh_key_file", "the file of the public key; enables SSH", argname = "FILE",
    kind = "file", only = "new" },
  { "--ssh-key-id", "ssh_key_id", "the ARM id of a stored public key; enables SSH", argname = "ID",
    only = "new" },
  { "--generate-ssh-key", "generate_ssh_key",
    "make a pair of keys in FILE and FILE.pub; enables SSH", argname = "FILE", only = "new" },
  { "--subnet", "subnet", "the ARM id of the subnet to join", argname = "ID", only = "new" },
  { "--vnet-resourcegroup-name", "vnet_resourcegroup_name",
    "the resource group of the virtual network", argname = "NAME", only = "new" },
  { "--vnet-name", "vnet_name", "the virtual network to join", argname = "NAME", only = "new" },
  { "--subnet-name", "subnet_name", "the subnet of the virtual network", argname = "NAME",
    only = "new" },
  { "--public-ip", "enable_node_public_ip", "whether it has a public address", kind = "switch",
    only = "new" },
  { "--sharing-policy", "application_sharing_policy",
    "who may open its applications: Personal or Shared", argname = "POLICY", only = "new" },
  { "--assigned-user", "assigned_user", "the e-mail address of the user to create it for",
    argname = "ADDRESS", only = "new" },
  { "--user-object-id", "assigned_user_object_id", "the object id of the user to create it for",
    argname = "ID", only = "new" },
  { "--user-tenant-id", "assigned_user_tenant_id", "the tenant id of that user", argname = "ID",
    only = "new" },
  { "--identity", "identity", "its managed identity: SystemAssigned, or the ids of identities",
    argname = "ID", kind = "list", only = "new" },
  { "--disable-local-auth", "disable_local_auth", "whether only Microsoft Entra signs users in",
    kind = "switch", only = "new" },
  { "--sso", "enable_sso", "whether its user's sign-in serves the tools on it", kind = "switch" },
  { "--root-access", "enable_root_access", "whether its user may become root", kind = "switch",
    only = "new" },
  { "--os-patching", "enable_os_patching", "whether the service patches its operating system",
    kind = "switch", only = "new" },
  { "--release-quota-on-stop", "release_quota_on_stop",
    "whether it gives its cores of the quota back while it is stopped", kind = "switch",
    only = "new" },
  { "--mlflow-autologger", "mlflow_autologger", "whether MLflow records training by itself",
    kind = "switch", only = "new" },
  { "--authorization-type", "authorization_type", "whose instance it is: personal",
    argname = "TYPE", only = "new" },
  { "--setup-scripts", "setup_scripts", "its setup scripts, as JSON or @FILE: "
    .. '{"creation_script": {"path": "Users/ann/setup.sh"}}', argname = "JSON", kind = "json",
    only = "new" },
  { "--custom-services", "custom_services", "containers on it, as JSON or @FILE: "
    .. '[{"name": "rstudio", "image": "...", "endpoints": [{"target": 8787, '
    .. '"published": 8787}]}]',
    argname = "JSON", kind = "json" },
  { "--data-mounts", "data_mounts", "data in its file system, as JSON or @FILE: "
    .. '[{"name": "raw", "source": "azureml://...", "path": "/mnt/raw"}]', argname = "JSON",
    kind = "json" },
  { "--extra", "extra", "members of its properties that have no option, as JSON or @FILE",
    argname = "JSON", kind = "json", only = "new" },
  { "--state", "state", "the state in which the creation ends: Running or Stopped",
    argname = "STATE", only = "new" },
}

-- Kinds of options --------------------------------------------------------------------------------

local SWITCH = {
  ["true"] = true, ["false"] = false, yes = true, no = false, on = true, off = false,
}

local function switch(row)
  return function(text)
    local value = SWITCH[text:lower()]
    if value ~= nil then return { value = value } end
    return nil, ("%s is on or off, not '%s'"):format(row[1], text)
  end
end

local MOST_BYTES = 1 << 20

local function text_of(argument)
  local path = argument:match "^@(.+)$"
  if not path then return argument end
  local file, message = io.open(path)
  if not file then return nil, message end
  local open <close> = file
  local text = open:read(MOST_BYTES + 1) or ""
  if #text > MOST_BYTES then return nil, ("%s is larger than 1 MiB"):format(path) end
  return text
end

local function decoded(row)
  return function(argument)
    local text, message = text_of(argument)
    if not text then return nil, ("%s: %s"):format(row[1], message) end
    local value, fault = json.decode_exact(text)
    if type(value) == "table" then return { value = value } end
    return nil, ("%s is not JSON that describes it: %s"):format(row[1],
      fault or "an object or a list is expected")
  end
end

local OFF = { off = true, none = true, ["false"] = true }

local function time_or_off(text)
  return { value = not OFF[text:lower()] and text }
end

-- How each kind adds an option to a parser. What an option gives is the value, or { value = }.
local adders = {}

function adders.text(parser, row)
  local option = parser:option(row[1], row[3]):argname(row.argname)
  option.azureml_values = row.values
  return option
end

function adders.off(parser, row)
  return adders.text(parser, row):convert(time_or_off)
end

-- A switch without a word is on.
function adders.switch(parser, row)
  return parser:option(row[1], row[3]):argname("on|off"):args("?"):convert(switch(row))
end

function adders.list(parser, row)
  return adders.text(parser, row):args "+"
end

function adders.texts(parser, row)
  return adders.text(parser, row):count "*"
end

function adders.tags(parser, row)
  return adders.text(parser, row):args("*"):convert(command.tag)
end

-- A file that cannot be opened is wrong usage.
function adders.file(parser, row)
  return adders.text(parser, row):convert(function(path)
    local file, message = io.open(path)
    if not file then return nil, ("%s: %s"):format(row[1], message) end
    file:close()
    return path
  end)
end

function adders.json(parser, row)
  return adders.text(parser, row):convert(decoded(row))
end

--- Add the options to a parser.
---@param parser table
---@param is_for_change? boolean     hide the fields that only a creation can say: they are refused
---  with the reason and what to do instead
function definition.options(parser, is_for_change)
  for _, row in ipairs(ROWS) do
    local option = adders[row.kind or "text"](parser, row):target(row[2])
    if is_for_change and row.only then option:hidden(true) end
  end
end

-- Values ------------------------------------------------------------------------------------------

-- A single word is a kind of identity; anything else is a list of ids.
local function identity_of(list)
  if #list == 1 and not list[1]:find "/" then return list[1] end
  return list
end

local function schedules_of(list)
  if #list == 1 and OFF[list[1]:lower()] then return {} end
  return list
end

-- What an option without a word gave: argparse leaves an empty list.
local function switched(value)
  if type(value) == "table" and value[1] then return value[1].value end
  if type(value) == "table" and value.value ~= nil then return value.value end
  return true
end

local readers = {
  switch = switched,
  off = function(holder) return holder.value end,
  json = function(holder) return holder.value end,
  tags = command.tags,
  list = identity_of,
  texts = schedules_of,
}

local KEYS = { "admin_user_ssh_public_key", "ssh_key_file", "ssh_key_id", "generate_ssh_key" }

-- A key is given to be used: it switches SSH on, unless the user says otherwise.
local function enable_ssh(settings)
  for _, name in ipairs(KEYS) do
    if settings[name] ~= nil and settings.ssh_public_access == nil then
      settings.ssh_public_access = true
    end
  end
end

local function is_given(row, value)
  return value ~= nil and not (row.kind == "texts" and #value == 0)
end

-- Writing -----------------------------------------------------------------------------------------

local function tag_words(value)
  local words = {}
  for _, name in ipairs(tables.keys(value)) do words[#words + 1] = name .. "=" .. value[name] end
  return words
end

-- How each kind writes a value as the words behind its option.
local writers = {
  text = function(value) return { tostring(value) } end,
  file = function(value) return { value } end,
  switch = function(value) return { value and "on" or "off" } end,
  off = function(value) return { value or "off" } end,
  list = function(value) return type(value) == "table" and value or { tostring(value) } end,
  json = function(value) return { json.encode(value) } end,
  tags = tag_words,
}

-- Add the words of an option. Each schedule has the option before it.
local function add_words(words, row, value)
  local option = row[1]:match "%-%-%S+"
  if row.kind ~= "texts" then
    words[#words + 1] = option
    return tables.append(words, writers[row.kind or "text"](value))
  end
  for _, item in ipairs(value) do tables.append(words, { option, item }) end
  if #value == 0 then tables.append(words, { option, "none" }) end
end

--- Return the words of a command line that say settings: the reverse of `definition.of`.
---@param settings table       as for `instances:create`; schedules are texts
---@return string[]
---@raise an error object `InvalidArgument` for a setting that no option says
function definition.words(settings)
  local words, written = {}, {}
  for _, row in ipairs(ROWS) do
    local value = settings[row[2]]
    if value ~= nil then
      if row.kind == "texts" and type(value[1]) == "table" then
        options.refuse("the command takes %s as texts", row[2])
      end
      add_words(words, row, value)
      written[row[2]] = true
    end
  end
  for name in pairs(settings) do
    if not written[name] then options.refuse("no option of the command says '%s'", name) end
  end
  return words
end

-- Reading -----------------------------------------------------------------------------------------

--- Return the settings for `instances:create` from the options.
---@param args table
---@return table
function definition.of(args)
  local settings = {}
  for _, row in ipairs(ROWS) do
    local value, read = args[row[2]], readers[row.kind]
    if is_given(row, value) then
      if read then value = read(value) end
      settings[row[2]] = value
    end
  end
  enable_ssh(settings)
  return settings
end

return definition
