--- Share code among commands: groups of options, the workspace, the printing of results. Results go
--- to standard output, messages to standard error. selection.lua selects instances, output.lua has
--- the formats, fleet.lua what the verbs for many instances share.
local later = require "azureml.tool.later"
local all_instances = later "azureml.look.all_instances"
local checks = require "azureml.cli.checks"
local cloud = require "azureml.cloud"
local defaults = later "azureml.defaults"
local errors = require "azureml.error"
local filters = later "azureml.cli.filters"
local hints = later "azureml.hints"
local instance = require "azureml.instance"
local instance_fields = later "azureml.instance.fields"
local age = later "azureml.console.age"
local output = require "azureml.cli.output"
local power_state = later "azureml.definition.power_state"
local query = later "azureml.cli.query"
local selection = require "azureml.cli.selection"
local suggest = later "azureml.cli.suggest"
local tables = require "azureml.tool.tables"
local view = require "azureml.cli.view"
local workspace = require "azureml.workspace"

local command = {
  name_option = selection.name_option,
  names_option = selection.names_option,
  optional_names_option = selection.names,
  selection_options = selection.options,
  scope_options = selection.scope,
  selection = selection.of,
  --- Look at several options together after the parse: add a function of the options.
  check = checks.add,
}

-- Make a function that calls a function of filters.lua, which few commands need.
local function of_filters(name)
  return function(...) return filters[name](...) end
end

--- Convert a "NAME=VALUE" to a tag; nil and a message when it is not one.
command.tag = of_filters "tag"
--- Make a table of tags from a list of them; nil from nil.
command.tags = of_filters "tags"
--- Add the options --state, --tags, --mine and --where, which filter instances.
command.filter_options = of_filters "options"
--- Return the filters of the options, in the form of `instances:list`.
command.filters = of_filters "of"

--- Refuse wrong usage: the command ends with this message and exit code 2.
---@param message string     a format
---@param ... any            the values for its placeholders
---@raise an error object `Usage`
function command.misused(message, ...)
  if select("#", ...) > 0 then message = message:format(...) end
  errors.raise { code = "Usage", message = message }
end

-- Options -----------------------------------------------------------------------------------------

-- Convert the value of --ca-file: a file or a directory that can be read.
local function readable(path)
  local file, reason = io.open(path)
  if not file then return nil, "--ca-file: " .. reason end
  file:close()
  return path
end

local function check_cloud(args)
  if args.cloud and args.emulator then
    command.misused "give either --cloud or --emulator"
  end
end

--- Add the options --cloud and --ca-file, which say where and whom the client speaks to.
function command.cloud_options(parser)
  local known = table.concat(cloud.names, ", ")
  command.choice(parser, "--cloud", "the Azure cloud (default: the active one of the Azure CLI): "
    .. known, cloud.names, "NAME")
  parser:option("--ca-file", "a bundle or a directory of certificate authorities to trust instead "
    .. "of the system's"):argname("PATH"):convert(readable)
  checks.add(parser, check_cloud)
end

--- Add the options that select the workspace: -w, -g, --subscription, --cloud, --ca-file.
function command.workspace_options(parser)
  parser:option("-w --workspace-name", "the workspace's name"):argname "NAME"
  parser:option("-g --resource-group", "the workspace's resource group"):argname "NAME"
  parser:option("--subscription", "the id of the workspace's subscription"):argname "ID"
  command.cloud_options(parser)
end

local function check_all_workspaces(args)
  if args.all_workspaces and args.workspace_name then
    command.misused "give either -w or --all-workspaces"
  end
end

--- Add the flag --all-workspaces beside the options that select the workspace.
function command.all_workspaces_option(parser)
  parser:flag("--all-workspaces", "all workspaces of the subscription, or of the group of -g")
  checks.add(parser, check_all_workspaces)
end

--- Convert an option's value to a number of seconds; nil and a message when it is not one.
function command.seconds(text)
  local number = tonumber(text)
  if number and number >= 0 and number < math.huge then return number end
  return nil, ("'%s' is not a number of seconds, 0 or more"):format(text)
end

