--- The prompt: reads a chunk, runs it, shows what it gives, until the end of the file. The terminal's
--- lines come from azureml.edit, which only the executable has. What values look like is decided in
--- values.lua, what may be typed next in completion.lua.
local completion = require "azureml.console.completion"
local values = require "azureml.console.values"
local state_directory = require "azureml.state_directory"
local traceback = require "azureml.console.traceback"

local prompt = {}

local SIGTERM = 15
local HELP = [[
ws = azureml.workspace()            yours, as environment, config.json or az say
for vm in ws.instances:list() do print(vm) end
vm = ws.instances:get "ci-ann"      one instance; vm.state, vm.tags, vm.raw
op = vm:stop()                      returns when the service has accepted it
op:wait()                           returns when it is done

An expression is shown, and its first value is kept in _.
Tab completes, Up recalls, Ctrl-C ends a wait or drops a line, Ctrl-D leaves.]]

---@class azureml.Terminal     where chunks come from, and where results go
---@field read fun(prompt: string): string?      a line; nil at the end of the file, or when a signal came
---@field write fun(text: string)                a result
---@field complain fun(text: string)             an error
---@field remember fun(chunk: string)            for the history
---@field look fun(): { width: integer, colour: boolean }   how values are rendered now
---@field greets boolean                         somebody sits there

---@class azureml.ReplOptions
---@field version string
---@field world string?                          "emulator, speed 60"; nil: Azure
---@field signals table                          azureml.signals
---@field signal_of fun(value: any): integer?    the signal behind a raised value; nil: it is no interrupt
---@field terminal azureml.Terminal?             nil: the standard files
---@field env table?                             the globals

-- Terminals ---------------------------------------------------------------------------------------------------------------

--- Where the history lies; nil when there is no home.
---@return string?
function prompt.history_path()
  return state_directory "history"
end

local function wants_colour()
  return (os.getenv "NO_COLOR" or "") == "" and os.getenv "TERM" ~= "dumb"
end

local function write_line(text)
  io.stdout:write(text, "\n")
  io.stdout:flush()
end

local function complain(text)
  io.stderr:write(text, "\n")
end

-- With line editing. The history is written after each chunk: it survives a terminal that is closed.
local function editing_terminal(edit, env)
  local history, last = prompt.history_path(), nil
  edit.start(function(word) return completion.word(word, env) end)
  if history then edit.load_history(history) end
  return {
    greets = true,
    read = edit.readline,
    write = write_line,
    complain = complain,
    remember = function(chunk)
      if chunk == last or not chunk:find "%S" then return end
      last = chunk
      edit.remember(chunk)
      if history then edit.save_history(history) end
    end,
    look = function() return { width = edit.columns(1), colour = wants_colour() } end,
  }
end

-- Without it. A pipe gets no prompt.
local function plain_terminal(edit)
  local has_reader = edit.columns(0) ~= nil
  return {
    greets = has_reader,
    read = function(text)
      if has_reader then
        io.stdout:write(text)
        io.stdout:flush()
      end
      return (io.stdin:read "l")
    end,
    write = write_line,
    complain = complain,
    remember = function() end,
    look = function() return { width = 80, colour = false } end,
  }
end

local function standard_terminal(env)
  local edit = require "azureml.edit"
  if edit.columns(0) and edit.columns(1) then return editing_terminal(edit, env) end
  return plain_terminal(edit)
end

-- Reading -----------------------------------------------------------------------------------------------------------------

local function is_incomplete(message)
  return message:sub(-5) == "<eof>"
end

--- A function of a text: an expression, with or without `=` before it, or statements.
---@return function? chunk
---@return string? message       what is wrong with it
---@return boolean? incomplete   nothing but its end is missing
function prompt.compile(text, env)
  local expression = text:match "^%s*=(.*)$"
  local chunk, message = load("return " .. (expression or text), "=stdin", "t", env)
  if chunk then return chunk end
  local incomplete = is_incomplete(message)
  if not expression then chunk, message = load(text, "=stdin", "t", env) end
  if chunk then return chunk end
  return nil, message, incomplete or is_incomplete(message)
