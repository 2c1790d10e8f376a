--- azureml job: submit commands that run on an instance, look at them, cancel them, wait for them.
--- cli/az/job.lua reads the files of `az ml job create`.
local age = require "azureml.console.age"
local az = require "azureml.tool.later" "azureml.cli.az.job"
local command = require "azureml.cli.command"
local command_line = require "azureml.ssh.command_line"
local errors = require "azureml.error"
local jobs = require "azureml.jobs.job"
local question = require "azureml.cli.question"
local reaching = require "azureml.cli.reaching"
local report = require "azureml.cli.report"
local selection = require "azureml.cli.selection"
local status = require "azureml.jobs.status"
local suggest = require "azureml.tool.later" "azureml.cli.suggest"
local tables = require "azureml.tool.tables"

local job = { subcommands = {}, rewrite = reaching.rewrite }
local commands = job.subcommands

-- Shared ------------------------------------------------------------------------------------------

local function not_empty(text)
  if text ~= "" then return text end
  return nil, "a name is empty: give the name of a job"
end

local function name_option(parser)
  parser:argument("name", "the job's name"):argname "JOB":convert(not_empty)
end

-- Let a command take names: args.names has each name once.
local function names_option(parser)
  parser:argument("names", "the jobs' names"):args "+":argname "JOB":convert(not_empty)
  command.check(parser, function(args)
    local names, seen = {}, {}
    for _, name in ipairs(args.names) do
      if not seen[name] then names[#names + 1] = name end
      seen[name] = true
    end
    args.names = names
  end)
end

local GREEN, YELLOW, RED, GREY = 32, 33, 31, 90
local COLOURS = { Completed = GREEN, Failed = RED, Canceled = GREY, Queued = YELLOW }

--- The columns of a table of jobs.
job.COLUMNS = {
  { title = "Name", key = "name" },
  { title = "Status", key = "status", colour = function(it) return COLOURS[it.status] end },
  { title = "Compute", key = "compute" },
  { title = "Display name", key = "display_name" },
  { title = "Experiment", key = "experiment_name" },
  { title = "Age", key = function(it) return age.of(it.created_on) end, field = "created_on" },
}

--- Print a list of jobs in the format of the option -o.
---@param args table
---@param list azureml.Job[]
function job.print_list(args, list)
  command.print_list(args, list, job.COLUMNS, jobs.summary, jobs.fields)
end

-- Wait for a job. An interrupt ends the wait alone: say how to go on.
local function wait_for(found, settings)
  local ok, raised = pcall(found.wait, found, settings)
  if ok then return raised end
  if errors.is_interrupted(raised) then
    command.say(("the job %s goes on; 'azureml job wait %s' waits for it"):format(found.name,
      found.name))
  end
  error(raised, 0)
end

local function print_job(args, found)
  command.print_object(args, jobs.summary(found))
end

-- submit ------------------------------------------------------------------------------------------

commands.submit = { summary = "submit a command, or the job of a file, to an instance" }

-- Options that are an option of jobs:submit: option, name there, argument, text.
local TEXTS = {
  { "-n --name", "name", "NAME", "the job's name (default: a new one)" },
  { "--compute", "compute", "NAME", "the compute instance on which it runs" },
  { "--environment", "environment", "NAME:VERSION",
    "the environment in which it runs: NAME:VERSION, NAME@latest, or an id" },
  { "--image", "image", "IMAGE", "the image of an environment that is described in place" },
  { "--display-name", "display_name", "TEXT", "its name in lists" },
  { "--experiment-name", "experiment_name", "NAME", "its experiment (default: Default)" },
  { "--description", "description", "TEXT", "a description" },
  { "--time-limit", "timeout", "TIME", "cancel it after this time: 90m, 2h, or seconds" },
  { "--shm-size", "shm_size", "SIZE", "the size of the shared memory: 2g" },
}

local function pair(option)
  return function(text)
    local name, value = text:match "^([^=]+)=(.*)$"
    if name then return { name = name, value = value } end
    return nil, ("%s: '%s' is not NAME=VALUE"):format(option, text)
  end
end

local function check_submit(args)
  if args.timeout and not args.wait then
    command.misused "--timeout has no effect without --wait"
  end
  if args.environment and args.image then command.misused "give either --environment or --image" end
  if #args.set > 0 and not args.file then command.misused "--set has no effect without --file" end
end

function commands.submit.configure(parser)
  parser:option("-f --file", "the YAML file of 'az ml job create' for a command job; - is standard "
    .. "input"):argname "FILE"
  parser:option("--set", "change a member of the file: tags.team=vision"):argname "PATH=VALUE"
    :count "*"
  for _, row in ipairs(TEXTS) do parser:option(row[1], row[4]):argname(row[3]) end
  parser:option("--env", "a variable of its environment"):argname "NAME=VALUE":count "*"
    :convert(pair "--env")
  parser:option("--input", "a value for ${{inputs.NAME}} in its command"):argname "NAME=VALUE"
    :count "*":convert(pair "--input")
  parser:option("--tags", "its tags"):argname "NAME=VALUE":args "+":convert(command.tag)
  parser:flag("--start", "start the instance first if it is stopped")
  parser:flag("--wait", "wait until the job has ended")
  reaching.command_option(parser)
  command.workspace_options(parser)
  command.timeout_option(parser)
  command.progress_option(parser)
  command.output_option(parser, "object")
  command.check(parser, check_submit)
  parser:epilog("The command stands behind --. One word is a line for the shell; several words "
    .. "reach the program as they are:\n  azureml job submit --compute ci-ann --environment "
    .. "sklearn:3 -- 'python train.py | tee log'\n  azureml job submit -f job.yml --wait")
end

-- Merge the pairs of an option into a map of the file. Refuse a name with two values.
local function map_of(option, list, map)
  local given = {}
  for _, item in ipairs(list) do
    local earlier = given[item.name]
    if earlier and earlier ~= item.value then
      command.misused("%s: '%s' is given twice, as '%s' and as '%s'", option, item.name, earlier,
        item.value)
    end
    given[item.name] = item.value
  end
  return tables.merge(map, given)
end

-- Quote a word for a shell, if it has to be.
local function quoted(word)
  return word:find "^[%w_@%%+=:,./-]+$" and word or command_line.quoted(word)
end

-- Return the command of the words behind "--".
local function command_of(words)
  if type(words) ~= "table" then return words end
  local list = {}
  for i, word in ipairs(words) do list[i] = quoted(word) end
  return table.concat(list, " ")
end

-- Return the options of jobs:submit: those of the file, and the command's options in their place.
local function settings_of(args)
  local settings = args.file and az.read(args.file, args.set) or {}
  for _, row in ipairs(TEXTS) do
    local value = args[row[1]:match "%-%-([%w-]+)":gsub("-", "_")]
    if value then settings[row[2]] = value end
  end
  settings.timeout = math.tointeger(tonumber(settings.timeout)) or settings.timeout
  if settings.image then
    settings.environment, settings.image = { image = settings.image }, nil
  end
  settings.command = command_of(args.command) or settings.command
  settings.environment_variables = map_of("--env", args.env, settings.environment_variables)
  settings.inputs = map_of("--input", args.input, settings.inputs)
  settings.tags = tables.merge(settings.tags, command.tags(args.tags))
  settings.start, settings.progress = args.start, args.progress
  return settings
end

local NEEDED = {
  { "command", "what does it run? Give its command behind --, or a file" },
  { "compute", "on which instance does it run? Give --compute" },
  { "environment", "in which environment does it run? Give --environment or --image" },
}

local function check_needed(settings)
  for _, row in ipairs(NEEDED) do
    if settings[row[1]] == nil then command.misused("%s", row[2]) end
  end
end

-- Submit a job. If the instance is stopped, ask whether to start it.
local function submit(ws, settings)
  local found, err = errors.try(ws.jobs.submit, ws.jobs, settings)
  if found then return found end
  local can_start = err.code == "WrongState" and err.instance and err.instance.state == "Stopped"
  if not can_start or not question.is_terminal() then error(err, 0) end
  local text = ("'%s' is stopped. Start it?"):format(err.instance.name)
  if not question.is_confirmed(text) then error(err, 0) end
  settings.start = true
  return ws.jobs:submit(settings)
end

function commands.submit.run(args)
  local settings = settings_of(args)
  check_needed(settings)
  local found = submit(command.workspace(args), settings)
  if args.wait then wait_for(found, { timeout = args.timeout, progress = args.progress }) end
  print_job(args, found)
end

-- list --------------------------------------------------------------------------------------------

commands.list = { summary = "list the jobs of a workspace, the newest first" }

-- Convert a list of statuses with commas.
local function statuses(text)
  local list = {}
  for word in text:gmatch "[^,]+" do
    local name = status.canonical(word)
    if not name then
      local known = tables.append({ status.ACTIVE }, status.names)
      return nil, suggest.unknown("--status: there is no status", word, known)
    end
    list[#list + 1] = name
  end
  if #list > 0 then return list end
  return nil, "--status needs a status, such as Running"
end

function commands.list.configure(parser)
  local option = parser:option("--compute", "only jobs of this compute"):argname "NAME"
    :convert(selection.name)
  option.azureml_values = "names"
  parser:option("--status", "only jobs with one of these statuses, with commas; Active: those that "
    .. "wait or run"):argname "STATUS":convert(statuses)
  parser:option("--experiment-name", "only jobs of this experiment"):argname "NAME"
  parser:option("--tags", "only jobs with these tags"):argname "NAME=VALUE":args "+"
    :convert(command.tag)
  parser:option("--type", "only jobs of this type, such as Command"):argname "TYPE"
  parser:flag("--archived", "the jobs that were archived, in place of the others")
  parser:option("--limit", "end after N jobs"):argname "N":convert(command.count_of "jobs")
  command.workspace_options(parser)
  command.output_option(parser)
end

function commands.list.run(args)
  local found = {}
  local list = command.workspace(args).jobs:list {
    compute = args.compute, status = args.status, experiment_name = args.experiment_name,
    tags = command.tags(args.tags), type = args.type, archived = args.archived,
  }
  for item in list do
    found[#found + 1] = item
    if args.limit and #found >= args.limit then break end
  end
  job.print_list(args, found)
end

-- show --------------------------------------------------------------------------------------------

commands.show = { summary = "show a job, with the reason why it failed" }

function commands.show.configure(parser)
  name_option(parser)
  command.workspace_options(parser)
  command.output_option(parser, "object")
end

-- Return what the run history knows of a job. A refusal is a note.
local function details_of(found)
  local details, err = errors.try(found.details, found)
  if details then return details end
  command.say(("azureml: note: the run history of %s cannot be read: %s"):format(found.name,
    err.message))
  return {}
end

function commands.show.run(args)
  local found = command.workspace(args).jobs:get(args.name)
  local details = details_of(found)
  command.print_object(args, tables.merge(jobs.summary(found), {
    started_on = details.started_on, ended_on = details.ended_on, error = details.error,
    warnings = details.warnings,
  }))
end

-- logs --------------------------------------------------------------------------------------------

commands.logs = require "azureml.cli.job_logs"

-- cancel and wait ---------------------------------------------------------------------------------

local function wait_options(parser)
  command.timeout_option(parser)
  command.verbose_option(parser)
  command.progress_option(parser)
  command.output_option(parser)
end

-- Do something to one job and print it, or to several side by side and report what became of them.
-- `begin` returns what has the method `wait`.
local function run(args, verb, begin)
  if #args.names > 1 then
    local items = {}
    for i, name in ipairs(args.names) do items[i] = { name = name } end
    return report.run(args, verb, items, function(item) return begin(item.name) end)
  end
  local waiter = begin(args.names[1])
  local found = waiter.job
  if not args.no_wait then
    waiter:wait { timeout = args.timeout, progress = args.progress }
  end
  print_job(args, found)
end

-- Return an object with the method `wait` of an operation.
local function waiter_of(found, settings)
  local waiter = { job = found, name = found.name }
  function waiter.wait(_, more) return wait_for(found, tables.merge(settings, more)) end
  return waiter
end

commands.cancel = { summary = "cancel jobs, and wait until they have ended" }

function commands.cancel.configure(parser)
  names_option(parser)
  command.workspace_options(parser)
  parser:flag("--no-wait", "return when the service has accepted the request")
  wait_options(parser)
end

function commands.cancel.run(args)
  local ws = command.workspace(args)
  return run(args, "cancel", function(name)
    local before = ws.jobs:get(name)
    local was = before.status
    local found = ws.jobs:cancel(before)
    if was == "Canceled" then command.say(("%s: it was canceled before"):format(name)) end
    if was == "CancelRequested" then
      command.say(("%s: it is being canceled already"):format(name))
    end
    return waiter_of(found, { allow_canceled = true })
  end)
end

commands.wait = { summary = "wait until jobs have ended" }

function commands.wait.configure(parser)
  names_option(parser)
  command.workspace_options(parser)
  wait_options(parser)
end

function commands.wait.run(args)
  local ws = command.workspace(args)
  return run(args, "wait", function(name) return waiter_of(ws.jobs:get(name)) end)
end

return job
