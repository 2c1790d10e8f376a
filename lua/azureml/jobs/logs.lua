--- Find what a job has written: its log files, which the run history names. Each lies in the
--- workspace's storage account, at a signed URL that opens it without a token.
--- Source: spec/contract/compute-rest.md, section 13.
local client = require "azureml.client"
local cloud = require "azureml.cloud"
local config = require "azureml.config"
local core = require "azureml.core"
local errors = require "azureml.error"
local history = require "azureml.jobs.history"
local log = require "azureml.look.log"
local tables = require "azureml.tool.tables"

---@class azureml.JobLogs                what reads the logs of a job
---@field workspace azureml.Workspace
---@field job string                      its name
---@field files table<string, string>     name -> URL, as the run history told last
---@field has_ended boolean?

local logs = {}

-- The log that has what a command prints, and the patterns of its names, the newest form first.
local MAIN = "user_logs/std_log.txt"
local PATTERNS = { "^user_logs/std_log", "^azureml%-logs/70_driver_log", "^user_logs/" }

-- The storage -------------------------------------------------------------------------------------

local function is_below(host, suffix)
  return suffix and host:sub(-#suffix) == suffix and host:find "^%w[%w.-]*$" ~= nil
end

-- Split the URL of a log into origin and the rest. Only the cloud's storage is asked, or the
-- emulator in use. The URL is a secret: no error shows it.
local function split(workspace, name, url)
  local origin, host, target = url:match "^(https?://([%w.:%[%]-]+))(/[!-~]*)$"
  local endpoint = workspace:client():endpoint()
  local settings, world = workspace.settings, config.emulator()
  if origin and core.is_loopback(endpoint) and core.is_loopback(origin) then
    return origin, target, world and world.ca_file
  end
  local suffix = cloud.of(settings.cloud or world and cloud.default).storage_suffix
  if origin and origin:find "^https:" and is_below(host:lower(), suffix) then
    return origin, target
  end
  errors.raise {
    code = "LogUnsafe",
    message = ("the run history says that the log %s is on the host '%s', which is no storage of "
      .. "the cloud: it is not read"):format(name, (host or "?"):sub(1, 100)),
    hint = suffix and "storage accounts are https and end in " .. suffix
      or "name the end of the storage accounts' hosts in the field 'storage_suffix' of the custom "
      .. "cloud",
  }
end

-- Return the client of a log's origin. It sends no token.
local function client_of(self, origin, ca_file)
  if self.origin ~= origin then
    if self.opened then self.opened:close() end
    local settings = self.workspace.settings
    self.origin, self.opened = origin, client.new {
      endpoint = origin, timeout = settings.timeout, proxy = settings.proxy,
      ca_file = settings.ca_file or ca_file, on_reply = settings.on_reply,
    }
  end
  return self.opened
end

-- Reading -----------------------------------------------------------------------------------------

-- Ask the run history which logs there are.
local function look(self)
  self.files = history.details(self.workspace, self.job).log_files
end

-- Return the length of a log from the header Content-Range: "bytes 0-99/1234".
local function total_of(headers)
  local total = (headers["content-range"] or ""):match "/(%d+)$"
  return math.tointeger(tonumber(total))
end

local function get(self, name, first, last)
  local origin, target, ca_file = split(self.workspace, name, self.files[name])
  return client_of(self, origin, ca_file):request {
    path = target, label = ("read the log %s of %s"):format(name, self.job),
    headers = { Range = ("bytes=%d-%d"):format(first, last) },
  }
end

local BEHIND_THE_END, SIGNATURE_IS_OLD, MISSING = 416, 403, 404

-- Return the answer to a request for a range; nil if there are no such bytes.
local function ask(self, name, first, last)
  if not self.files[name] then look(self) end
  if not self.files[name] then return nil end
  local reply, err = errors.try(get, self, name, first, last)
  if err and err.status == SIGNATURE_IS_OLD then
    look(self)
    if self.files[name] then reply, err = errors.try(get, self, name, first, last) end
  end
  local is_early = err and err.status == MISSING and not self.has_ended
  if err and err.status ~= BEHIND_THE_END and not is_early then errors.raise(err) end
  return reply
end

-- Return the bytes of a range and how many there are. A server that knows no ranges sends all.
local function read(self, name, first, last)
  local reply = ask(self, name, first, last)
  if not reply then return "" end
  if reply.status == 206 then return reply.body, total_of(reply.headers) end
  return reply.body:sub(first + 1, last + 1), #reply.body
end

local function is_over(self)
  self.has_ended = self.has_ended or self.workspace.jobs:get(self.job):is_over()
  return self.has_ended
end

-- The logs of a job -------------------------------------------------------------------------------

local function reader_of(job)
  return {
    workspace = job.workspace, job = job.name, files = {}, has_ended = job:is_over(),
  }
end

local function log_of(self, name)
  return log.new({ name = name }, {
    read = function(first, last) return read(self, name, first, last) end,
    is_over = function() return is_over(self) end,
  })
end

--- List the logs that a job has written, by name.
---@param job azureml.Job
---@return azureml.Log[]      empty before the job runs
---@raise an error object if the run history refuses the request
---@usage for _, log in ipairs(job:logs()) do print(log.name, log:read { tail = 5 }) end
function logs.of(job)
  local self, list = reader_of(job), {}
  look(self)
  for i, name in ipairs(tables.keys(self.files)) do list[i] = log_of(self, name) end
  return list
end

--- Return a log of a job, also before the job has written it.
---@param job azureml.Job
---@param name? string        default: user_logs/std_log.txt, which has what the command prints
---@return azureml.Log
---@usage job:log():follow(io.write)
function logs.named(job, name)
  return log_of(reader_of(job), name or MAIN)
end

--- Choose the logs that have what the command of a job has printed.
---@param list azureml.Log[]
---@return azureml.Log[]
function logs.main(list)
  for _, pattern in ipairs(PATTERNS) do
    local chosen = {}
    for _, item in ipairs(list) do
      if item.name:find(pattern) then chosen[#chosen + 1] = item end
    end
    if #chosen > 0 then return chosen end
  end
  return list
end

return logs
