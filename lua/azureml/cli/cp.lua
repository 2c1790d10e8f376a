--- azureml cp: copy files to an instance or from it. Where SSH is on, the process becomes scp,
--- which shows progress; else Jupyter copies them.
local command = require "azureml.cli.command"
local command_line = require "azureml.ssh.command_line"
local later = require "azureml.tool.later"
local copying = later "azureml.jupyter.copying"
local reaching = require "azureml.cli.reaching"
local reach = require "azureml.ssh"
local remote = require "azureml.cli.remote"
local screen = require "azureml.console.screen"
local tables = require "azureml.tool.tables"
local transfer = later "azureml.console.transfer"

local cp = {}

local SHOWN = 5      -- names of files that were left out

local function check(args)
  local from_name, to_name = remote.split(args.from), remote.split(args.to)
  if from_name and to_name then
    command.misused("only one of the two may be NAME:PATH on an instance: copy to this machine "
      .. "first; './a:b' is a local file")
  end
  if not from_name and not to_name then
    command.misused("one of the two must be on an instance: write it as NAME:PATH; "
      .. "'./a:b' is a local file")
  end
  if args.from == "" or args.to == "" then command.misused "a path is empty" end
end

function cp.configure(parser)
  parser:argument("from", "a file or a directory, or NAME:PATH on an instance"):argname "FROM"
  parser:argument("to", "where to copy it: a path, or NAME:PATH on an instance"):argname "TO"
  command.choice(parser, "--over", "how to copy: ssh, or jupyter (default: ssh where it is on)",
    { "ssh", "jupyter" }, "WAY")
  parser:flag("-p --preserve", "keep times and modes (over SSH)")
  parser:flag("-r --recursive", "accepted for habit: directories are always copied whole")
  reaching.options(parser)
  command.check(parser, check)
  parser:epilog("Over SSH a path on the instance is relative to the home directory there; over "
    .. "Jupyter to the workspace's files, which the instance mounts at ~/cloudfiles/code. A path "
    .. "that begins with cloudfiles/code/ means the same over both. Jupyter copies no hidden "
    .. "files; a copy that broke off goes on where it ended.")
end

-- Become scp.
local function over_ssh(args, vm, from, to)
  reach.become(command_line.scp(reaching.target_of(args, vm), from, to, {
    key = args.key, preserve = args.preserve, is_interactive = reaching.is_terminal(),
  }))
end

local function say_skipped(skipped)
  if #skipped == 0 then return end
  command.say(("azureml: left out %d, which Jupyter does not copy: %s"):format(#skipped,
    screen.one_line(tables.excerpt(skipped, SHOWN))))
end

local function over_jupyter(args, vm, from, to)
  local shown <close> = transfer.new(args.progress)
  local copied = copying.copy(vm, from, to, {
    over = "jupyter", key = args.key, preserve = args.preserve or nil,
    on_progress = function(progress) shown:show(progress) end,
  })
  shown:clear()
  say_skipped(copied.skipped)
  if args.progress ~= "quiet" then command.say(shown:sum(copied)) end
end

function cp.run(args)
  local name, path = remote.split(args.from)
  local from, to = args.from, args.to
  if name then
    from = ":" .. path
  else
    name, path = remote.split(args.to)
    to = ":" .. path
  end
  local vm = command.workspace(args).instances:get(name)
  if copying.way(vm, args.over) == "ssh" then return over_ssh(args, vm, from, to) end
  over_jupyter(args, remote.prepare(args, vm), from, to)
end

return cp
