--- Describe an uncaught error for the executable and its prompt: the message, and the traceback
--- without this package's own frames.

local traceback = {}

-- This package's sources as a traceback shows them. Workflows count as the user's scripts.
local HOME = debug.getinfo(1, "S").short_src:match "^(.*)console/traceback%.lua$"
local SCRIPTS = HOME .. "workflows/"

---@class azureml.Caught      an error as `catch` recorded it
---@field value any           the value that was raised
---@field text string?        the text of the value's own __tostring
---@field frames string?      the traceback; nil when the value has a text of its own

local function starts(text, prefix)
  return text:sub(1, #prefix) == prefix
end

local function is_ours(frame)
  return starts(frame, HOME) and not starts(frame, SCRIPTS)
end

--- Remove this package's own frames from a traceback. A C frame stays or goes together with its
--- caller, the next Lua frame.
---@param text string?      from debug.traceback, with or without its first line
---@return string?          nil when no frame is left
function traceback.trim(text)
  local lines, pending = { "stack traceback:" }, {}
  for line, frame in (text or ""):gmatch "(\t([^\n]*))" do
    pending[#pending + 1] = line
    if not starts(frame, "[C]") and not starts(frame, "(...tail calls...)") then
      if not is_ours(frame) then table.move(pending, 1, #pending, #lines + 1, lines) end
      pending = {}
    end
  end
  return #lines > 1 and table.concat(lines, "\n") or nil
end

local function own_text(value)
  if type(value) == "string" then return nil end
  local meta = debug.getmetatable(value)
  local text = meta and meta.__tostring and meta.__tostring(value)
  return type(text) == "string" and text or nil
end

--- Record an error and its traceback. This is the message handler of xpcall: Lua calls it at the
--- place of the error.
---@param value any         the value that was raised
---@return azureml.Caught
function traceback.catch(value)
  local text = own_text(value)
  return { value = value, text = text, frames = not text and debug.traceback(nil, 2) or nil }
end

-- Return the traceback that an error object took where it was raised.
local function own_frames(value)
  local text = type(value) == "table" and rawget(value, "traceback")
  return type(text) == "string" and text or nil
end

local function message(value)
  if type(value) == "string" or type(value) == "number" then return tostring(value) end
  return ("(error object is a %s value)"):format(type(value))
end

--- Return the text of an error: its message and, if any frame is left, its traceback.
---@param caught any      from `catch`, or Lua's own text, such as "not enough memory"
---@return string
function traceback.describe(caught)
  if type(caught) ~= "table" then return message(caught) end
  local text = caught.text or message(caught.value)
  local frames = traceback.trim(own_frames(caught.value) or caught.frames)
  return frames and text .. "\n" .. frames or text
end

return traceback
