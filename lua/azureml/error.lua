--- The error object: the public API raises only objects of this kind. A person reads its text; a
--- script compares its code. azureml.hints adds what to do next.
local core = require "azureml.core"
local later = require "azureml.tool.later"
local hints = later "azureml.hints"
local json = require "azureml.json"

--- What the public functions raise. Its text is what a person should read.
---@class azureml.Error
---@field kind string?  what failed: "transport" (no reply came), "http" (a reply refused the
---  request), "operation" (a long-running operation failed), "protocol" (a reply breaks the
---  contract), "credential" (there is no token) or "usage" (an argument is wrong); nil for the
---  package's own findings, such as "Timeout" and "SomeFailed"
---@field code string  one word: the service's code if it sent one ("ResourceNotFound"), or else a
---  code of this package ("Timeout")
---@field message string         what went wrong
---@field status integer?        HTTP status
---@field target string?         the part of the request that the service names
---@field details table?         further errors of the service, or the errors of a group
---@field innererror table?      the cause, as the service tells it
---@field additional_info table? what the service adds: { type, info }, such as a policy
---@field request_id string?     x-ms-request-id, which the service's support needs
---@field credential string?    the kind of the credential that failed, or whose token was refused
---@field operation azureml.Operation?  the operation that failed; it may continue at the service
---@field hint string?           what to do next
---@field log string?            the end of what a program on an instance printed; or a traceback
---@field log_is_shown boolean?  true: the caller has seen the log as it came
---@field exception { name: string, value: string, traceback: string }?      what code raised
---@field where string?          "nightly.lua:5:", the line of the caller's code
---@field traceback string?      of the caller's code
---@field outcome_unknown boolean?   true: the reply was lost; the service may have executed it
---@field refused_workspaces string[]?      workspaces that are missing in a list of all
---@field retry_after number?    seconds that the service asks the client to wait
local Error = { __name = "azureml.Error" }
Error.__index = Error

local error_module = {}

-- The directory of this package's sources. The workflows below it count as scripts of the user.
local HOME = debug.getinfo(1, "S").source:match "^(.*)error%.lua$"
local SCRIPTS = HOME .. "workflows/"

