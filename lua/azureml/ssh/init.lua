--- Reach an instance by the system's OpenSSH client: run commands, copy files, forward ports.
local command_line = require "azureml.ssh.command_line"
local core = require "azureml.core"
local count = require "azureml.tool.count"
local errors = require "azureml.error"
local failure = require "azureml.ssh.failure"
local forwarding = require "azureml.ssh.forwarding"
local notice = require "azureml.tool.notice"
local options = require "azureml.options"
local process = require "azureml.tool.process"
local target = require "azureml.ssh.target"

local ssh = {}

-- Before ------------------------------------------------------------------------------------------

--- Return where an instance's SSH server is; start a stopped instance first if the caller wants.
---@param vm azureml.Instance
---@param settings { start: boolean?, progress: string? }
---@return azureml.ssh.Target
function ssh.target(vm, settings)
  if settings.start and vm.state == "Stopped" then
    vm:start({ progress = settings.progress }):wait { progress = settings.progress }
    vm:refresh()
  end
  return target.of(vm)
end

local function missing(err)
  if err.code ~= "ProgramMissing" then return errors.raise(err) end
  errors.raise { code = "SshMissing", message = "OpenSSH's client is not installed",
    hint = "install it: apt-get install openssh-client" }
end

local function start(settings)
  local running, err = errors.try(process.start, settings)
  return running or missing(err)
end

-- Commands ----------------------------------------------------------------------------------------

-- Keep the end of what a stream printed, to find the reason of a failure in it.
local TAIL = 4096

local function watched(handler)
  local tail = ""
  return function(text)
    tail = (tail .. text):sub(-TAIL)
    if handler then handler(text) end
  end, function() return tail end
end

local function raise_timeout(where, timeout)
  errors.raise {
    code = "Timeout",
    message = ("the command on '%s' did not end within %s: the connection was closed")
      :format(where.name, count.of(timeout, "second")),
    hint = "the command may go on there: give a longer timeout, or end it on the instance",
  }
end

--- Run a command on an instance and wait for its end. azureml.remote has checked the arguments.
---@param vm azureml.Instance
---@param command string|string[]
---@param settings? azureml.ExecOptions
---@return string output, integer code, string errors
---@raise an error object: what ssh could not do; `Timeout`
function ssh.exec(vm, command, settings)
  settings = settings or {}
  local where = ssh.target(vm, settings)
  local take_errors, tail = watched(settings.on_errors)
  local running <close> = start {
    argv = command_line.ssh(where, { key = settings.key, command = command, terminal = false }),
    environment = command_line.environment(),
    input = settings.stdin or nil, counts = true,
    on_output = settings.on_output, on_errors = settings.on_errors and take_errors,
  }
  local code = running:wait(settings.timeout)
  if not code then raise_timeout(where, settings.timeout) end
  local printed = running:text "errors"
  local own = settings.on_errors and tail() or printed
  if code == failure.CODE and failure.is_own(own) then
    errors.raise(failure.of(where, "connect to", own))
  end
  return running:text "output", code, printed
end

-- Files -------------------------------------------------------------------------------------------

local COPY = { timeout = "number", key = "string", start = "boolean", preserve = "boolean" }

local function is_remote(path) return path:sub(1, 1) == ":" end

local function check_paths(from, to)
  for index, path in ipairs { from, to } do
    if type(path) ~= "string" or path == "" or path:find "[%z\n]" then
      errors.mistake("bad argument #%d to 'copy' (a path expected)", index)
    end
  end
  if is_remote(from) == is_remote(to) then
    options.refuse "copy: one of the two paths is on the instance: begin that one with ':'"
  end
end

--- Copy a file or a directory with all that is in it. The path on the instance begins with ":";
--- without a slash after it, it is relative to the home directory there.
---@param vm azureml.Instance
---@param from string
---@param to string
---@param settings? azureml.CopyOptions
---@raise an error object: `CopyFailed`, what ssh could not do, `Timeout`
---@usage vm:copy("train.py", ":code/")
---@usage vm:copy(":results", ".")
function ssh.copy(vm, from, to, settings)
  settings = options.check("copy", settings, COPY)
  check_paths(from, to)
  if settings.timeout then options.check_seconds("copy: timeout", settings.timeout) end
  local where = ssh.target(vm, settings)
  local running <close> = start {
    argv = command_line.scp(where, from, to, settings),
    environment = command_line.environment(),
    directory = core.directory(), counts = true,
  }
  local code = running:wait(settings.timeout)
  if not code then raise_timeout(where, settings.timeout) end
  if code == 0 then return end
  local err = failure.of(where, "copy to or from", running:text "errors")
  if err.code == "SshFailed" then err.code = "CopyFailed" end
  errors.raise(err)
end

-- Ports -------------------------------------------------------------------------------------------

--- How to forward.
---@class azureml.ForwardOptions
---@field key? string  the path of a private key
---@field start? boolean  start a stopped instance
---@field timeout? number  seconds until it works; 30

local FORWARD = { key = "string", start = "boolean", timeout = "number" }

local function check_port(index, port)
  if math.type(port) ~= "integer" or port < 1 or port > 65535 then
    errors.mistake("bad argument #%d to 'forward' (a port from 1 to 65535 expected)", index)
  end
end

--- Forward a port of this machine's loopback to a port of the instance, until it is closed.
---@param vm azureml.Instance
---@param port integer              of this machine
---@param remote_port? integer      of the instance; default: the same
---@param settings? azureml.ForwardOptions
---@return azureml.ssh.Forwarding   with port, remote_port, wait() and close()
---@raise an error object: `PortTaken`, what ssh could not do
---@usage local tunnel <close> = vm:forward(8888)
function ssh.forward(vm, port, remote_port, settings)
  if type(remote_port) == "table" then remote_port, settings = nil, remote_port end
  remote_port = remote_port or port
  check_port(1, port)
  check_port(2, remote_port)
  settings = options.check("forward", settings, FORWARD)
  local where = ssh.target(vm, settings)
  return forwarding.start(where, port, remote_port, settings, start)
end

-- The terminal ------------------------------------------------------------------------------------

--- Replace this process by a program: the terminal, signals and exit codes are then its own.
---@param argv string[]
---@raise an error object if that fails; else it does not return
function ssh.become(argv)
  local variables = {}
  for name, value in pairs(command_line.environment()) do
    variables[#variables + 1] = name .. "=" .. value
  end
  notice.tell "leaving"
  local _, why, is_missing = core.replace { argv = argv, environment = variables }
  if is_missing then missing { code = "ProgramMissing" } end
  errors.raise { code = "ProgramFailed",
    message = ("%s cannot be started: %s"):format(argv[1], why) }
end

return ssh
