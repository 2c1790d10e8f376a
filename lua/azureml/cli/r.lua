--- azureml r: install R packages on an instance.
local installing = require "azureml.cli.installing"
local tables = require "azureml.tool.tables"

local r = { subcommands = {} }

local install = { summary = "install R packages" }
r.subcommands.install = install

function install.configure(parser)
  installing.name_argument(parser)
  parser:argument("packages", "the packages' names"):args "+":argname "PACKAGE"
  parser:option("--repos", "the URL of the repository (default: CRAN)"):argname "URL"
  parser:flag("--upgrade", "install them anew, also those that are there")
  parser:option("--env", "an environment with R, by its name or its path (default: the Rscript of "
    .. "PATH)"):argname "ENV"
  installing.options(parser, "object")
end

function install.run(args)
  local vm = installing.instance(args)
  local done = vm:r_install(installing.settings(args, tables.merge(args.packages, {
    env = args.env, repos = args.repos, upgrade = args.upgrade,
  })))
  installing.finish(args, { installed = installing.list(done.installed), changed = done.changed })
end

return r