--- Return a converter to a whole number of things, 1 or more.
---@param things string      "instances"
---@return fun(text: string): integer?, string?
function command.count_of(things)
  return function(text)
    local number = math.tointeger(tonumber(text))
    if number and number >= 1 then return number end
    return nil, ("'%s' is not a number of %s, 1 or more"):format(text, things)
  end
end

--- Add the option --timeout, the limit of a wait in seconds.
function command.timeout_option(parser)
  parser:option("--timeout", "stop waiting after SECONDS; the operation goes on at the service")
    :argname("SECONDS"):convert(command.seconds)
end

--- Add the options --no-wait and --timeout.
function command.wait_options(parser)
  parser:flag("--no-wait", "return when the service has accepted the request; 'azureml wait' and "
    .. "'azureml operations wait' go on waiting")
  command.timeout_option(parser)
end

--- Add an option with a fixed set of values, which help shows.
---@param parser table
---@param names string            "-o --output"
---@param description string
---@param values string[]
---@param placeholder string?     what help shows for the value; default: all values
---@return table option
function command.choice(parser, names, description, values, placeholder)
  local long = names:match "%-%-[%w-]+"
  local known = {}
  for _, value in ipairs(values) do known[value] = value end
  local function convert(text)
    if known[text] then return text end
    return nil, suggest.unknown(long .. ": there is no", text, values)
  end
  local option = parser:option(names, description):convert(convert)
  option.azureml_values = values      -- for completion
  return option:argname(placeholder or table.concat(values, "|"))
end

--- Add the option --progress, the format of progress.
function command.progress_option(parser)
  command.choice(parser, "--progress", "the format of progress on standard error; auto: live on a "
    .. "terminal, else lines", { "auto", "lines", "json", "quiet" }):default "auto"
end

--- Add the flag -v: print what became of each instance.
function command.verbose_option(parser)
  parser:flag("-v --verbose", "print what becomes of each instance, not only of those that fail")
end

