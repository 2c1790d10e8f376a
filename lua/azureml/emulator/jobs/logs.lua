--- Serve what a job has written: the file user_logs/std_log.txt, at a signed URL as the storage
--- account has it. Without a real computer behind the instance the text is read from the command,
--- as its duration is: what `echo` writes.
--- Source: spec/contract/compute-rest.md, section 13.
local command = require "azureml.emulator.jobs.command"
local core = require "azureml.core"
local inferred = require "azureml.emulator.inferred"
local jobs = require "azureml.emulator.jobs"
local script = require "azureml.emulator.machine.script"

local logs = {}

--- The path below which the emulator serves the storage accounts of its workspaces.
logs.PATH = "/blobs"

--- The name of a job's log.
logs.NAME = "user_logs/std_log.txt"

-- Seconds that a signed URL is good for: of the emulator's clock, and of real time at least.
local LIFETIME, LEAST_REAL_LIFE = 8 * 3600, 600

local MOST = 64 << 20          -- bytes of a log that one answer has
local LINE = 1024              -- bytes of a line that a message repeats

-- The URL -----------------------------------------------------------------------------------------

local function time_text(seconds)
  return os.date("!%Y-%m-%dT%H:%M:%SZ", math.floor(seconds))
end

-- Return the signature of a URL: it covers the time of its end.
local function signature_of(job, ends)
  local digest = core.crypto.sha256(job.signature .. "\n" .. job.name .. "\n" .. ends)
  return core.crypto.base64url(digest)
end

--- Return the URL of a job's log. It needs no token.
---@param request table
---@param job table
---@return string
function logs.url(request, job)
  local speed = request.world.clock.speed
  local ends = time_text(request.now + math.max(LIFETIME, LEAST_REAL_LIFE * speed))
  return ("%s%s/%s/azureml/ExperimentRun/dcid.%s/%s?sv=2019-07-07&sr=b&sig=%s&se=%s&sp=r"):format(
    request.origin, logs.PATH, request.workspace.id, job.name, logs.NAME,
    signature_of(job, ends), (ends:gsub(":", "%%3A")))
end

-- The text ----------------------------------------------------------------------------------------

-- Return the seconds that the command of a job has run.
local function time_run(request, job)
  local entry = jobs.entry_of(request, job)
  local began = entry and entry.began or job.began
  if not began then return nil end
  local until_now = math.min(job.ended or request.now, request.now)
  return until_now - began - inferred.durations.job_preparing
end

-- Read a file: its first bytes, or its last ones.
local function read(path, count, is_tail)
  local file = io.open(path, "rb")
  if not file then return nil end
  if is_tail then file:seek("set", math.max(0, file:seek "end" - count)) end
  local text = file:read(count)
  file:close()
  return text or ""
end

-- Return what a job has written so far; nil before it runs. `tail`: only so many bytes at its end.
local function text_of(request, job, tail)
  local host = request.world.host
  if host then
    return read(host:log_of(request.workspace, job), tail or MOST, tail ~= nil)
  end
  local seconds = time_run(request, job)
  if not seconds or seconds < 0 then return nil end
  local text = script.output(command.of(job.properties), seconds)
  return tail and text:sub(-tail) or text
end

--- Tell whether a job has a log: it runs, or has run.
---@param request table
---@param job table
---@return boolean
function logs.is_there(request, job)
  return text_of(request, job, 1) ~= nil
end

--- Return the last line that a job has written.
---@param request table
---@param job table
---@return string?      nil: there is none, or it is no text
function logs.last_line(request, job)
  local line = (text_of(request, job, LINE) or ""):match "([^\r\n]+)%s*$"
  return line and utf8.len(line) and not line:find "%c" and line or nil
end

-- Requests ----------------------------------------------------------------------------------------

local function refuse(status, code, message)
  return {
    status = status,
    body = ('<?xml version="1.0" encoding="utf-8"?><Error><Code>%s</Code><Message>%s</Message>'
      .. "</Error>"):format(code, message),
    headers = { ["Content-Type"] = "application/xml", ["x-ms-error-code"] = code },
  }
end

local function workspace_of(world, id)
  for _, workspace in pairs(world.records.workspace) do
    if workspace.id == id then return workspace end
  end
end

-- Return the part of a text that a Range header asks for, as a reply.
local function part_of(text, range)
  local headers = { ["Content-Type"] = "application/octet-stream", ["Accept-Ranges"] = "bytes" }
  local first, last = (range or ""):match "^bytes=(%d+)%-(%d*)$"
  if not first then return { status = 200, body = text, headers = headers } end
  first = math.tointeger(tonumber(first))
  last = math.tointeger(tonumber(last)) or #text - 1
  if not first or first >= #text or last < first then
    return refuse(416, "InvalidRange", "The range specified is invalid for the current size of "
      .. "the resource.")
  end
  last = math.min(last, #text - 1)
  headers["Content-Range"] = ("bytes %d-%d/%d"):format(first, last, #text)
  return { status = 206, body = text:sub(first + 1, last + 1), headers = headers }
end

--- Tell whether a path is a storage account's.
---@param segments string[]
---@return boolean
function logs.concerns(segments)
  return (segments[1] or ""):lower() == logs.PATH:sub(2)
end

--- Answer a request for a log.
---@param emulator table
---@param received table      the request as it came by HTTP
---@param segments string[]
---@param query table<string, string>
---@return table reply
function logs.answer(emulator, received, segments, query)
  if received.method ~= "GET" and received.method ~= "HEAD" then
    return refuse(405, "UnsupportedHttpVerb", "The resource doesn't support this verb.")
  end
  local workspace = workspace_of(emulator.world, segments[2])
  local name = (segments[5] or ""):match "^dcid%.(.+)$"
  local job = workspace and name and emulator.world:job(workspace, name)
  local is_signed = job and query.se and query.sig == signature_of(job, query.se)
  local now = emulator.clock:now()
  if not is_signed or query.se < time_text(now) then
    return refuse(403, "AuthenticationFailed", "Server failed to authenticate the request. Make "
      .. "sure the value of the Authorization header is formed correctly including the signature.")
  end
  local request = { world = emulator.world, workspace = workspace, now = now }
  local is_log = table.concat(segments, "/", 6) == logs.NAME
  local text = is_log and text_of(request, job)
  if not text then return refuse(404, "BlobNotFound", "The specified blob does not exist.") end
  return part_of(text, received.headers["x-ms-range"] or received.headers.range)
end

return logs
