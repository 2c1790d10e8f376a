--- What a service answered.
local core = require "azureml.core"
local errors = require "azureml.error"
local json = require "azureml.json"

---@class azureml.Reply
---@field status integer
---@field headers table<string, string>    names in lower case; made when they are first looked at
---@field body string
---@field json any                         the decoded body, made when it is first looked at; nil if it is not JSON
local Reply = { __name = "azureml.Reply" }

local made_later = {}

function made_later.json(self)
  return (json.decode(self.body))
end

function made_later.headers(self)
  return core.headers(self.head)
end

function Reply.__index(self, name)
  local make = made_later[name]
  local value = make and make(self)
  if make then rawset(self, name, value) end
  return value
end

function Reply:__tostring()
  return ("HTTP %d, %d bytes"):format(self.status, #self.body)
end

local reply = {}

--- What an error says was tried: "cannot start ci-ann", or "GET /subscriptions" where a request has no label.
---@param request { label: string?, method: string?, path: string?, url: string? }
---@return string
function reply.context(request)
  if request.label then return "cannot " .. request.label end
  local target = request.path or request.url:gsub("^%a[%w+.-]*://[^/?#]*", "")
  local path = target:match("^[^?#]*"):gsub("%c", "?")
  return (request.method or "GET") .. " " .. (path == "" and "/" or path)
end

--- The value, or the error that the core returned instead, raised.
---@param value any
---@param failure table?         the core's
---@param context string?        what was tried
---@return any value
function reply.must(value, failure, context)
  if value == nil then errors.raise(errors.from_core(failure, context)) end
  return value
end

--- What the core's operation ended with; raises its error.
---@param handle userdata        a core operation that is done
---@param context string?
---@return azureml.Reply
function reply.of(handle, context)
  local fields, failure = handle:result()
  return setmetatable(reply.must(fields, failure, context), Reply)
end

--- The reply that accepted a long-running operation; nil where there was only one.
---@param handle userdata
---@return azureml.Reply?
function reply.first(handle)
  local fields = handle:first()
  return fields and setmetatable(fields, Reply) or nil
end

return reply
