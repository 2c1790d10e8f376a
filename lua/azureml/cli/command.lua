--- What commands share: groups of options, the workspace they name, how results are printed. Data goes to standard output,
--- all else to standard error.
local errors = require "azureml.error"
local instance = require "azureml.instance"
local json = require "azureml.json"
local screen = require "azureml.console.screen"
local tables = require "azureml.tables"
local where = require "azureml.cli.where"
local workspace = require "azureml.workspace"

local command = {}

-- Options -----------------------------------------------------------------------------------------

--- -w, -g, --subscription: which workspace.
function command.workspace_options(parser)
  parser:option("-w --workspace-name", "the workspace"):argname "NAME"
  parser:option("-g --resource-group", "its resource group"):argname "NAME"
  parser:option("--subscription", "its subscription's id"):argname "ID"
end

--- -n: which instance.
function command.name_option(parser)
  parser:option("-n --name", "the compute instance"):argname("NAME"):count(1)
end

--- A number of seconds.
function command.seconds(text)
  local number = tonumber(text)
  if number and number >= 0 and number < math.huge then return number end
  return nil, ("'%s' is not a number of seconds"):format(text)
end

--- --timeout: how long at most.
function command.timeout_option(parser)
  parser:option("--timeout", "give up waiting after so many seconds; it goes on at the service")
    :argname("SECONDS"):convert(command.seconds)
end

--- --no-wait, --timeout: how long.
function command.wait_options(parser)
  parser:flag("--no-wait", "return when the service has accepted it")
  command.timeout_option(parser)
end

-- An option of a few values. Help shows them in place of a name.
local function choice(parser, names, description, values)
  parser:option(names, description):argname(table.concat(values, "|")):choices(values)
    :default(values[1])
end

--- -o: how results are printed.
function command.output_option(parser)
  choice(parser, "-o --output", "how results are printed", { "table", "json" })
end

--- --progress: how a wait is told of.
function command.progress_option(parser)
  choice(parser, "--progress", "how waiting is shown on standard error; auto: live on a terminal, "
    .. "else lines", { "auto", "lines", "json", "quiet" })
end

--- One "name=value".
function command.tag(text)
  local name, value = text:match "^([^=]+)=(.*)$"
  if name then return { name = name, value = value } end
  return nil, ("'%s' is not a tag: NAME=VALUE"):format(text)
end

local function condition(text)
  local holds, err = errors.try(where.compile, text)
  return holds, err and err.message
end

--- The states that the service names (spec/contract/compute-rest.md, section 7). A filter takes any
--- other word as well: the service may add states.
command.STATES = {
  "Running", "Stopped", "JobRunning", "Creating", "CreateFailed", "SettingUp", "SetupFailed",
  "UserSettingUp", "UserSetupFailed", "Starting", "Stopping", "Restarting", "Resizing", "Deleting",
  "Unusable", "Unknown",
}

--- --state, --tags, --mine, --where: which instances.
function command.filter_options(parser)
  parser:option("--state", "only those in this state: " .. table.concat(command.STATES, ", "))
    :argname "Running|Stopped|..."
  parser:option("--tags", "only those with these tags"):argname("NAME=VALUE"):args("*"):convert(command.tag)
  parser:flag("--mine", "only mine: assigned to me, or created by me and assigned to nobody")
  parser:option("--where", "only those for which this holds, a Lua expression over their fields: "
    .. "tags.keep ~= \"on\""):argname("EXPRESSION"):convert(condition)
end

--- All of them: what a verb of one instance takes.
function command.verb_options(parser)
  command.name_option(parser)
  command.workspace_options(parser)
  command.wait_options(parser)
  command.progress_option(parser)
  command.output_option(parser)
end

-- What they mean ----------------------------------------------------------------------------------------------------------

--- The workspace that the options name.
---@return azureml.Workspace
function command.workspace(args)
  return workspace.new { subscription_id = args.subscription, resource_group = args.resource_group, name = args.workspace_name }
end

--- A table of tags; nil where there are none.
function command.tags(list)
  if not list then return nil end
  local tags = {}
  for _, tag in ipairs(list) do tags[tag.name] = tag.value end
  return tags
end

--- The filters that the options ask for, as `instances:list` takes them.
---@return table
function command.filters(args)
  return { state = args.state, tags = command.tags(args.tags), mine = args.mine, where = args.where }
end

--- Wrong usage: exit code 2.
function command.misused(message)
  errors.raise { code = "Usage", message = message }
end

-- Results -----------------------------------------------------------------------------------------------------------------

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
  print(screen.table(rows, { { title = "Field", key = "name" }, { title = "Value", key = "value" } }, { width = width() }))
end

--- Print the fields of one thing.
---@param args table
---@param fields table
function command.print_object(args, fields)
  if args.output == "json" then print_json(fields) else print_fields(fields) end
end

--- Print one instance.
function command.print_instance(args, vm)
  command.print_object(args, instance.summary(vm))
end

local function tags_of(vm)
  return table.concat(tables.texts(vm.tags, function(name, value) return name .. "=" .. value end), " ")
end

local COLUMNS = {
  { title = "Name", key = "name" },
  { title = "State", key = "state" },
  { title = "Size", key = "vm_size" },
  { title = "Tags", key = tags_of },
}

--- Print a list, as the options say.
---@param args table
---@param list table[]
---@param columns table[]                    as for screen.table
---@param summarise fun(item: any): table    for JSON
function command.print_list(args, list, columns, summarise)
  if args.output ~= "json" then
    print(screen.table(list, columns, { width = width() }))
    return
  end
  local summaries = json.array {}
  for i, item in ipairs(list) do summaries[i] = summarise(item) end
  print_json(summaries)
end

--- Print many instances.
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

--- Wait for an operation as the options say, and print what comes of it.
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
