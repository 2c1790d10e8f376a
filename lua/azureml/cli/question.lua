--- Ask the user before something is destroyed.
local command = require "azureml.cli.command"
local core = require "azureml.core"

local question = {}

local STANDARD_INPUT, STANDARD_ERROR = 0, 2

--- Add the option --yes.
function question.option(parser)
  parser:flag("-y --yes", "do not ask for confirmation")
end

--- Tell whether standard input is a terminal, so that an answer can be read.
---@return boolean
function question.can_be_answered()
  return core.terminal_width(STANDARD_INPUT) ~= nil
end

--- Refuse to ask when standard input is no terminal.
function question.check_terminal()
  if question.can_be_answered() then return end
  command.misused "it asks for confirmation, and standard input is not a terminal: add --yes"
end

--- Tell whether the user is at a terminal, so that a question can be asked.
---@return boolean
function question.is_terminal()
  return core.terminal_width(STANDARD_INPUT) ~= nil and core.terminal_width(STANDARD_ERROR) ~= nil
end

--- Ask a question; return whether the user says yes. The end of the input is a no.
---@param text string
---@return boolean
function question.is_confirmed(text)
  io.stderr:write(text, " [y/N] ")
  local answer = io.read()
  if not answer then io.stderr:write "\n" end
  return (answer or ""):lower():find "^y" ~= nil
end

return question
