--- azureml deploy: deploy a template that creates instances, or tell what it would change.
local command = require "azureml.cli.command"
local json = require "azureml.json"
local later = require "azureml.tool.later"
local template_check = later "azureml.template_check"
local template_file = later "azureml.template_file"
local what_if = later "azureml.what_if"

local deploy = {}

function deploy.configure(parser)
  parser:argument("file", "the template: a file of JSON"):argname("FILE"):args "?"
  parser:option("-p --parameters", "a file of parameters, or one parameter; may be repeated, the "
    .. "last one counts"):argname("FILE|NAME=VALUE"):count "*"
  parser:option("--name", "the name of the deployment (default: a new one)"):argname "NAME"
  parser:flag("--what-if", "deploy nothing; print what would change")
  parser:option("--follow", "wait for a deployment that was begun before"):argname "NAME"
  command.workspace_options(parser)
  parser:flag("--no-wait", "return when the service has accepted the deployment; 'azureml deploy "
    .. "--follow NAME' waits for it")
  command.timeout_option(parser)
  command.progress_option(parser)
  command.output_option(parser)
  command.check(parser, deploy.check)
end

--- Refuse options that have no meaning together.
---@param args table
function deploy.check(args)
  if not args.file and not args.follow then
    command.misused "give the FILE of a template, or --follow NAME"
  end
  local is_more = args.file or #args.parameters > 0 or args.name or args.what_if or args.no_wait
  if args.follow and is_more then
    command.misused "'--follow' waits for a deployment: it takes no template and no options of one"
  end
  if args.what_if and (args.no_wait or args.timeout) then
    command.misused "'--what-if' deploys nothing: it takes neither --no-wait nor --timeout"
  end
end

-- Parameters --------------------------------------------------------------------------------------

local function type_of(template, name)
  for declared, declaration in pairs(json.get(template, "parameters") or {}) do
    local kind = json.get(declaration, "type")
    if declared:lower() == name:lower() and type(kind) == "string" then return kind:lower() end
  end
end

local PLAIN = { string = true, securestring = true }

-- Return the value of NAME=VALUE: text where the template wants text, else JSON.
local function value_of(template, name, text)
  local kind = type_of(template, name)
  if not kind or PLAIN[kind] then return text end
  if kind == "bool" then text = text:lower() end
  local value, fault = json.decode_exact(text)
  if value == nil then
    command.misused("--parameters: the value of '%s' must be the JSON of its type %s: %s", name,
      kind, (fault:gsub(" near '.*'", "")))
  end
  return value
end

-- Return the name and the text of NAME=VALUE; nil for the path of a file.
local function split(word)
  return word:match "^([%a_][%w_.]*)=(.*)$"
end

local function path_of(word)
  return word:gsub("^@", "")
end

-- Return the parameters that the words tell: one file, or all of them together.
local function parameters_of(args)
  local words = args.parameters
  if #words == 0 then return nil end
  if #words == 1 and not split(words[1]) then return (path_of(words[1])) end
  local template, entries = template_file.read(args.file), {}
  local function add(name, entry)
    for known in pairs(entries) do
      if known:lower() == name:lower() then entries[known] = nil end
    end
    entries[name] = entry
  end
  for _, word in ipairs(words) do
    local name, text = split(word)
    if name then
      add(name, { value = value_of(template, name, text) })
    else
      local path = path_of(word)
      for each, entry in pairs(template_check.entries(template_file.read(path), path)) do
        add(each, entry)
      end
    end
  end
  return entries
end

-- What would change -------------------------------------------------------------------------------

local COLOURS = { Create = 32, Modify = 33, Delete = 31, NoChange = 90, Ignore = 90 }

local COLUMNS = {
  { title = "Name", key = "name" },
  { title = "Change", key = "change", colour = function(row) return COLOURS[row.change] end },
  { title = "Field", key = "field" },
  { title = "From", key = "from" },
  { title = "To", key = "to" },
}

local FIELDS = { name = true, change = true, field = true, from = true, to = true, id = true }

local function shown(field, value)
  if value == nil then return nil end
  if what_if.is_secret(field) then return "***" end
  return type(value) == "table" and json.encode(value) or value
end

-- Return a row for each field that differs; a change without fields has one row.
local function rows_of(changes)
  local rows = {}
  for _, change in ipairs(changes) do
    for _, field in ipairs(change.fields) do
      rows[#rows + 1] = {
        id = change.id, name = change.name, change = change.change, field = field.path,
        from = shown(field, field.from), to = shown(field, field.to),
      }
    end
    if #change.fields == 0 then
      rows[#rows + 1] = { id = change.id, name = change.name, change = change.change }
    end
  end
  return rows
end

-- Running -----------------------------------------------------------------------------------------

local function finish(args, op)
  local result = op:wait { timeout = args.timeout, progress = args.progress }
  for name, value in pairs(result.outputs) do
    command.say(("output %s: %s"):format(name, type(value) == "string" and value
      or json.encode(json.array { value }):sub(2, -2)))
  end
  command.print_instances(args, result.instances)
end

local function say_accepted(args, op)
  if args.output ~= "table" then
    command.print_list(args, { { name = op.name, status = op:status() } })
    return
  end
  command.say(("deploy %s: accepted; 'azureml deploy --follow %s' waits for it"):format(op.name,
    op.name))
end

function deploy.run(args)
  if args.follow then
    return finish(args, command.workspace(args):deployment(args.follow))
  end
  local settings = {
    template = args.file, parameters = parameters_of(args), name = args.name,
    what_if = args.what_if,
  }
  local ws = command.workspace(args)
  if args.what_if then
    return command.print_list(args, rows_of(ws:deploy(settings)), COLUMNS, nil, FIELDS)
  end
  local op = ws:deploy(settings)
  for _, text in ipairs(op.warnings) do command.say("azureml: warning: " .. text) end
  if args.no_wait then return say_accepted(args, op) end
  return finish(args, op)
end

return deploy
