--- What runs on an instance, for the page of its details: jobs, the logs of scripts and jobs, the
--- load. Source: spec/contract/studio.md, section 3.
local active = require "azureml.jobs.active"
local json = require "azureml.json"
local options = require "azureml.options"

local work = {}

local MOST_JOBS = 25             -- that have ended
local LINES = 400                -- of a log
local MOST_TEXT = 256 * 1024     -- bytes of a log

local function job_row(job)
  return {
    name = job.name, title = job.display_name or job.name, status = job.status,
    command = job.command, experiment = job.experiment_name, created_on = job.created_on,
    is_over = job:is_over(),
  }
end

local function rows_of(list)
  local rows = json.array {}
  for index, job in ipairs(list) do rows[index] = job_row(job) end
  return rows
end

-- Return the newest jobs of an instance that have ended.
local function ended_jobs(vm)
  local rows = json.array {}
  for job in vm.workspace.jobs:list { compute = vm } do
    if job:is_over() then rows[#rows + 1] = job_row(job) end
    if #rows == MOST_JOBS then break end
  end
  return rows
end

--- List the jobs of an instance: those that run, those that wait, and the newest that have ended.
---@param vm azureml.Instance
---@return table
function work.jobs(vm)
  local queue = vm:queue()
  return {
    slots = queue.slots, running = rows_of(queue.running), waiting = rows_of(queue.waiting),
    ended = ended_jobs(vm),
  }
end

--- List the jobs that a stop of instances would end.
---@param workspace azureml.Workspace
---@param names string[]      of the instances
---@return string[]           "name of the job on name of the instance"
function work.ending(workspace, names)
  local asked <close> = active.ask(workspace)
  local found, list = active.read(workspace, asked), json.array {}
  for _, name in ipairs(names) do
    for _, job in ipairs((found[name:lower()] or {}).running or {}) do
      list[#list + 1] = ("%s on %s"):format(job, name)
    end
  end
  return list
end

-- Return the end of a log, in UTF-8.
local function text_of(log)
  local text = log:read { tail = LINES }
  text = text:sub(-MOST_TEXT):gsub("[\x80-\xbf]*", "", 1)
  if not utf8.len(text) then text = text:gsub("[\x80-\xff]", "?") end
  return { name = log.name, text = text, size = log.size }
end

local function log_rows(list)
  local rows = json.array {}
  for index, log in ipairs(list) do
    rows[index] = { name = log.name, size = log.size, modified = log.modified }
  end
  return rows
end

local function find_log(list, name)
  for _, log in ipairs(list) do
    if log.name == name then return log end
  end
  options.refuse("there is no log '%s'", tostring(name))
end

--- List the logs of an instance's setup scripts, or of a job.
---@param source azureml.Instance|azureml.Job
---@return table
function work.logs(source)
  return { logs = log_rows(source:logs()) }
end

--- Return the end of a log.
---@param source azureml.Instance|azureml.Job
---@param name string         of the log
---@return table
function work.log(source, name)
  return text_of(find_log(source:logs(), name))
end

--- Read the load, the memory, the disks and the GPUs of an instance that runs.
---@param vm azureml.Instance
---@return table
function work.metrics(vm)
  local found = vm:metrics()
  return {
    cores = found.cores, load = found.load_1, uptime = found.uptime, memory = found.memory,
    disks = json.array(found.disks), gpus = json.array(found.gpus),
    notes = json.array(found.notes),
  }
end

return work
