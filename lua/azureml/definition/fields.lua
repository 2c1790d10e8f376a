--- Everything that can be said of an instance, one row a field. The rows are the contract: from
--- them come the checks of options, the body of a request, its api-version, the fields of an
--- instance, and the comparison of what is there with what was asked.
--- Source: spec/contract/compute-rest.md, sections 7.1 to 7.5; the emulator does not read this.
local duration = require "azureml.definition.duration"
local kinds = require "azureml.definition.kinds"
local later = require "azureml.tool.later"

local boolean, choice, formed, text = kinds.boolean, kinds.choice, kinds.formed, kinds.text

---@alias azureml.SizeName string  the size of a virtual machine, such as "STANDARD_DS3_V2"

---@class azureml.Field
---@field name string            as an option and as a field of an instance
---@field path string?           in the resource; nil: the member has no fixed place
---@field kind azureml.Kind
---@field type string            what a script may give, as a LuaCATS type
---@field since { stable: string?, preview: string? }?    the first versions that know it; nil: all
---@field change string?         the verb that changes it (change/changing.lua); nil: it is fixed
---@field is_later boolean?      the verb sets it, after the creation; a PUT does not
---@field default any            what the service takes where the member is absent; canonical
---@field preset any             what a request says where the caller gives nothing; canonical
---@field is_list boolean?       an absent member reads as an empty list
---@field is_hidden boolean?     some services do not return it: what is absent proves nothing
---@field doc string

local OLD = { stable = "2022-05-01", preview = "2021-03-01-preview" }
local PREVIEW_ONLY = { preview = "2023-08-01-preview" }

local SIZE = "^%a[%w_-]+_[%w_-]+$"

---@type azureml.Field[]
return {
  { name = "vm_size", path = "properties.properties.vmSize",
    kind = formed(SIZE, "must be a size such as STANDARD_DS3_V2"), preset = "STANDARD_DS3_V2",
    change = "resize",
    type = "azureml.SizeName",
    doc = "The size of its virtual machine." },
  { name = "tags", path = "tags", kind = kinds.tags, change = "replace",
    type = "table<string, string>",
    doc = "Texts by name, for filters and bills." },
  { name = "description", path = "properties.description", kind = text, change = "replace",
    type = "string",
    doc = "A text for people." },
  { name = "identity", path = "identity", kind = later "azureml.definition.identity",
    type = '"SystemAssigned"|string[]|azureml.Identities',
    doc = "Its managed identities: 'SystemAssigned' or a list of ids." },
  { name = "disable_local_auth", path = "properties.disableLocalAuth", kind = boolean,
    default = false, since = OLD,
    type = "boolean",
    doc = "Whether only Microsoft Entra signs users in." },
  { name = "ssh_public_access", path = "properties.properties.sshSettings.sshPublicAccess",
    kind = kinds.switch, preset = false, default = false,
    type = "boolean",
    doc = "Whether the instance can be reached by SSH." },
  { name = "admin_user_ssh_public_key",
    path = "properties.properties.sshSettings.adminPublicKey",
    kind = later "azureml.definition.ssh_key", is_hidden = true,
    type = "string",
    doc = "The RSA public key with which a user logs in by SSH." },
  { name = "subnet", path = "properties.properties.subnet.id",
    kind = kinds.arm_id("microsoft.network/virtualnetworks/NAME/subnets/NAME",
      "must be the ARM id of a subnet: /subscriptions/.../subnets/NAME"),
    type = "string",
    doc = "The subnet that it joins." },
  { name = "enable_node_public_ip", path = "properties.properties.enableNodePublicIp",
    kind = boolean, since = OLD, default = true,
    type = "boolean",
    doc = "Whether it has a public address." },
  { name = "application_sharing_policy",
    path = "properties.properties.applicationSharingPolicy",
    kind = choice { "Personal", "Shared" }, default = "Shared",
    type = '"Personal"|"Shared"',
    doc = "Whether others of the workspace may open its applications." },
  { name = "authorization_type",
    path = "properties.properties.computeInstanceAuthorizationType",
    kind = choice { "personal" }, since = { stable = "2020-08-01" }, default = "personal",
    type = '"personal"',
    doc = "Whose instance it is: 'personal' is the only value." },
  { name = "assigned_user",
    path = "properties.properties.personalComputeInstanceSettings.assignedUser",
    kind = kinds.user, since = { stable = "2020-08-01" },
    type = "string|azureml.User",
    doc = "The user for whom it is created." },
  { name = "setup_scripts", path = "properties.properties.setupScripts.scripts",
    kind = later "azureml.definition.setup_script", since = { stable = "2021-01-01" },
    type = "azureml.SetupScripts",
    doc = "Shell scripts that run as root at its creation and at each start." },
  { name = "schedules", path = "properties.properties.schedules",
    kind = later "azureml.definition.schedule", since = OLD, change = "update_schedules",
    is_list = true,
    type = "(string|azureml.Schedule)[]|false",
    doc = "When the service starts and stops it." },
  { name = "idle_time_before_shutdown", path = "properties.properties.idleTimeBeforeShutdown",
    kind = duration.kind(15, 3 * 24 * 60), change = "update_idle_time",
    since = { stable = "2025-12-01", preview = "2022-06-01-preview" },
    type = "string|false",
    doc = "Stop the instance after it was idle for so long." },
  { name = "custom_services", path = "properties.properties.customServices",
    kind = later "azureml.definition.custom_service", change = "update_custom_services",
    is_list = true,
    since = { stable = "2023-04-01", preview = "2022-06-01-preview" },
    type = "azureml.CustomService[]|false",
    doc = "Containers beside Jupyter, such as RStudio." },
  { name = "data_mounts", path = "properties.properties.dataMounts",
    kind = later "azureml.definition.data_mount", change = "update_data_mounts", is_later = true,
    is_list = true,
    since = { stable = "2022-05-01", preview = "2022-02-01-preview" },
    type = "azureml.DataMount[]|false",
    doc = "Datasets, datastores and URIs in its file system." },
  { name = "mlflow_autologger",
    path = "properties.properties.autologgerSettings.mlflowAutologger",
    kind = kinds.switch, since = { preview = "2022-10-01-preview" }, is_hidden = true,
    type = "boolean",
    doc = "Whether MLflow records training by itself." },
  { name = "enable_sso", path = "properties.properties.enableSSO", kind = boolean,
    since = { stable = "2025-12-01", preview = "2023-08-01-preview" }, default = true,
    change = "enable_sso",
    type = "boolean",
    doc = "Whether its user's sign-in serves the tools on it." },
  { name = "enable_root_access", path = "properties.properties.enableRootAccess", kind = boolean,
    since = PREVIEW_ONLY, is_hidden = true,
    type = "boolean",
    doc = "Whether its user may become root." },
  { name = "enable_os_patching", path = "properties.properties.enableOSPatching", kind = boolean,
    since = PREVIEW_ONLY, is_hidden = true,
    type = "boolean",
    doc = "Whether the service patches its operating system." },
  { name = "release_quota_on_stop", path = "properties.properties.releaseQuotaOnStop",
    kind = boolean, since = PREVIEW_ONLY, is_hidden = true,
    type = "boolean",
    doc = "Whether a stopped instance gives back its cores of the quota." },
  { name = "extra", kind = kinds.members,
    type = "table<string, any>",
    doc = "Members of properties.properties by the service's names, which have no option here." },
  { name = "state", kind = choice { "Running", "Stopped" },
    type = '"Running"|"Stopped"',
    doc = "The state in which the creation ends; 'Stopped' stops the new instance." },
}
