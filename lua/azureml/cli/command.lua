--- Share code among commands: groups of options, the workspace, the printing of results. Results go
--- to standard output, messages to standard error. fleet.lua has what the verbs for many instances
--- share.
local errors = require "azureml.error"
local instance = require "azureml.instance"
local json = require "azureml.json"
local power_state = require "azureml.definition.power_state"
local screen = require "azureml.console.screen"
local tables = require "azureml.tables"
local where = require "azureml.cli.where"
local workspace = require "azureml.workspace"

local command = {}

-- Options -----------------------------------------------------------------------------------------

--- Add the options -w, -g and --subscription, which select the workspace.
function command.workspace_options(parser)
  parser:option("-w --workspace-name", "the workspace's name"):argname "NAME"
  parser:option("-g --resource-group", "the workspace's resource group"):argname "NAME"
  parser:option("--subscription", "the id of the workspace's subscription"):argname "ID"
end

--- Add the option -n, the name of one instance.
function command.name_option(parser)
  parser:option("-n --name", "the compute instance's name"):argname("NAME"):count(1)
end

--- Convert an option's value to a number of seconds; nil and a message when it is not one.
function command.seconds(text)
  local number = tonumber(text)
  if number and number >= 0 and number < math.huge then return number end
  return nil, ("'%s' is not a number of seconds, 0 or more"):format(text)
end

--- Add the option --timeout, the limit of a wait in seconds.
function command.timeout_option(parser)
  parser:option("--timeout", "stop waiting after SECONDS; the operation goes on at the service")
    :argname("SECONDS"):convert(command.seconds)
end

--- Add the options --no-wait and --timeout.
function command.wait_options(parser)
  parser:flag("--no-wait", "return when the service has accepted the request")
  command.timeout_option(parser)
end

-- Add an option with a fixed set of values, which help shows. The first value is the default.
local function choice(parser, names, description, values)
  parser:option(names, description):argname(table.concat(values, "|")):choices(values)
    :default(values[1])
end

--- Add the option -o, the format of results.
function command.output_option(parser)
  choice(parser, "-o --output", "the format of results", { "table", "json" })
end

--- Add the option --progress, the format of progress.
function command.progress_option(parser)
  choice(parser, "--progress", "the format of progress on standard error; auto: live on a "
    .. "terminal, else lines", { "auto", "lines", "json", "quiet" })
end

--- Convert a "NAME=VALUE" to a tag; nil and a message when it is not one.
function command.tag(text)
  local name, value = text:match "^([^=]+)=(.*)$"
  if name then return { name = name, value = value } end
  return nil, ("'%s' is not a tag: write NAME=VALUE"):format(text)
end

-- Compile an expression of --where; nil and a message when it is not one.
local function condition(text)
  local holds, err = errors.try(where.compile, text)
  return holds, err and err.message
end

