--- Run code in a kernel of an instance: start a kernel or use a running one, send code, follow what
--- it answers. A kernel that was started here is shut down when it is closed.
local channel = require "azureml.jupyter.channel"
local core = require "azureml.core"
local count = require "azureml.tool.count"
local errors = require "azureml.error"
local json = require "azureml.json"
local kernelspecs = require "azureml.jupyter.kernelspecs"
local message = require "azureml.jupyter.message"
local options = require "azureml.options"
local result = require "azureml.jupyter.result"
local tables = require "azureml.tool.tables"
local task = require "azureml.task"

--- A kernel of an instance.
---@class azureml.Kernel
---@field id string  of the running kernel
---@field name string            of its kernelspec: "python3"
---@field is_ours boolean        it was started here, and ends when it is closed
---@field server azureml.jupyter.Server  the server that runs it
local Kernel = {}

local metatable = { __name = "azureml.Kernel", __index = Kernel }

local kernel = {}

local SETTLE = 10        -- seconds that interrupted code has to end
local SHUTDOWNS = 10     -- attempts to shut a kernel down, a second apart

local function path_of(self, rest)
  return ("/api/kernels/%s%s"):format(core.escape(self.id), rest or "")
end

local function call(self, method, rest, label, settings)
  return self.server:request(method, path_of(self, rest), method == "POST" and {} or nil,
    tables.merge({ label = ("%s '%s' of %s"):format(label, self.name, self.server.vm.name),
      raw = true }, settings))
end

local function fail(self, code, text, hint)
  errors.raise { code = code, hint = hint,
    message = text:format(self.name, self.server.vm.name) }
end

-- Executing ---------------------------------------------------------------------------------------

local EXECUTE = {
  timeout = "number", on_output = "callable", on_errors = "callable", on_input = "callable",
  on_display = "callable", silent = "boolean",
}

-- Interrupt the code when the wait for it ends early: an interrupt, an error, a time limit.
local Running = {}
Running.__index = Running

local function is_lost(err)
  return errors.is(err) and (err.code == "KernelDied" or err.code == "KernelGone")
end

function Running:__close(raised)
  self.kernel.is_executing = false
  if self.is_done or is_lost(raised) then return end
  self.kernel.interrupted = self.id
  errors.try(self.kernel.interrupt, self.kernel)
end

local function answer_input(self, received, settings)
  local prompt = message.text(received.content, "prompt")
  local line = settings.on_input(prompt, received.content.password == true)
  if type(line) ~= "string" then
    errors.mistake("execute: on_input must return a text, not %s", type(line))
  end
  self.channel:send("stdin", "input_reply", { value = line }, received.header)
end

-- Done means both: the reply on the shell channel, and "idle" on iopub. They come in any order.
local function follow(self, id, found, settings, deadline)
  local has_reply, is_idle = false, false
  while not (has_reply and is_idle) do
    local received = self.channel:receive(deadline)
    if not received then return false end
    if received.parent == id then
      if received.kind == "input_request" and settings.on_input then
        answer_input(self, received, settings)
      end
      has_reply = has_reply or received.kind == "execute_reply"
      is_idle = is_idle or received.kind == "status" and received.content.execution_state == "idle"
      found:take(received)
    end
  end
  return true
end

-- Wait until interrupted code has ended: the kernel would skip what comes before.
local function wait_interrupted(self)
  local id = self.interrupted
  self.interrupted = nil
  if id then follow(self, id, result.new {}, {}, core.now() + SETTLE) end
end

-- Let the kernel execute one code at a time: it is free again when the result is closed.
local function begin(self)
  if self.is_executing then
    errors.mistake("execute: the kernel '%s' executes other code: wait for its end, or start "
      .. "another kernel", self.name)
  end
  self.is_executing = true
  return setmetatable({ kernel = self, is_done = true }, Running)
end

-- Send code; return the id of the request. With stop_on_error, ipykernel skips what comes shortly
-- after code that failed. That is for code sent ahead, and the kernel gets our code in turn.
local function request(self, code, settings)
  return self.channel:send("shell", "execute_request", {
    code = code, silent = false, store_history = not settings.silent,
    user_expressions = {}, allow_stdin = settings.on_input ~= nil, stop_on_error = false,
  })
end

--- How to run code.
---@class azureml.ExecuteOptions
---@field timeout? number  seconds; then the code is interrupted
---@field on_output? fun(text: string)  called with each piece as it comes; then it is not collected
---@field on_errors? fun(text: string)  the same for standard error
---@field on_display? fun(data: table)  called with what the code displays
---@field on_input? fun(prompt: string, is_password: boolean): string  returns the line that the
---  code asks for
---@field silent? boolean  not kept in the kernel's history

--- Which kernel, and how to run code.
---@class azureml.ExecuteInOptions: azureml.ExecuteOptions
---@field kernel? string|table  the name of a kernelspec, the id of a running kernel, or an object
---  with an id

