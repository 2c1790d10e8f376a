--- Replies of a service. Makes them from the core's operations and raises the core's errors.
local later = require "azureml.tool.later"
local core = require "azureml.core"
local errors = later "azureml.error"
local json = require "azureml.json"
local count = later "azureml.tool.count"

--- A reply of a service.
---@class azureml.Reply
---@field status integer  the HTTP status
---@field headers table<string, string>    names in lower case; decoded at the first access
---@field body string  the text of the reply
---@field retry_after number?    seconds that the service asks the client to wait
---@field json any  the decoded body, decoded at the first access; nil if it is not JSON
local Reply = { __name = "azureml.Reply" }

local lazy = {}

function lazy.json(self)
  return (json.decode(self.body))
end

function lazy.headers(self)
  return core.headers(self.head)
end

function Reply.__index(self, name)
  local make = lazy[name]
  local value = make and make(self)
  if make then rawset(self, name, value) end
  return value
end

function Reply:__tostring()
  return ("HTTP %d, %s"):format(self.status, count.of(#self.body, "byte"))
end

local reply = {}

--- Return what the message of a request's error begins with: "cannot start ci-ann", or method and
--- path such as "GET /subscriptions" if the request has no label.
---@param request { label: string?, method: string?, path: string?, url: string? }
---@return string
function reply.context(request)
  if request.label then return "cannot " .. request.label end
  local target = request.path or request.url:gsub("^%a[%w+.-]*://[^/?#]*", "")
  local path = target:match("^[^?#]*"):gsub("%c", "?")
  return (request.method or "GET") .. " " .. (path == "" and "/" or path)
end

-- A request without a label was not sent if its credential failed: that error says enough.
local function text_of(context, failure)
  if type(context) ~= "table" then return context end
  if not context.label and failure.kind == "credential" then return nil end
  return reply.context(context)
end

--- Return a value, or raise the error that the core returned instead of it.
---@param value any
---@param failure table?         the core's error
---@param context string|table|nil      what the caller tried: "cannot stop 'x'", or the request
---@return any value
function reply.must(value, failure, context)
  if value == nil then errors.raise(errors.from_core(failure, text_of(context, failure))) end
  return value
end

--- Return the last reply of a core operation, or raise its error.
---@param handle userdata        a core operation that is done
---@param context string|table|nil      as for `must`
---@return azureml.Reply
function reply.of(handle, context)
  local fields, failure = handle:result()
  return setmetatable(reply.must(fields, failure, context), Reply)
end

--- Return the reply that accepted a long-running operation; nil if there was only one reply.
---@param handle userdata
---@return azureml.Reply?
function reply.first(handle)
  local fields = handle:first()
  return fields and setmetatable(fields, Reply) or nil
end

return reply
