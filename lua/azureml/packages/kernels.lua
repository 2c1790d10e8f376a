--- Register kernels on an instance, and remove them. The Jupyter server is asked afterwards whether
--- it knows the kernel, so that one in a place that it does not read is an error.
local errors = require "azureml.error"
local kernelspecs = require "azureml.jupyter.kernelspecs"
local names = require "azureml.packages.names"
local step = require "azureml.packages.step"

local kernels = {}

local function is_known(vm, name)
  for _, spec in ipairs(kernelspecs.list(vm.jupyter.server)) do
    if spec.name == name then return true end
  end
  return false
end

local LANGUAGES = {}

function LANGUAGES.python(environment, name, title)
  return { environment.python, "-m", "ipykernel", "install", "--user", "--name", name,
    "--display-name", title }
end

-- Do what IRkernel::installspec does, which needs a program 'jupyter' in PATH besides.
local R_CODE = [=[
a <- commandArgs(TRUE)
from <- system.file("kernelspec", package = "IRkernel")
if (from == "") stop("the package IRkernel is not installed")
data <- Sys.getenv('JUPYTER_DATA_DIR', path.expand("~/.local/share/jupyter"))
to <- file.path(data, "kernels", a[1])
dir.create(to, recursive = TRUE, showWarnings = FALSE)
stopifnot(file.copy(list.files(from, full.names = TRUE), to, overwrite = TRUE))
spec <- jsonlite::fromJSON(file.path(to, "kernel.json"), simplifyVector = FALSE)
spec$argv[[1]] <- file.path(R.home("bin"), "R")
spec$display_name <- a[2]
writeLines(jsonlite::toJSON(spec, auto_unbox = TRUE, pretty = TRUE), file.path(to, "kernel.json"))
cat("\nInstalled kernelspec", a[1], "in", to, "\n")
]=]

function LANGUAGES.r(environment, name, title)
  return { environment.rscript, "-e", R_CODE, name, title }
end

--- Register the kernel of an environment for the user. A kernel of this name is replaced.
---@param vm azureml.Instance
---@param environment { python: string, rscript: string, name: string? }
---@param settings { name: string, display_name: string?, language: "python"|"r" }
---@param options table       those of step.OPTIONS
---@return string name        as Jupyter lists it
---@raise an error object: `KernelNotFound`; a step that fails
function kernels.register(vm, environment, settings, options)
  local name = names.kernel("create_environment", settings.name)
  local title = settings.display_name
    or ("%s (%s)"):format(settings.language == "r" and "R" or "Python", settings.name)
  names.title("create_environment", title)
  step.must(vm, ("register the kernel '%s'"):format(name),
    LANGUAGES[settings.language](environment, name, title), options)
  if is_known(vm, name) then return name end
  errors.raise { code = "KernelNotFound",
    message = ("the kernel '%s' was registered on '%s', but its Jupyter does not list it"):format(
      name, vm.name),
    hint = "its Jupyter reads another directory than the user's own: 'jupyter --paths' there "
      .. "shows which" }
end

-- Remove the directory of a kernel below the user's own data. Only that directory: a kernel of the
-- system belongs to all.
local REMOVE = [=[
d="${JUPYTER_DATA_DIR:-$HOME/.local/share/jupyter}/kernels"
for k in "$d"/*; do
  if [ "$(printf %s "${k##*/}" | tr A-Z a-z)" = "$1" ]; then rm -rf -- "$k" || exit 1; fi
done
]=]

--- Remove a kernel of the user from the list of those that can be started. Kernels that run go on.
---@param vm azureml.Instance
---@param name string
---@param settings? table     over, timeout, key, start
---@return boolean removed    false: there was none of this name
---@raise an error object `KernelNotRemoved` if it is the system's
function kernels.remove(vm, name, settings)
  name = names.kernel("remove_kernel", name)
  if not is_known(vm, name) then return false end
  step.must(vm, ("remove the kernel '%s'"):format(name),
    { "sh", "-c", REMOVE, "azureml", name }, settings or {})
  if not is_known(vm, name) then return true end
  errors.raise { code = "KernelNotRemoved",
    message = ("the kernel '%s' of '%s' is not the user's own, so it stays"):format(name, vm.name),
    hint = "an environment or the system has it: remove it in a terminal with "
      .. "'jupyter kernelspec remove'" }
end

return kernels