--- Run code and wait for its end.
---@param code string
---@param settings? azureml.ExecuteOptions
---@return azureml.Result
---@raise an error object: `CodeFailed` with exception { name, value, traceback } and result;
---  `Timeout`, `OutputLost`, `KernelDied`, `KernelGone`
---@usage print(kernel:execute("1 + 1").text)
function Kernel:execute(code, settings)
  settings = options.check("execute", settings, EXECUTE)
  if type(code) ~= "string" then
    errors.mistake("bad argument #1 to 'execute' (code expected, got %s)", type(code))
  end
  -- A kernel of Python never answers to a zero byte.
  if code:find("\0", 1, true) or not utf8.len(code) then
    options.refuse("execute: the code has to be in UTF-8, without a zero byte")
  end
  if settings.timeout then options.check_seconds("execute: timeout", settings.timeout) end
  local running <close> = begin(self)
  self.channel = self.channel or channel.open(self.server, self.id, self.name)
  local deadline = settings.timeout and core.now() + settings.timeout
  wait_interrupted(self)
  local found = result.new(settings)
  running.id, running.is_done = request(self, code, settings), false
  if not follow(self, running.id, found, settings, deadline) then
    fail(self, "Timeout", ("the code in the kernel '%%s' of '%%s' did not end within %s: it was "
      .. "interrupted"):format(count.of(settings.timeout, "second")), "give a longer timeout")
  end
  running.is_done = true
  return found:finish(self.name)
end

--- Interrupt the code that runs in the kernel, as Ctrl-C does.
function Kernel:interrupt()
  call(self, "POST", "/interrupt", "interrupt the kernel", { timeout = 10 })
end

--- Restart the kernel: its variables are lost.
function Kernel:restart()
  call(self, "POST", "/restart", "restart the kernel")
  if self.channel then self.channel:close() end
  self.channel = nil
end

-- Shut the kernel down. A server that restarts a kernel which died refuses that for a while.
local function shut_down(self)
  local err
  for attempt = 1, SHUTDOWNS do
    local reply, failure = errors.try(call, self, "DELETE", "", "shut down the kernel",
      { timeout = 10, expects_missing = true })
    if reply or failure.status == 404 or failure.code == "NotRunning" then return nil end
    err = failure
    if not err.status or err.status < 500 or attempt == SHUTDOWNS then break end
    task.sleep(1)
  end
  return err
end

--- Close the channel. A kernel that was started here is shut down.
---@raise an error object if the kernel could not be shut down
function Kernel:close()
  if self.is_closed then return end
  self.is_closed = true
  if self.channel then self.channel:close() end
  local err = self.is_ours and shut_down(self)
  if err then errors.raise(err) end
end

options.check_colon(Kernel, metatable, "kernel")
metatable.__methods = Kernel

-- An error that ends the scope is worth more than one of its end.
function metatable.__close(self, raised)
  local _, err = errors.try(self.close, self)
  if err and raised == nil then errors.raise(err) end
end

function metatable:__tostring()
  return ("%s on %s (%s)"):format(self.name, self.server.vm.name, self.id)
end

-- Beginning ---------------------------------------------------------------------------------------

local ID = "^%x+%-%x+%-%x+%-%x+%-%x+$"

local function make(server, item, is_ours)
  local id, name = json.get(item, "id"), json.get(item, "name")
  if type(id) ~= "string" or not id:find "^[%w-]+$" or type(name) ~= "string" then
    errors.raise { code = "InvalidReply",
      message = ("the Jupyter of '%s' describes a kernel without id and name"):format(
        server.vm.name) }
  end
  return setmetatable({
    id = id, name = name, server = server, is_ours = is_ours,
  }, metatable)
end

--- Start a kernel. It is shut down when it is closed.
---@param server azureml.jupyter.Server
---@param name? string       of a kernelspec: "python3"; default: the server's own default
---@return azureml.Kernel
function kernel.start(server, name)
  name = kernelspecs.check(server, name)
  local reply = server:request("POST", "/api/kernels", { name = name },
    { label = ("start the kernel '%s' on %s"):format(name, server.vm.name) })
  return make(server, reply.json, true)
end

--- Return a kernel that runs.
---@param server azureml.jupyter.Server
---@param id string
---@return azureml.Kernel
function kernel.attach(server, id)
  local reply = server:request("GET", "/api/kernels/" .. core.escape(id), nil,
    { label = ("find the kernel '%s' on %s"):format(id, server.vm.name), expects_missing = true })
  return make(server, reply.json, false)
end

--- Run code in a kernel: a running one, or one that is started for it and shut down afterwards.
---@param server azureml.jupyter.Server
---@param code string
---@param settings? azureml.ExecuteInOptions
---@return azureml.Result
function kernel.execute(server, code, settings)
  settings = options.check("execute", settings, tables.merge(EXECUTE, { kernel = "any" }))
  local chosen, rest = settings.kernel, tables.merge(settings)
  rest.kernel = nil
  if getmetatable(chosen) == metatable then return chosen:execute(code, rest) end
  if type(chosen) == "table" then chosen = chosen.id end
  if chosen ~= nil and type(chosen) ~= "string" then
    errors.mistake("execute: option 'kernel' must be the name or the id of a kernel")
  end
  local is_id = chosen ~= nil and chosen:find(ID) ~= nil
  local used <close> = is_id and kernel.attach(server, chosen) or kernel.start(server, chosen)
  return used:execute(code, rest)
end

return kernel
