--- The comments of a source file, for the checks beside this file. Everything else is replaced by
--- blanks, so that lines keep their numbers.

local comments = {}

local function blank(text)
  return (text:gsub("[^\n]", " "))
end

-- Patterns of what can begin at a place of a text, tried in order: its pattern, and whether it is a
-- comment.
local LUA = {
  { "^%-%-%[(=*)%[.-%]%1%]", true },
  { "^%-%-[^\n]*", true },
  { "^%[(=*)%[.-%]%1%]", false },
}
local C = {
  { "^/%*.-%*/", true },
  { "^//[^\n]*", true },
}
local SHELL = { { "^#[^\n]*", true } }

local KINDS = {
  lua = LUA, c = C, h = C, mjs = C, py = SHELL, mk = SHELL, Makefile = SHELL,
}

-- The end of a quoted text that begins at a place; a line end closes it, too.
local function end_of_string(text, first)
  local quote = text:sub(first, first)
  local place = first + 1
  while place <= #text do
    local character = text:sub(place, place)
    if character == "\\" then place = place + 1
    elseif character == quote or character == "\n" then return place end
    place = place + 1
  end
  return #text
end

local function find_piece(text, place, rules)
  for _, rule in ipairs(rules) do
    local _, last = text:find(rule[1], place)
    if last then return last, rule[2] end
  end
  if text:find("^[\"']", place) then return end_of_string(text, place), false end
  return place, false
end

--- Keep the comments of a source file.
---@param path string       its name tells the language
---@param text string
---@return string?          nil: not a language that is known here
function comments.of(path, text)
  local rules = KINDS[path:match "%.(%w+)$" or path:match "[^/]+$"]
  if not rules then return nil end
  local kept, place = {}, 1
  while place <= #text do
    local last, is_comment = find_piece(text, place, rules)
    local piece = text:sub(place, last)
    kept[#kept + 1] = is_comment and piece or blank(piece)
    place = last + 1
  end
  return table.concat(kept)
end

return comments
