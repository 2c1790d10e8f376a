--- Suggest known words for a mistyped one: commands, options, values.
local suggest = {}

-- Bytes: a longer word is not a mistyped one, and a shorter one is near to everything.
local LONGEST, SHORTEST = 40, 3

--- Count the edits that turn one text into another: insert, delete or replace a character, or swap
--- two neighbours.
---@param a string
---@param b string
---@return integer
function suggest.distance(a, b)
  local rows = { [0] = {} }
  for j = 0, #b do rows[0][j] = j end
  for i = 1, #a do
    rows[i] = { [0] = i }
    for j = 1, #b do
      local is_same = a:byte(i) == b:byte(j)
      local edits = math.min(rows[i - 1][j] + 1, rows[i][j - 1] + 1,
        rows[i - 1][j - 1] + (is_same and 0 or 1))
      local is_swapped = i > 1 and j > 1 and a:byte(i) == b:byte(j - 1)
        and a:byte(i - 1) == b:byte(j)
      rows[i][j] = is_swapped and math.min(edits, rows[i - 2][j - 2] + 1) or edits
    end
  end
  return rows[#a][#b]
end

-- Return how far a known word is from a mistyped one; nil when it is too far. A word that begins
-- with the mistyped one is near.
local function distance_of(word, known)
  if #word > LONGEST or #known < SHORTEST then return nil end
  if #word >= 3 and known:sub(1, #word) == word then return 1 end
  local distance = suggest.distance(word, known)
  if distance <= math.max(1, #word // 3) and distance < #known then return distance end
end

--- List the known words that are nearest to a mistyped one.
---@param word string
---@param known string[]
---@return string[]      sorted; empty when no word is near
function suggest.nearest(word, known)
  local best, list = math.huge, {}
  for _, candidate in ipairs(known) do
    local distance = distance_of(word:lower(), candidate:lower())
    if distance and distance < best then best, list = distance, {} end
    if distance == best then list[#list + 1] = candidate end
  end
  table.sort(list)
  return list
end

--- Return "; did you mean start or restart?", or an empty text when no known word is near.
---@param word string
---@param known string[]
---@return string
function suggest.text(word, known)
  local list = suggest.nearest(word, known)
  if #list == 0 or #list > 4 then return "" end
  return ("; did you mean %s?"):format(table.concat(list, " or "))
end

local SHOWN = 12      -- a longer list of known words stands only where no word is near

--- Return the sentence about a word that is not known, with suggestions and the known words.
---@param what string      "there is no state"
---@param word string
---@param known string[]
---@return string
function suggest.unknown(what, word, known)
  local near = suggest.text(word, known)
  if near ~= "" and #known > SHOWN then return ("%s '%s'%s"):format(what, word, near) end
  return ("%s '%s'%s (known: %s)"):format(what, word, near, table.concat(known, ", "))
end

return suggest
