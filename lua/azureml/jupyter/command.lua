--- Run a command on an instance through a terminal of its Jupyter server: output and errors apart,
--- input, exit code, as over SSH. conversation.lua knows what is said in the terminal; this file
--- opens the terminal, waits, and ends what is left of it.
local conversation = require "azureml.jupyter.conversation"
local core = require "azureml.core"
local count = require "azureml.tool.count"
local errors = require "azureml.error"
local json = require "azureml.json"
local screen = require "azureml.console.screen"
local socket = require "azureml.jupyter.socket"

local command = {}

local BEGIN = 30                        -- seconds until the shell of a terminal must answer
local FAREWELL = 5                      -- seconds that a command has to end when it is told to
local LONGEST = 64 << 20                -- bytes of a message
local MOST_INPUT = 1 << 20              -- bytes of input that wait here
local MOST = 256 << 20                  -- bytes that are collected from a stream

---@class azureml.jupyter.Run
local Run = {}
Run.__index = Run

-- Failures ----------------------------------------------------------------------------------------

local function fail(self, code, message, hint)
  errors.raise { code = code, hint = hint,
    message = (message:gsub("NAME", function() return self.server.vm.name end, 1)) }
end

local function raise_timeout(self)
  fail(self, "Timeout", ("the command on 'NAME' did not end within %s: it was ended"):format(
    count.of(self.timeout, "second")), "give a longer timeout")
end

-- Say why the shell of the terminal has not become the command.
local function raise_silent(self, what)
  local remark = self.conversation:remark()
  local printed = remark and (": it printed '%s'"):format(screen.one_line(remark):sub(1, 300)) or ""
  fail(self, "TerminalSilent", ("the terminal of 'NAME' %s%s"):format(what, printed),
    "look at it with 'azureml terminal': a start file of the shell may ask or end it")
end

local function raise_ended(self)
  if not self.conversation.has_begun then raise_silent(self, "ended before the command began") end
  errors.raise(self.server:explain(errors.new { kind = "transport", code = "CommandLost",
    message = ("the terminal of '%s' was closed before the command ended"):format(
      self.server.vm.name),
    hint = "another program, or a restart of the instance, may have closed it" }))
end

-- Say why the connection is lost; the server asks whether the instance has stopped.
local function raise_lost(self, reason)
  errors.raise(self.server:explain(errors.new { kind = "transport", code = "ConnectionFailed",
    message = ("the connection to '%s' was lost while the command ran: %s"):format(
      self.server.vm.name, reason),
    hint = "the command may go on there, in a terminal: 'azureml sessions' lists them" }))
end

-- What the terminal says --------------------------------------------------------------------------

local function keep(self, name, text)
  local handler = self["on_" .. name]
  if handler then return handler(text) end
  self.bytes[name] = self.bytes[name] + #text
  if self.bytes[name] > MOST then
    fail(self, "OutputTooLong", ("the command on 'NAME' was ended because it printed more than "
      .. "%d MiB"):format(MOST >> 20), "take the output piece by piece instead of collecting it")
  end
  table.insert(self.texts[name], text)
end

local acts = {}

function acts.send(self, event) self.socket:send(json.encode { "stdin", event.text }) end
function acts.output(self, event) keep(self, "output", event.text) end
function acts.errors(self, event) keep(self, "errors", event.text) end
acts["end"] = function() end

function acts.no_python(self)
  fail(self, "PythonMissing", "'NAME' has no python3, which commands need without SSH",
    "create the instance with SSH, or install Python in its terminal")
end

function acts.malformed(self)
  fail(self, "InvalidReply", "the terminal of 'NAME' sent what the command cannot have printed")
end

-- Send as much of the input as the command takes now, and confirm output. Hold the source of input
-- while much of it waits.
local function pump(self)
  local talk = self.conversation
  local frames = talk:next_frames()
  while frames do
    self.socket:send(json.encode { "stdin", frames })
    frames = talk:next_frames()
  end
  if self.source then self.source:hold(talk:backlog() > MOST_INPUT) end
end

local messages = {}

function messages.setup(self)
  if self.has_greeted then return end
  self.has_greeted = true
  self.socket:send(json.encode { "stdin", self.conversation:greeting() })
end

function messages.stdout(self, text)
  if type(text) ~= "string" then acts.malformed(self) end
  for _, event in ipairs(self.conversation:take(text)) do acts[event.kind](self, event) end
  pump(self)
