--- What the page can ask for, by method and name. An action is a plain function over the public
--- API: it takes a table of arguments, returns a table or JSON, may wait, and raises error objects.
local definition = require "azureml.definition"
local details = require "azureml.studio.details"
local errors = require "azureml.error"
local json = require "azureml.json"
local login = require "azureml.login"
local operations = require "azureml.studio.operations"
local options = require "azureml.options"
local recipe = require "azureml.studio.recipe"
local schedules = require "azureml.studio.schedules"
local wizard = require "azureml.studio.wizard"
local work = require "azureml.studio.work"

local actions = {}

-- Arguments ---------------------------------------------------------------------------------------

-- Return a text among the arguments.
local function text_in(arguments, name)
  local value = arguments[name]
  if type(value) == "string" and value ~= "" then return value end
  options.refuse("'%s' must be a text", name)
end

local MOST_NAMES = 10000

local function names_in(arguments)
  local names = arguments.names
  if type(names) ~= "table" or #names == 0 or #names > MOST_NAMES then
    options.refuse("'names' must be a list of names")
  end
  for _, name in ipairs(names) do
    if type(name) ~= "string" or name == "" then options.refuse("'names' must hold texts") end
  end
  return names
end

-- The state ---------------------------------------------------------------------------------------

local RIGHTS = { "create", "start", "stop", "restart", "delete", "resize", "update_schedules",
  "update_idle_time", "enable_sso" }

-- Return the missing actions of each verb that the user may not use. A user who may not see the
-- permissions is told nothing: the service decides.
local function missing_rights(workspace)
  local missing = {}
  for _, verb in ipairs(RIGHTS) do
    local answer, err = errors.try(function()
      local is_allowed, lacking = workspace:can(verb)
      return { is_allowed = is_allowed, lacking = lacking }
    end)
    if err then return {} end
    if not answer.is_allowed then missing[verb] = json.array(answer.lacking) end
  end
  return missing
end

-- Return who the user is; nil when the credential does not tell.
local function user_of(workspace)
  local identity = errors.try(function()
    workspace:client()
    return login.whoami { credential = workspace.credential, cloud = workspace.settings.cloud,
      ca_file = workspace.settings.ca_file, proxy = workspace.settings.proxy }
  end)
  return identity and (identity.user or identity.name or identity.object_id) or nil
end

-- Return what does not change while the studio runs. Ask the service at the first call only.
local function facts_of(studio)
  if studio.facts then return studio.facts end
  local workspace = studio.workspace
  studio.facts = {
    workspace = workspace.name, resource_group = workspace.resource_group,
    subscription_id = workspace.subscription_id, is_read_only = studio.is_read_only,
    location = errors.try(workspace.location, workspace), user = user_of(workspace),
    missing_rights = missing_rights(workspace),
  }
  return studio.facts
end

-- Return all that the list shows. Its version is that of the last event: later events change it.
local function state_of(studio)
  local board = studio.board
  board:wait_for_fresh()
  local facts = facts_of(studio)
  return ('{"version":%d,"facts":%s,"operations":%s,"trouble":%s,"rows":%s}'):format(
    studio.server.version, json.encode(facts), json.encode(studio.operations:list()),
    board.trouble and json.encode(board.trouble) or "null", board:rows())
end

-- Verbs -------------------------------------------------------------------------------------------

-- Return the work of sending a verb to an instance. The instance in hand is not looked at again.
local function sending(studio, verb, name)
  local instances, board = studio.workspace.instances, studio.board
  return operations.work(board, function()
    return instances[verb](instances, board:instance(name) or name)
  end)
end

local VERBS = { start = true, stop = true, restart = true, delete = true }

