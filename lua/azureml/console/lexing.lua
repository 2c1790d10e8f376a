--- Skip strings and comments in a text of Lua, which may be incomplete.

local lexing = {}

--- Return the position behind a long string, or behind the brackets of a long comment.
---@param text string
---@param first integer
---@return integer?      nil: none begins here
function lexing.behind_long(text, first)
  local equals, inside = text:match("^%[(=*)%[()", first)
  if not equals then return nil end
  local _, last = text:find("]" .. equals .. "]", inside, true)
  return last and last + 1 or #text + 1
end

--- Return the position behind a comment.
---@param text string
---@param first integer
---@return integer?      nil: none begins here
function lexing.behind_comment(text, first)
  local inside = text:match("^%-%-()", first)
  return inside and (lexing.behind_long(text, inside) or text:match("^[^\n]*()", inside))
end

--- Read a string in quotes.
---@param text string
---@param first integer
---@return string? content      with its escapes; nil: none begins here
---@return integer? behind      nil: the string is open
function lexing.read_string(text, first)
  local quote = text:match("^[\"']", first)
  if not quote then return nil end
  local place = first + 1
  while place <= #text do
    local character = text:sub(place, place)
    if character == quote then return text:sub(first + 1, place - 1), place + 1 end
    place = place + (character == "\\" and 2 or 1)
  end
  return text:sub(first + 1), nil
end

return lexing
