--- Run the prompt: read a chunk, run it and show its values, until the end of the file.
--- terminal.lua reads lines and completes them; chunk.lua keeps local variables, cards.lua and
--- values.lua show values, greeting.lua says where the user is.
local cards = require "azureml.console.cards"
local chunk_module = require "azureml.console.chunk"
local greeting = require "azureml.console.greeting"
local help = require "azureml.console.help"
local screen = require "azureml.console.screen"
local tables = require "azureml.tool.tables"
local values = require "azureml.console.values"
local waiting = require "azureml.console.waiting"
local terminal_module = require "azureml.console.terminal"
local traceback = require "azureml.console.traceback"

local prompt = {}

local SIGTERM = 15
local LONGEST_OPERATION = 24      -- columns of an operation in the prompt

---@class azureml.PromptOptions
---@field version string
---@field world string?                          "emulator, speed 60"; nil for Azure
---@field opens_workspace boolean?               ws is there if the settings for it are
---@field signals table                          the module azureml.signals
---@field signal_of fun(value: any): integer?    the signal behind a raised value; nil for none
---@field terminal azureml.Terminal?             default: the standard files
---@field env table?                             the globals; default: _G

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
---@return boolean? is_expression
function prompt.compile(text, env)
  local expression = text:match "^%s*=(.*)$"
  local chunk, message = load("return " .. (expression or text), "=stdin", "t", env)
  if chunk then return chunk, nil, nil, true end
  local incomplete = is_incomplete(message)
  if not expression then chunk, message = load(text, "=stdin", "t", env) end
  if chunk then return chunk end
  return nil, message, incomplete or is_incomplete(message)
end