-- Convert the value of --state: one state, or several with commas.
local function states(text)
  local list = {}
  for word in text:gmatch "[^,]+" do
    local state = power_state.canonical(word)
    if not state then
      return nil, ("there is no state '%s' (known: %s)"):format(word,
        table.concat(power_state.names, ", "))
    end
    list[#list + 1] = state
  end
  if #list == 0 then return nil, "--state needs a state" end
  return list
end

--- Add the options --state, --tags, --mine and --where, which filter instances.
function command.filter_options(parser)
  parser:option("--state", "only instances in one of these states, with commas or in several "
    .. "options: " .. table.concat(power_state.names, ", "))
    :argname("Running|Stopped|..."):convert(states):count "*"
  parser:option("--tags", "only instances with all of these tags")
    :argname("NAME=VALUE"):args("*"):convert(command.tag)
  parser:flag("--mine", "only your instances: assigned to you, or created by you and unassigned")
  parser:option("--where", "only instances for which this Lua expression over their fields is "
    .. "true: tags.keep ~= \"on\""):argname("EXPRESSION"):convert(condition)
end

--- Add the options of a verb for one instance.
function command.verb_options(parser)
  command.name_option(parser)
  command.workspace_options(parser)
  command.wait_options(parser)
  command.progress_option(parser)
  command.output_option(parser)
end

-- Values of options -------------------------------------------------------------------------------

--- Open the workspace that the options select.
---@return azureml.Workspace
function command.workspace(args)
  return workspace.new {
    subscription_id = args.subscription,
    resource_group = args.resource_group,
    name = args.workspace_name,
  }
end

--- Make a table of tags from a list of them; nil from nil.
function command.tags(list)
  if not list then return nil end
  local tags = {}
  for _, tag in ipairs(list) do tags[tag.name] = tag.value end
  return tags
end

--- Return the filters of the options, in the form of `instances:list`.
---@return table
function command.filters(args)
  local wanted
  for _, list in ipairs(args.state or {}) do wanted = tables.append(wanted or {}, list) end
  return {
    state = wanted, tags = command.tags(args.tags), mine = args.mine, where = args.where,
  }
end

--- Refuse wrong usage: the command ends with this message and exit code 2.
---@param message string
---@raise an error object `Usage`
function command.misused(message)
  errors.raise { code = "Usage", message = message }
end

-- Results -----------------------------------------------------------------------------------------

local function width()
  return require("azureml.core").terminal_width(1)
end

local function print_json(value)
  print(json.encode(value))
end

local function print_fields(fields)
  local rows = {}
  for _, name in ipairs(tables.keys(fields)) do
    local value = fields[name]
    local shown = type(value) == "table" and json.encode(value) or tostring(value)
    if shown ~= "{}" and shown ~= "[]" then rows[#rows + 1] = { name = name, value = shown } end
  end
  local columns = { { title = "Field", key = "name" }, { title = "Value", key = "value" } }
  print(screen.table(rows, columns, { width = width() }))
end

--- Print one object in the format of the option -o.
---@param args table        the command's options
---@param fields table
function command.print_object(args, fields)
  if args.output == "json" then print_json(fields) else print_fields(fields) end
end

--- Print one instance in the format of the option -o.
---@param args table            the command's options
---@param vm azureml.Instance
function command.print_instance(args, vm)
  command.print_object(args, instance.summary(vm))
end

local function tags_of(vm)
  local texts = tables.texts(vm.tags, function(name, value) return name .. "=" .. value end)
  return table.concat(texts, " ")
end

local COLUMNS = {
  { title = "Name", key = "name" },
  { title = "State", key = "state" },
  { title = "Size", key = "vm_size" },
  { title = "Tags", key = tags_of },
}

--- Print a list in the format of the option -o.
---@param args table                         the command's options
---@param list table[]
---@param columns table[]                    of the table, in the form of screen.table
---@param summarise fun(item: any): table    make an item's JSON object
function command.print_list(args, list, columns, summarise)
  if args.output ~= "json" then
    print(screen.table(list, columns, { width = width() }))
    return
  end
  local summaries = json.array {}
  for i, item in ipairs(list) do summaries[i] = summarise(item) end
  print_json(summaries)
end

--- Print a list of instances in the format of the option -o.
---@param args table                the command's options
---@param list azureml.Instance[]
function command.print_instances(args, list)
  command.print_list(args, list, COLUMNS, instance.summary)
end

local function print_accepted(args, op)
  if args.output == "json" then
    print_json { verb = op.verb, name = op.name, status = op:status(), ticket = op:ticket() }
  else
    io.stderr:write(op.verb, " ", op.name, ": accepted; it goes on at the service\n")
  end
end

--- Wait for an operation and print its instance. With --no-wait, print that it was accepted and let
--- it go on at the service.
---@param args table               the command's options
---@param op azureml.Operation
function command.finish(args, op)
  if args.no_wait then
    print_accepted(args, op)
    op:close()
    return
  end
  local vm = op:wait { timeout = args.timeout, progress = args.progress }
  if vm then command.print_instance(args, vm) end
end

return command
