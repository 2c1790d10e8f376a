--- Ask the user before something is destroyed.
local command = require "azureml.cli.command"
local core = require "azureml.core"

local question = {}

local STANDARD_INPUT, STANDARD_ERROR = 0, 2

--- Add the option --yes.
function question.option(parser)
  parser:flag("-y --yes", "do not ask for confirmation")
end

--- Refuse to ask when standard input is no terminal.
function question.check_terminal()
  if core.terminal_width(STANDARD_INPUT) then return end
  command.misused "it asks for confirmation, and standard input is not a terminal: add --yes"
end

--- Tell whether the user is at a terminal, so that a question can be asked.
---@return boolean
function question.is_terminal()
  return core.terminal_width(STANDARD_INPUT) ~= nil and core.terminal_width(STANDARD_ERROR) ~= nil
end

--- Ask a question; return whether the user says yes.
---@param text string
---@return boolean
function question.is_confirmed(text)
  io.stderr:write(text, " [y/N] ")
  return (io.read() or ""):lower():find "^y" ~= nil
end

return question
