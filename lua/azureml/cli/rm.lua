--- azureml rm: remove files of an instance, by its Jupyter. It never deletes an instance.
local command = require "azureml.cli.command"
local errors = require "azureml.error"
local exit_codes = require "azureml.cli.exit_codes"
local paths = require "azureml.jupyter.paths"
local question = require "azureml.cli.question"
local remote = require "azureml.cli.remote"
local screen = require "azureml.console.screen"
local tables = require "azureml.tool.tables"

local rm = {}

local SHOWN = 5      -- names listed in a question

-- Refuse the root of an instance's files before the user is asked about it.
local function check_roots(words)
  for _, word in ipairs(words) do
    local name, path = remote.split(word)
    if paths.check(path) == "" then
      command.misused("the root of the files of '%s' cannot be removed: name what is in it", name)
    end
  end
end

function rm.configure(parser)
  parser:argument("paths", "files on an instance"):argname("NAME:PATH"):args "+"
  parser:flag("-r --recursive", "also directories, with all that is in them")
  question.option(parser)
  remote.options(parser)
  command.check(parser, function(args)
    remote.check(args.paths, "'azureml delete %s' deletes an instance")
    check_roots(args.paths)
  end)
  parser:epilog("Paths are relative to Jupyter's root, the workspace's files that the instance "
    .. "mounts at ~/cloudfiles/code: all instances of the workspace share them. A link to a "
    .. "directory counts as that directory.")
end

local function is_confirmed(args)
  local names = {}
  for i, word in ipairs(args.paths) do names[i] = screen.one_line(word) end
  local what = args.recursive and " and all that is in them" or ""
  if #names == 1 then what = args.recursive and " and all that is in it" or "" end
  return question.is_confirmed(("Remove %s%s?"):format(tables.excerpt(names, SHOWN), what))
end

-- Look at all instances before the first file is removed.
local function open_all(args)
  local instances, opened = command.workspace(args).instances, {}
  for _, word in ipairs(args.paths) do
    local name = remote.split(word)
    opened[name] = opened[name] or remote.prepare(args, instances:get(name))
    opened[name].jupyter.server:check()
  end
  return opened
end

function rm.run(args)
  if not args.yes then
    question.check_terminal()
    if not is_confirmed(args) then return exit_codes.FAILED end
  end
  local opened, code = open_all(args), nil
  for _, word in ipairs(args.paths) do
    local name, path = remote.split(word)
    local jupyter = opened[name].jupyter
    local _, err = errors.try(jupyter.remove, jupyter, path, { recursive = args.recursive })
    if err and #args.paths == 1 then errors.raise(err) end
    if err then
      code = exit_codes.FAILED
      command.say("azureml: " .. tostring(err))
    end
  end
  return code
end

return rm
