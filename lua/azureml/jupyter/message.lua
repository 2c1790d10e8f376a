--- Jupyter's messages: make them, and read what a kernel sends. Anything else than a message is
--- refused: a machine may send what it likes.
--- Source: spec/contract/neighbours.md, section 5.
local core = require "azureml.core"
local errors = require "azureml.error"
local json = require "azureml.json"

local message = {}

local VERSION = "5.3"      -- of the protocol

--- Write a message.
---@param session string        the id of the client's session
---@param channel string        "shell", "control" or "stdin"
---@param kind string           "execute_request"
---@param content table
---@param parent table?         the header of the message that it answers
---@return string text, string id
function message.write(session, channel, kind, content, parent)
  local id = core.guid()
  return json.encode {
    channel = channel,
    header = {
      msg_id = id, msg_type = kind, session = session, username = "azureml", version = VERSION,
      date = os.date "!%Y-%m-%dT%H:%M:%SZ",
    },
    parent_header = parent or {}, metadata = {}, content = content, buffers = json.array {},
  }, id
end

--- A message of a kernel.
---@class azureml.jupyter.Message
---@field kind string           "stream", "execute_reply"
---@field channel string        "iopub", "shell", "stdin"
---@field parent string?        the id of the message that it answers
---@field header table          as it was sent: an answer repeats it
---@field content table         without nulls

local function refuse(fault)
  errors.raise { code = "InvalidReply",
    message = "a kernel sent what is no message of Jupyter: " .. fault }
end

--- Read a message.
---@param text string
---@return azureml.jupyter.Message
---@raise an error object `InvalidReply`
function message.read(text)
  local value, fault = json.decode(text)
  if type(value) ~= "table" then refuse(fault or "it is not an object") end
  local kind, content = json.get(value, "header", "msg_type"), json.get(value, "content")
  if type(kind) ~= "string" then refuse "its header has no msg_type" end
  if type(content) ~= "table" then refuse "it has no content" end
  local parent, channel = json.get(value, "parent_header", "msg_id"), value.channel
  return {
    kind = kind, channel = type(channel) == "string" and channel or "",
    parent = type(parent) == "string" and parent or nil,
    header = value.header, content = json.without_nulls(content),
  }
end

--- Return a member of a message's content if it is a text; an empty text otherwise.
---@param content table
---@param name string
---@return string
function message.text(content, name)
  local value = content[name]
  return type(value) == "string" and value or ""
end

return message