end

function messages.disconnect(self) self.has_ended = true end

local function obey(self, text)
  local message = json.decode(text)
  local act = type(message) == "table" and messages[message[1]]
  if act then act(self, message[2]) end
end

-- Waiting -----------------------------------------------------------------------------------------

-- Return the seconds until the command, or its beginning, must have come.
local function time_left(self)
  local left = self.deadline and math.max(0, self.deadline - core.now())
  if self.conversation.has_begun then return left end
  local begin = self.begin - core.now()
  return math.max(0, left and math.min(left, begin) or begin)
end

local function explain_silence(self)
  if self.deadline and core.now() >= self.deadline then raise_timeout(self) end
  if not self.conversation.has_begun and core.now() >= self.begin then
    raise_silent(self, ("did not begin within %d seconds"):format(BEGIN))
  end
end

local function wait(self)
  while not self.conversation.code do
    local text, reason, _, message = self.socket:receive(time_left(self))
    if text then
      obey(self, text)
      if self.has_ended and not self.conversation.code then raise_ended(self) end
    elseif reason == "timeout" then
      explain_silence(self)
    else
      raise_lost(self, message)
    end
  end
  return self.conversation.code
end

-- Beginning and end -------------------------------------------------------------------------------

local function open(self)
  local server = self.server
  local label = "open a terminal on " .. server.vm.name
  local reply = server:request("POST", "/api/terminals", {}, { label = label, is_patient = true })
  local name = json.get(reply.json, "name")
  if type(name) ~= "string" or not name:find "^[%w_]+$" or #name > 64 then
    fail(self, "InvalidReply", "the Jupyter of 'NAME' opened a terminal without a usable name")
  end
  self.name = name
  self.socket = socket.open(server, "/terminals/websocket/" .. name, { max_message = LONGEST })
end

-- Ask the carrier to end the command and itself; wait for that a moment. A terminal that is deleted
-- while input waits in it would lock up the server.
local function end_carrier(self)
  local farewell = self.conversation:farewell()
  if not farewell then return false end
  self.socket:send(json.encode { "stdin", farewell })
  if self.conversation.code then return true end
  local deadline = core.now() + FAREWELL
  while not self.has_ended do
    local text = self.socket:receive(math.max(0, deadline - core.now()))
    if not text then return false end
    local message = json.decode(text)
    self.has_ended = type(message) == "table" and message[1] == "disconnect"
  end
  return true
end

--- End the command if it still runs, and its terminal.
function Run:close()
  local name = self.name
  self.name = nil
  local is_over = self.socket and end_carrier(self)
  if self.socket then self.socket:close() end
  if not name or is_over or self.has_ended then return end
  errors.try(self.server.request, self.server, "DELETE", "/api/terminals/" .. name, nil,
    { label = "close a terminal", timeout = 10, raw = true, expects_missing = true })
end

Run.__close = Run.close

-- Take the input: a text, or a source with start(take) and hold(is_held). `take` gets each piece,
-- then nil.
local function take_input(self, stdin)
  if type(stdin) ~= "table" then
    if stdin then self.conversation:feed(stdin) end
    return self.conversation:feed(nil)
  end
  self.source = stdin
  stdin:start(function(text)
    self.conversation:feed(text)
    pump(self)
  end)
end

--- Run a command and wait for its end.
---@param server azureml.jupyter.Server
---@param words string|string[]       a text for the user's shell, or words for a program
---@param settings { timeout: number?, stdin: string|table?, on_output: function?, on_errors:
---  function? }      as for azureml.Instance.exec
---@return string output, integer code, string errors
---@raise an error object: what the server refuses; `Timeout`, `TerminalSilent`, `CommandLost`,
---  `ConnectionFailed`, `PythonMissing`, `OutputTooLong`
function command.exec(server, words, settings)
  local now = core.now()
  local self <close> = setmetatable({
    server = server, conversation = conversation.new(words), timeout = settings.timeout,
    deadline = settings.timeout and now + settings.timeout, begin = now + BEGIN,
    on_output = settings.on_output, on_errors = settings.on_errors,
    texts = { output = {}, errors = {} }, bytes = { output = 0, errors = 0 },
  }, Run)
  open(self)
  take_input(self, settings.stdin)
  local code = wait(self)
  return table.concat(self.texts.output), code, table.concat(self.texts.errors)
end

return command