local function begin_verb(studio, arguments)
  local verb, ids = text_in(arguments, "verb"), json.array {}
  if not VERBS[verb] then options.refuse("there is no verb '%s'", verb) end
  for _, name in ipairs(names_in(arguments)) do
    ids[#ids + 1] = studio.operations:begin(verb, name, sending(studio, verb, name)).id
  end
  return { operations = ids }
end

local function dismiss(studio, arguments)
  local ids = type(arguments.ids) == "table" and arguments.ids or {}
  for _, id in ipairs(ids) do studio.operations:dismiss(id) end
end

-- One instance ------------------------------------------------------------------------------------

local function show(studio, arguments)
  return details.of(studio, text_in(arguments, "name"))
end

local function explain(studio, arguments)
  return details.why(studio, text_in(arguments, "name"))
end

local function write_recipe(studio, arguments)
  return recipe.of_instance(studio.workspace.instances:get(text_in(arguments, "name"),
    definition.newest))
end

-- What runs on it ---------------------------------------------------------------------------------

local function instance_of(studio, arguments)
  return studio.workspace.instances:get(text_in(arguments, "name"))
end

-- Return what has the logs that the page asks for: a job, or an instance.
local function source_of(studio, arguments)
  if not arguments.job then return instance_of(studio, arguments) end
  return studio.workspace.jobs:get(text_in(arguments, "job"))
end

local function list_jobs(studio, arguments)
  return work.jobs(instance_of(studio, arguments))
end

-- List the jobs that a stop would end. Where they cannot be seen the user is not asked.
local function list_ending(studio, arguments)
  local jobs, err = errors.try(work.ending, studio.workspace, names_in(arguments))
  return { jobs = jobs or json.array {}, unseen = err and err.message }
end

local function cancel_job(studio, arguments)
  studio.workspace.jobs:cancel(text_in(arguments, "job"))
end

local function list_logs(studio, arguments)
  return work.logs(source_of(studio, arguments))
end

local function read_log(studio, arguments)
  return work.log(source_of(studio, arguments), text_in(arguments, "log"))
end

local function read_metrics(studio, arguments)
  return work.metrics(instance_of(studio, arguments))
end

-- Changing ----------------------------------------------------------------------------------------

-- The fields that the page changes at once.
local CHANGEABLE = { idle_time_before_shutdown = true, enable_sso = true, tags = true,
  description = true }

-- Change fields of an instance. The page waits, because its form shows what is refused.
local function update(studio, arguments)
  local settings = arguments.settings
  if type(settings) ~= "table" then options.refuse("'settings' must be an object") end
  for name in pairs(settings) do
    if not CHANGEABLE[name] then options.refuse("'%s' cannot be changed here", tostring(name)) end
  end
  studio.workspace.instances:update(text_in(arguments, "name"), settings)
  studio.board:hurry()
end

local function replace_schedules(studio, arguments)
  local name = text_in(arguments, "name")
  schedules.replace(studio.workspace.instances:get(name, definition.newest), arguments.schedules)
  studio.board:hurry()
end

local function skip_next_stop(studio, arguments)
  studio.workspace.instances:get(text_in(arguments, "name"), definition.newest):skip_next_stop()
  studio.board:hurry()
end

-- Add a custom application, or remove one by its name; the others stay.
local function change_services(studio, arguments)
  local vm = studio.workspace.instances:get(text_in(arguments, "name"), definition.newest)
  local list = json.array {}
  for _, service in ipairs(vm.custom_services) do
    if service.name ~= arguments.remove then list[#list + 1] = service end
  end
  list[#list + 1] = arguments.add
  vm:update { custom_services = list }
  studio.board:hurry()
end

local function preview(_, arguments)
  return { schedules = schedules.preview(arguments.schedules) }
end

local function resize(studio, arguments)
  local name, size = text_in(arguments, "name"), text_in(arguments, "size")
  local resizing = operations.work(studio.board, function()
    return studio.workspace.instances:resize(name, size, { stop = arguments.stop == true })
  end)
  return { operation = studio.operations:begin("resize", name, resizing).id }
end

-- All ---------------------------------------------------------------------------------------------

--- Make the actions of a studio.
---@param studio azureml.Studio
---@return table<string, azureml.StudioAction>      by "METHOD name"
function actions.of(studio)
  local function action(f, changes)
    return { run = function(arguments) return f(studio, arguments) end, changes = changes }
  end
  return {
    ["GET state"] = action(state_of),
    ["POST refresh"] = action(function() studio.board:hurry() end),
    ["POST dismiss"] = action(dismiss),
    ["POST verb"] = action(begin_verb, true),
    ["GET instance"] = action(show),
    ["GET why"] = action(explain),
    ["GET recipe"] = action(write_recipe),
    ["GET jobs"] = action(list_jobs),
    ["POST ending"] = action(list_ending),
    ["POST cancel"] = action(cancel_job, true),
    ["GET logs"] = action(list_logs),
    ["GET log"] = action(read_log),
    ["GET metrics"] = action(read_metrics),
    ["POST update"] = action(update, true),
    ["POST schedules"] = action(replace_schedules, true),
    ["POST skip"] = action(skip_next_stop, true),
    ["POST services"] = action(change_services, true),
    ["POST resize"] = action(resize, true),
    ["POST preview"] = action(preview),
    ["GET name"] = action(wizard.name),
    ["GET sizes"] = action(wizard.sizes),
    ["POST check"] = action(wizard.check),
    ["POST key"] = action(wizard.new_key, true),
    ["POST create"] = action(wizard.create, true),
  }
end

return actions
