--- What the keys of a terminal mean: text for the other side, or an escape of our own. As with ssh,
--- `~` at the start of a line begins an escape: `~.` detaches, `~?` shows help, `~~` is one `~`.
--- A character that comes in pieces waits until it is whole, because JSON wants UTF-8.
local keys = {}

local Keys = {}
Keys.__index = Keys

keys.help = table.concat({
  "~.  detach: the terminal stays open on the instance",
  "~~  one ~",
  "~?  this help",
  "Escapes work at the start of a line, after the Enter key.",
}, "\r\n")

local ACTIONS = { ["."] = "detach", ["?"] = "help" }
local LINE_ENDS = { ["\r"] = true, ["\n"] = true }

--- Make a reader of keys.
---@return table
function keys.new()
  return setmetatable({ rest = "", is_at_start = true, is_held = false }, Keys)
end

-- How many bytes a character has, by its first byte.
local function length_of(byte)
  if byte < 0x80 then return 1 elseif byte >= 0xC2 and byte <= 0xDF then return 2
  elseif byte >= 0xE0 and byte <= 0xEF then return 3
  elseif byte >= 0xF0 and byte <= 0xF4 then return 4 end
  return 0
end

-- Split off a character that is not whole yet, and replace what is no UTF-8.
local function whole(text)
  local parts, at = {}, 1
  while at <= #text do
    local length, bad = utf8.len(text, at)
    if length then
      parts[#parts + 1] = text:sub(at)
      break
    end
    parts[#parts + 1] = text:sub(at, bad - 1)
    local missing = length_of(text:byte(bad)) - (#text - bad + 1)
    if missing > 0 and not text:find("[^\x80-\xbf]", bad + 1) then
      return table.concat(parts), text:sub(bad)
    end
    parts[#parts + 1] = "\u{FFFD}"
    at = bad + 1
  end
  return table.concat(parts), ""
end

-- Read one character. Return what it sends, and the action that it asks for.
local function step(self, char)
  if self.is_held then
    self.is_held = false
    if ACTIONS[char] then return "", ACTIONS[char] end
    self.is_at_start = LINE_ENDS[char] == true
    return char == "~" and "~" or "~" .. char
  end
  if self.is_at_start and char == "~" then
    self.is_held = true
    return ""
  end
  self.is_at_start = LINE_ENDS[char] == true
  return char
end

--- Read what the keyboard sent.
---@param bytes string
---@return string text, string? action     what to send, then "detach" or "help"; what follows an
---  action stays for the next call
function Keys:feed(bytes)
  local text
  text, self.rest = whole(self.rest .. bytes)
  if not self.is_held and not text:find("~", 1, true) then
    if text ~= "" then self.is_at_start = LINE_ENDS[text:sub(-1)] == true end
    return text
  end
  local sent = {}
  for at = 1, #text do
    local part, action = step(self, text:sub(at, at))
    sent[#sent + 1] = part
    if action then
      self.rest = text:sub(at + 1) .. self.rest
      return table.concat(sent), action
    end
  end
  return table.concat(sent)
end

return keys
