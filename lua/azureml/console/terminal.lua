--- The terminal of the prompt: it reads lines, completes them, and shows results. azureml.edit, a
--- module of the executable alone, edits lines.
local completion = require "azureml.console.completion"
local state_directory = require "azureml.state_directory"
local waiting = require "azureml.console.waiting"

local terminal = {}

---@class azureml.Terminal     reads chunks and shows results
---@field read fun(prompt: string, lines: string): string?, any      read a line; nil: end of file,
---  or a signal, or nil and the error of a signal; `lines`: what the chunk has so far
---@field write fun(text: string)                show a result
---@field complain fun(text: string)             show an error
---@field remember fun(chunk: string)            add a chunk to the history
---@field look fun(): { width: integer, colour: boolean }   the options for values.text
---@field announce (fun(text: string, prompt: string): boolean)?     show a text above the prompt
---  where nothing was typed yet; true: it was shown
---@field on_news fun()?                          set by the prompt: an operation has ended
---@field greets boolean                         true when a user sits at the terminal

--- Return the path of the history file.
---@return string?      nil when the user has no home directory
function terminal.history_path()
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
local function editing(edit, names)
  local self = { greets = true, write = write_line, complain = complain }
  if os.getenv "TERM" ~= "dumb" then self.announce = edit.announce end
  local history, last = terminal.history_path(), nil
  local lines, raised = "", nil

  function self.read(text, chunk)
    lines, raised = chunk, nil
    return edit.readline(text), raised
  end

  function self.remember(chunk)
    if chunk == last or not chunk:find "%S" then return end
    last = chunk
    edit.remember(chunk)
    if history then edit.save_history(history) end
  end

  function self.look() return { width = edit.columns(1), colour = wants_colour() } end

  local function complete(before, word)
    return completion.text(lines .. before, word, names())
  end

  local function wait_for_key()
    raised = waiting.for_input(self.on_news)
    return raised == nil
  end

  edit.start(complete, wait_for_key)
  if history then edit.load_history(history) end
  return self
end

-- Make a terminal without line editing. It prints no prompt when standard input is a pipe.
local function plain(edit)
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

--- Return the terminal of the standard files; it edits lines where they are a user's terminal.
---@param names fun(): table      returns the names to complete: the variables and globals
---@return azureml.Terminal
function terminal.standard(names)
  local edit = require "azureml.edit"
  if edit.columns(0) and edit.columns(1) then return editing(edit, names) end
  return plain(edit)
end

return terminal
