--- What the commands of az share: its global flags, its formats, and how it selects the workspace.
local command = require "azureml.cli.command"
local later = require "azureml.tool.later"
local output = require "azureml.cli.output"
local selection = require "azureml.cli.selection"
local spellings = later "azureml.definition.spellings"

local flags = {}

--- Convert "true" or "false", in any case; nil and a message for another word.
function flags.boolean(text)
  local value = ({ ["true"] = true, ["false"] = false })[text:lower()]
  if value ~= nil then return value end
  return nil, ("'%s' is neither true nor false"):format(text)
end

--- Return the public key that an option of az gives: the key, or the name of its file.
---@param option string
---@param value string
---@return string
---@raise an error object `Usage` for a file that cannot be read
function flags.public_key(option, value)
  if value:find "^ssh%-" or value:find "%-%-%-%-%-BEGIN" then return value end
  local text, reason = spellings.read_key(value)
  return text or command.misused("%s is neither a key nor the file of one: %s", option, reason)
end

-- Apply the flags about messages.
local function check(args)
  args.is_az = true
  args.output = args.output or "json"
  args.progress = args.only_show_errors and "quiet" or "auto"
  if args.debug then require("azureml.trace").start "-" end
  if args.path and args.path ~= "." and args.path ~= "./" then
    command.misused "--path: run the command in that folder, or give -g and -w"
  end
end

--- Add the global flags of az.
---@param parser table
function flags.globals(parser)
  parser:option("-g --resource-group", "the workspace's resource group"):argname "NAME"
  parser:option("-w --workspace-name", "the workspace's name"):argname "NAME"
  parser:option("--subscription --subscription-id", "the id of the workspace's subscription")
    :argname "ID":target "subscription"
  command.choice(parser, "-o --output", "the format of results: "
    .. table.concat(output.az_formats, ", ") .. " (default: json)", output.az_formats, "FORMAT")
  command.query_option(parser)
  parser:flag("-v --verbose", "print what is done")
  parser:flag("--debug", "print a line for each request")
  parser:flag("--only-show-errors", "print no progress and no warnings")
  command.check(parser, check)
end

--- Add the option -n of az, which every command needs.
---@param parser table
function flags.name(parser)
  local option = parser:option("-n --name", "the compute instance's name"):argname "NAME"
  option:count "1":convert(selection.name)
  option.azureml_values = "names"
end

--- Add the flag --no-wait.
---@param parser table
function flags.no_wait(parser)
  parser:flag("--no-wait", "return when the service has accepted the request; "
    .. "'azureml operations wait' goes on waiting")
end

--- Make a command that az has and that has no meaning here.
---@param summary string
---@param sentence string      what to use instead
---@return azureml.Command
function flags.refusal(summary, sentence)
  local function refuse() command.misused("%s", sentence) end
  return { summary = summary, configure = function() end, run = refuse, refuse = refuse }
end

return flags
