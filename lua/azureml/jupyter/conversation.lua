--- What is said in a terminal to run a command: a state machine. It gets the terminal's text and
--- returns what the text means; the caller sends what it asks to send.
---
---   1. The client types a line, which replaces the shell by `sh`. That makes the terminal raw,
---      prints a mark, reads the carrier's program and becomes it. The echo of the line does not
---      show the mark, whose two halves stand apart in it.
---   2. After the mark the client sends the program. When the carrier greets, both send frames.
---   3. The client's last frame ends the carrier, and a command that still runs.
---
--- A frame is a line. Those of the carrier begin with a tag, so that what another program prints
--- into the terminal is told apart:
---
---   to the carrier    first: c + the words of the command, NUL between them, in base64
---                     i + input in base64;  e: the end of the input
---                     k + a number: the client has taken so many bytes of output
---                     q: the end; nothing follows
---   from the carrier  h: it is there
---                     o, e + output in base64;  r + a number: so much input was taken
---                     x + the exit code;  p: there is no Python
--- Source: spec/contract/neighbours.md, section 5.
local carrier = require "azureml.jupyter.carrier"
local core = require "azureml.core"
local crypto = core.crypto

local conversation = {}

---@class azureml.jupyter.Conversation
---@field has_begun boolean      the carrier is there
---@field code integer?          the exit code, once the command has ended
---@field is_fed boolean         all input was handed out, and its end
local Conversation = {}
Conversation.__index = Conversation

-- The line that is typed into the shell. /usr/bin/python3 first: what PATH finds may be an
-- environment's, which starts slowly. The blank in front keeps the line out of the history.
local LINE = " exec sh -c 'stty raw -echo; printf %%s%%s\\\\n %s %s; c=$(head -c %d); "
  .. "TERM=dumb; export TERM; for p in /usr/bin/python3 python3; do "
  .. "if command -v $p >/dev/null; then exec $p -ISc \"$c\" %s%s; fi; done; "
  .. "printf \"\\n%%s%%sp\\n\" %s %s'\r"

local INPUT_PIECE = 12288     -- bytes of input in a frame
local CONFIRM = carrier.OUTPUT_WINDOW // 4
local LONGEST_FRAME = 128 << 10
local TAIL = 1024             -- bytes of other text that are kept to explain a failure

local function random_text()
  return (core.guid():gsub("%-", ""):sub(1, 16))
end

--- Begin a conversation.
---@param words string[]|string      the command: words, or a text for the user's shell
---@param halves? string[]           of the mark; default: at random
---@return azureml.jupyter.Conversation
function conversation.new(words, halves)
  local first, second = table.unpack(halves or { random_text(), random_text() })
  local argv = type(words) == "string" and { "", "-c", words }
    or { "sh", "-c", '"$@"', "sh", table.unpack(words) }
  return setmetatable({
    first = first, second = second, mark = first .. second .. "\n", tag = second .. first,
    argv = argv, text = "", pieces = {}, length = 0,
    noise = "", has_begun = false, is_fed = false,
    is_marked = false, is_over = false, credit = carrier.INPUT_WINDOW, taken = 0,
    input = "", position = 1,
  }, Conversation)
end

