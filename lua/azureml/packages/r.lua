--- Install R packages on an instance. `install.packages` ends a failure with a warning and exit
--- code 0, so R is asked afterwards which packages it can load.
local errors = require "azureml.error"
local kernels = require "azureml.packages.kernels"
local names = require "azureml.packages.names"
local places = require "azureml.packages.places"
local step = require "azureml.packages.step"
local tables = require "azureml.tool.tables"

local r = {}

local CRAN = "https://cloud.r-project.org"

--- Which packages of R, and where.
---@class azureml.RInstallOptions: azureml.StepOptions
---@field [integer] string  the name of a package
---@field env? string  an environment with R; default: the Rscript of PATH
---@field repos? string  the repository's URL; default: CRAN
---@field upgrade? boolean  install them anew
---@field kernel? string  register a kernel of this name for Jupyter, by IRkernel
---@field display_name? string  the kernel's name in menus; default: "R (KERNEL)"

local INSTALL = tables.merge(step.OPTIONS, {
  env = "string", repos = "string", upgrade = "boolean", kernel = "string",
  display_name = "string",
})

-- The arguments: the repository, "all" or "missing", the packages. Packages go to the user's own
-- library where the system's cannot be written.
local CODE = [=[
a <- commandArgs(TRUE)
wanted <- a[-(1:2)]
if (file.access(.libPaths()[1], 2) != 0) {
  own <- path.expand(strsplit(Sys.getenv('R_LIBS_USER'), .Platform$path.sep)[[1]][1])
  dir.create(own, recursive = TRUE, showWarnings = FALSE)
  .libPaths(c(own, .libPaths()))
}
is_there <- function(p) length(find.package(p, quiet = TRUE)) > 0
missing <- if (a[2] == "all") wanted else Filter(Negate(is_there), wanted)
if (length(missing)) install.packages(missing, repos = a[1])
left <- Filter(function(p) !requireNamespace(p, quietly = TRUE), wanted)
if (length(left)) {
  message("azureml: not installed: ", toString(left))
  quit(status = 1)
}
cat("\nazureml: installed:", missing, "\n")
]=]

-- A program of PATH that is missing ends with this code.
local NOT_FOUND = 127

local function check_names(packages)
  for _, name in ipairs(packages) do
    if not name:find "^%a[%w.]*$" then
      errors.raise { code = "InvalidArgument",
        message = ("r_install: '%s' is not the name of an R package: letters, digits and dots")
          :format(name) }
    end
  end
end

local function raise_failure(vm, code, log)
  local left = log.text:match "azureml: not installed: ([^\n]+)"
  if left then
    errors.raise(step.failure(vm, "install packages", "R did not install " .. left, log,
      { code = "PackageNotFound",
        hint = "check the names, and that the instance reaches the repository" }))
  end
  local is_missing = code == NOT_FOUND
  errors.raise(step.failure(vm, "install packages",
    is_missing and "it has no Rscript" or ("Rscript ended with exit code %d"):format(code), log,
    { code = is_missing and "RMissing" or "RFailed",
      hint = is_missing and "name an environment with R by env, or make one: "
        .. "vm:create_environment with language = 'r'" or nil }))
end

-- Register a kernel that runs this R. Return its name.
local function add_kernel(vm, rscript, settings)
  return kernels.register(vm, { rscript = rscript }, {
    name = settings.kernel, display_name = settings.display_name, language = "r",
  }, settings)
end

-- Return the packages that are wanted, with the one that a kernel needs.
local function wanted(packages, settings)
  if settings.kernel then table.insert(packages, 1, "IRkernel") end
  if #packages == 0 then errors.mistake "r_install: give the names of packages, or a kernel" end
  check_names(packages)
  return packages
end

--- Install R packages. What is there already stays as it is.
---@param vm azureml.Instance
---@param list azureml.RInstallOptions
---@return { installed: string[], changed: boolean, output: string, kernel: string? }
---@raise an error object with the end of the log: `PackageNotFound`, `RMissing`, `RFailed`
---@usage vm:r_install { "data.table" }
function r.install(vm, list)
  local packages, settings = names.split("r_install", list, INSTALL)
  packages = wanted(packages, settings)
  if settings.kernel then names.kernel("r_install", settings.kernel) end
  local rscript = settings.env
    and places.find(vm, names.place("r_install", settings.env), settings).rscript or "Rscript"
  local words = { rscript, "-e", CODE, settings.repos or CRAN,
    settings.upgrade and "all" or "missing" }
  local code, output, log = step.run(vm, tables.append(words, packages), settings)
  if code ~= 0 then raise_failure(vm, code, log) end
  local installed = {}
  for name in (output:match "azureml: installed:([^\n]*)" or ""):gmatch "%S+" do
    installed[#installed + 1] = name
  end
  return {
    installed = installed, changed = #installed > 0, output = output,
    kernel = settings.kernel and add_kernel(vm, rscript, settings),
  }
end

return r