end

-- A line; or nil, and the signal that came if it is not the end of the file.
local function read_line(session, name, default)
  local waiting = session.signals.drain()
  if waiting == SIGTERM then return nil, waiting end      -- an older Ctrl-C was for what is over
  local text = session.env[name]
  local line = session.terminal.read(text == nil and default or tostring(text))
  if line then return line end
  return nil, session.signals.drain()
end

--- Reads as many lines as make a chunk.
---@return string? text       nil: no chunk, see `signal`
---@return integer? signal    that dropped it; nil: the end of the file
local function read_text(session)
  local text, signal = read_line(session, "_PROMPT", "> ")
  while text do
    local _, _, incomplete = prompt.compile(text, session.env)
    if not incomplete then break end
    local line
    line, signal = read_line(session, "_PROMPT2", ">> ")
    if signal then return nil, signal end
    if not line then break end
    text = text .. "\n" .. line
  end
  return text, signal
end

-- Showing -----------------------------------------------------------------------------------------------------------------

local function show(session, results)
  local texts, separator = {}, "\t"
  for i = 1, results.n do
    texts[i] = values.text(results[i], session.terminal.look())
    if texts[i]:find("\n", 1, true) then separator = "\n" end
  end
  if results.n > 0 then session.terminal.write(table.concat(texts, separator)) end
end

-- An error ends what was asked, not the prompt; SIGTERM ends both.
local function report(session, caught)
  local signal = type(caught) == "table" and session.signal_of(caught.value)
  local typed = session.terminal.greets and "\n" or ""      -- after the ^C that the terminal shows
  session.terminal.complain(signal and typed .. "interrupted" or traceback.describe(caught))
  return signal == SIGTERM and SIGTERM or nil
end

-- Calls f so that a signal interrupts it. Gives its results, or nil and SIGTERM if it was that.
local function try(session, f, ...)
  local results = table.pack(session.signals.call(true, traceback.catch, f, ...))
  if not results[1] then return nil, report(session, results[2]) end
  return table.pack(table.unpack(results, 2, results.n))
end

local function evaluate(session, text)
  local chunk, message = prompt.compile(text, session.env)
  if not chunk then return session.terminal.complain(message) end
  local results, signal = try(session, chunk)
  if not results then return signal end
  if results.n > 0 then session.env._ = results[1] end
  return select(2, try(session, show, session, results))
end

-- The session -------------------------------------------------------------------------------------------------------------

local function converse(session)
  while true do
    local text, signal = read_text(session)
    if text then
      session.terminal.remember(text)
      signal = evaluate(session, text)
    else
      if session.terminal.greets then session.terminal.write "" end      -- the prompt's line stays as it is
      if not signal then return 0 end
    end
    if signal == SIGTERM then return 128 + SIGTERM end
  end
end

local function offer_globals(env)
  if env.azureml == nil then env.azureml = require "azureml" end
  if env.help == nil then env.help = setmetatable({}, { __tostring = function() return HELP end }) end
end

local function greet(session)
  local world = session.world and (" (%s)"):format(session.world) or ""
  session.terminal.write(("azureml %s, %s%s"):format(session.version, _VERSION, world))
  session.terminal.write "Type help for how to begin, Tab to complete, Ctrl-D to leave."
end

--- Hold a conversation until its end.
---@param options azureml.ReplOptions
---@return integer      the exit code
function prompt.run(options)
  local env = options.env or _G
  local session = setmetatable({ env = env, terminal = options.terminal or standard_terminal(env) }, { __index = options })
  offer_globals(env)
  if session.terminal.greets then greet(session) end
  local ok, code = session.signals.call(false, traceback.catch, converse, session)
  if not ok then error(code.value, 0) end
  return code
end

return prompt
