--- A list of jobs: an iterator with filters. It reads page by page and never ends early.
local errors = require "azureml.error"
local options = require "azureml.options"
local single_pass = require "azureml.tool.single_pass"
local status = require "azureml.jobs.status"

--- A list of jobs: an iterator, read page by page.
---@class azureml.JobList
---@operator call: azureml.Job?
---@overload fun(): azureml.Job?
local List = {}
local metatable = { __name = "azureml.JobList", __methods = List }

local list = {}

--- Which jobs: all filters must hold.
---@class azureml.JobListOptions
---@field compute? azureml.InstanceName|azureml.Instance  where they run
---@field status? string|string[]  "Running" and so on; "Active": those that wait or run
---@field type? string  "Command"
---@field tags? table<string, string>  they have all these tags
---@field experiment_name? string  of their experiment
---@field archived? boolean  those that were archived, in place of the others

local KNOWN = {
  compute = "any", status = "any", type = "string", tags = "table", experiment_name = "string",
  archived = "boolean",
}

local function has_tags(job, wanted)
  local tags = job.tags
  for name, value in pairs(wanted) do
    if tags[name] ~= value then return false end
  end
  return true
end

-- Tell whether two texts are the same name: the service compares names without case.
local function is_same(a, b)
  return a ~= nil and a:lower() == b:lower()
end

local function has_status(job, wanted)
  return wanted[job.status] or wanted[status.ACTIVE] and status.is_active(job.status)
end

local passes_filter = {
  compute = function(job, name) return is_same(job.compute, name) end,
  status = has_status,
  type = function(job, name) return is_same(job.type, name) end,
  tags = has_tags,
  experiment_name = function(job, name) return is_same(job.experiment_name, name) end,
}

-- Return the statuses that a filter names, as a set.
local function statuses_of(wanted)
  local words = type(wanted) == "string" and { wanted } or wanted
  if type(words) ~= "table" then
    errors.mistake("list: option 'status' must be a string or a list of strings, not %s",
      type(wanted))
  end
  local set = {}
  for _, word in ipairs(words) do
    local name = type(word) == "string" and status.canonical(word)
    if not name then
      options.refuse("list: there is no status '%s'; the statuses are %s, %s",
        tostring(word):sub(1, 60), status.ACTIVE, table.concat(status.names, ", "))
    end
    set[name] = true
  end
  if next(set) == nil then
    errors.mistake "list: option 'status' is empty: say which, or leave it out"
  end
  return set
end

-- Return the name of a compute that is told by its name, by its ARM id or as an instance.
local function compute_of(value)
  local name = type(value) == "table" and value.name or value
  if type(name) ~= "string" or name == "" then
    errors.mistake "list: option 'compute' must be the name of a compute, or an instance"
  end
  return name:match "([^/]+)/*$" or name
end

--- Check filters and make them canonical.
---@param wanted? azureml.JobListOptions
---@return table filters
---@raise a mistake for an unknown filter; an error object `InvalidArgument` for an unknown status
function list.check(wanted)
  wanted = options.check("list", wanted, KNOWN)
  local filters = {}
  for name, value in pairs(wanted) do filters[name] = value end
  if wanted.status ~= nil then filters.status = statuses_of(wanted.status) end
  if wanted.compute ~= nil then filters.compute = compute_of(wanted.compute) end
  filters.archived = nil
  return filters
end

--- Make a list of the jobs of an iterator that pass every filter.
---@param next_job fun(): azureml.Job?
---@param filters table           as `list.check` returns them
---@return azureml.JobList
function list.new(next_job, filters)
  return setmetatable({ next_job = next_job, filters = filters }, metatable)
end

local function passes(job, filters)
  for name, value in pairs(filters) do
    if not passes_filter[name](job, value) then return false end
  end
  return true
end

function metatable:__call()
  for job in self.next_job do
    if passes(job, self.filters) then return job end
  end
end

--- Read the rest of the list into a sequence.
---@return azureml.Job[]
function List:all()
  local all = {}
  for job in self do all[#all + 1] = job end
  return all
end

single_pass.add_to(metatable, List, "jobs", "job")
options.check_colon(List, metatable, "list")

return list
