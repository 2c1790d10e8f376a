--- Install Python packages on an instance by pip, in an environment or with the Python of its PATH.
local core = require "azureml.core"
local errors = require "azureml.error"
local json = require "azureml.json"
local names = require "azureml.packages.names"
local places = require "azureml.packages.places"
local step = require "azureml.packages.step"
local tables = require "azureml.tool.tables"

local pip = {}

--- Which packages, and where.
---@class azureml.PipOptions: azureml.StepOptions
---@field [integer] string  a package as pip takes it: "pandas==2.2"
---@field env? string  an environment's name or path; default: the Python of PATH

--- Which packages, and where.
---@class azureml.PipInstallOptions: azureml.PipOptions
---@field requirements? string  the path of a file on this machine
---@field upgrade? boolean  take newer versions

local INSTALL = tables.merge(step.OPTIONS, {
  env = "string", requirements = "string", upgrade = "boolean",
})
local PLAIN = tables.merge(step.OPTIONS, { env = "string" })

-- What pip says, the code of the error, and what to do next.
local REASONS = {
  { "externally%-managed%-environment", "EnvironmentManaged",
    "the system's own Python takes no packages: give env, or make an environment by "
      .. "vm:create_environment" },
  { "No module named pip", "PipMissing", "install pip there: python -m ensurepip" },
  { "ResolutionImpossible", "PackageConflict", "the packages exclude each other: name others" },
  { "No matching distribution found", "PackageNotFound",
    "check the name and the version; the instance needs a network to reach the index" },
  { "dependency conflicts", "PackageConflict",
    "the packages are installed; some that were there do not fit them: name fitting versions" },
}

local function explain(log)
  for _, row in ipairs(REASONS) do
    if log:find(row[1]) then return { code = row[2], hint = row[3] } end
  end
  return { code = "PipFailed" }
end

-- Run the Python of PATH. An instance may have only python3.
local FIND_PYTHON = 'p=$(command -v python || command -v python3) || '
  .. '{ echo "there is no python" >&2; exit 127; }; exec "$p" "$@"'

-- Return the words that run Python.
local function python_words(vm, settings, ...)
  if not settings.env then return { "sh", "-c", FIND_PYTHON, "python", ... } end
  local environment = places.find(vm, names.place("pip", settings.env), settings)
  return { environment.python, ... }
end

local function pip_words(vm, settings, ...)
  return python_words(vm, settings, "-m", "pip", ...)
end

-- Run pip. An "ERROR" that it prints with exit code 0 is a failure, too.
local function run(vm, what, words, settings)
  local code, output, log = step.run(vm, words, settings)
  local complaint = ("\n" .. log.text):match "\n(ERROR:[^\n]*)"
  if code == 0 and not complaint then return output end
  local why = code == 0 and "pip says: " .. complaint:gsub("%s+$", "")
    or ("pip ended with exit code %d"):format(code)
  errors.raise(step.failure(vm, what, why, log, explain(log.text)))
end

local function read_file(path)
  if not path:find "^/" then path = core.directory() .. "/" .. path end
  local file, why = io.open(path)
  if not file then
    errors.raise { code = "InvalidArgument", message = "pip_install: " .. why }
  end
  local text <close> = file
  return text:read "a"
end

-- Return the packages that pip says it has installed: "pandas-2.2.0".
local function installed_in(output)
  local list = {}
  for line in output:gmatch "Successfully installed ([^\n]+)" do
    for word in line:gmatch "%S+" do list[#list + 1] = word end
  end
  table.sort(list)
  return list
end

--- Install Python packages. What is there already stays as it is.
---@param vm azureml.Instance
---@param list azureml.PipInstallOptions
---@return { installed: string[], changed: boolean, output: string }
---@raise an error object with the end of the log: `PackageNotFound`, `PackageConflict`,
---  `EnvironmentManaged`, `PipFailed`; `EnvironmentUnknown`
---@usage vm:pip_install { "pandas==2.2", env = "azureml_py310_sdkv2" }
function pip.install(vm, list)
  local packages, settings = names.split("pip_install", list, INSTALL)
  if #packages == 0 and not settings.requirements then
    errors.mistake "pip_install: give packages such as 'pandas==2.2', or requirements"
  end
  local text = settings.requirements and read_file(settings.requirements)
  local words = pip_words(vm, settings, "install", "--no-input", "--disable-pip-version-check")
  if settings.upgrade then tables.append(words, { "--upgrade" }) end
  if text then tables.append(words, { "-r", "/dev/stdin" }) end
  tables.append(words, { "--" })
  tables.append(words, packages)
  local output = run(vm, "install packages", words, tables.merge(settings, { stdin = text }))
  local installed = installed_in(output)
  return { installed = installed, changed = #installed > 0, output = output }
end

--- Uninstall Python packages. Those that are not there are skipped.
---@param vm azureml.Instance
---@param list azureml.PipOptions      names
---@return { uninstalled: string[], changed: boolean, output: string }
function pip.uninstall(vm, list)
  local packages, settings = names.split("pip_uninstall", list, PLAIN)
  if #packages == 0 then errors.mistake "pip_uninstall: give the names of packages" end
  local words = pip_words(vm, settings, "uninstall", "--yes", "--disable-pip-version-check", "--")
  local output = run(vm, "uninstall packages", tables.append(words, packages), settings)
  local gone = {}
  for name in output:gmatch "Successfully uninstalled (%S+)" do gone[#gone + 1] = name end
  return { uninstalled = gone, changed = #gone > 0, output = output }
end

--- List the Python packages of an environment.
---@param vm azureml.Instance
---@param settings? azureml.PipOptions
---@return { name: string, version: string }[]
function pip.list(vm, settings)
  local _, checked = names.split("pip_list", settings or {}, PLAIN)
  local output = step.ask(vm, "list packages", pip_words(vm, checked, "list", "--format=json",
    "--disable-pip-version-check"), checked)
  local list, found = json.decode(output), {}
  for _, item in ipairs(type(list) == "table" and list or {}) do
    found[#found + 1] = { name = tostring(item.name), version = tostring(item.version) }
  end
  if type(list) == "table" then return found end
  errors.raise(step.failure(vm, "list packages", "pip printed no JSON", { text = output }))
end

return pip
