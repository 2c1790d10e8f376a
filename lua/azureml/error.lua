--- The error object: one kind for everything the public API raises. Its text is what a person should read; its code is what a
--- script compares.
local later = require "azureml.later"
local hints = later "azureml.hints"
local json = require "azureml.json"

---@class azureml.Error
---@field code string            one word: the service's where it gave one ("ResourceNotFound"), else ours ("Timeout")
---@field message string         what went wrong
---@field status integer?        HTTP status
---@field target string?         what the service says it is about
---@field details table?         the service's further errors, or those of a group
---@field request_id string?     x-ms-request-id: support asks for it
---@field operation azureml.Operation?   the operation it happened to; it may still go on at the service
---@field hint string?           what to do next
---@field where string?          "nightly.lua:5:", the line of the caller's
---@field traceback string?      of the caller's code
---@field outcome_unknown boolean?   the request may have been executed, its answer was lost
---@field retry_after number?    seconds the service asked to wait
local Error = { __name = "azureml.Error" }
Error.__index = Error

local error_module = {}

-- The sources of this package, workflows aside: those are scripts like anybody's.
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
  if info.name then return ("%s in %s '%s'"):format(place, info.namewhat ~= "" and info.namewhat or "function", info.name) end
  return ("%s in function <%s:%d>"):format(place, info.short_src, info.linedefined)
end

--- The caller's frames, without ours: the place, and a traceback in lines.
---@param level integer     1: whoever called this
---@return string? where, string? traceback
function error_module.whereabouts(level)
  local where, lines = nil, {}
  for at = level + 1, level + 200 do
    local info = debug.getinfo(at, "Sln")
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

-- A detail of the service's has a message or a code; one of a group has the error object itself.
local function describe_detail(detail)
  local message = type(detail) == "table" and (json.get(detail, "message") or json.get(detail, "code"))
  if not message then return nil end
  local err = rawget(detail, "error")
  if not error_module.is(err) then return "  - " .. tostring(message) end
  return ("  - %s (%s)"):format(message, identification(err)), err.hint
end

function Error:__tostring()
  local lines = { ("%s%s (%s)"):format(self.where and self.where .. " " or "", self.message, identification(self)) }
  local shown = {}      -- many details may have the same hint
  for _, detail in ipairs(self.details or {}) do
    local line, hint = describe_detail(detail)
    lines[#lines + 1] = line
    if hint and not shown[hint] then lines[#lines + 1] = "    hint: " .. hint end
    if hint then shown[hint] = true end
  end
  if self.hint then lines[#lines + 1] = "  hint: " .. self.hint end
  return table.concat(lines, "\n")
end

--- Whether a value is one of these objects.
---@param value any
---@return boolean
function error_module.is(value)
  return getmetatable(value) == Error
end

--- Make one; where it happened is added when it is raised.
---@param fields table
---@return azureml.Error
function error_module.new(fields)
  local err = setmetatable(fields, Error)
  if not err.hint then err.hint = hints.of(err) end
  return err
end

--- Raise one. An object that was raised before keeps its place.
---@param fields table      the fields, or an object
function error_module.raise(fields)
  local err = error_module.is(fields) and fields or error_module.new(fields)
  if not err.where then err.where, err.traceback = error_module.whereabouts(2) end
  error(err, 0)
end

-- What an ARM error body says beyond code and message.
local function read_body(err)
  local body = err.body and json.decode(err.body)
  local said = json.get(body, "error") or body
  said = json.get(said, "error") or said
  if type(said) ~= "table" then return end
  err.details = json.get(said, "details")
  err.innererror = json.get(said, "innererror") or json.get(said, "innerError")
  err.additional_info = json.get(said, "additionalInfo")
end

--- An object from the core's error table.
---@param failure table       as the core gives it
---@param context string?     what was tried: "cannot stop 'ci-ann'"
---@return azureml.Error
function error_module.from_core(failure, context)
  read_body(failure)
  failure.body = nil
  if context then failure.message = ("%s: %s"):format(context, failure.message) end
  return error_module.new(failure)
end

--- What Ctrl-C raises; nothing of ours collects it.
---@return azureml.Error
function error_module.interrupted()
  return error_module.new { code = "Interrupted", message = "interrupted" }
end

--- Whether it is what Ctrl-C raised.
---@param value any
---@return boolean
function error_module.is_interrupted(value)
  return error_module.is(value) and value.code == "Interrupted"
end

--- Whether it is one that is not collected where it comes by: an interrupt, and the end of the time that a group was given.
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

--- The programmer's mistake, raised as a plain text at the line of the caller's code.
---@param message string
function error_module.mistake(message, ...)
  local where = error_module.whereabouts(2)
  error((where and where .. " " or "") .. message:format(...), 0)
end

--- Call f; an error object is returned, all else (the programmer's mistakes, an interrupt, the end of a group's time) goes on.
---@param f function
---@param ... any           its arguments
---@return any ...          what f returned; or nil and the error object
function error_module.try(f, ...)
  local function sort_out(ok, ...)
    if ok then return ... end
    local err = ...
    if error_module.is(err) and not error_module.is_passing(err) then return nil, err end
    error(err, 0)
  end
  return sort_out(pcall(f, ...))
end

return error_module
