--- A long-running operation of any Azure service: what `client:operation` returns once the service has accepted it.
local core = require "azureml.core"
local errors = require "azureml.error"
local options = require "azureml.options"
local reply = require "azureml.reply"
local task = require "azureml.task"
local ticket = require "azureml.ticket"

local DEFAULT_TIMEOUT = 1800      -- seconds

---@class azureml.Lro
---@field label string              what it is, for people
---@field request_id string         x-ms-client-request-id: the same for the request, its polls and the final GET
local Lro = {}
local metatable = { __name = "azureml.Lro", __index = Lro }

local lro = {}

--- One that the service has accepted.
---@param fields { handle: userdata, method: string, url: string, label: string? }      handle: the core's operation
---@return azureml.Lro
function lro.new(fields)
  fields.label = fields.label or fields.method .. " " .. fields.url:match "^[^?]*"
  fields.request_id = fields.handle:request_id()
  return setmetatable(fields, metatable)
end

--- Raise that a wait's time is over: `LostSight` where its status could not be read at last, else `Timeout`.
---@param handle userdata?
---@param label string
---@param seconds number
---@param operation table        it goes on at the service; the error carries it
function lro.overdue(handle, label, seconds, operation)
  local trouble = handle and not handle:is_closed() and handle:trouble()
  local message = ("%s: not done after %s s; it goes on at the service"):format(label, ("%.14g"):format(seconds))
  if trouble then message = ("%s: lost sight of it: %s"):format(label, trouble.message) end
  local code = trouble and "LostSight" or "Timeout"
  errors.raise { code = code, message = message, operation = operation, status = trouble and trouble.status }
end

local function check_open(self)
  if self.handle:is_closed() then errors.mistake("%s was closed", self.label) end
  return self.handle
end

--- Wait until it is done. May be called again, and from several tasks.
---@param given? { timeout: number? }      seconds; 1800
---@return azureml.Reply                   of the final GET, else of the last poll, else of the request itself
---@raise an error object when it failed; `Timeout` or `LostSight` when it goes on at the service
function Lro:wait(given)
  given = options.check("wait", given, { timeout = "number" })
  local timeout = given.timeout or DEFAULT_TIMEOUT
  options.check_seconds("wait: timeout", timeout)
  local handle = check_open(self)
  local function is_over() return handle:is_closed() or handle:done() end
  if not task.wait_until(handle, is_over, core.now() + timeout) then lro.overdue(handle, self.label, timeout, self) end
  return self:result()
end

--- What it ended with.
---@return azureml.Reply?      nil while it is not done
---@raise an error object when it failed
function Lro:result()
  local handle = check_open(self)
  if not handle:done() then return nil end
  return reply.of(handle, "cannot " .. self.label)
end

--- The reply that accepted it; nil where the first reply was the last.
---@return azureml.Reply?
function Lro:first()
  return reply.first(check_open(self))
end

--- The service's last word for where it is: "InProgress", "Succeeded" and so on; "Accepted" before it said any.
---@return string
function Lro:status()
  return check_open(self):status() or "Accepted"
end

--- Whether the service has ended it.
---@return boolean
function Lro:done()
  return check_open(self):done()
end

--- How often its status was read.
---@return integer
function Lro:polls()
  return check_open(self):polls()
end

--- A text with which another process can go on waiting (client:resume). It holds the signed URL of the operation's status: keep it
--- private; but no credential.
---@return string? ticket      nil: there is nothing left to wait for
function Lro:ticket()
  if self:done() or not self.handle:is_polled() then return nil end
  return ticket.write { method = self.method, url = self.url, label = self.label, request_id = self.request_id, progress = self.handle }
end

local TICKET = { method = "string", url = "string", label = "string", request_id = "string", progress = "table" }

--- What a ticket says.
---@param text string
---@return { method: string, url: string, label: string, request_id: string, progress: table }
function lro.read_ticket(text)
  return ticket.read(text, TICKET)
end

--- Let it go: it goes on at the service, unwatched.
function Lro:close()
  self.handle:close()
  task.look_again(self.handle)
end

metatable.__close = Lro.close

function metatable:__tostring()
  return tostring(self.handle)
end

return lro
