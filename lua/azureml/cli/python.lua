--- azureml python: run a Python script of this machine on an instance, as if it ran here.
local command = require "azureml.cli.command"
local jupyter = require "azureml.cli.remote"
local python = require "azureml.remote.python"
local reaching = require "azureml.cli.reaching"
local remote = require "azureml.remote"
local running = require "azureml.cli.running"

local group = {}

-- Options without a value. After any other option stands its value.
local FLAGS = { ["--start"] = true, ["--emulator"] = true, ["-h"] = true, ["--help"] = true }
local NAMES = { ["-n"] = true, ["--name"] = true }

-- Return the index of the first word that belongs to the script: that after the instance's name.
local function find_script(words)
  local index, has_name = 1, false
  while words[index] do
    local word = words[index]
    local is_option = word:find "^%-." and not (has_name and (word == "-c" or word == "-"))
    if not is_option then
      if has_name or word == "-" then return index end
      has_name = true
    else
      has_name = has_name or NAMES[word:match "^[^=]*"] ~= nil
      if not FLAGS[word] and not word:find "^%-%-.*=" then index = index + 1 end
    end
    index = index + 1
  end
  return index
end

--- Keep the script and its arguments from the options.
function group.rewrite(words)
  local first = find_script(words)
  local rewritten = { table.unpack(words, 1, first - 1) }
  if first <= #words then rewritten[#rewritten + 1] = "--" end
  return reaching.rewrite(table.move(words, first, #words, #rewritten + 1, rewritten))
end

-- Split the words behind the name: the script or the code, and its arguments.
local function read_script(args)
  local words = args.command
  if type(words) == "string" then words = { words } end
  if not words then command.misused "which script? Give a file, -c CODE, or - to read it" end
  if words[1] == "-c" then
    if not words[2] then command.misused "-c needs the code" end
    args.script = { code = words[2], args = { table.unpack(words, 3) } }
  else
    args.script = { name = words[1], args = { table.unpack(words, 2) } }
  end
end

function group.configure(parser)
  command.name_option(parser)
  parser:option("--env", "the environment, by its name or its path (default: the Python of PATH)")
    :argname "ENV"
  running.option(parser)
  reaching.options(parser)
  reaching.command_option(parser)
  command.check(parser, read_script)
  parser:epilog("After NAME stand SCRIPT and its arguments, which reach it as they are:\n"
    .. "  azureml python NAME train.py --epochs 3\n  azureml python NAME -c 'import sys; "
    .. "print(sys.version)'\nA SCRIPT of - is read from standard input. The script's output, its "
    .. "input and its exit code are those of this command.")
end

-- Return the text of the script, and the input that is left for it; nil: the standard input.
local function read_text(script)
  if script.code then return nil end
  if script.name ~= "-" then return python.read(script.name) end
  script.name = "stdin.py"
  return io.read "a", ""
end

function group.run(args)
  local vm = command.workspace(args).instances:get(args.name)
  local script = args.script
  local text, input = read_text(script)
  script.text = text
  local way = remote.way(vm, args)
  if way == "jupyter" then jupyter.prepare(args, vm) else reaching.target_of(args, vm) end
  local words = python.words(vm, script, { env = args.env, over = way, key = args.key })
  return running.run(args, vm, words, input)
end

return group
