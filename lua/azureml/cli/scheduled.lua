--- Write what runs a workflow, or a script of the user, at fixed times: `azureml run WORKFLOW --as
--- ENGINE --at WHEN`.
local command = require "azureml.cli.command"
local engine = require "azureml.engine"
local errors = require "azureml.error"
local screen = require "azureml.console.screen"
local warning = require "azureml.tool.warning"

local scheduled = {}

local MOST_BYTES = 512 << 10      -- of a script: a ConfigMap has room for 1 MiB
local USUAL_LIMIT = 3600          -- seconds of a run

-- Read the script that the user names in place of a workflow.
local function script_of(path)
  local file, reason = io.open(path, "rb")
  if not file then
    command.misused("there is no workflow and no script '%s': %s", path, reason:match ": (.*)$")
  end
  local opened <close> = file
  local text = opened:read(MOST_BYTES + 1)
  local name = path:match "[^/]+$"
  if not text or #text > MOST_BYTES then
    command.misused("the script '%s' cannot be read, or is larger than %d KiB", path,
      MOST_BYTES >> 10)
  end
  if not name:find "^[%w_.-]+$" or not utf8.len(text) then
    command.misused("the script '%s' needs a name of letters, digits, '.', '_' and '-', and a text "
      .. "in UTF-8", path)
  end
  local chunk, fault = load(text:gsub("^#[^\n]*", ""), "@" .. name, "t")
  if not chunk then errors.raise { code = "Usage", message = fault } end
  return { name = name, text = text }
end

-- Return the workspace in use; nil for a script where no workspace is set at all: the script may
-- name what it works on.
local function workspace_of(args, is_workflow)
  local ws, err = errors.try(command.workspace, args)
  if ws then return ws end
  local is_named = args.workspace_name or args.resource_group or args.subscription
  if is_workflow or is_named or err.code ~= "WorkspaceUnknown" then error(err, 0) end
  warning.give(("no workspace is set, so the job has none: %s must name what it works on"):format(
    screen.one_line(args.workflow)))
end

-- Return the variables that name the workspace.
local function environment_of(ws)
  return ws and {
    { name = "AZUREML_ARM_SUBSCRIPTION", value = ws.subscription_id },
    { name = "AZUREML_ARM_RESOURCEGROUP", value = ws.resource_group },
    { name = "AZUREML_ARM_WORKSPACE_NAME", value = ws.name },
  } or {}
end

local function name_of(word)
  return "azureml-" .. word:match "[^/]+$":gsub("%.lua$", ""):gsub("_", "-"):lower()
end

local function job_of(args, is_workflow)
  local host = package.loaded["azureml.host"]
  local job = {
    name = args.name or name_of(args.workflow), times = args.at,
    arguments = { table.unpack(args.arguments) },
    environment = environment_of(workspace_of(args, is_workflow)),
    timeout = args.limit or USUAL_LIMIT, client_id = args.client_id, tenant_id = args.tenant,
    image = args.image, namespace = args.namespace, release = args.release, sha256 = args.sha256,
    program = host and host.program,
    reports = { prometheus = args.prometheus, summary = args.summary },
  }
  if is_workflow then
    table.move({ "run", args.workflow, table.unpack(args.arguments) }, 1, #args.arguments + 2, 1,
      job.arguments)
  else
    job.script = script_of(args.workflow)
  end
  return job
end

local function save(path, text)
  local existing = io.open(path)
  if existing then
    existing:close()
    errors.raise { code = "OutputFailed",
      message = ("'%s' exists: it is not replaced"):format(path),
      hint = "remove it first, or give another --name or directory" }
  end
  local file, reason = io.open(path, "w")
  local is_written = file
  if file then is_written, reason = file:write(text) end
  if file then
    local is_closed, why = file:close()
    if is_written and not is_closed then is_written, reason = nil, why end
  end
  if is_written then return end
  errors.raise { code = "OutputFailed", message = ("'%s' is not written: %s"):format(path, reason) }
end

--- Write or print the files of a job.
---@param args table             the options of `azureml run`
---@param is_workflow boolean     false: args.workflow is the path of a script
function scheduled.write(args, is_workflow)
  local files = engine.files(args.as, job_of(args, is_workflow))
  for i, file in ipairs(files) do
    if args.into then
      local path = args.into .. "/" .. file.name
      save(path, file.text)
      print(path)
    else
      local head = #files > 1 and ("# %s\n"):format(file.name) or ""
      print(head .. file.text:gsub("\n$", i < #files and "\n" or ""))
    end
  end
end

return scheduled
