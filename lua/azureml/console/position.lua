--- Find out what surrounds the cursor in a text of Lua: the brackets that are open, the functions
--- that they call, the keys of a table, the string that is being typed.
local lexing = require "azureml.console.lexing"

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

-- Return the position behind a comment or a long string; nil: none begins here.
local function behind_opaque(text, place)
  return lexing.behind_comment(text, place) or lexing.behind_long(text, place)
end

--- Find the position at the end of a text.
---@param text string      what was typed before the cursor
---@return azureml.Position
function position.at_end(text)
  local state, place = { frames = {} }, 1
  while true do
    place = text:match("^%s*()", place)
    if place > #text then return { frames = state.frames } end
    local behind = behind_opaque(text, place)
    local content, behind_string = lexing.read_string(text, place)
    local path, behind_path = text:match("^([%w_.:]+)()", place)
    if content and not behind_string then
      return { frames = state.frames, string = content, callee = state.path }
    elseif behind then
      place = behind
    elseif content then
      state.path, place = nil, behind_string
    elseif path then
      state.path, place = not KEYWORDS[path] and path or nil, behind_path
    else
      take_symbol(state, text:sub(place, place), text, place)
      place = place + 1
    end
  end
end

return position
