--- Record what the clients of this process send and receive, for a report of a bug: a file with a
--- line of JSON for each attempt of a request, which `azureml emulator --replay` serves to any
--- client. It holds no header of a request, no token and no key, and placeholders for what else
--- could be secret (redaction.lua). Requests for tokens, and those to the emulator itself, are left
--- out. It does hold the names and ids of resources.
local core = require "azureml.core"
local errors = require "azureml.error"
local json = require "azureml.json"
local redaction = require "azureml.tool.redaction"
local task = require "azureml.task"

local recording = {}

--- The first line of a file.
recording.HEADER = { azureml = "recording", version = 1 }

-- The headers of replies that are recorded: those that a client reads, and those that name the
-- request at the service.
local HEADERS = {
  ["content-type"] = true, ["azure-asyncoperation"] = true, ["location"] = true,
  ["retry-after"] = true, ["retry-after-ms"] = true, ["www-authenticate"] = true,
  ["x-ms-request-id"] = true, ["x-ms-correlation-request-id"] = true,
  ["x-ms-failure-cause"] = true, ["x-ms-error-code"] = true,
}
local PARTIAL = 206      -- the status of an answer that is a part of a file
local BUDGET = "^x%-ms%-ratelimit%-remaining%-"

local function headers_of(hide, lines)
  local headers = {}
  for name, value in (lines or ""):gmatch "([^\n:]+):%s*([^\n]*)\n" do
    name = name:lower()
    if HEADERS[name] or name:find(BUDGET) then headers[name] = hide:text(value) end
  end
  return headers
end

-- What a recording has in place of the bytes of files and logs: they are the user's.
local HIDDEN = "hidden"

-- Return a body as a value of JSON; or nil and the text, if it is not JSON. A part of a file, and
-- what a service sends as anything but JSON, is a user's file or a log.
local function body_of(hide, text, url, status)
  if not text or text == "" then return nil end
  local is_part = status == PARTIAL or url:find("/files/", 1, true)
  local value = not is_part and json.decode_exact(text)
  if type(value) == "table" then return hide:value(value) end
  local is_file = status ~= nil and status >= 200 and status < 300
  return nil, is_file and HIDDEN or hide:text(text)
end

-- Hide the bytes of a file of an instance, which Jupyter has in JSON.
local function hide_content(url, body)
  local path = url:match "^%a+://[^/]*([^?]*)" or ""
  if not path:find("/api/contents/", 1, true) then return end
  if type(body) == "table" and type(body.content) == "string" then body.content = HIDDEN end
end

--- Make the record of an exchange, without secrets.
---@param hide table      a result of redaction.new
---@param seen table      as core.seen returns it for the recorder
---@return table
function recording.exchange(hide, seen)
  local body, text = body_of(hide, seen.body, seen.url, seen.status)
  local sent = body_of(hide, seen.sent, seen.url)
  hide_content(seen.url, body)
  hide_content(seen.url, sent)
  return {
    event = seen.event, method = seen.method, url = hide:url(seen.url), attempt = seen.attempt,
    sent = sent, status = seen.status, seconds = seen.seconds,
    error = seen.error, headers = headers_of(hide, seen.headers), body = body, text = text,
  }
end

-- Requests to the emulator itself are not the service's, and their replies hold its secrets.
local function is_own(url)
  return url:match "^https?://[^/]*(/[^/?]*)" == "/emulator"
end

local function fail(path, reason)
  errors.raise {
    code = "RecordingFailed",
    message = ("the recording cannot be written to %s: %s"):format(path, reason),
  }
end

-- Open the file, emptied. A file with other content than a recording is left alone.
local function open(path)
  local file, why = core.state_file(path)
  if not file then fail(path, (why:gsub("another emulator", "another process"))) end
  local text = file:text() or ""
  local header = json.decode(text:match "^[^\n]*")
  if text ~= "" and json.get(header, "azureml") ~= recording.HEADER.azureml then
    fail(path, "it holds something else: choose another file, or remove it")
  end
  local ok, reason = file:rewrite(json.encode(recording.HEADER) .. "\n")
  if not ok then fail(path, reason) end
  return file
end

local recorder      -- the observer in use: the loop holds it weakly

--- Record from now on, into a file that only this user can read. An earlier recording in the file
--- is replaced. Each line is written whole and at once.
---@param path string
---@raise an error object `RecordingFailed` if the file cannot be used; later, from any wait, if a
---  line cannot be written
---@usage require("azureml.tool.recording").start "report.jsonl"
function recording.start(path)
  local file, hide = open(path), redaction.new()
  function recorder(seen)
    if is_own(seen.url) then return end
    local ok, reason = file:append(json.encode(recording.exchange(hide, seen)) .. "\n")
    if not ok then
      recording.stop()
      fail(path, reason)
    end
  end
  core.record(task.observe(recorder))
end

--- Stop the recording. The file is complete.
function recording.stop()
  core.record(0)
  recorder = nil
end

return recording
