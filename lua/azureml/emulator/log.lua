--- Format the log line of a request: its time, what was asked and the result. Queries, headers and
--- bodies are left out because they hold secrets. The command prints the lines (cli/emulator.lua).
local core = require "azureml.core"
local json = require "azureml.json"

local log = {}

local VERBS = { PUT = "create", DELETE = "delete", GET = "look at", PATCH = "change" }

-- Describe a request on a compute, or one of its verbs; nil for other paths.
local function describe_compute(method, path)
  local name, rest = path:match "/[cC]omputes/([^/]+)/?([^/]*)$"
  if not name then return nil end
  if rest ~= "" then return rest .. " " .. name end
  return VERBS[method] and VERBS[method] .. " " .. name
end

local function is_token_path(path)
  return path:lower():find "/oauth2/v?2?%.?0?/?token$"
end

local function describe(request, response, path)
  if response.fault then return "fault: " .. response.fault end
  if response.status == nil then return "left unanswered" end
  if response.status < 400 then
    return describe_compute(request.method, path) or is_token_path(path) and "a token" or ""
  end
  local refused = json.decode(response.body or "")
  return json.get(refused, "error", "code") or json.get(refused, "error") or ""
end

-- Replace the bytes of a path or method that are not printable.
local function printable(text)
  return (text:gsub("[^\x21-\x7e]", "?"))
end

local LONGEST, LONGEST_METHOD = 200, 32

-- Shorten a path: replace the part that all paths of this emulator share by "...", also behind the
-- prefix of the data plane.
local function short(path, own)
  local first, last = path:lower():find(own or "\n", 1, true)
  local is_ours = first == 1 or first and path:sub(1, first - 1):lower() == "/rp/workspaces"
  if is_ours then path = path:sub(1, first - 1) .. "..." .. path:sub(last + 1) end
  return #path > LONGEST and path:sub(1, LONGEST) .. "..." or path
end

--- Return the line of a request.
---@param request table
---@param response table        without status: the request was left unanswered
---@param seconds number        the time that the answer took
---@param own string?           in lower case: a prefix of paths that is left out
---@param time string?          "12:01:33"
---@return string
function log.line(request, response, seconds, own, time)
  local path = request.target:match "^[^?]*":gsub("^//+", "/")
  if path:find "://" then path = core.redacted(path) end
  local description = describe(request, response, path)
  local method = printable(request.method):sub(1, LONGEST_METHOD)
  local line = ("%s %-6s %s %s %.1f ms"):format(time or os.date "%H:%M:%S", method,
    short(printable(path), own), response.status or "-", seconds * 1000)
  if type(description) ~= "string" or description == "" then return line end
  return line .. "  " .. description:gsub("[^\x20-\x7e]", "?"):sub(1, LONGEST)
end

return log
