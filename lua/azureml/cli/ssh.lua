--- azureml ssh: open a shell on an instance, or run a command there. The process becomes ssh, so
--- the terminal, signals and the exit code are exact.
local command = require "azureml.cli.command"
local command_line = require "azureml.ssh.command_line"
local reaching = require "azureml.cli.reaching"
local reach = require "azureml.ssh"

local ssh = { rewrite = reaching.rewrite }

function ssh.configure(parser)
  command.name_option(parser)
  reaching.options(parser)
  parser:flag("-t --tty", "with a command: give it a terminal")
  reaching.command_option(parser)
  parser:epilog("A command stands behind --. One word is a line for the instance's shell; several "
    .. "words reach the program as they are:\n  azureml ssh ci-ann -- 'nvidia-smi | head'\n"
    .. "  azureml ssh ci-ann -- python3 train.py --epochs 3")
end

function ssh.run(args)
  local where = reaching.target(args, args.name)
  local terminal = nil
  if args.command then terminal = args.tty == true end
  reach.become(command_line.ssh(where, {
    key = args.key, command = args.command, terminal = terminal,
    is_interactive = reaching.is_terminal(),
  }))
end

return ssh
