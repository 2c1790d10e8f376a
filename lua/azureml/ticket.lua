--- Read and write tickets: texts with which another process continues to wait for an operation. A
--- ticket contains the signed URL of the operation's status, so it is private; it contains no
--- credential. Version 1 stays readable in all releases 1.x.
local errors = require "azureml.error"
local json = require "azureml.json"

local ticket = {}

local VERSION = 1

-- The progress of an operation: the core writes these fields and reads them again.
local PROGRESS = {
  mode = "^%l+$", poll_url = "^https?://%S+$", location = "^https?://%S+$",
  resource_location = "^https?://%S+$", status = "",
  final_state = "^[%l-]*$", poll_query = "^[^%s?#]+$",
}
local MODES = { monitor = true, location = true, body = true }

local function refuse(message)
  errors.raise {
    code = "InvalidTicket", message = message,
    hint = "pass the text that ticket() returned, unchanged",
  }
end

--- Check the progress of an operation that a ticket or the journal contains.
---@param progress table
---@raise an error object `InvalidTicket`
function ticket.check_progress(progress)
  for field, value in pairs(progress) do
    local form = type(value) == "string" and PROGRESS[field]
    if not form or not value:find(form) then
      refuse("the ticket is damaged: its progress is wrong in " .. field)
    end
  end
  if not MODES[progress.mode] or not progress.poll_url then
    refuse "the ticket is damaged: it does not say where to ask"
  end
end

--- Write a ticket.
---@param fields table        progress: of the core's operation; and what the reader expects
---@return string
function ticket.write(fields)
  fields.azureml_ticket = VERSION
  return json.encode(fields)
end

--- Read a ticket and check its fields.
---@param text string
---@param expected table<string, string>      name -> type of each field it must have
---@return table
---@raise an error object `InvalidTicket`
function ticket.read(text, expected)
  local fields = type(text) == "string" and json.decode(text)
  if type(fields) ~= "table" or type(fields.azureml_ticket) ~= "number" then
    refuse "this is not a ticket of an operation"
  end
  if fields.azureml_ticket ~= VERSION then
    refuse(("the ticket is of version %g; this azureml reads version %d"):format(
      fields.azureml_ticket, VERSION))
  end
  for field, kind in pairs(expected) do
    if type(fields[field]) ~= kind then refuse("the ticket is damaged: it has no " .. field) end
  end
  ticket.check_progress(fields.progress)
  return fields
end

return ticket