--- Return what must be typed as soon as the terminal is there.
---@return string
function Conversation:greeting()
  local a, b = self.first, self.second
  return LINE:format(a, b, #carrier.program, b, a, b, a)
end

-- Input -------------------------------------------------------------------------------------------

--- Add input for the command; nil is its end.
---@param text string?
function Conversation:feed(text)
  if not text then
    self.is_whole = true
    return
  end
  self.input, self.position = self.input:sub(self.position) .. text, 1
end

--- Tell how many bytes of input wait to be sent.
---@return integer
function Conversation:backlog() return #self.input - self.position + 1 end

--- Return what can be sent now of the input and of confirmations; nil: nothing.
---@return string?
function Conversation:next_frames()
  if not self.has_begun or self.is_over then return nil end
  local frames = {}
  if self.taken >= CONFIRM then
    frames[1] = ("k%d\n"):format(self.taken)
    self.taken = 0
  end
  local first = self.position
  local piece = self.input:sub(first, first + math.min(INPUT_PIECE, self.credit) - 1)
  if piece ~= "" then
    self.position, self.credit = first + #piece, self.credit - #piece
    frames[#frames + 1] = "i" .. crypto.base64(piece) .. "\n"
  elseif self.is_whole and not self.is_fed and self:backlog() == 0 then
    self.is_fed = true
    frames[#frames + 1] = "e\n"
  end
  return frames[1] and table.concat(frames) or nil
end

--- Return the last frame, which ends the carrier; nil if there is none to end.
---@return string?
function Conversation:farewell()
  if not self.has_begun or self.is_over then return nil end
  self.is_over = true
  return "q\n"
end

-- Output ------------------------------------------------------------------------------------------

local function begin(self)
  local start, stop = self.text:find(self.mark, 1, true)
  if not start then
    self.noise = self.text:sub(-TAIL)
    self.text = self.text:sub(-math.max(TAIL, #self.mark))
    return
  end
  self.text, self.noise, self.is_marked = self.text:sub(stop + 1), "", true
  return { kind = "send", text = carrier.program }
end

local function bytes_of(kind)
  return function(self, rest)
    local bytes = crypto.from_base64(rest)
    if not bytes then return { kind = "malformed" } end
    self.taken = self.taken + #bytes
    return { kind = kind, text = bytes }
  end
end

local function number_of(rest, most)
  local number = rest:find "^%d+$" and #rest <= 9 and math.tointeger(tonumber(rest))
  return number and number <= most and number or nil
end

-- Read a frame by its first letter.
local readers = { o = bytes_of "output", e = bytes_of "errors" }

function readers.h(self)
  if self.has_begun then return { kind = "malformed" } end
  self.has_begun = true
  return { kind = "send", text = "c" .. crypto.base64(table.concat(self.argv, "\0")) .. "\n" }
end

function readers.r(self, rest)
  local number = number_of(rest, carrier.INPUT_WINDOW - self.credit)
  if not number then return { kind = "malformed" } end
  self.credit = self.credit + number
end

function readers.x(self, rest)
  self.code = number_of(rest, 255)
  return { kind = self.code and "end" or "malformed" }
end

function readers.p() return { kind = "no_python" } end

-- Return the event of a line; nil for one that means nothing to the caller.
local function read(self, line)
  if line:sub(1, #self.tag) ~= self.tag then
    if line ~= "" then self.noise = (self.noise .. line .. "\n"):sub(-TAIL) end
    return nil
  end
  local reader = readers[line:sub(#self.tag + 1, #self.tag + 1)]
  if not reader then return { kind = "malformed" } end
  return reader(self, line:sub(#self.tag + 2))
end

-- Read the frames of whole lines; keep the rest.
local function read_lines(self, text, events)
  local start, stop = 1, text:find("\n", 1, true)
  while stop and not self.code do
    events[#events + 1] = read(self, text:sub(start, stop - 1))
    start = stop + 1
    stop = text:find("\n", start, true)
  end
  self.pieces, self.length = { text:sub(start) }, #text - start + 1
end

local function keep(self, text)
  self.pieces[#self.pieces + 1] = text
  self.length = self.length + #text
end

--- Take text of the terminal; return what it means, in order.
---@param text string
---@return { kind: "send"|"output"|"errors"|"end"|"no_python"|"malformed", text: string? }[]
function Conversation:take(text)
  local events = {}
  if not self.is_marked then
    self.text = self.text .. text
    events[1] = begin(self)
    if not self.is_marked then return events end
    text = self.text
  end
  keep(self, text)
  if text:find("\n", 1, true) then read_lines(self, table.concat(self.pieces), events) end
  if self.length > LONGEST_FRAME then
    self.pieces, self.length = {}, 0
    events[#events + 1] = { kind = "malformed" }
  end
  return events
end

-- Remove escape sequences and control characters.
local function plain(text)
  return (text:gsub("\27%[[%d;?]*%a", ""):gsub("[^\n\x20-\x7e\x80-\xff]", ""))
end

--- Return the last line of what other programs printed, to explain a failure; nil without one.
---@return string?
function Conversation:remark()
  local last
  for line in plain(self.noise .. table.concat(self.pieces)):gmatch "[^\n]+" do
    if line:find "%S" then last = line:match "^%s*(.-)%s*$" end
  end
  return last
end

return conversation
