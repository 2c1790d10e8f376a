--- Run a Python script of this machine on an instance. The script is written to a directory of its
--- own there, so that it is a file like any other, and removed when it has ended.
local core = require "azureml.core"
local errors = require "azureml.error"
local names = require "azureml.packages.names"
local options = require "azureml.options"
local places = require "azureml.packages.places"
local remote = require "azureml.remote"
local step = require "azureml.packages.step"
local tables = require "azureml.tool.tables"

local python = {}

-- $1: the name of the script, whose text is the input.
local UPLOAD = [=[
umask 077
d=$(mktemp -d "${TMPDIR:-/tmp}/azureml-XXXXXX") && cat >"$d/$1" && printf '%s\n' "$d"
]=]

-- $1: a Python, or nothing for that of PATH, which may be python3 alone.
local FIND = [=[
p=$1; shift
if [ -z "$p" ]; then
  p=$(command -v python || command -v python3) || { echo "there is no python" >&2; exit 127; }
fi
]=]

-- Then: the directory and the name of the script, and its arguments. A signal ends both.
local RUN = FIND .. [=[
d=$1; f=$2; shift 2
trap 'rm -rf -- "$d"' EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM
"$p" -u "$d/$f" "$@"
]=]

local CODE = FIND .. 'exec "$p" -u -c "$@"'

local EXEC = tables.merge(step.OPTIONS, { stdin = "any", env = "string", code = "string" })

--- Read a script of this machine.
---@param path string
---@return string text
---@raise an error object `InvalidArgument` if it cannot be read
function python.read(path)
  local place = path:find "^/" and path or core.directory() .. "/" .. path
  local file, why = io.open(place)
  if not file then options.refuse("python: %s", why) end
  local script <close> = file
  local text, reason = script:read "a"
  if not text then options.refuse("python: %s: %s", path, reason) end
  return text
end

local function program_of(vm, settings)
  if not settings.env then return "" end
  return places.find(vm, names.place("python", settings.env), settings).python
end

-- Write a script to the instance; return its directory there.
local function upload(vm, name, text, settings)
  local output = step.must(vm, "write the script", { "sh", "-c", UPLOAD, "azureml", name }, {
    over = settings.over, key = settings.key, start = settings.start, timeout = settings.timeout,
    stdin = text,
  })
  local directory = output:match "(/[^\n]*)\n$"
  if directory then return directory end
  errors.raise(step.failure(vm, "write the script", "the instance named no directory",
    { text = output }))
end

--- Return the words that run Python code or a script on an instance. A script is written there.
---@param vm azureml.Instance
---@param script { code: string?, text: string?, name: string?, args: string[] }
---@param settings { env: string?, over: string?, key: string?, start: boolean?, timeout: number? }
---@return string[]
function python.words(vm, script, settings)
  local program = program_of(vm, settings)
  if script.code then
    return tables.append({ "sh", "-c", CODE, "azureml", program, script.code }, script.args)
  end
  local name = script.name:match "[^/]+$" or "script.py"
  local directory = upload(vm, name, script.text, settings)
  return tables.append({ "sh", "-c", RUN, "azureml", program, directory, name }, script.args)
end

local function check_args(list, first)
  local args = {}
  for index = first, #list do
    local word = list[index]
    if type(word) ~= "string" and type(word) ~= "number" then
      errors.mistake("python: each argument must be a text, not %s", type(word))
    end
    args[#args + 1] = tostring(word)
  end
  return args
end

--- What to run: the path of a script, then its arguments; or code, and its arguments.
---@class azureml.PythonOptions: azureml.ExecOptions
---@field [integer] string|number  the path and the arguments
---@field code? string  instead of a script
---@field env? string  an environment's name or path; default: the Python of PATH

--- Run a Python script of this machine on an instance, or code, and wait for its end.
---@param vm azureml.Instance
---@param list azureml.PythonOptions
---@return string output, integer code, string errors      as azureml.Instance.exec
---@raise an error object, as azureml.Instance.exec; `EnvironmentUnknown`
---@usage local output, code = vm:python { "train.py", "--epochs", 3, env = "team" }
function python.run(vm, list)
  if type(list) ~= "table" then
    errors.mistake("bad argument #1 to 'python' (a table expected, got %s)", type(list))
  end
  local settings = {}
  for key, value in pairs(list) do
    if math.type(key) ~= "integer" then settings[key] = value end
  end
  options.check("python", settings, EXEC)
  local path = list[1]
  if not settings.code and type(path) ~= "string" then
    errors.mistake "python: give the path of a script, or code"
  end
  local script = settings.code and { code = settings.code, args = check_args(list, 1) }
    or { name = path, text = python.read(path), args = check_args(list, 2) }
  local words = python.words(vm, script, settings)
  settings.env, settings.code = nil, nil
  return remote.exec(vm, words, settings)
end

return python
