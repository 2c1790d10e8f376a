--- Run the prompt: read a chunk, run it and show its values, until the end of the file.
--- azureml.edit, a module of the executable alone, reads lines from the terminal; values.lua
--- formats values, completion.lua completes names.
local completion = require "azureml.console.completion"
local values = require "azureml.console.values"
local state_directory = require "azureml.state_directory"
local traceback = require "azureml.console.traceback"

local prompt = {}

local SIGTERM = 15
local HELP = [[
ws = azureml.workspace()            the workspace of your environment, config.json or az
for vm in ws.instances:list() do print(vm) end
vm = ws.instances:get "ci-ann"      get one instance: vm.state, vm.tags, vm.raw
op = vm:stop()                      return when the service has accepted the stop
op:wait()                           return when the stop is done

The prompt shows the values of an expression and keeps the first in _.
Tab completes a name, Up recalls a line, Ctrl-C ends a wait or drops a line, Ctrl-D leaves.]]

---@class azureml.Terminal     reads chunks and shows results
---@field read fun(prompt: string): string?      read a line; nil: end of file, or a signal
---@field write fun(text: string)                show a result
---@field complain fun(text: string)             show an error
---@field remember fun(chunk: string)            add a chunk to the history
---@field look fun(): { width: integer, colour: boolean }   the options for values.text
---@field greets boolean                         true when a user sits at the terminal

---@class azureml.PromptOptions
---@field version string
---@field world string?                          "emulator, speed 60"; nil for Azure
---@field signals table                          the module azureml.signals
---@field signal_of fun(value: any): integer?    the signal behind a raised value; nil for none
---@field terminal azureml.Terminal?             default: the standard files
---@field env table?                             the globals; default: _G

-- Terminals ---------------------------------------------------------------------------------------

--- Return the path of the history file.
---@return string?      nil when the user has no home directory
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

-- Make a terminal with line editing. It saves the history after each chunk, so that the history
-- survives a terminal that is closed.
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

-- Make a terminal without line editing. It prints no prompt when standard input is a pipe.
local function plain_terminal(edit)
  local has_user = edit.columns(0) ~= nil
  return {
    greets = has_user,
    read = function(text)
      if has_user then
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

-- Reading -----------------------------------------------------------------------------------------

local function is_incomplete(message)
  return message:sub(-5) == "<eof>"
end

--- Compile a text: an expression, with or without `=` before it, or statements.
---@param text string
---@param env table              the globals
---@return function? chunk
---@return string? message       the compiler's error
---@return boolean? incomplete   true when more lines may complete the chunk
function prompt.compile(text, env)
  local expression = text:match "^%s*=(.*)$"
  local chunk, message = load("return " .. (expression or text), "=stdin", "t", env)
  if chunk then return chunk end
  local incomplete = is_incomplete(message)
  if not expression then chunk, message = load(text, "=stdin", "t", env) end
  if chunk then return chunk end
  return nil, message, incomplete or is_incomplete(message)
end

-- Read a line. Return nil at the end of the file; nil and a signal when a signal came. A Ctrl-C
-- from before the prompt is dropped: it was meant for the chunk that has ended.
local function read_line(session, name, default)
  local pending = session.signals.drain()
  if pending == SIGTERM then return nil, pending end
  local text = session.env[name]
  local line = session.terminal.read(text == nil and default or tostring(text))
  if line then return line end
  return nil, session.signals.drain()
end

--- Read lines until they make a whole chunk.
---@return string? text       nil at the end of the file, or when a signal dropped the lines
---@return integer? signal    that dropped the lines
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

-- Showing -----------------------------------------------------------------------------------------

local function show(session, results)
  local texts, separator = {}, "\t"
  for i = 1, results.n do
    texts[i] = values.text(results[i], session.terminal.look())
    if texts[i]:find("\n", 1, true) then separator = "\n" end
  end
  if results.n > 0 then session.terminal.write(table.concat(texts, separator)) end
end

-- Show an error. Return SIGTERM if that signal caused the error: then the prompt ends, too.
local function report(session, caught)
  local signal = type(caught) == "table" and session.signal_of(caught.value)
  -- A terminal shows ^C for the typed key: begin a new line after it.
  local newline = session.terminal.greets and "\n" or ""
  session.terminal.complain(signal and newline .. "interrupted" or traceback.describe(caught))
  return signal == SIGTERM and SIGTERM or nil
end

-- Call a function that a signal may interrupt. Return its results; or nil after an error, and
-- SIGTERM if that signal caused the error.
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

-- The session -------------------------------------------------------------------------------------

local function converse(session)
  while true do
    local text, signal = read_text(session)
    if text then
      session.terminal.remember(text)
      signal = evaluate(session, text)
    else
      -- End the line of the prompt.
      if session.terminal.greets then session.terminal.write "" end
      if not signal then return 0 end
    end
    if signal == SIGTERM then return 128 + SIGTERM end
  end
end

local function offer_globals(env)
  if env.azureml == nil then env.azureml = require "azureml" end
  if env.help ~= nil then return end
  env.help = setmetatable({}, { __tostring = function() return HELP end })
end

local function greet(session)
  local world = session.world and (" (%s)"):format(session.world) or ""
  session.terminal.write(("azureml %s, %s%s"):format(session.version, _VERSION, world))
  session.terminal.write "Type help for examples, Tab to complete a name, Ctrl-D to leave."
end

--- Run the prompt until the end of the file or SIGTERM.
---@param options azureml.PromptOptions
---@return integer      the exit code
function prompt.run(options)
  local env = options.env or _G
  local terminal = options.terminal or standard_terminal(env)
  local session = setmetatable({ env = env, terminal = terminal }, { __index = options })
  offer_globals(env)
  if session.terminal.greets then greet(session) end
  local ok, code = session.signals.call(false, traceback.catch, converse, session)
  if not ok then error(code.value, 0) end
  return code
end

return prompt
