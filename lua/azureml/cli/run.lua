--- azureml run: run a workflow by name. The words after the name are the workflow's arguments.
--- --as writes the files with which an engine runs it, or a script of the user, at fixed times.
local command = require "azureml.cli.command"
local errors = require "azureml.error"
local later = require "azureml.tool.later"
local scheduled = later "azureml.cli.scheduled"
local suggest = require "azureml.cli.suggest"

local run = {}

local WORKFLOWS = {
  "idle_guard", "lifecycle", "morning", "nightly", "recreate_outdated", "report",
  "tag_schedule", "team",
}

-- Options that say how a job is written, with the engines that they suit; true: all engines.
local SUITS = {
  at = true, into = true, name = true, limit = true, client_id = true, tenant = true,
  image = "kubernetes", namespace = "kubernetes", release = "github", sha256 = "github",
  workspace_name = true, resource_group = true, subscription = true, prometheus = true,
  summary = true,
}

local IS_REPORT = { prometheus = true, summary = true }

-- Refuse an option that would have no effect.
local function check_options(args)
  for name, engine in pairs(SUITS) do
    local option = name == "workspace_name" and "-w" or "--" .. name:gsub("_", "-")
    local hint = IS_REPORT[name] and "; without it, write it before 'run'" or ""
    if args[name] and not args.as then command.misused("'%s' needs '--as'%s", option, hint) end
    if args[name] and engine ~= true and engine ~= args.as then
      command.misused("'%s' needs '--as %s'", option, engine)
    end
  end
  if args.as and not args.at then command.misused "'--as' needs '--at', which says when it runs" end
end

function run.configure(parser)
  local argument = parser:argument("workflow", "the workflow's name: "
    .. table.concat(WORKFLOWS, ", ") .. "; with --as also a script's file"):argname "WORKFLOW"
  argument.azureml_values = WORKFLOWS
  parser:argument("arguments", "the workflow's arguments"):argname "ARGUMENT":args "*"
  command.choice(parser, "--as", "run nothing: write what runs it at fixed times on this engine",
    { "github", "kubernetes", "systemd" })
  parser:option("--at", "with --as: when it runs, as in 'weekdays 19:00 Europe/Amsterdam'")
    :argname "WHEN"
  parser:option("--into", "with --as: write the files into DIRECTORY instead of printing them")
    :argname "DIRECTORY"
  parser:option("--name", "with --as: the name of what is written (default: azureml-WORKFLOW)")
    :argname "NAME"
  parser:option("--limit", "with --as: end a run after SECONDS (default: 3600)")
    :argname("SECONDS"):convert(command.count_of "seconds")
  parser:option("--client-id", "with --as: the id of the application or managed identity")
    :argname "ID"
  parser:option("--tenant", "with --as: that application's tenant"):argname "TENANT"
  parser:option("--image", "with --as kubernetes: an image that contains azureml"):argname "IMAGE"
  parser:option("--namespace", "with --as kubernetes: the namespace"):argname "NAME"
  parser:option("--release", "with --as github: the URL of azureml's release for Linux")
    :argname "URL"
  parser:option("--sha256", "with --as github: the checksum of that release"):argname "SUM"
  parser:option("--prometheus", "with --as: the file of metrics that each run writes")
    :argname "FILE"
  parser:option("--summary", "with --as: the file of the summary that each run writes")
    :argname "FILE"
  command.workspace_options(parser)
  command.check(parser, check_options)
end

-- Find a workflow as `require` finds a module, embedded or in a file. Return the chunk, to run as a
-- script.
local function find(name)
  if not name:find "^[%w_]+$" then return nil end
  for _, search in ipairs(package.searchers) do
    local loader = search("azureml.workflows." .. name)
    if type(loader) == "function" then return loader end
  end
end

-- Raise what a workflow raised. A sentence without a place is meant for the user: it needs no
-- traceback.
local function raise(err)
  if type(err) ~= "string" or err:find "^[^%s:]+:%d+: " then error(err, 0) end
  errors.raise { code = err:find "^usage: " and "Usage" or "WorkflowFailed", message = err }
end

function run.run(args)
  if args.as then return scheduled.write(args, find(args.workflow) ~= nil) end
  local script = find(args.workflow)
  if not script then
    command.misused("%s", suggest.unknown("there is no workflow", args.workflow, WORKFLOWS))
  end
  local ok, err = pcall(script, table.unpack(args.arguments))
  if not ok then raise(err) end
end

return run
