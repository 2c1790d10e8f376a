--- A terminal of an instance's Jupyter: a shell that goes on when its clients leave. Texts go in
--- and out; azureml.jupyter.terminal.shell joins it with the user's own terminal.
--- Source: spec/contract/neighbours.md, section 5.
local core = require "azureml.core"
local errors = require "azureml.error"
local json = require "azureml.json"
local options = require "azureml.options"
local sessions = require "azureml.jupyter.sessions"
local socket = require "azureml.jupyter.socket"
local tables = require "azureml.tool.tables"

---@class azureml.jupyter.Terminal
---@field name string
---@field is_replayed boolean      it was attached again: its first output repeats earlier output
local Terminal = {}
local metatable = { __name = "azureml.jupyter.Terminal", __index = Terminal }

local terminal = {}

-- A client that attaches again gets the last 1,000 reads of the server in one message.
local MAX_REPLAY = 64 * 1024 * 1024
local MAX_MESSAGE = 4 * 1024 * 1024

-- In a line of more bytes the terminal drops the rest; a program that does not read blocks the
-- server's terminals altogether.
local PIECE = 1024

-- Opening -----------------------------------------------------------------------------------------

local function check_name(server, name)
  local open = sessions.terminals(server)
  local names = tables.texts(open, function(_, item) return item.name end)
  for _, known in ipairs(names) do
    if known == name then return end
  end
  errors.raise {
    code = "TerminalNotFound",
    message = ("there is no terminal '%s' of '%s' (open: %s)"):format(name, server.vm.name,
      #names > 0 and table.concat(names, ", ") or "none"),
    hint = ("'azureml terminal %s' opens a new terminal"):format(server.vm.name),
  }
end

local function create(server)
  local label = "open a terminal of " .. server.vm.name
  local made = server:request("POST", "/api/terminals", {}, {
    label = label, is_patient = true,
  }).json
  local name = json.get(made, "name")
  if type(name) == "string" and #name <= 100 and name:find "^[%w_]+$" then return name end
  errors.raise { code = "InvalidReply",
    message = ("cannot %s: the answer names no terminal"):format(label) }
end

--- Open a new terminal, or attach to an open one.
---@param server azureml.jupyter.Server
---@param name string?       of an open terminal
---@return azureml.jupyter.Terminal      to be closed; the terminal itself goes on
---@raise an error object: `TerminalNotFound`; what the server refuses
---@usage local opened <close> = terminal.open(vm.jupyter.server)
function terminal.open(server, name)
  local is_replayed = name ~= nil
  if name then check_name(server, name) else name = create(server) end
  local label = ("open the terminal %s of %s"):format(name, server.vm.name)
  return setmetatable({
    server = server, name = name, is_replayed = is_replayed,
    socket = socket.open(server, "/terminals/websocket/" .. core.escape(name), {
      max_message = is_replayed and MAX_REPLAY or MAX_MESSAGE, label = label,
    }),
  }, metatable)
end

-- Texts -------------------------------------------------------------------------------------------

local ESCAPES = { ['"'] = '\\"', ["\\"] = "\\\\" }

local function escape(char)
  return ESCAPES[char] or ("\\u%04x"):format(char:byte())
end

-- Write a message as JSON. A key may be a zero byte, which the JSON of the core refuses.
local function message(kind, text)
  return ('["%s","%s"]'):format(kind, text:gsub('[%c"\\]', escape))
end

-- Return where a piece of a text ends, from a position: not within a character.
local function piece_end(text, first)
  local last = math.min(first + PIECE - 1, #text)
  while last < #text and text:find("^[\x80-\xbf]", last + 1) do last = last - 1 end
  return last
end

--- Type a text, as if its keys were pressed: "\r" is the Enter key. Long texts belong into a file:
--- a terminal drops what is beyond 4,095 bytes of a line.
---@param text string      UTF-8
---@return boolean? sent, string?, integer?, string?     as for socket:send
---@usage opened:type "ls -l\r"
function Terminal:type(text)
  local first = 1
  while first <= #text do
    local last = piece_end(text, first)
    local sent, reason, code, words = self.socket:send(message("stdin", text:sub(first, last)))
    if not sent then return nil, reason, code, words end
    first = last + 1
  end
  return true
end

--- Tell whether a text can be typed without waiting.
---@return boolean
function Terminal:has_room()
  return self.socket:has_room()
end

--- Tell the size of the window.
---@param columns integer
---@param rows integer
function Terminal:resize(columns, rows)
  self.socket:send(('["set_size",%d,%d]'):format(rows, columns))
end

-- Read a message. Return nil for those of a kind that is not known.
local function read(text)
  local parts = json.decode(text)
  if type(parts) ~= "table" then return nil end
  local kind, value = parts[1], parts[2]
  if kind == "stdout" and type(value) == "string" then return "output", value end
  if kind == "setup" then return "ready" end
  if kind == "disconnect" then return "exit" end
  return nil
end

--- Receive what comes next, and wait for it.
---@param timeout number?      seconds
---@return string? kind, string?, integer?, string?  "output" and a text; "ready": keys can be
---  typed; "exit": the shell has ended; or nil and a reason, code and sentence as for
---  socket:receive
---@usage local kind, text = opened:receive(10)
function Terminal:receive(timeout)
  local deadline = timeout and core.now() + timeout
  while true do
    local text, reason, code, words =
      self.socket:receive(deadline and math.max(0, deadline - core.now()))
    if not text then return nil, reason, code, words end
    local kind, value = read(text)
    if kind == "output" and not self.has_output then
      self.has_output = true
      self.socket:limit(MAX_MESSAGE)
    end
    if kind then return kind, value end
  end
end

--- Leave the terminal. It goes on: `terminal.open` attaches again.
function Terminal:close()
  self.socket:close()
end

options.check_colon(Terminal, metatable, "terminal")

function metatable:__close()
  Terminal.close(self)
end

function metatable:__tostring()
  return ("terminal %s of %s"):format(self.name, self.server.vm.name)
end

return terminal
