--- Share code among the commands that work on files of an instance: words NAME:PATH, and the
--- instance that they name.
local command = require "azureml.cli.command"
local later = require "azureml.tool.later"
local question = later "azureml.cli.question"

local remote = {}

--- Split a word NAME:PATH; nil for any other word, such as a local path.
---@param word string
---@return string? name, string? path
function remote.split(word)
  return word:match "^(%a[%w-]*):(.*)$"
end

--- Refuse words that are not NAME:PATH.
---@param words string[]
---@param hint string         a format with the word: what the user may have meant
function remote.check(words, hint)
  for _, word in ipairs(words) do
    if not remote.split(word) then
      command.misused("'%s' names no file of an instance, which is written NAME:PATH; %s", word,
        hint:format(word))
    end
  end
end

--- Add the options that the commands share.
function remote.options(parser)
  parser:flag("--start", "start the instance first if it is stopped")
  command.workspace_options(parser)
  command.progress_option(parser)
end

local function wants_start(args, vm)
  if vm.state ~= "Stopped" then return false end
  return args.start or question.is_terminal()
    and question.is_confirmed(("'%s' is stopped. Start it?"):format(vm.name))
end

--- Start an instance that is stopped, with --start or when the user says yes.
---@param args table
---@param vm azureml.Instance
---@return azureml.Instance
function remote.prepare(args, vm)
  vm.jupyter.server:prepare { start = wants_start(args, vm), progress = args.progress }
  return vm
end

return remote
