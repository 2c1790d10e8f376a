--- azureml env: create, list and delete environments of an instance: conda's, or virtual ones.
local command = require "azureml.cli.command"
local installing = require "azureml.cli.installing"
local question = require "azureml.cli.question"

local env = { subcommands = {} }

local function env_argument(parser)
  parser:argument("env", "the environment's name"):argname "ENV"
end

-- List --------------------------------------------------------------------------------------------

local list = { summary = "list the environments of an instance" }
env.subcommands.list = list

local COLUMNS = {
  { title = "Environment", key = "name" }, { title = "Kind", key = "kind" },
  { title = "Python", key = "python_version" }, { title = "Path", key = "prefix" },
}

local FIELDS = { name = true, kind = true, prefix = true, python = true, python_version = true }

local function record_of(environment)
  local record = {}
  for name in pairs(FIELDS) do record[name] = environment[name] end
  return record
end

function list.configure(parser)
  installing.name_argument(parser)
  installing.options(parser)
end

function list.run(args)
  local vm = installing.instance(args)
  command.print_list(args, vm:environments {
    over = args.over, key = args.key, timeout = args.timeout,
  }, COLUMNS, record_of, FIELDS)
end

-- Create ------------------------------------------------------------------------------------------

local create = { summary = "create an environment, with a kernel for Jupyter if wanted" }
env.subcommands.create = create

function create.configure(parser)
  installing.name_argument(parser)
  env_argument(parser)
  parser:argument("packages", "packages to install in it: by conda, or by pip with --venv")
    :args "*":argname "PACKAGE"
  parser:option("--python", "its version of Python: 3.11"):argname "VERSION"
  parser:option("--pip", "a package that pip installs in an environment of conda; repeat it")
    :argname "PACKAGE":count "*"
  parser:option("--channel", "a channel of conda; repeat it for more"):argname "CHANNEL":count "*"
  parser:flag("--kernel", "register a kernel for Jupyter")
  parser:option("--kernel-name", "the kernel's name (default: the environment's)"):argname "NAME"
  parser:option("--display-name", "the kernel's name in menus"):argname "TEXT"
  parser:flag("--venv", "a virtual environment below ~/.virtualenvs instead of one of conda")
  parser:flag("--r", "an environment with R instead of Python")
  installing.options(parser, "object")
  parser:epilog("What exists is kept: packages and the kernel are added to it.")
end

function create.run(args)
  local vm = installing.instance(args)
  local made = vm:create_environment(installing.settings(args, {
    name = args.env, packages = args.packages, pip = args.pip, channels = args.channel,
    python = args.python, kernel = args.kernel, kernel_name = args.kernel_name,
    display_name = args.display_name, kind = args.venv and "venv" or nil,
    language = args.r and "r" or nil,
  }))
  local fields = record_of(made)
  fields.created, fields.kernel = made.created, made.kernel
  installing.finish(args, fields, ("%s: %s%s"):format(made.name,
    made.created and "created" or "it was there", made.kernel and ", with the kernel '"
      .. made.kernel .. "'" or ""))
end

-- Delete ------------------------------------------------------------------------------------------

local delete = { summary = "delete an environment, and the kernels that run in it" }
env.subcommands.delete = delete

function delete.configure(parser)
  installing.name_argument(parser)
  env_argument(parser)
  question.option(parser)
  installing.options(parser, "object")
end

function delete.run(args)
  if not args.yes then
    question.check_terminal()
    if not question.is_confirmed(("Delete the environment '%s' of '%s'?"):format(args.env,
      args.name)) then return 1 end
  end
  local vm = installing.instance(args)
  local is_deleted, kernels = vm:delete_environment(args.env, installing.settings(args))
  installing.finish(args, { deleted = is_deleted, kernels = installing.list(kernels) },
    is_deleted and args.env .. ": deleted" or args.env .. ": there was none of this name")
end

return env
