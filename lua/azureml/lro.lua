--- A long-running operation of any Azure service: what `client:operation` returns once the service
--- has accepted it.
local core = require "azureml.core"
local errors = require "azureml.error"
local followed = require "azureml.followed"
local options = require "azureml.options"
local pace = require "azureml.pace"
local reply = require "azureml.reply"
local ticket = require "azureml.ticket"

--- A long-running operation of any service.
---@class azureml.Lro
---@field label string              what it does, for people
---@field request_id string         x-ms-client-request-id: the same for the request, its polls and
---  the final GET
local Lro = {}
local metatable = { __name = "azureml.Lro", __index = Lro }

local lro = {}

--- Make the object of an operation that the service has accepted.
---@param fields { handle: userdata, method: string, url: string, label: string? }      handle: the
---  core's operation
---@return azureml.Lro
function lro.new(fields)
  local request = { method = fields.method, url = fields.url }
  local unnamed = reply.context(request)
  fields.label = fields.label or unnamed
  fields.request_id = fields.handle:request_id()
  local context = fields.label == unnamed and request or nil
  fields.followed = followed.new(fields.handle, fields.label, context)
  return setmetatable(fields, metatable)
end

local function check_open(self)
  if self.handle:is_closed() then errors.mistake("%s was closed", self.label) end
  return self.followed
end

--- How long to wait.
---@class azureml.LroWaitOptions
---@field timeout? number  seconds; 1,800

--- Wait until it is done. May be called again, and from several tasks.
---@param settings? azureml.LroWaitOptions
---@return azureml.Reply                   of the final GET, else of the last poll, else of the
---  request itself
---@raise an error object when it failed; `Timeout` or `LostSight` when it goes on at the service
function Lro:wait(settings)
  settings = options.check("wait", settings, { timeout = "number" })
  local timeout = settings.timeout or pace.wait_timeout
  options.check_seconds("wait: timeout", timeout)
  local is_done = check_open(self):wait(core.now() + timeout)
  if not is_done then followed.raise_overdue(self.followed, self.label, timeout, self) end
  return self:result()
end

--- Return the reply it ended with.
---@return azureml.Reply?      nil while it is not done
---@raise an error object when it failed
function Lro:result()
  local operation = check_open(self)
  return operation:done() and operation:result() or nil
end

--- Return the reply that accepted it; nil where the first reply was the last.
---@return azureml.Reply?
function Lro:first()
  check_open(self)
  return reply.first(self.handle)
end

--- Return the last status as the service words it: "InProgress", "Succeeded"; "Accepted" before
--- any.
---@return string
function Lro:status()
  return check_open(self):status()
end

--- Tell whether the service has ended it.
---@return boolean
function Lro:done()
  return check_open(self):done()
end

--- Return how often its status was read.
---@return integer
function Lro:polls()
  check_open(self)
  return self.handle:polls()
end

--- Return a text with which another process can go on waiting (client:resume). It holds the signed
--- URL of the operation's status, so keep it private. It holds no credential.
---@return string? ticket      nil: there is nothing left to wait for
function Lro:ticket()
  local progress = not self:done() and self.followed:progress()
  if not progress then return nil end
  return ticket.write {
    method = self.method, url = self.url, label = self.label, request_id = self.request_id,
    progress = progress,
  }
end

local TICKET = {
  method = "string", url = "string", label = "string", request_id = "string", progress = "table",
}

--- Read a ticket.
---@param text string
---@return { method: string, url: string, label: string, request_id: string, progress: table }
---@raise an error object `InvalidTicket`
function lro.read_ticket(text)
  return ticket.read(text, TICKET)
end

--- Stop following it. It goes on at the service.
function Lro:close()
  self.followed:close()
end

options.check_colon(Lro, metatable, "op")
metatable.__close = Lro.close

function metatable:__tostring()
  return tostring(self.handle)
end

return lro
