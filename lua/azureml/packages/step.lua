--- Run one step on an instance: a program with its words, whose output the caller may see. A step
--- that fails raises with the end of what it printed.
local errors = require "azureml.error"
local remote = require "azureml.remote"
local screen = require "azureml.console.screen"

local step = {}

--- How to run programs on an instance.
---@class azureml.StepOptions
---@field over? "ssh"|"jupyter"  the way to the instance; default: SSH where it is on, else Jupyter
---@field timeout? number  seconds
---@field key? string  the path of a private key, over SSH
---@field start? boolean  start a stopped instance first
---@field on_output? fun(text: string)  called with each piece of output as it comes; then it is not
---  collected
---@field on_errors? fun(text: string)  the same for standard error

--- The options that every function of this package takes, for options.check.
step.OPTIONS = {
  over = "string", timeout = "number", key = "string", start = "boolean",
  on_output = "callable", on_errors = "callable",
}

local LINES, TAIL = 30, 64 << 10      -- what is kept of the log for an error

-- Make a log safe to print: without escape sequences, progress bars only in their last state.
local function plain(text)
  text = text:gsub("\27%[[%d;?]*%a", ""):gsub("\r\n", "\n"):gsub("[^\n]*\r", "")
  return screen.replace_unsafe(text, function(char)
    return (char == "\n" or char == "\t") and char or "\u{FFFD}"
  end)
end

local function last_lines(text)
  local lines = {}
  for line in plain(text):gmatch "[^\n]+" do
    if line:find "%S" then lines[#lines + 1] = line end
  end
  return table.concat(lines, "\n", math.max(1, #lines - LINES + 1))
end

--- Make the error object of a step that failed.
---@param vm azureml.Instance
---@param what string        "install packages"
---@param why string         "pip ended with exit code 1"
---@param log { text: string, is_shown: boolean? }      what the step printed, or its end
---@param more table?        further fields of the error: code, hint
---@return azureml.Error
function step.failure(vm, what, why, log, more)
  local fields = {
    code = "StepFailed", message = ("cannot %s on '%s': %s"):format(what, vm.name, why),
    log = last_lines(log.text), log_is_shown = log.is_shown,
  }
  for name, value in pairs(more or {}) do fields[name] = value end
  return errors.new(fields)
end

-- Return a function that hands text on and keeps it in a log.
local function logged(log, own, handler)
  return function(text)
    log.text = (log.text .. text):sub(-TAIL)
    own[#own + 1] = text
    if handler then handler(text) end
  end
end

--- Run a step.
---@param vm azureml.Instance
---@param words string[]       the program and its words, which no shell reads
---@param settings table       those of step.OPTIONS, and stdin string?
---@return integer code, string output, { text: string, is_shown: boolean } log
---  log: the end of output and errors, in the order in which they came
function step.run(vm, words, settings)
  local log, output = { text = "", is_shown = settings.on_output ~= nil }, {}
  local _, code = remote.exec(vm, words, {
    over = settings.over, timeout = settings.timeout, key = settings.key, start = settings.start,
    stdin = settings.stdin,
    on_output = logged(log, output, settings.on_output),
    on_errors = logged(log, {}, settings.on_errors),
  })
  return code, table.concat(output), log
end

--- Run a step that must succeed.
---@param vm azureml.Instance
---@param what string          for the error: "install packages"
---@param words string[]
---@param settings table
---@param explain? fun(log: string): table?      more fields of the error
---@return string output
---@raise an error object `StepFailed` with the end of the log
function step.must(vm, what, words, settings, explain)
  local code, output, log = step.run(vm, words, settings)
  if code == 0 then return output end
  local program = words[1]:match "[^/]+$"
  errors.raise(step.failure(vm, what, ("%s ended with exit code %d"):format(program, code), log,
    explain and explain(log.text)))
end

--- Run a short question whose output is not shown.
---@param vm azureml.Instance
---@param what string
---@param words string[]
---@param settings table
---@return string output
function step.ask(vm, what, words, settings)
  return step.must(vm, what, words, {
    over = settings.over, timeout = settings.timeout, key = settings.key, start = settings.start,
  })
end

return step
