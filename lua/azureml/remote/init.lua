--- Run commands on an instance, by SSH or by a terminal of its Jupyter: the choice, and what both
--- have in common.
local errors = require "azureml.error"
local later = require "azureml.tool.later"
local options = require "azureml.options"
local ssh = later "azureml.ssh"
local terminal = later "azureml.jupyter.command"

local remote = {}

--- How to run a command.
---@class azureml.ExecOptions: azureml.StepOptions
---@field stdin? string  what the command reads

local EXEC = {
  over = "string", stdin = "any", timeout = "number", key = "string", start = "boolean",
  on_output = "callable", on_errors = "callable",
}

local function check_command(command)
  local kind = type(command)
  if kind == "string" and command:find "%S" then
    if command:find "%z" then options.refuse "exec: a command must not contain NUL" end
    return
  end
  if kind ~= "table" or #command == 0 then
    errors.mistake("exec: the command must be a text or a list of words, not %s",
      kind == "table" and "an empty list" or kind == "string" and "an empty text" or kind)
  end
  for _, word in ipairs(options.check_list("exec: the command", command)) do
    if type(word) ~= "string" or word:find "%z" then
      errors.mistake("exec: each word of the command must be a text without NUL")
    end
  end
end

local function check_settings(settings)
  settings = options.check("exec", settings, EXEC)
  if settings.timeout then options.check_seconds("exec: timeout", settings.timeout) end
  local kind = type(settings.stdin)
  if kind ~= "nil" and kind ~= "string" and kind ~= "table" then
    errors.mistake("exec: option 'stdin' must be a string, not %s", kind)
  end
  return settings
end

local WAYS = { ssh = true, jupyter = true }

--- Return the way to an instance: what the caller wants, or else SSH where it is on.
---@param vm azureml.Instance
---@param settings { over: string?, key: string? }
---@return "ssh"|"jupyter"
---@raise an error object `InvalidArgument` for another way, or a key where none is used
function remote.way(vm, settings)
  local over = settings.over
  if over and not WAYS[over] then
    options.refuse("over is 'ssh' or 'jupyter', not '%s'", over:sub(1, 60))
  end
  over = over or vm.ssh.enabled and "ssh" or "jupyter"
  if over == "jupyter" and settings.key then
    options.refuse("a key is for SSH, and '%s' is reached over its Jupyter", vm.name)
  end
  return over
end

local ways = {}

function ways.ssh(vm, command, settings)
  if type(settings.stdin) == "table" then
    errors.mistake "exec: option 'stdin' must be a string over ssh"
  end
  return ssh.exec(vm, command, settings)
end

function ways.jupyter(vm, command, settings)
  vm.jupyter.server:prepare { start = settings.start }
  return terminal.exec(vm.jupyter.server, command, settings)
end

--- Run a command on an instance and wait for its end.
---@param vm azureml.Instance
---@param command string|string[]
---  a text for the instance's shell, or a list of words that reach the program as they are
---@param settings? azureml.ExecOptions
---@return string output, integer code, string errors
---  code: the command's exit code, 128 + n after signal n
---@raise an error object: what the way could not do; `Timeout`
---@usage local output, code = vm:exec("nvidia-smi", { timeout = 30 })
function remote.exec(vm, command, settings)
  settings = check_settings(settings)
  check_command(command)
  return ways[remote.way(vm, settings)](vm, command, settings)
end

return remote
