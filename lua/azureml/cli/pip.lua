--- azureml pip: install, uninstall and list Python packages on an instance.
local command = require "azureml.cli.command"
local installing = require "azureml.cli.installing"
local tables = require "azureml.tool.tables"

local pip = { subcommands = {} }

local function env_option(parser)
  parser:option("--env", "the environment, by its name or its path (default: the Python of PATH)")
    :argname "ENV"
end

-- Install -----------------------------------------------------------------------------------------

local install = { summary = "install Python packages" }
pip.subcommands.install = install

function install.configure(parser)
  installing.name_argument(parser)
  parser:argument("packages", "packages as pip takes them: 'pandas==2.2'"):args "*"
    :argname "PACKAGE"
  parser:option("-r --requirements", "install what this file of this machine lists")
    :argname "FILE"
  parser:flag("--upgrade", "install the newest versions")
  env_option(parser)
  installing.options(parser, "object")
  command.check(parser, function(args)
    if #args.packages == 0 and not args.requirements then
      command.misused "which packages? Give their names, or -r FILE"
    end
  end)
end

function install.run(args)
  local vm = installing.instance(args)
  local done = vm:pip_install(installing.settings(args, tables.merge(args.packages, {
    env = args.env, requirements = args.requirements, upgrade = args.upgrade,
  })))
  installing.finish(args, { installed = installing.list(done.installed), changed = done.changed })
end

-- Uninstall ---------------------------------------------------------------------------------------

local uninstall = { summary = "uninstall Python packages" }
pip.subcommands.uninstall = uninstall

function uninstall.configure(parser)
  installing.name_argument(parser)
  parser:argument("packages", "the packages' names"):args "+":argname "PACKAGE"
  env_option(parser)
  installing.options(parser, "object")
end

function uninstall.run(args)
  local vm = installing.instance(args)
  local done = vm:pip_uninstall(installing.settings(args,
    tables.merge(args.packages, { env = args.env })))
  installing.finish(args, {
    uninstalled = installing.list(done.uninstalled), changed = done.changed,
  })
end

-- List --------------------------------------------------------------------------------------------

local list = { summary = "list the Python packages of an environment" }
pip.subcommands.list = list

local COLUMNS = { { title = "Package", key = "name" }, { title = "Version", key = "version" } }

function list.configure(parser)
  installing.name_argument(parser)
  env_option(parser)
  installing.options(parser)
end

function list.run(args)
  local vm = installing.instance(args)
  command.print_list(args, vm:pip_list {
    env = args.env, over = args.over, key = args.key, timeout = args.timeout,
  }, COLUMNS, nil, { name = true, version = true })
end

return pip
