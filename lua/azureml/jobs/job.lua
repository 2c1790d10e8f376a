--- A job, as the service last described it: typed fields over the service's reply, and what can be
--- done with it. Source: spec/contract/compute-rest.md, section 13.
local duration = require "azureml.definition.duration"
local errors = require "azureml.error"
local history = require "azureml.tool.later" "azureml.jobs.history"
local json = require "azureml.json"
local logs = require "azureml.tool.later" "azureml.jobs.logs"
local options = require "azureml.options"
local status = require "azureml.jobs.status"
local tables = require "azureml.tool.tables"

--- A job, as the service described it at the last request.
---@class azureml.Job
---@field name string  its name
---@field id string                    the ARM id
---@field status string                "Queued", "Running", "Completed", "Failed" and so on
---@field type string                  "Command"; a list has jobs of all types
---@field display_name string?  what people call it
---@field description string?  a text for people
---@field experiment_name string?  of its experiment
---@field command string?  what runs
---@field environment string?          "sklearn:3", or the id of an environment of a registry
---@field environment_id string?       as the service has it
---@field compute string?              the name of the compute that it runs on
---@field compute_id string?           the ARM id of that compute
---@field environment_variables table<string, string>     what its command sees; never nil
---@field inputs table                 as the service sends them; never nil
---@field outputs table                as the service sends them; never nil
---@field tags table<string, string>   texts by name; never nil
---@field properties table<string, string>     texts by name, of the service; never nil
---@field timeout integer?             seconds after which the service cancels it
---@field created_on string?           ISO 8601
---@field created_by string?  the name of a user
---@field studio_url string?           its page in the studio
---@field parent string?               the name of the job that it is a part of
---@field is_archived boolean  a list leaves it out
---@field workspace azureml.Workspace  the workspace that has it
---@field raw table  the decoded reply, including members without a field here; null is cjson.null
local Job = {}

local job = {}

local outer = json.getter

local function inner(...)
  return outer("properties", ...)
end

-- Return a function that reads a member which holds texts by name.
local function map_of(name)
  local member = inner(name)
  return function(raw)
    local value = json.without_nulls(member(raw))
    return type(value) == "table" and value or {}
  end
end

local getters = {
  name = outer "name",
  id = outer "id",
  status = inner "status",
  type = inner "jobType",
  display_name = inner "displayName",
  description = inner "description",
  experiment_name = inner "experimentName",
  command = inner "command",
  environment_id = inner "environmentId",
  compute_id = inner "computeId",
  environment_variables = map_of "environmentVariables",
  inputs = map_of "inputs",
  outputs = map_of "outputs",
  tags = map_of "tags",
  properties = map_of "properties",
  created_on = outer("systemData", "createdAt"),
  created_by = outer("systemData", "createdBy"),
  studio_url = inner("services", "Studio", "endpoint"),
  parent = inner "parentJobName",
}

function getters.environment(raw)
  local id = getters.environment_id(raw)
  if type(id) ~= "string" then return nil end
  local name, version = id:match "/workspaces/[^/]+/environments/([^/]+)/versions/([^/]+)$"
  if name then return name .. ":" .. version end
  return (id:gsub("^azureml:([^/])", "%1"))
end

function getters.compute(raw)
  local id = getters.compute_id(raw)
  return type(id) == "string" and id:match "([^/]+)/*$" or nil
end

local limit = inner("limits", "timeout")

function getters.timeout(raw)
  local text = limit(raw)
  return type(text) == "string" and duration.seconds(text) or nil
end

local archived = inner "isArchived"

function getters.is_archived(raw)
  return archived(raw) == true
end

local metatable = { __name = "azureml.Job" }

-- Refuse a mistyped field: it would read as nil, which looks like an absent value.
function metatable.__index(self, name)
  local getter = getters[name]
  if getter then return getter(rawget(self, "raw")) end
  local method = Job[name]
  if method or name == "workspace" or name == "raw" then return method end
  errors.mistake("a job has no field '%s' (known: %s)", tostring(name),
    table.concat(tables.keys(getters), ", "))
end

function metatable.__newindex(_, name)
  errors.mistake("the field '%s' of a job cannot be set", tostring(name))
end

function metatable.__tostring(self)
  return ("%s: %s, on %s"):format(self.name, tostring(self.status), tostring(self.compute))
end

--- Return the fields of a job as a table, for the prompt and for commands.
---@param self azureml.Job
---@return table
function job.summary(self)
  local summary = {}
  for name, getter in pairs(getters) do summary[name] = getter(self.raw) end
  return summary
end

--- Iterate over the fields that have a value.
function metatable.__pairs(self)
  return next, job.summary(self), nil
end

metatable.__render, metatable.__json = job.summary, job.summary
metatable.__methods, metatable.__fields = Job, getters      -- for completion at the prompt

--- The functions that read the fields, by name.
---@type table<string, function>
job.fields = getters

--- Make a job from a reply.
---@param workspace azureml.Workspace
---@param raw table          the decoded reply
---@return azureml.Job
function job.new(workspace, raw)
  return setmetatable({ workspace = workspace, raw = raw }, metatable)
end

--- Tell whether a value is a job of this package.
---@param value any
---@return boolean
function job.is_one(value)
  return getmetatable(value) == metatable
end

--- Tell whether the job has ended: completed, failed or canceled.
---@return boolean
function Job:is_over()
  return status.is_over(self.status)
end

--- Get the job from the service again and update its fields.
---@return azureml.Job       the same object
---@raise an error object `JobNotFound` if it no longer exists
function Job:refresh()
  self.raw = self.workspace.jobs:get(self.name).raw
  return self
end

--- Return what the run history knows of the job: when it ran, why it failed, where its logs are.
---@return azureml.JobDetails
---@raise an error object if the run history refuses the request
---@usage print(job:details().started_on)
function Job:details()
  return history.details(self.workspace, self.name)
end

--- List the logs that the job has written, by name.
---@return azureml.Log[]      each with name, read(), each(f) and follow(f); empty before it runs
---@raise an error object if the run history refuses the request
---@usage for _, log in ipairs(job:logs()) do print(log.name, log:read { tail = 5 }) end
function Job:logs()
  return logs.of(self)
end

--- Return a log of the job, also before the job has written it.
---@param name? string        default: user_logs/std_log.txt, which has what the command prints
---@return azureml.Log
---@usage job:log():follow(io.write)
function Job:log(name)
  return logs.named(self, name)
end

--- Cancel the job: see azureml.Jobs.cancel.
---@return azureml.Job       the same object, refreshed
function Job:cancel()
  return self.workspace.jobs:cancel(self)
end

--- Wait until the job has ended: see azureml.Jobs.wait.
---@param settings? azureml.JobWaitOptions
---@return azureml.Job       the same object, refreshed
---@usage ws.jobs:submit { command = "python train.py", environment = "sklearn:3",
---    compute = "ci-ann" }:wait()
function Job:wait(settings)
  return self.workspace.jobs:wait(self, settings)
end

options.check_colon(Job, metatable, "job")

return job
