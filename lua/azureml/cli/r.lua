--- azureml r: install R packages on an instance, and a kernel for Jupyter.
local command = require "azureml.cli.command"
local installing = require "azureml.cli.installing"
local tables = require "azureml.tool.tables"

local r = { subcommands = {} }

local install = { summary = "install R packages" }
r.subcommands.install = install

function install.configure(parser)
  installing.name_argument(parser)
  parser:argument("packages", "the packages' names"):args "*":argname "PACKAGE"
  parser:option("--kernel", "register a kernel of this name for Jupyter, by IRkernel")
    :argname "NAME"
  parser:option("--display-name", "the kernel's name in menus"):argname "TEXT"
  parser:option("--repos", "the URL of the repository (default: CRAN)"):argname "URL"
  parser:flag("--upgrade", "install them anew, also those that are there")
  parser:option("--env", "an environment with R, by its name or its path (default: the Rscript of "
    .. "PATH)"):argname "ENV"
  installing.options(parser, "object")
  command.check(parser, function(args)
    if #args.packages == 0 and not args.kernel then
      command.misused "which packages? Give their names, or --kernel NAME"
    end
    if args.display_name and not args.kernel then
      command.misused "--display-name is the kernel's: it needs --kernel"
    end
  end)
end

function install.run(args)
  local vm = installing.instance(args)
  local done = vm:r_install(installing.settings(args, tables.merge(args.packages, {
    env = args.env, repos = args.repos, upgrade = args.upgrade, kernel = args.kernel,
    display_name = args.display_name,
  })))
  installing.finish(args, {
    installed = installing.list(done.installed), changed = done.changed, kernel = done.kernel,
  })
end

return r
