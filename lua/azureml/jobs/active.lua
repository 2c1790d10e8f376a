--- The jobs that wait and run now in a workspace, by the names of their computes: what a stop would
--- end. A single request reads the newest page of the list: a job that was submitted before all of
--- that page is not seen.
local job = require "azureml.jobs.job"
local json = require "azureml.json"
local resource = require "azureml.resource"
local status = require "azureml.jobs.status"

local active = {}

local LIST = { method = "GET", path = "jobs" }

---@class azureml.ActiveJobs      of one compute
---@field running string[]        names, the newest first
---@field waiting string[]

--- Send the request now. The caller waits for its answer with `read`, and closes it.
---@param workspace azureml.Workspace
---@param timeout number?      seconds
---@return azureml.Asked
function active.ask(workspace, timeout)
  local label = "list the jobs of " .. workspace.name
  return resource.ask(workspace, LIST, {}, { label = label, timeout = timeout })
end

local function add(found, workspace, raw)
  if type(raw) ~= "table" then return end
  local item = job.new(workspace, raw)
  local compute, state = item.compute, item.status
  if not compute or not status.is_active(state) then return end
  local key = compute:lower()
  found[key] = found[key] or { running = {}, waiting = {} }
  local list = status.is_running(state) and found[key].running or found[key].waiting
  list[#list + 1] = tostring(item.name)
end

--- Wait for the answer, and sort the jobs.
---@param workspace azureml.Workspace
---@param asked azureml.Asked
---@return table<string, azureml.ActiveJobs>      by the compute's name in lower case
---@return boolean has_older      the workspace has older jobs, which were not read
---@raise an error object if the list is refused
function active.read(workspace, asked)
  local page, found = asked:wait(), {}
  local list = json.get(page, "value")
  for _, raw in ipairs(type(list) == "table" and list or {}) do add(found, workspace, raw) end
  return found, json.get(page, "nextLink") ~= nil
end

return active