-- Convert the value of --columns: field names with commas.
local function field_list(text)
  local names = {}
  for name in text:gmatch "[^,%s]+" do names[#names + 1] = name end
  if #names > 0 then return names end
  return nil, "--columns needs the names of fields, such as name,state"
end

-- Convert the value of --sort: field names with commas, each with :desc or nothing.
local function sort_keys(text)
  local keys = {}
  for word in text:gmatch "[^,%s]+" do
    local field, direction = word:match "^(.-):(%a+)$"
    if direction and direction ~= "desc" and direction ~= "asc" then
      return nil, ("--sort: '%s' is not a direction: write FIELD:desc or FIELD"):format(direction)
    end
    keys[#keys + 1] = { field = field or word, descending = direction == "desc" }
  end
  if #keys > 0 then return keys end
  return nil, "--sort needs the names of fields, such as state,name"
end

local function compile_query(text)
  if text == "" then return nil, "--query: it is empty: give an expression such as [].name" end
  local run, err = errors.try(query.compile, text)
  return run, err and err.message
end

-- Refuse options that exclude each other.
local function check_output(args)
  if args.query and args.columns then command.misused "give either --columns or --query" end
end

-- Use the user's default format where the command has it.
local function default_format(formats)
  local chosen = defaults.read().output
  for _, format in ipairs(formats) do
    if format == chosen then return chosen end
  end
  return "table"
end

--- Add the option --query.
function command.query_option(parser)
  parser:option("--query", "print what this JMESPath expression finds in the JSON: [].name")
    :argname("EXPRESSION"):convert(compile_query)
end

--- Add the options -o, --columns, --sort and --query, which say how results are printed.
---@param parser table
---@param kind string?      "list" (default); "object": one result, so there is no --sort; "stream":
---  a line for each event, so there is only -o
function command.output_option(parser, kind)
  local formats = kind == "stream" and output.stream_formats or output.formats
  local listed = "the format of results: " .. table.concat(formats, ", ") .. " (default: table)"
  command.choice(parser, "-o --output", listed, formats, "FORMAT")
  if kind ~= "stream" then
    parser:option("--columns", "print these fields, such as name,state,tags.team")
      :argname("FIELD,..."):convert(field_list)
    command.query_option(parser)
  end
  if kind == nil or kind == "list" then
    parser:option("--sort", "sort by these fields, such as state,created_on:desc")
      :argname("FIELD,..."):convert(sort_keys)
  end
  checks.add(parser, function(args)
    check_output(args)
    args.output = args.output or default_format(formats)
  end)
end

--- Add the options of a verb for one instance.
function command.verb_options(parser)
  command.name_option(parser)
  command.workspace_options(parser)
  command.wait_options(parser)
  command.progress_option(parser)
  command.output_option(parser)
end

-- The workspace -----------------------------------------------------------------------------------

local TOO_MANY_REQUESTS = 429

-- Tell the user that the service throttles. The module loads when that happens.
local function tell_throttling()
  local tell
  return function(seen)
    if seen.status ~= TOO_MANY_REQUESTS then return end
    tell = tell or require "azureml.console.throttling" ()
    tell(seen)
  end
end

-- Return the settings of the options, without the workspace's name.
local function settings_of(args)
  return {
    subscription_id = args.subscription, resource_group = args.resource_group,
    cloud = args.cloud, ca_file = args.ca_file,
    on_reply = args.progress ~= "quiet" and tell_throttling() or nil,
  }
end

--- Open the workspace that the options select.
---@return azureml.Workspace
function command.workspace(args)
  local settings = settings_of(args)
  settings.name = args.workspace_name
  return workspace.new(settings)
end

--- Open the instances of the workspace that the options select, or of all workspaces.
---@return azureml.Instances|azureml.AllInstances
function command.instances(args)
  if args.all_workspaces then return all_instances.new(settings_of(args)) end
  return command.workspace(args).instances
end

--- Read a list to its end. Workspaces that refuse their part are an error at the end.
---@param list fun(): any
---@return any[] items, azureml.Error? err
function command.read(list)
  local items = {}
  local _, err = errors.try(function()
    for item in list do items[#items + 1] = item end
  end)
  if err and not err.refused_workspaces then error(err, 0) end
  return items, err
end

--- Read the instances of names, or those that the filters select; see `scope_options`.
---@return azureml.Instance[] vms, azureml.Error? err      the error of workspaces that refuse
---@raise an error object `ResourceNotFound` for a name that the workspace does not have
function command.read_scope(args)
  local instances = command.instances(args)
  if #args.names > 0 then return selection.get_names(instances, args.names) end
  return command.read(instances:list(command.filters(args)))
end

-- Results -----------------------------------------------------------------------------------------

--- Print one object in the format of the option -o.
---@param args table        the command's options
---@param fields table
function command.print_object(args, fields)
  output.print(args, view.new { items = { fields }, is_object = true })
end

--- Print a list in the format of the option -o.
---@param args table                          the command's options
---@param list table[]
---@param columns table[]?                    of the table: see view.lua; default: all fields
---@param summarise? fun(item: any): table    make an item's JSON object; default: the item
---@param fields? table<string, any>          the fields that an object may have, by name
function command.print_list(args, list, columns, summarise, fields)
  output.print(args, view.new {
    items = list, columns = columns, record = summarise, fields = fields,
  })
end

local GREEN, YELLOW, RED, GREY = 32, 33, 31, 90

--- Return the colour of an instance's state.
---@param vm { state: string? }
---@return integer?      an ANSI colour
function command.state_colour(vm)
  local state = vm.state
  if power_state.is_failed(state) then return RED end
  if power_state.is_transitional(state) then return YELLOW end
  if power_state.is_running(state) then return GREEN end
  return state == "Stopped" and GREY or nil
end

local function tags_of(vm)
  local texts = tables.texts(vm.tags, function(name, value) return name .. "=" .. value end)
  return table.concat(texts, " ")
end

--- The columns of a table of instances.
command.INSTANCE_COLUMNS = {
  { title = "Name", key = "name" },
  { title = "State", key = "state", colour = command.state_colour },
  { title = "Size", key = "vm_size" },
  { title = "Age", key = function(vm) return age.of(vm.created_on) end, field = "created_on" },
  { title = "Tags", key = tags_of, field = "tags" },
}

--- Print one instance in the format of the option -o.
---@param args table            the command's options
---@param vm azureml.Instance
function command.print_instance(args, vm)
  output.print(args, view.new {
    items = { vm }, record = instance.summary, fields = instance_fields.getters, is_object = true,
  })
end

-- Return a function that makes the record of an instance, with the place of its workspace.
local function with_place(summarise)
  return function(vm)
    local record, place = summarise(vm), vm.workspace
    record.workspace, record.resource_group = place.name, place.resource_group
    return record
  end
end

local PLACE = { workspace = true, resource_group = true }
local WORKSPACE_COLUMN = {
  title = "Workspace", key = function(vm) return vm.workspace.name end, field = "workspace",
}

-- Return the view of a list of instances; with --all-workspaces it tells where they are.
local function view_of(args, list, more)
  local columns = tables.append(tables.copy(command.INSTANCE_COLUMNS), more and more.columns)
  local summarise = more and more.summarise or instance.summary
  local fields = tables.merge(instance_fields.getters, more and more.fields)
  if args.all_workspaces then
    table.insert(columns, 1, WORKSPACE_COLUMN)
    summarise, fields = with_place(summarise), tables.merge(fields, PLACE)
  end
  return view.new { items = list, columns = columns, record = summarise, fields = fields }
end

--- Print a list of instances in the format of the option -o; with --all-workspaces also where they
--- are.
---@param args table                the command's options
---@param list azureml.Instance[]
---@param more? { columns: table[], summarise: fun(vm: azureml.Instance): table, fields: table }
---  more columns, and the records and fields that they need
function command.print_instances(args, list, more)
  output.print(args, view_of(args, list, more))
end

--- Print the instances that the filters select as they are read, if the format of the option -o
--- allows that.
---@param args table                the command's options
---@param note? fun(vm: azureml.Instance)      called for each
---@return boolean is_printed, azureml.Error? err      the error of workspaces that refuse
function command.stream_instances(args, note)
  if #args.names > 0 or not output.can_stream(args) then return false end
  local put, finish = output.stream(args, view_of(args, {}))
  local _, err = errors.try(function()
    for vm in command.instances(args):list(command.filters(args)) do
      put(vm)
      if note then note(vm) end
    end
  end)
  if err and not err.refused_workspaces then error(err, 0) end
  finish()
  return true, err
end

--- Tell the user that the service has accepted an operation.
---@param op azureml.Operation
function command.say_accepted(op)
  local rest = op.entry and hints.go_on_waiting or "it goes on at the service"
  io.stderr:write(op.verb, " ", op.name, ": accepted; ", rest, "\n")
end

local function print_accepted(args, op)
  if args.output == "table" or not args.output then
    command.say_accepted(op)
  else
    command.print_object(args, {
      verb = op.verb, name = op.name, status = op:status(), ticket = op:ticket(),
    })
  end
end

--- Return the style of progress for many instances: each change only with -v.
---@param args table        the command's options
---@return string
function command.style_for_many(args)
  if args.progress ~= "auto" then return args.progress or "quiet" end
  return args.verbose and "lines" or "auto"
end

--- Wait for an operation and print its instance. With --no-wait, print that it was accepted and let
--- it go on at the service.
---@param args table               the command's options
---@param op azureml.Operation
function command.finish(args, op)
  if args.no_wait then
    print_accepted(args, op)
    op:leave()
    return
  end
  local vm = op:wait { timeout = args.timeout, progress = args.progress }
  if vm then command.print_instance(args, vm) end
end

-- Tell whether the world in use is gone with this process: an emulator in it.
local function is_passing_world()
  local world = require("azureml.config").emulator()
  return world ~= nil and world.in_process == true
end

--- Remember the names of instances for the completion in a shell.
---@param names string[]
function command.remember_names(names)
  if is_passing_world() then return end
  require("azureml.cli.cache").write("names", names)
end

--- Remember the names of sizes for the completion in a shell.
---@param sizes { name: string }[]
function command.remember_sizes(sizes)
  if is_passing_world() then return end
  local names = {}
  for i, size in ipairs(sizes) do names[i] = size.name end
  require("azureml.cli.cache").write("sizes", names)
end

--- Print a line of a message, to standard error.
---@param text string
function command.say(text)
  io.stderr:write(text, "\n")
end

return command
