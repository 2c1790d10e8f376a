--- Find the environments of an instance: those of conda, and virtual environments below
--- ~/.virtualenvs, where virtualenvwrapper and editors look for them.
local errors = require "azureml.error"
local json = require "azureml.json"
local step = require "azureml.packages.step"
local suggest = require "azureml.tool.later" "azureml.cli.suggest"

local places = {}

--- An environment of an instance: conda's, or a virtual one.
---@class azureml.Environment
---@field name string           of a path: its last part
---@field kind "conda"|"venv"  what made it
---@field prefix string         its directory
---@field python string         the path of its Python
---@field rscript string        the path of its Rscript

-- Print a line for each fact: a word, a tab, a value. $1: a path that the caller asks about.
-- conda is also looked for where it is installed: a command over SSH reads no start files.
local SCRIPT = [=[
printf 'home\t%s\n' "$HOME"
for c in "$CONDA_EXE" "$(command -v conda)" /anaconda/bin/conda /opt/conda/bin/conda \
  /opt/miniconda/bin/conda "$HOME/miniforge3/bin/conda" "$HOME/miniconda3/bin/conda" \
  "$HOME/anaconda3/bin/conda"
do
  if [ -f "$c" ] && [ -x "$c" ]; then
    list=$("$c" env list --json) || exit 3
    printf 'conda\t%s\nlist\t%s\n' "$c" "$(printf %s "$list" | tr -d '\n\t')"
    break
  fi
done
for p in "$HOME"/.virtualenvs/*; do
  if [ -x "$p/bin/python" ]; then printf 'venv\t%s\n' "$p"; fi
done
case "$1" in "~"/*) set -- "$HOME/${1#??}";; esac
if [ -x "$1/bin/python" ] || [ -x "$1/bin/Rscript" ]; then
  if [ -d "$1/conda-meta" ]; then kind=conda; else kind=venv; fi
  printf 'path\t%s\t%s\n' "$kind" "$1"
fi
]=]

local function environment(kind, prefix, name)
  return {
    name = name or prefix:match "([^/]+)/*$" or prefix, kind = kind, prefix = prefix,
    python = prefix .. "/bin/python", rscript = prefix .. "/bin/Rscript",
  }
end

local readers = {}

function readers.home(found, value) found.home = value end
function readers.conda(found, value) found.conda = value end
function readers.venv(found, value) table.insert(found.list, environment("venv", value)) end

function readers.path(found, value)
  local kind, prefix = value:match "^(%a+)\t(.+)$"
  if kind then found.path = environment(kind, prefix) end
end

-- The first one that conda lists is its own, "base".
function readers.list(found, value)
  local list = json.get(json.decode(value), "envs")
  if type(list) ~= "table" then return end
  for index, prefix in ipairs(list) do
    if type(prefix) == "string" and prefix:find "^/" and not prefix:find "%c" then
      table.insert(found.list, environment("conda", prefix, index == 1 and "base" or nil))
    end
  end
end

--- Look at the environments of an instance.
---@param vm azureml.Instance
---@param settings table      those of step.OPTIONS
---@param path string?        a directory to look at as well
---@return { home: string, conda: string?, list: azureml.Environment[], path: azureml.Environment? }
function places.look(vm, settings, path)
  local output = step.ask(vm, "look for environments",
    { "sh", "-c", SCRIPT, "azureml", path or "" }, settings)
  local found = { list = {} }
  for word, value in output:gmatch "(%a+)\t([^\n]+)" do
    if readers[word] then readers[word](found, value) end
  end
  table.sort(found.list, function(a, b)
    if a.name ~= b.name then return a.name < b.name end
    return a.prefix < b.prefix
  end)
  return found
end

--- Return the environment of a name among those that were found; nil if there is none.
---@param found table         what `look` returned
---@param name string
---@return azureml.Environment?
---@raise an error object `EnvironmentAmbiguous` if two have the name
function places.named(found, name)
  local chosen
  for _, item in ipairs(found.list) do
    if item.name == name and chosen then
      errors.raise { code = "EnvironmentAmbiguous",
        message = ("two environments have the name '%s': %s and %s"):format(name, chosen.prefix,
          item.prefix), hint = "give the path of one of them" }
    end
    if item.name == name then chosen = item end
  end
  return chosen
end

--- Find an environment by its name or, if it has a slash, by its path.
---@param vm azureml.Instance
---@param name string
---@param settings table
---@return azureml.Environment
---@raise an error object `EnvironmentUnknown` with what there is
function places.find(vm, name, settings)
  local is_path = name:find "/" ~= nil
  local found = places.look(vm, settings, is_path and name or nil)
  local chosen = is_path and found.path or not is_path and places.named(found, name)
  if chosen then return chosen end
  local known = {}
  for i, item in ipairs(found.list) do known[i] = item.name end
  errors.raise { code = "EnvironmentUnknown",
    message = ("'%s' has no environment '%s'%s"):format(vm.name, name,
      is_path and "" or suggest.text(name, known)),
    hint = #known > 0 and "it has: " .. table.concat(known, ", ")
      or "vm:create_environment makes one" }
end

return places
