--- Azure Machine Learning compute instances in a few lines of Lua.
---
---     local azureml = require "azureml"
---     local ws = azureml.workspace()
---     for vm in ws.instances:list { state = "Running" } do vm:stop():wait() end
local core = require "azureml.core"

local VERSION = "0.1.0"

if core.version ~= VERSION then
  error(("azureml %s was given a core of version %s: install both from one release"):format(VERSION, core.version), 0)
end

local client = require "azureml.client"
local errors = require "azureml.error"
local later = require "azureml.later"
local journal = later "azureml.journal"
local login = later "azureml.login"
local operation = later "azureml.operation"
local tables = require "azureml.tables"
local task = require "azureml.task"
local within = later "azureml.within"
local workspace = require "azureml.workspace"

-- Of a module that most scripts never need.
local function late(module, name)
  return function(...) return module[name](...) end
end

local azureml = {
  version = VERSION,

  workspace = workspace.new,
  credential = require "azureml.credential",
  client = client.new,
  --- JSON as this package reads and writes it: decode, encode, merge, array, null.
  json = require "azureml.json",

  --- Sign in, for all that runs later on this machine. See azureml.login.
  ---@type fun(given: table?): azureml.Identity
  login = late(login, "login"),
  --- Remove all tokens that are kept on this machine.
  ---@type fun(): integer
  logout = late(login, "logout"),
  --- Who asks, and by which credential. See azureml.login.
  ---@type fun(given: table?): azureml.Identity
  whoami = late(login, "whoami"),

  --- Run functions side by side; all or nothing.
  parallel = task.parallel,
  --- Call a function with each item, side by side; all are tried.
  each = task.each,
  --- Call a function with a limit on its time, tasks included. See azureml.within.
  ---@type fun(seconds: number, f: function, ...: any): any
  within = late(within, "run"),
  --- Let time pass; other tasks go on.
  sleep = task.sleep,
  --- Trace what goes over the wire, to a file.
  trace = require("azureml.trace").start,
  --- Call a function; nil and the error object instead of raising it.
  try = errors.try,
}

--- Operations that processes left under way which have ended since: killed, interrupted, or without a wait. They are written down
--- where the executable or `journal = true` began them. Oldest first; while one is in your hands no other process is given it.
---@return azureml.JournalEntry[] entries     for azureml.resume; with verb, name, workspace_name, began, is_accepted (acceptance was seen)
---@return string[] warnings                  what was done about damaged files, each a sentence
---@usage for _, entry in ipairs(azureml.pending()) do print(azureml.resume(entry):wait()) end
azureml.pending = late(journal, "left_behind")

--- Go on with an operation that another process began.
---@param ticket string|azureml.JournalEntry      what op:ticket() gave, or one of azureml.pending
---@param given? table                     credential, cloud and so on, as for azureml.workspace; the endpoint is never the ticket's
---@return azureml.Operation
---@raise an error object for a damaged ticket, for one of another endpoint, and `NotTakenOn`
function azureml.resume(ticket, given)
  local said = type(ticket) == "table" and ticket or operation.read_ticket(ticket)
  local names = { subscription_id = said.subscription_id, resource_group = said.resource_group, name = said.workspace_name }
  return workspace.new(tables.merge(given, names)).instances:resume(said)
end

return azureml
