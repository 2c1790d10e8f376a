--- Make environments on an instance, list and delete them: conda's, or virtual environments.
--- Each is made once: what exists is compared with what is wanted, and packages are added to it.
local errors = require "azureml.error"
local json = require "azureml.json"
local kernels = require "azureml.packages.kernels"
local kernelspecs = require "azureml.jupyter.kernelspecs"
local names = require "azureml.packages.names"
local options = require "azureml.options"
local places = require "azureml.packages.places"
local step = require "azureml.packages.step"
local tables = require "azureml.tool.tables"

local environments = {}

-- Listing -----------------------------------------------------------------------------------------

-- Print the version of Python of each directory, as what made the environment has noted it.
local VERSIONS = [=[
for p; do
  v=$(sed -n 's/^version *= *//p' "$p/pyvenv.cfg" 2>/dev/null | head -n 1)
  for f in "$p"/conda-meta/python-[0-9]*.json; do
    if [ -z "$v" ] && [ -f "$f" ]; then v=${f##*/python-}; v=${v%%-*}; fi
  done
  printf '%s\t%s\n' "$v" "$p"
done
]=]

--- List the environments of an instance: conda's, and those below ~/.virtualenvs.
---@param vm azureml.Instance
---@param settings? azureml.StepOptions
---@return azureml.Environment[]      each with python_version, if that is known
function environments.list(vm, settings)
  settings = options.check("environments", settings, step.OPTIONS)
  local found = places.look(vm, settings)
  local prefixes, versions = {}, {}
  for i, item in ipairs(found.list) do prefixes[i] = item.prefix end
  if #prefixes == 0 then return json.array {} end
  local output = step.ask(vm, "look for environments",
    { "sh", "-c", VERSIONS, "azureml", table.unpack(prefixes) }, settings)
  for version, prefix in output:gmatch "([^\t\n]*)\t([^\n]+)" do
    versions[prefix] = version ~= "" and version or nil
  end
  for _, item in ipairs(found.list) do item.python_version = versions[item.prefix] end
  return found.list
end

-- What is wanted ----------------------------------------------------------------------------------

--- What an environment should be.
---@class azureml.EnvironmentOptions: azureml.StepOptions
---@field name string  of the environment
---@field python? string  its version: "3.11"
---@field packages? string[]  conda's, or pip's in a virtual environment
---@field pip? string[]  packages by pip in an environment of conda
---@field kernel? boolean  register a kernel for Jupyter
---@field kernel_name? string  default: the name
---@field display_name? string  of the kernel; default: "Python (NAME)"
---@field kind? "conda"|"venv"  default: conda; venv: below ~/.virtualenvs
---@field language? "python"|"r"  default: python
---@field channels? string[]  of conda

local CREATE = tables.merge(step.OPTIONS, {
  name = "string", python = "string", packages = "table", pip = "table", kernel = "boolean",
  kernel_name = "string", display_name = "string", kind = "string", language = "string",
  channels = "table",
})

local KINDS, LANGUAGES = { conda = true, venv = true }, { python = true, r = true }

local function choice(value, known, default, name)
  value = value or default
  if known[value] then return value end
  options.refuse("create_environment: %s is '%s', not '%s'", name,
    table.concat(tables.keys(known), "' or '"), value:sub(1, 60))
end

local function check_kind(plan)
  if plan.kind == "conda" then return end
  if plan.language == "r" then
    options.refuse "create_environment: R needs an environment of conda: kind = 'conda'"
  end
  if #plan.channels > 0 then
    options.refuse "create_environment: channels are conda's; a virtual environment has none"
  end
end

-- Check the options; return what must be made.
local function read(settings)
  local owner = "create_environment"
  options.check(owner, settings, CREATE)
  local plan = {
    name = names.environment(owner, settings.name),
    kind = choice(settings.kind, KINDS, "conda", "kind"),
    language = choice(settings.language, LANGUAGES, "python", "language"),
    packages = names.packages(owner, settings.packages or {}),
    pip = names.packages(owner, settings.pip or {}),
    channels = names.packages(owner, settings.channels or {}),
    kernel = settings.kernel or settings.kernel_name ~= nil or settings.display_name ~= nil,
    kernel_name = settings.kernel_name, display_name = settings.display_name,
    python = settings.python,
  }
  if plan.python and not plan.python:find "^%d+%.?%d*%.?%d*$" then
    options.refuse("%s: python is a version such as '3.11', not '%s'", owner,
      plan.python:sub(1, 60))
  end
  if plan.kernel then names.kernel(owner, plan.kernel_name or plan.name) end
  check_kind(plan)
  return plan
end

-- Programs for a kernel and for the language that conda must install.
local BASE = {
  python = { base = { "pip" }, kernel = { "ipykernel" } },
  r = { base = { "r-base" }, kernel = { "r-irkernel" } },
}

-- Return all packages that conda installs, and its channels.
local function conda_words(plan)
  local words, base = {}, BASE[plan.language]
  for _, channel in ipairs(plan.channels) do tables.append(words, { "--channel", channel }) end
  if plan.language == "python" or plan.python then
    words[#words + 1] = plan.python and "python=" .. plan.python or "python"
  end
  tables.append(words, base.base)
  if plan.kernel then tables.append(words, base.kernel) end
  return tables.append(words, plan.packages)
end

-- Making ------------------------------------------------------------------------------------------

local makers = {}

function makers.conda(vm, plan, found, settings)
  if not found.conda then
    errors.raise { code = "CondaMissing",
      message = ("'%s' has no conda: neither in PATH nor where it is installed usually"):format(
        vm.name),
      hint = "kind = 'venv', --venv, makes a virtual environment instead" }
  end
  step.must(vm, ("create the environment '%s'"):format(plan.name), tables.append(
    { found.conda, "create", "--yes", "--name", plan.name }, conda_words(plan)), settings)
  return places.find(vm, plan.name, settings)
end

-- A virtual environment that could not be made whole is removed again.
local VENV = [=[
p=$(command -v "$2" || command -v python) || { echo "there is no $2" >&2; exit 127; }
"$p" -m venv -- "$1" || { code=$?; rm -rf -- "$1"; exit $code; }
]=]

function makers.venv(vm, plan, found, settings)
  local prefix = ("%s/.virtualenvs/%s"):format(found.home, plan.name)
  step.must(vm, ("create the environment '%s'"):format(plan.name),
    { "sh", "-c", VENV, "azureml", prefix, "python" .. (plan.python or "3") }, settings)
  return places.find(vm, plan.name, settings)
end

-- Refuse an environment that exists and is of another kind or version.
local function check_existing(vm, plan, environment, settings)
  local function differs(what, has, wanted)
    errors.raise { code = "EnvironmentDiffers",
      message = ("the environment '%s' of '%s' exists with %s %s, not %s"):format(plan.name,
        vm.name, what, has, wanted),
      hint = "choose another name, or delete it first: vm:delete_environment" }
  end
  if environment.kind ~= plan.kind then differs("the kind", environment.kind, plan.kind) end
  if not plan.python then return end
  local output = step.ask(vm, "ask for the version of Python", { environment.python, "-c",
    "import sys; print('%d.%d.%d' % sys.version_info[:3])" }, settings)
  local version = output:match "%d+%.%d+%.%d+" or "?"
  if (version .. "."):sub(1, #plan.python + 1) ~= plan.python .. "." then
    differs("Python", version, plan.python)
  end
end

local function add_packages(vm, plan, environment, found, settings)
  if #plan.packages == 0 and not plan.kernel then return end
  if plan.kind == "venv" then return end
  local words = { found.conda, "install", "--yes", "--name", plan.name }
  for _, channel in ipairs(plan.channels) do tables.append(words, { "--channel", channel }) end
  if plan.kernel then tables.append(words, BASE[plan.language].kernel) end
  step.must(vm, ("install packages in the environment '%s'"):format(environment.name),
    tables.append(words, plan.packages), settings)
end

-- Packages that pip installs: all of a virtual environment.
local function pip_packages(plan)
  local list = tables.copy(plan.pip)
  if plan.kind ~= "venv" then return list end
  if plan.kernel then table.insert(list, 1, "ipykernel") end
  return tables.append(list, plan.packages)
end

local function pip_install(vm, plan, environment, settings)
  local list = pip_packages(plan)
  if #list == 0 then return end
  local call = tables.merge(list, settings)
  call.env = environment.prefix
  require("azureml.packages.pip").install(vm, call)
end

--- Create an environment, or take it if it is there: packages and the kernel are added then.
---@param vm azureml.Instance
---@param settings azureml.EnvironmentOptions
---@return azureml.Environment      with created, and kernel if one was registered
---@raise an error object with the end of the log: `CondaMissing`, `EnvironmentDiffers`,
---  `StepFailed`, what pip_install raises
---@usage vm:create_environment { name = "team", python = "3.11", packages = { "pandas" },
---    kernel = true }
function environments.create(vm, settings)
  if type(settings) ~= "table" then
    errors.mistake("bad argument #1 to 'create_environment' (a table expected, got %s)",
      type(settings))
  end
  local plan, passed = read(settings), {}
  for name in pairs(step.OPTIONS) do passed[name] = settings[name] end
  local found = places.look(vm, passed)
  local environment = places.named(found, plan.name)
  local created = environment == nil
  if environment then
    check_existing(vm, plan, environment, passed)
    add_packages(vm, plan, environment, found, passed)
  else
    environment = makers[plan.kind](vm, plan, found, passed)
  end
  pip_install(vm, plan, environment, passed)
  if plan.kernel then
    environment.kernel = kernels.register(vm, environment, {
      name = plan.kernel_name or plan.name, display_name = plan.display_name,
      language = plan.language,
    }, passed)
  end
  environment.created = created
  return environment
end

-- Deleting ----------------------------------------------------------------------------------------

local deleters = {}

function deleters.conda(vm, environment, found, settings)
  step.must(vm, ("delete the environment '%s'"):format(environment.name),
    { found.conda, "env", "remove", "--yes", "--name", environment.name }, settings)
end

function deleters.venv(vm, environment, _, settings)
  step.must(vm, ("delete the environment '%s'"):format(environment.name),
    { "rm", "-rf", "--", environment.prefix }, settings)
end

-- Remove the kernels that start a program of the environment: they no longer work.
local function remove_kernels(vm, environment, settings)
  local removed = json.array {}
  for _, spec in ipairs(kernelspecs.list(vm.jupyter.server)) do
    local program = spec.argv[1] or ""
    if program:sub(1, #environment.prefix + 1) == environment.prefix .. "/" then
      if kernels.remove(vm, spec.name, settings) then removed[#removed + 1] = spec.name end
    end
  end
  return removed
end

--- Delete an environment, and the user's kernels that run in it.
---@param vm azureml.Instance
---@param name string
---@param settings? azureml.StepOptions
---@return boolean deleted, string[] kernels      false: there was none of this name
function environments.delete(vm, name, settings)
  settings = options.check("delete_environment", settings, step.OPTIONS)
  names.environment("delete_environment", name)
  if name == "base" then options.refuse "delete_environment: 'base' is conda's own" end
  local found = places.look(vm, settings)
  local environment = places.named(found, name)
  if not environment then return false, json.array {} end
  deleters[environment.kind](vm, environment, found, settings)
  return true, remove_kernels(vm, environment, settings)
end

return environments
