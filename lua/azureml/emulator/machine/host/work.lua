--- Run setup scripts and jobs on the computer of an instance, and keep their output as the service
--- does: the logs of scripts on the file share, the log of a job beside the workspace's other logs,
--- where it outlives the instance.
--- Source: spec/contract/compute-rest.md, sections 9.3 and 13.
local clock = require "azureml.emulator.clock"
local command = require "azureml.emulator.jobs.command"
local core = require "azureml.core"
local crypto = core.crypto
local errors = require "azureml.error"
local iso8601 = require "azureml.emulator.iso8601"
local process = require "azureml.tool.process"

local work = {}

local SHELL = "/bin/bash"
local GRACE = 5      -- seconds from SIGTERM to SIGKILL

-- Start a program on a computer. `ended` gets its exit code; nil after its time was over. Daemons
-- that it started go on until the computer is turned off.
local function start(self, key, settings, ended)
  local running = process.start {
    argv = settings.argv, environment = self.place:environment(settings.environment),
    directory = settings.directory, output = settings.log, errors = settings.log,
    kept = true, grace = GRACE, limit = settings.timeout,
    on_end = function(program) ended(not program.is_overdue and program.status or nil) end,
    on_gone = function(program)
      program:close()
      self:keep(key, nil)
    end,
  }
  self:keep(key, running)
  return running
end

-- Setup scripts -----------------------------------------------------------------------------------

local DEFAULT_TIMEOUT = "15m"

local function failed(reason, ...)
  return { code = "SetupScriptsError", message = reason:format(...) }
end

-- Return the path of a script's file and the directory in which it runs; nil if it does not exist.
local function find_script(place, record, name)
  local users = place.share .. "/Users"
  if record.source == "inline" then
    local text = crypto.from_base64((record.data:gsub("%s", "")))
    assert(core.write_private(place.etc, name .. "_script", text))
    return place.etc .. "/" .. name .. "_script", users
  end
  local within = record.data:gsub("^/+", "")
  if ("/" .. within .. "/"):find "/%.%./" then return nil end
  local path = place.share .. "/" .. within
  local file = io.open(path)
  if not file then return nil end
  file:close()
  return path, path:match "^(.*)/"
end

local function environment_of(compute, place)
  local workspace = compute.workspace
  return {
    CI_RESOURCE_GROUP = workspace.group.name, CI_WORKSPACE = workspace.name,
    CI_NAME = compute.name, CI_LOCAL_UBUNTU_USER = place.user,
  }
end

local function run_script(self, name, done)
  local compute, place = self.compute, self.place
  local record = compute.scripts[name]
  local path, directory = find_script(place, record, name)
  if not path then return done(failed "User specified setup script file not found.") end
  local logs = ("%s/Logs/%s"):format(place.share, compute.name)
  assert(core.make_private(logs))
  local timeout = record.timeout or DEFAULT_TIMEOUT
  start(self, name, {
    argv = { SHELL, "-c", SHELL .. ' "$0" ' .. (record.arguments or ""), path },
    environment = environment_of(compute, place),
    directory = directory,
    log = ("%s/%s_script_%s.log"):format(logs, name, os.date "!%Y%m%dT%H%M%S"),
    timeout = clock.seconds(timeout),
  }, function(code)
    if not code then return done(failed("The %s script did not end within %s.", name, timeout)) end
    if code == 0 then return done(nil) end
    done(failed("The %s script ended with exit code %d.", name, code))
  end)
end

--- Run the setup scripts of an instance, one after the other; stop at the first failure.
---@param self azureml.emulator.Computer
---@param names string[]      "creation", "startup"
---@param done fun(fault: { code: string, message: string }?)
function work.set_up(self, names, done)
  local index = 0
  local function next_script(fault)
    index = index + 1
    local name = names[index]
    if fault or not name then return done(fault) end
    if not (self.compute.scripts or {})[name] then return next_script() end
    local ok, raised = pcall(run_script, self, name, next_script)
    if not ok then
      if errors.is_interrupted(raised) then error(raised, 0) end
      done(failed("The %s script cannot run: %s", name, tostring(raised)))
    end
  end
  next_script()
end

-- Jobs --------------------------------------------------------------------------------------------

local LONGEST = 365 * 86400      -- seconds of a timer: no job of an emulator runs longer

local function timeout_of(properties)
  local limits = properties.limits
  local seconds = type(limits) == "table" and limits.timeout and iso8601.seconds(limits.timeout)
  return seconds and math.min(seconds, LONGEST) or nil
end

local function variables_of(job)
  local variables = { AZUREML_RUN_ID = job.name }
  for name, value in pairs(job.properties.environmentVariables or {}) do
    if type(value) == "string" and name:find "^[%a_][%w_]*$" then variables[name] = value end
  end
  return variables
end

-- Make a directory for each output of a job. Return their paths by name.
local function make_outputs(job, directory)
  local paths = {}
  for name in pairs(job.properties.outputs or {}) do
    paths[name] = ("%s/outputs/%s"):format(directory, (name:gsub("/", "_")))
    assert(core.make_private(paths[name]))
  end
  return paths
end

-- Make the directory in which a job runs. Its logs lie elsewhere: a link leads there.
local function make_directory(self, job)
  local directory = ("%s/%d-%s"):format(self.place.jobs, job.number, job.name)
  local log = self.host:log_of(self.compute.workspace, job)
  local logs = log:match "^(.*)/"
  assert(core.make_private(directory))
  assert(core.make_private(logs))
  core.link(logs, directory .. "/user_logs")
  return directory, log
end

-- Return how a job has ended, by its exit code; nil: its time was over.
local function end_of(code)
  if not code then return "Canceled", { reason = "timeout" } end
  if code == 0 then return "Completed", { exit_code = 0 } end
  return "Failed", { reason = "exit", exit_code = code }
end

--- Run a job.
---@param self azureml.emulator.Computer
---@param job table                     the job's record
---@param done fun(status: string, facts: table)      its status at the end, and what has led to it
---@return table running                with stop()
function work.run_job(self, job, done)
  local directory, log = make_directory(self, job)
  return start(self, job, {
    argv = { SHELL, "-c", command.of(job.properties, make_outputs(job, directory)) },
    environment = variables_of(job),
    directory = directory,
    log = log,
    timeout = timeout_of(job.properties),
  }, function(code) done(end_of(code)) end)
end

return work
