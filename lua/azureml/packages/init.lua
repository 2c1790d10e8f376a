--- Packages, environments and kernels of an instance, by the programs that it has: pip, conda, R.
--- Each name is a word of a command line, which no shell reads. Methods of an instance are these
--- functions.
local later = require "azureml.tool.later"
local environments = later "azureml.packages.environments"
local pip = later "azureml.packages.pip"
local r = later "azureml.packages.r"

return {
  pip_install = function(...) return pip.install(...) end,
  pip_uninstall = function(...) return pip.uninstall(...) end,
  pip_list = function(...) return pip.list(...) end,
  r_install = function(...) return r.install(...) end,
  environments = function(...) return environments.list(...) end,
  create_environment = function(...) return environments.create(...) end,
  delete_environment = function(...) return environments.delete(...) end,
}
