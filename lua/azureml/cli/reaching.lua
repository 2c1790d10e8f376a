--- Share code among the commands that reach an instance by SSH: options, the question whether to
--- start a stopped instance, the words of a command for the instance.
local command = require "azureml.cli.command"
local later = require "azureml.tool.later"
local question = later "azureml.cli.question"
local ssh = require "azureml.ssh"

local reaching = {}

--- Add the options of all commands that reach an instance.
function reaching.options(parser)
  command.workspace_options(parser)
  parser:option("--key", "the private key's file (default: the key in ~/.ssh that fits)")
    :argname "FILE"
  parser:flag("--start", "start the instance first if it is stopped")
  command.progress_option(parser)
end

-- The option that stands for a word behind "--".
local WORD = "--remote-word"

--- Let a command take words for the instance behind "--": use it as the command's `rewrite`.
---@param words string[]
---@return string[]
function reaching.rewrite(words)
  local rewritten, is_behind = {}, false
  for _, word in ipairs(words) do
    if not is_behind and word == "--" then is_behind = true
    elseif is_behind then rewritten[#rewritten + 1] = ("%s=%s"):format(WORD, word)
    else rewritten[#rewritten + 1] = word end
  end
  return rewritten
end

--- Add the words behind "--" to a parser: args.command is a text for the instance's shell if there
--- is one word, a list of words if there are several, nil without words.
function reaching.command_option(parser)
  parser:option(WORD):count("*"):hidden(true)
  command.check(parser, function(args)
    local words = args.remote_word
    args.remote_word = nil
    if #words == 1 then args.command = words[1] elseif #words > 1 then args.command = words end
  end)
end

--- Tell whether the user is at a terminal, so that a question can be asked.
---@return boolean
function reaching.is_terminal()
  return question.is_terminal()
end

local function wants_start(name)
  return reaching.is_terminal()
    and question.is_confirmed(("'%s' is stopped. Start it?"):format(name))
end

--- Look at an instance and return where its SSH server is. A stopped instance is started with
--- --start, or when the user says yes.
---@param args table
---@param name string
---@return azureml.ssh.Target
function reaching.target(args, name)
  return reaching.target_of(args, command.workspace(args).instances:get(name))
end

--- Return where the SSH server of an instance is: see `reaching.target`.
---@param args table
---@param vm azureml.Instance
---@return azureml.ssh.Target
function reaching.target_of(args, vm)
  local start = args.start
  if not start and vm.ssh.enabled and vm.state == "Stopped" then start = wants_start(vm.name) end
  return ssh.target(vm, { start = start, progress = args.progress })
end

return reaching