local function is_ours(source)
  return source:sub(1, #HOME) == HOME and source:sub(1, #SCRIPTS) ~= SCRIPTS
end

local function is_callers(info)
  return info.currentline > 0 and not is_ours(info.source)
end

local function describe(info)
  local place = ("%s:%d:"):format(info.short_src, info.currentline)
  if info.what == "main" then return place .. " in main chunk" end
  if info.name and info.name ~= "?" then      -- "?": the executable's bytecode has no names
    return ("%s in %s '%s'"):format(place, info.namewhat ~= "" and info.namewhat or "function",
      info.name)
  end
  return ("%s in function <%s:%d>"):format(place, info.short_src, info.linedefined)
end

--- Return the place in the caller's code, and a traceback of the caller's frames without the frames
--- of this package.
---@param level integer     1: the function that calls this one
---@return string? where, string? traceback
function error_module.whereabouts(level)
  local where, lines = nil, {}
  for depth = level + 1, level + 200 do
    local info = debug.getinfo(depth, "Sln")
    if not info then break end
    if is_callers(info) then
      where = where or ("%s:%d:"):format(info.short_src, info.currentline)
      lines[#lines + 1] = "\t" .. describe(info)
    end
  end
  return where, #lines > 0 and table.concat(lines, "\n") or nil
end

local function identification(err)
  local parts = { err.code }
  if err.status then parts[#parts + 1] = "HTTP " .. err.status end
  if err.request_id then parts[#parts + 1] = "request " .. err.request_id end
  return table.concat(parts, ", ")
end

-- Add the text of a detail to lines, and what belongs to it: the first of its own details, as the
-- cause, and its hint, unless that was shown before. A detail of the service's has a message or a
-- code; one of a group has the error object itself.
local function add_detail(lines, indent, detail, shown)
  local message = type(detail) == "table"
    and (json.get(detail, "message") or json.get(detail, "code"))
  if not message then return end
  local line = ("%s- %s"):format(indent, message)
  local err = rawget(detail, "error")
  if not error_module.is(err) then
    lines[#lines + 1] = line
    return
  end
  lines[#lines + 1] = ("%s (%s)"):format(line, identification(err))
  add_detail(lines, indent .. "  ", err.details and err.details[1], shown)
  if err.hint and not shown[err.hint] then
    lines[#lines + 1] = ("%s  hint: %s"):format(indent, err.hint)
    shown[err.hint] = true
  end
end

-- Return a pattern that finds a name as a whole: not 'ci-1' in 'ci-10'.
local function pattern_of(name)
  local escaped = name:gsub("%p", "%%%0")
  return (name:find "^%w" and "%f[%w]" or "") .. escaped .. (name:find "%w$" and "%f[%W]" or "")
end

-- Return all that is shown of a group's detail, without the name of its item; nil for another
-- detail.
local function gist_of(detail)
  local err = type(detail) == "table" and rawget(detail, "error")
  local name, message = err and rawget(detail, "name"), err and rawget(detail, "message")
  if not error_module.is(err) or err.details then return nil end
  if type(name) ~= "string" or name == "" or type(message) ~= "string" then return nil end
  local shown = table.concat({ message, identification(err), err.hint or "" }, "\n")
  return (shown:gsub(pattern_of(name), "\0"))
end

--- Gather details that differ only in the name of their item: an outage lets all items of a fleet
--- fail alike.
---@param details table?
---@return { detail: table, names: string[] }[]   names: the items that failed like the detail's
function error_module.gather(details)
  local groups, by_gist = {}, {}
  for _, detail in ipairs(details or {}) do
    local gist = gist_of(detail)
    local group = by_gist[gist]
    if group then
      table.insert(group.names, detail.name)
    else
      group = { detail = detail, names = {} }
      groups[#groups + 1] = group
      if gist then by_gist[gist] = group end
    end
  end
  return groups
end

--- Return the line that names the other items of a group; nil if there are none.
---@param group { names: string[] }
---@return string?
function error_module.same_line(group)
  return group.names[1] and "the same: " .. table.concat(group.names, ", ") or nil
end

function Error:__tostring()
  local lines = {
    ("%s%s (%s)"):format(self.where and self.where .. " " or "", self.message,
      identification(self)),
  }
  local shown = {}      -- many details may have the same hint
  for _, group in ipairs(error_module.gather(self.details)) do
    add_detail(lines, "  ", group.detail, shown)
    local same = error_module.same_line(group)
    if same then lines[#lines + 1] = "    " .. same end
  end
  if not self.log_is_shown then
    for line in (self.log or ""):gmatch "[^\n]+" do lines[#lines + 1] = "  | " .. line end
  end
  if self.hint then lines[#lines + 1] = "  hint: " .. self.hint end
  return table.concat(lines, "\n")
end

--- Join the text of an error object with another value: "cannot go on: " .. err
---@param left any
---@param right any
---@return string
function Error.__concat(left, right)
  return tostring(left) .. tostring(right)
end

--- Tell whether a value is an error object.
---@param value any
---@return boolean
function error_module.is(value)
  return getmetatable(value) == Error
end

-- The kinds of errors that the package itself finds, by code.
local KINDS = {
  InvalidArgument = "usage", InvalidEndpoint = "usage", InvalidTicket = "usage",
  AnotherEndpoint = "usage", InvalidExpression = "usage", Usage = "usage",
  InvalidReply = "protocol", InvalidPage = "protocol", OwnCredential = "credential",
}

--- Make an error object. `error_module.raise` adds the place later.
---@param fields table
---@return azureml.Error
function error_module.new(fields)
  local err = setmetatable(fields, Error)
  if not err.kind then err.kind = KINDS[err.code] end
  if not err.hint then err.hint = hints.of(err) end
  return err
end

--- Raise an error object. An object that was raised before keeps its place.
---@param fields table      the fields of a new object, or an existing object
function error_module.raise(fields)
  local err = error_module.is(fields) and fields or error_module.new(fields)
  if not err.where then err.where, err.traceback = error_module.whereabouts(2) end
  error(err, 0)
end

-- Add what the core found in the service's reply beside code and message.
local function read_more(err)
  local more = err.more and json.decode(err.more)
  err.details = json.get(more, "details")
  err.innererror = json.get(more, "innererror")
  err.additional_info = json.get(more, "additionalInfo")
  err.more = nil
end

--- Read an error in decoded JSON, as the core reads it in a reply.
---@param content any          an error of the service, or a list of errors
---@return { kind: string, code: string?, message: string?, details: table? }
function error_module.read(content)
  local found = core.read_error(json.encode(content))
  read_more(found)
  return found
end

--- Make an error object from an error table of the core.
---@param failure table       the core's error; becomes the object
---@param context string?     what the caller tried: "cannot stop 'ci-ann'"
---@return azureml.Error
function error_module.from_core(failure, context)
  read_more(failure)
  if context then failure.message = ("%s: %s"):format(context, failure.message) end
  return error_module.new(failure)
end

--- Make the error object that Ctrl-C raises. Nothing in this package collects it.
---@return azureml.Error
function error_module.interrupted()
  return error_module.new { code = "Interrupted", message = "interrupted" }
end

--- Tell whether a value is the error object that Ctrl-C raises.
---@param value any
---@return boolean
function error_module.is_interrupted(value)
  return error_module.is(value) and value.code == "Interrupted"
end

--- Tell whether an error must pass through to the caller instead of being collected: an interrupt,
--- or the timeout of a group.
---@param value any
---@return boolean
function error_module.is_passing(value)
  return error_module.is(value) and (value.code == "Interrupted" or value.limit ~= nil)
end

--- Note in an error that ends waits (an interrupt, the end of a group's time) that a verb was sent
--- and its answer has not come. Other values are left alone.
---@param value any
---@param label string       "start ci-ann"
function error_module.add_unanswered(value, label)
  if not error_module.is_passing(value) then return end
  value.unanswered = value.unanswered or {}
  table.insert(value.unanswered, label)
end

--- Raise a programmer's mistake: a plain text that begins with the line of the caller's code.
---@param message string        a format
---@param ... any               the values for its placeholders
function error_module.mistake(message, ...)
  local where = error_module.whereabouts(2)
  error((where and where .. " " or "") .. message:format(...), 0)
end

local function sort_out(ok, ...)
  if ok then return ... end
  local err = ...
  if error_module.is(err) and not error_module.is_passing(err) then return nil, err end
  error(err, 0)
end

--- Call f and return its error object instead of raising it. Raise everything else: a programmer's
--- mistake, an interrupt, the timeout of a group.
---@param f function
---@param ... any           its arguments
---@return any ...          the results of f; or nil and the error object
function error_module.try(f, ...)
  return sort_out(pcall(f, ...))
end

return error_module
