--- Manage Azure Machine Learning compute instances in a few lines of Lua. This module gathers the
--- public functions of the others.
---
---     local azureml = require "azureml"
---     local ws = azureml.workspace()
---     for vm in ws.instances:list { state = "Running" } do vm:stop():wait() end
local core = require "azureml.core"

local VERSION = "0.1.0"

if core.version ~= VERSION then
  local message = "azureml %s found azureml.core of version %s: install both from one release"
  error(message:format(VERSION, core.version), 0)
end

local later = require "azureml.tool.later"
local all_instances = later "azureml.look.all_instances"
local audit = later "azureml.look.audit"
local client = require "azureml.client"
local cost = later "azureml.look.cost"
local doctor = later "azureml.look.doctor"
local errors = later "azureml.error"
local journal = later "azureml.journal"
local login = later "azureml.login"
local operation = later "azureml.operation"
local tables = require "azureml.tool.tables"
local task = require "azureml.task"
local template = later "azureml.template"
local within = later "azureml.within"
local workspace = require "azureml.workspace"
local workspaces = later "azureml.look.workspaces"

-- Make a function that calls a module's function. The module loads at the first call, since most
-- scripts never need it.
local function late(module, name)
  return function(...) return module[name](...) end
end

local azureml = {
  --- The version of this package.
  ---@type string
  version = VERSION,

  --- Open a workspace. See azureml.workspace.
  workspace = workspace.new,
  --- List the workspaces of a subscription or a resource group. See azureml.workspaces.
  workspaces = late(workspaces, "list"),
  --- Open the instances of all workspaces. See azureml.all_instances.
  instances = late(all_instances, "new"),
  --- Audit instances: settings that cost money or open a door. See azureml.audit.
  audit = late(audit, "of"),
  --- Estimate what many instances cost, each and together. See azureml.cost.
  cost = late(cost, "of_many"),
  --- Check sign-in, network, workspace and rights. See azureml.doctor.
  doctor = late(doctor, "check"),
  --- Make a template of Azure Resource Manager, and its parameters, from the definition of an
  --- instance. See azureml.template.
  template = late(template, "new"),
  --- The kinds of credentials. See azureml.credential.
  credential = require "azureml.credential",
  --- Make a client of any Azure Resource Manager service. See azureml.client.
  client = client.new,
  --- Read and write JSON: decode, encode, merge, array, null.
  json = require "azureml.json",

  --- Sign in and save the login for later runs on this machine. See azureml.login.
  login = late(login, "login"),
  --- Remove the saved tokens from this machine. Return how many token files were removed.
  logout = late(login, "logout"),
  --- Return the identity of the credential in use. See azureml.login.
  whoami = late(login, "whoami"),

  --- Run functions side by side. The first error closes the others. See azureml.task.
  parallel = task.parallel,
  --- Call a function with each item, side by side. Errors are raised after all calls have ended.
  --- See azureml.task.
  each = task.each,
  --- Call a function with a time limit in seconds, its tasks included. See azureml.within.
  within = late(within, "run"),
  --- Sleep for some seconds while other tasks go on. See azureml.task.
  sleep = task.sleep,
  --- Write a JSON line for each request to a file. See azureml.trace.
  trace = require("azureml.trace").start,
  --- Call a function. Return its results; nil and the error object when it raises one. See
  --- azureml.error.
  try = late(errors, "try"),
}

--- List the operations left running by processes that have exited: killed, interrupted, or without
--- a wait. Operations are recorded when the executable or a workspace with `journal = true` begins
--- them. While the caller holds an entry, no other process gets it.
---@return azureml.JournalEntry[] entries     oldest first, for azureml.resume; the fields are verb,
---        name, workspace_name, began, and is_accepted: true when the service was seen to accept it
---@return string[] warnings                  what was done about damaged files, each a sentence
---@usage for _, entry in ipairs(azureml.pending()) do print(azureml.resume(entry):wait()) end
azureml.pending = late(journal, "left_behind")

--- Go on with an operation that another process began.
---@param ticket string|azureml.JournalEntry      from op:ticket() or azureml.pending()
---@param options? azureml.ConnectionOptions    the endpoint comes from these options, never from
---  the ticket
---@return azureml.Operation
---@raise an error object: for a damaged ticket, for a ticket of another endpoint, and `NotTakenOn`
---       when nothing shows that the service accepted the operation
---@usage azureml.resume(ticket):wait()
function azureml.resume(ticket, options)
  local entry = type(ticket) == "table" and ticket or operation.read_ticket(ticket)
  local names = {
    subscription_id = entry.subscription_id,
    resource_group = entry.resource_group,
    name = entry.workspace_name,
  }
  return workspace.new(tables.merge(options, names)).instances:resume(entry)
end

return azureml
