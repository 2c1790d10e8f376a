--- What the executable and its prompt say of an error that nobody caught: the message, and the traceback without our own frames.

local traceback = {}

-- Our own sources as a traceback shows them. Workflows are scripts like anybody's.
local HOME = debug.getinfo(1, "S").short_src:match "^(.*)console/traceback%.lua$"
local SCRIPTS = HOME .. "workflows/"

---@class azureml.Caught      what `catch` made of an error
---@field value any           what was raised
---@field frames string?      where, unless the value tells by itself

local function starts(text, prefix)
  return text:sub(1, #prefix) == prefix
end

local function is_ours(frame)
  return starts(frame, HOME) and not starts(frame, SCRIPTS)
end

--- The frames worth reading. A frame in C belongs to whoever called it, which is the next frame that is not in C.
---@param text string?      as debug.traceback gives it, with or without its first line
---@return string?          nil when nothing is left
function traceback.trim(text)
  local lines, pending = { "stack traceback:" }, {}
  for line, frame in (text or ""):gmatch "(\t([^\n]*))" do
    pending[#pending + 1] = line
    if not starts(frame, "[C]") then
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

--- The message handler: called where the error is raised.
---@param value any
---@return azureml.Caught
function traceback.catch(value)
  local text = own_text(value)
  return { value = value, text = text, frames = not text and debug.traceback(nil, 2) or nil }
end

-- An error object brings the traceback of the place where it was raised.
local function brought(value)
  local text = type(value) == "table" and rawget(value, "traceback")
  return type(text) == "string" and text or nil
end

local function message(value)
  if type(value) == "string" or type(value) == "number" then return tostring(value) end
  return ("(error object is a %s value)"):format(type(value))
end

--- What to show.
---@param caught any      what `catch` returned, or what Lua gives when it could not call it ("not enough memory")
---@return string
function traceback.describe(caught)
  if type(caught) ~= "table" then return message(caught) end
  local text = caught.text or message(caught.value)
  local frames = traceback.trim(brought(caught.value) or caught.frames)
  return frames and text .. "\n" .. frames or text
end

return traceback
