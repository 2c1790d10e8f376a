--- Print the error that ends a command: text for people, JSON where the results are JSON.
local errors = require "azureml.error"
local exit_codes = require "azureml.cli.exit_codes"
local json = require "azureml.json"
local later = require "azureml.tool.later"
local lazy_parser = require "azureml.cli.lazy_parser"
local notice = require "azureml.tool.notice"
local suggest = later "azureml.cli.suggest"

local complaint = {}

-- Wrong usage -------------------------------------------------------------------------------------

-- Tell whether az's command of the same name takes an option that ours does not know.
local function is_option_of_az(name, option)
  local command = require("azureml.cli.compute").subcommands[name]
  if not command then return false end
  local parser = lazy_parser.new(name)
  command.configure(parser)
  for _, known in ipairs(parser:option_names()) do
    if known == option then return true end
  end
  return false
end

-- Find the word that argparse took for an option, of which it names the first letter, and the word
-- before it.
local function find_word(words, option)
  for i = 2, #words do
    if words[i]:sub(1, #option) == option then return words[i], words[i - 1] end
  end
end

-- Say what is missing as help shows it: the argument FILE, the option --size.
local function missing_message(parser, kind, name)
  local declared = parser:find(name)
  if not declared then return ("missing %s '%s'"):format(kind, name) end
  local label = kind == "option" and declared.names:match "%-%-[%w-]+"
    or lazy_parser.label_of(declared)
  return ("the %s %s is missing"):format(kind, label or name)
end

-- Return argparse's message in our words.
local function usage_message(call, parser, message)
  message = message:match "^[^\n]*"
  local kind, name = message:match "^missing (%a+) '(.-)'$"
  if kind then return missing_message(parser, kind, name) end
  local option = message:match "^unknown option '(.-)'"
  if not option then return message end
  local word, before
  if option:find "^%-%d" then word, before = find_word(call.words, option) end
  if before and before:find "^%-%-?%a" then
    return ("%s cannot be '%s': a negative number has no meaning here"):format(before, word)
  end
  if is_option_of_az(call.name, option) then
    return ("%s; 'azureml compute %s' takes the Azure CLI's options"):format(message, call.name)
  end
  if require("azureml.console.arguments").knows(option) then
    return message .. "; it stands before the command"
  end
  return message .. suggest.text(option, parser:option_names())
end

--- Raise that a command's words are wrong.
---@param call azureml.Call
---@param parser table        the lazy parser of the command
---@param message string      argparse's
---@raise an error object `Usage`
function complaint.raise_usage(call, parser, message)
  errors.raise { code = "Usage", message = usage_message(call, parser, message) }
end

-- Printing ----------------------------------------------------------------------------------------

-- Tell whether the user asked for JSON, also where the words could not be parsed.
local function wants_json(words)
  for i, word in ipairs(words) do
    local value = word:match "^%-%-output=(.*)$" or word:match "^%-o(.+)$"
    if word == "-o" or word == "--output" then value = words[i + 1] end
    if value == "json" or value == "jsonl" then return true end
  end
  return false
end

-- Return the members of an error's JSON object.
local function error_fields(err)
  local details
  for i, detail in ipairs(err.details or {}) do
    details = details or json.array {}
    local cause = type(detail) == "table" and rawget(detail, "error")
    details[i] = errors.is(cause) and error_fields(cause) or detail
  end
  return {
    code = err.code, message = err.message, status = err.status, request_id = err.request_id,
    target = err.target, hint = err.hint, details = details, log = err.log,
  }
end

local function usage_hint(call)
  return ("'azureml %s --help' lists its options"):format(call.name)
end

--- Print an error. Its place in a Lua file is left out: the user typed a command, not a script.
---@param err azureml.Error
---@param words string[]          that the user typed
---@param call azureml.Call?      nil: the words name no command
---@return integer                the exit code
function complaint.report(err, words, call)
  err.where = nil
  notice.tell("failed", err)
  local is_usage = err.code == "Usage"
  if is_usage and call then err.hint = err.hint or usage_hint(call) end
  if wants_json(words) then
    io.stderr:write(json.encode(json.in_utf8 { error = error_fields(err) }), "\n")
  elseif is_usage then
    local place = call and call.name .. ": " or ""
    io.stderr:write("azureml: ", place, err.message, err.hint and "\n  hint: " .. err.hint or "",
      "\n")
  else
    io.stderr:write("azureml: ", tostring(err), "\n")
  end
  return exit_codes.of(err)
end

return complaint
