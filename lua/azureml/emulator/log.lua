--- A line for each request: when, what was asked, what came of it. Never a query, a header or a body: what is secret is in those.
local json = require "azureml.json"

local log = {}

local VERBS = { PUT = "create", DELETE = "delete", GET = "look at", PATCH = "change" }

-- What a path below a workspace speaks of: a compute, or one of its verbs.
local function done_to_compute(method, path)
  local name, rest = path:match "/[cC]omputes/([^/]+)/?([^/]*)$"
  if not name then return nil end
  if rest ~= "" then return rest .. " " .. name end
  return VERBS[method] and VERBS[method] .. " " .. name
end

local function what_was_done(request, response, path)
  if response.fault then return "fault: " .. response.fault end
  if response.status == nil then return "left unanswered" end
  if response.status < 400 then
    return done_to_compute(request.method, path) or path:lower():find "/oauth2/v?2?%.?0?/?token$" and "a token" or ""
  end
  local refused = json.decode(response.body or "")
  return json.get(refused, "error", "code") or json.get(refused, "error") or ""
end

-- Whatever came over the network is printable when it is shown.
local function printable(text)
  return (text:gsub("[^\x21-\x7e]", "?"))
end

local LONGEST, LONGEST_METHOD = 200, 32

-- The part that all of them have in common is left out, where it is the emulator's own.
local function short(path, own)
  if own and path:sub(1, #own):lower() == own then path = "..." .. path:sub(#own + 1) end
  return #path > LONGEST and path:sub(1, LONGEST) .. "..." or path
end

--- The line.
---@param request table
---@param response table        without status: it was left unanswered
---@param seconds number        that it took
---@param own string?           in lower case: what paths begin with that is of no interest
---@param time string?          "12:01:33"
---@return string
function log.line(request, response, seconds, own, time)
  local path = request.target:match "^[^?]*"
  local done = what_was_done(request, response, path)
  local method = printable(request.method):sub(1, LONGEST_METHOD)
  local line = ("%s %-6s %s %s %.1f ms"):format(time or os.date "%H:%M:%S", method, short(printable(path), own), response.status or "-",
    seconds * 1000)
  if type(done) ~= "string" or done == "" then return line end
  return line .. "  " .. done:gsub("[^\x20-\x7e]", "?"):sub(1, LONGEST)
end

return log