-- Return what stands before the prompt: the operations that go on at the service.
local function operations_text()
  local pending = waiting.pending()
  if #pending == 0 then return "" end
  local only = #pending == 1 and ("%s %s"):format(pending[1].verb or "deploy", pending[1].name)
  local text = only and #only <= LONGEST_OPERATION and only
    or ("%d operation%s"):format(#pending, #pending == 1 and "" or "s")
  return ("[%s] "):format(text)
end

-- Read a line. Return nil at the end of the file; nil and a signal when a signal came. A Ctrl-C
-- from before the prompt is dropped: it was meant for the chunk that has ended.
local function read_line(session, name, default, lines)
  local signal = session.signals.drain()
  if signal == SIGTERM then return nil, signal end
  local text = session.env[name]
  local line, raised = session.terminal.read(text == nil and default() or tostring(text), lines)
  if line then return line end
  signal = session.signals.drain() or session.signal_of(raised) or nil
  if raised == nil or signal then return nil, signal end
  session.terminal.complain(tostring(raised))      -- such as an error of a script's on_reply
  return read_line(session, name, default, lines)
end

local function first_prompt() return operations_text() .. "> " end
local function next_prompt() return ">> " end

--- Read lines until they make a whole chunk.
---@return string? text       nil at the end of the file, or when a signal dropped the lines
---@return integer? signal    that dropped the lines
local function read_text(session)
  local text, signal = read_line(session, "_PROMPT", first_prompt, "")
  while text do
    local _, _, incomplete = prompt.compile(text, session.scope.env)
    if not incomplete then break end
    local line
    line, signal = read_line(session, "_PROMPT2", next_prompt, text .. "\n")
    if signal then return nil, signal end
    if not line then break end
    text = text .. "\n" .. line
  end
  return text, signal
end

-- Showing -----------------------------------------------------------------------------------------

local function text_of(value, look)
  return cards.text(value, look) or values.text(value, look)
end

local function show(session, results)
  local texts, separator, look = {}, "\t", session.terminal.look()
  for i = 1, results.n do
    texts[i] = text_of(results[i], look)
    if texts[i]:find("\n", 1, true) then separator = "\n" end
  end
  if results.n > 0 then session.terminal.write(table.concat(texts, separator)) end
end

-- Wrap the lines of an error's text that are wider than the terminal, between words.
local function wrapped(text, width)
  local lines = {}
  for line in (text .. "\n"):gmatch "(.-)\n" do
    local is_wide = screen.columns(line) >= width and not line:find "^%s"
    tables.append(lines, is_wide and help.wrap(line, width - 1) or { line })
  end
  return table.concat(lines, "\n")
end

-- Return the text of an error: the card of an error object, or else the message and the traceback.
local function error_text(session, caught)
  local value = type(caught) == "table" and caught.value
  local card = cards.text(value, session.terminal.look())
  if card and type(value) == "table" and value.message then return card end
  local text = traceback.describe(caught) .. greeting.note_on_error(session, caught)
  return session.terminal.greets and wrapped(text, session.terminal.look().width) or text
end

-- Show an error. Return SIGTERM if that signal caused the error: then the prompt ends, too.
local function report(session, caught)
  local signal = type(caught) == "table" and session.signal_of(caught.value)
  -- A terminal shows ^C for the typed key: begin a new line after it.
  local newline = session.terminal.greets and "\n" or ""
  session.terminal.complain(signal and newline .. "interrupted" or error_text(session, caught))
  return signal == SIGTERM and SIGTERM or nil
end

-- Call a function that a signal may interrupt. Return its results; or nil after an error, and
-- SIGTERM if that signal caused the error.
local function try(session, f, ...)
  local results = table.pack(session.signals.call(true, traceback.catch, f, ...))
  if not results[1] then return nil, report(session, results[2]) end
  return table.pack(table.unpack(results, 2, results.n))
end

-- Read lists, so that they are shown whole and stay usable in _.
local function read_lists(results)
  for i = 1, results.n do results[i] = cards.read(results[i]) end
  return results
end

-- Run the chunk of a text. Local variables of statements stay for later chunks.
local function run(session, text)
  local scope = session.scope
  session.typed = text
  local chunk, message, _, is_expression = prompt.compile(text, scope.env)
  if not chunk then return nil, session.terminal.complain(message) end
  local argument
  if not is_expression then chunk, argument = chunk_module.compile(text, scope) end
  local results, signal = try(session, chunk, argument)      -- a tail call shows in tracebacks
  local names = package.loaded["azureml.console.names"]
  if names then names.expire() end
  return results, signal
end

local function evaluate(session, text)
  local results, signal = run(session, text)
  if not results then return signal end
  if results[1] == greeting.exit then return nil, true end
  results, signal = try(session, read_lists, results)
  if not results then return signal end
  if results[1].n > 0 then session.env._ = results[1][1] end
  return select(2, try(session, show, session, results[1]))
end

-- List the operations that have ended while the user typed: they were in flight at the last look.
local function list_ended(session)
  local pending, lines = {}, {}
  for _, op in ipairs(waiting.pending()) do pending[op] = true end
  for op in pairs(session.in_flight) do
    if not pending[op] and not op.outcome and not op.closed then
      local line = ("%s %s: %s"):format(op.verb or "deploy", op.name, op:status())
      local failure = cards.failure_of(op)
      if failure then
        local message = failure.message:gsub("^cannot [^:]+: ", "")      -- the line has the verb
        line = ("%s: %s"):format(line, screen.one_line(message))
      end
      lines[#lines + 1] = line
    end
  end
  session.in_flight = pending
  table.sort(lines)
  return lines
end

local function report_ended(session)
  for _, line in ipairs(list_ended(session)) do session.terminal.write(line) end
end

-- Show at once what has ended, above a prompt at which nothing was typed.
local function announce_ended(session)
  local announce = session.terminal.announce
  if not announce or session.env._PROMPT ~= nil or not announce("", first_prompt()) then return end
  local lines = list_ended(session)
  if #lines > 0 then announce(table.concat(lines, "\n") .. "\n", first_prompt()) end
end

-- The session -------------------------------------------------------------------------------------

-- Read and run a chunk. Return the exit code when the prompt ends.
local function take_turn(session)
  local text, signal = read_text(session)
  local is_over
  if text then
    session.terminal.remember(text)
    signal, is_over = evaluate(session, text)
  else
    -- End the line of the prompt.
    if session.terminal.greets then session.terminal.write "" end
    is_over = not signal
  end
  if signal == SIGTERM then return 128 + SIGTERM end
  return is_over and 0 or nil
end

local function converse(session)
  local code
  repeat
    report_ended(session)
    code = take_turn(session)
  until code
  local function close(f, ...) try(session, f, ...) end
  chunk_module.close(session.scope, close)
  return code
end

-- Return the names for completion: the local variables, then the globals.
local function names_of(scope, env)
  local names = setmetatable({}, { __index = env })
  for name, cell in pairs(scope.cells) do names[name] = cell.get() end
  return names
end

--- Run the prompt until the end of the file or SIGTERM.
---@param options azureml.PromptOptions
---@return integer      the exit code
function prompt.run(options)
  local env = options.env or _G
  local scope = chunk_module.scope(env)
  local function names() return names_of(scope, env) end
  local terminal = options.terminal or terminal_module.standard(names)
  local session = setmetatable({ env = env, scope = scope, terminal = terminal, in_flight = {} },
    { __index = options })
  function terminal.on_news() announce_ended(session) end
  greeting.offer(session)
  if session.terminal.greets then greeting.greet(session) end
  local ok, code = session.signals.call(false, traceback.catch, converse, session)
  if not ok then error(code.value, 0) end
  return code
end

return prompt
