--- azureml cp: copy files to an instance or from it. The process becomes scp, which shows progress.
local command = require "azureml.cli.command"
local command_line = require "azureml.ssh.command_line"
local reaching = require "azureml.cli.reaching"
local reach = require "azureml.ssh"

local cp = {}

-- Return the instance's name and the path of a word NAME:PATH; nil for a local path.
local function remote(word)
  return word:match "^(%a[%w-]*):(.*)$"
end

local function check(args)
  local from_name, to_name = remote(args.from), remote(args.to)
  if (from_name == nil) == (to_name == nil) then
    command.misused("one of the two must be on an instance: write it as NAME:PATH; "
      .. "'./a:b' is a local file")
  end
  if args.from == "" or args.to == "" then command.misused "a path is empty" end
end

function cp.configure(parser)
  parser:argument("from", "a file or a directory, or NAME:PATH on an instance"):argname "FROM"
  parser:argument("to", "where to copy it: a path, or NAME:PATH on an instance"):argname "TO"
  parser:flag("-p --preserve", "keep times and modes")
  parser:flag("-r --recursive", "accepted for habit: directories are always copied whole")
  reaching.options(parser)
  command.check(parser, check)
end

function cp.run(args)
  local name, path = remote(args.from)
  local from, to = args.from, args.to
  if name then
    from = ":" .. path
  else
    name, path = remote(args.to)
    to = ":" .. path
  end
  reach.become(command_line.scp(reaching.target(args, name), from, to, {
    key = args.key, preserve = args.preserve, is_interactive = reaching.is_terminal(),
  }))
end

return cp
