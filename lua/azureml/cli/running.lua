--- Run one command on an instance with the streams of this process: its input, output and exit code
--- are the command's. Where SSH is on the process becomes ssh; else a terminal of Jupyter carries
--- the streams.
local command = require "azureml.cli.command"
local command_line = require "azureml.ssh.command_line"
local core = require "azureml.core"
local errors = require "azureml.error"
local later = require "azureml.tool.later"
local process = later "azureml.tool.process"
local reaching = require "azureml.cli.reaching"
local remote = require "azureml.remote"
local jupyter = later "azureml.cli.remote"
local ssh = later "azureml.ssh"

local running = {}

local STANDARD_INPUT = 0

--- Add the option --over.
function running.option(parser)
  command.choice(parser, "--over", "the way: ssh, or jupyter (default: ssh where it is on)",
    { "ssh", "jupyter" }, "WAY")
end

-- Input -------------------------------------------------------------------------------------------

-- The standard input of this process, in pieces. A program of its own reads it, so that this
-- process never waits for it, and can stop reading while the instance is behind.
local Input = {}
Input.__index = Input

function Input:start(take)
  if core.terminal_width(STANDARD_INPUT) then return take(nil) end
  self.reader = process.start {
    argv = { "cat" }, input = STANDARD_INPUT, environment = process.inherit { "PATH" },
    on_output = take, on_end = function() take(nil) end,
  }
end

function Input:hold(is_held)
  if self.reader then self.reader:hold("output", is_held) end
end

function Input:close()
  if self.reader then self.reader:close() end
  self.reader = nil
end

Input.__close = Input.close

--- Let the end of the reader of an output, such as `head`, interrupt this process instead of killing
--- it, so that the command on the instance is ended too.
function running.survive_closed_pipes()
  local has_signals, signals = pcall(require, "azureml.signals")      -- only in the executable
  if has_signals then signals.pipe(true) end
end

-- Output ------------------------------------------------------------------------------------------

--- Return a function that writes pieces to a stream of this process at once.
---@param stream file*
---@param name string      "standard output", for the error
---@return fun(text: string)
function running.writer(stream, name)
  return function(text)
    local ok, reason = stream:write(text)
    if ok then ok, reason = stream:flush() end
    if ok == nil or ok == false then
      errors.raise { code = "OutputFailed", message = ("%s cannot be written: %s"):format(name,
        tostring(reason)) }
    end
  end
end

-- Running -----------------------------------------------------------------------------------------

local ways = {}

-- Run a command within a time. It reads nothing.
local function run_within(args, vm, words)
  local _, code = remote.exec(vm, words, {
    over = "ssh", key = args.key, start = args.start, timeout = args.timeout,
    on_output = running.writer(io.stdout, "standard output"),
    on_errors = running.writer(io.stderr, "standard error"),
  })
  return code
end

function ways.ssh(args, vm, words)
  if args.timeout then return run_within(args, vm, words) end
  ssh.become(command_line.ssh(reaching.target_of(args, vm), {
    key = args.key, command = words, terminal = false, is_interactive = reaching.is_terminal(),
  }))
end

function ways.jupyter(args, vm, words, input)
  jupyter.prepare(args, vm)
  running.survive_closed_pipes()
  local typed <close> = setmetatable({}, Input)
  local _, code = remote.exec(vm, words, {
    over = "jupyter", key = args.key, timeout = args.timeout, stdin = input or typed,
    on_output = running.writer(io.stdout, "standard output"),
    on_errors = running.writer(io.stderr, "standard error"),
  })
  return code
end

--- Run a command on an instance. It does not return where the process becomes ssh.
---@param args table            the options --over, --key, --start, --progress
---@param vm azureml.Instance
---@param words string|string[]
---@param input string?         instead of the standard input; over Jupyter alone
---@return integer code
function running.run(args, vm, words, input)
  return ways[remote.way(vm, args)](args, vm, words, input)
end

return running
