--- Find out what surrounds the cursor in a text of Lua: the brackets that are open, the functions
--- that they call, the keys of a table, the string that is being typed.

local position = {}

---@class azureml.PositionFrame      an open bracket
---@field bracket "("|"{"|"["
---@field callee string?      the path of the called function: "ws.instances:start"
---@field argument integer    of the callee: 1 is the first
---@field key string?         of a table: the key whose value the cursor is in
---@field keys table<string, boolean>      the keys that the table has

---@class azureml.Position
---@field frames azureml.PositionFrame[]   from outside to inside
---@field string string?      the beginning of the string that the cursor is in
---@field callee string?      of a string that is a call's only argument: f "..."

local CLOSING = { [")"] = true, ["}"] = true, ["]"] = true }

-- Return the end of a comment or of a long string at a position; nil: there is none, or it is open.
local function behind_long(text, first)
  local equals, inside = text:match("^%[(=*)%[()", first)
  if not equals then return nil end
  local _, last = text:find("]" .. equals .. "]", inside, true)
  return last and last + 1 or #text + 1
end

local function behind_comment(text, first)
  local inside = text:match("^%-%-()", first)
  return inside and (behind_long(text, inside) or text:match("^[^\n]*()", inside))
end

-- Return the contents of a quoted string and the position behind it; no position if it is open.
local function read_string(text, first)
  local quote = text:sub(first, first)
  local place = first + 1
  while place <= #text do
    local character = text:sub(place, place)
    if character == quote then return text:sub(first + 1, place - 1), place + 1 end
    place = place + (character == "\\" and 2 or 1)
  end
  return text:sub(first + 1), nil
end

local function open_bracket(state, bracket)
  local frames, callee = state.frames, state.path
  local parent = frames[#frames]
  local frame = { bracket = bracket, argument = 1, keys = {}, callee = callee }
  if bracket == "{" and not callee and parent and parent.bracket == "(" then
    frame.callee, frame.argument = parent.callee, parent.argument
  end
  frames[#frames + 1] = frame
end

local function take_symbol(state, character, text, first)
  local frames = state.frames
  local top = frames[#frames]
  if character == "(" or character == "{" or character == "[" then
    open_bracket(state, character)
  elseif CLOSING[character] then
    frames[#frames] = nil
  elseif top and (character == "," or character == ";") then
    top.key = nil
    if top.bracket == "(" then top.argument = top.argument + 1 end
  elseif top and character == "=" and state.path and not text:find("^=", first + 1) then
    top.key = state.path
    top.keys[state.path] = true
  end
  state.path = nil
end

local KEYWORDS = {}
for word in ("and or not return local function in do then else if while until"):gmatch "%a+" do
  KEYWORDS[word] = true
end

--- Find the position at the end of a text.
---@param text string      what was typed before the cursor
---@return azureml.Position
function position.at_end(text)
  local state, place = { frames = {} }, 1
  while place <= #text do
    place = text:match("^%s*()", place)
    local behind = behind_comment(text, place) or behind_long(text, place)
    local path, behind_path = text:match("^([%w_.:]+)()", place)
    local character = text:sub(place, place)
    if character == "" then break end
    if behind then
      place = behind
    elseif character == '"' or character == "'" then
      local content, behind_string = read_string(text, place)
      if not behind_string then
        return { frames = state.frames, string = content, callee = state.path }
      end
      state.path, place = nil, behind_string
    elseif path then
      state.path, place = not KEYWORDS[path] and path or nil, behind_path
    else
      take_symbol(state, character, text, place)
      place = place + 1
    end
  end
  return { frames = state.frames }
end

return position
