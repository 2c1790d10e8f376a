--- Make text for a screen: replace unsafe characters, measure columns, format durations and tables.
--- The caller passes the width.

local screen = {}

local REPLACEMENT = "\u{FFFD}"
local ELLIPSIS = "\u{2026}"

-- Text on a screen --------------------------------------------------------------------------------

-- Ranges of code points, first and last: characters that take no column, and that take two.
local NO_COLUMN = {
  0x0300, 0x036F, 0x0483, 0x0489, 0x0591, 0x05BD, 0x064B, 0x065F, 0x1AB0, 0x1AFF, 0x1DC0, 0x1DFF,
  0x200B, 0x200F, 0x20D0, 0x20FF, 0xFE00, 0xFE0F, 0xFE20, 0xFE2F, 0xE0100, 0xE01EF,
}
local TWO_COLUMNS = {
  0x1100, 0x115F, 0x231A, 0x231B, 0x23E9, 0x23EC, 0x2E80, 0x303E, 0x3041, 0x33FF, 0x3400, 0x4DBF,
  0x4E00, 0x9FFF, 0xA000, 0xA4CF, 0xAC00, 0xD7A3, 0xF900, 0xFAFF, 0xFE30, 0xFE6F, 0xFF00, 0xFF60,
  0xFFE0, 0xFFE6, 0x1F300, 0x1F64F, 0x1F680, 0x1F6FF, 0x1F900, 0x1F9FF, 0x20000, 0x3FFFD,
}
-- Characters that move the cursor or change the direction of text: they are always replaced.
local UNSAFE = { 0x00, 0x1F, 0x7F, 0x9F, 0x2028, 0x202E, 0x2066, 0x2069 }

local function is_in(ranges, code)
  for i = 1, #ranges, 2 do
    if code < ranges[i] then return false end
    if code <= ranges[i + 1] then return true end
  end
  return false
end

local function columns_of(code)
  if code < 0x300 then return 1 end
  if is_in(NO_COLUMN, code) then return 0 end
  return is_in(TWO_COLUMNS, code) and 2 or 1
end

local function is_plain(text)
  return not text:find "[^\32-\126]"
end

--- Replace each unsafe character and each byte that is not UTF-8.
---@param text string
---@param replace fun(character: string, code: integer?): string     code: nil for an invalid byte
---@return string
function screen.replace_unsafe(text, replace)
  if is_plain(text) then return text end
  local parts, position = {}, 1
  while position <= #text do
    local char = text:match("^" .. utf8.charpattern, position) or text:sub(position, position)
    local code = utf8.len(char) == 1 and utf8.codepoint(char) or nil
    if not code then char = char:sub(1, 1) end
    parts[#parts + 1] = code and not is_in(UNSAFE, code) and char or replace(char, code)
    position = position + #char
  end
  return table.concat(parts)
end

local function one_line(char)
  return char:find "^%s$" and " " or REPLACEMENT
end

--- Make a text safe for one line of a screen: nothing in it can move the cursor.
---@param text string
---@return string
function screen.one_line(text)
  return screen.replace_unsafe(text, one_line)
end

local function several_lines(char)
  return char:find "^[\t\n\r]$" and char or REPLACEMENT
end

--- Make a text of several lines safe for a screen.
---@param text string
---@return string
function screen.lines(text)
  return screen.replace_unsafe(text, several_lines)
end

--- Count the columns that a text takes.
---@param text string      valid UTF-8
---@return integer
function screen.columns(text)
  if is_plain(text) then return #text end
  local columns = 0
  for _, code in utf8.codes(text) do columns = columns + columns_of(code) end
  return columns
end

--- Shorten a text to a number of columns. A text that is too long ends in an ellipsis.
---@param text string      valid UTF-8
---@param columns integer
---@return string
function screen.cut(text, columns)
  if screen.columns(text) <= columns then return text end
  local used = 0
  for position, code in utf8.codes(text) do
    used = used + columns_of(code)
    if used > columns - 1 then return text:sub(1, position - 1) .. ELLIPSIS end
  end
  return text
end

-- Durations ---------------------------------------------------------------------------------------

local UNITS = { { 86400, "d" }, { 3600, "h" }, { 60, "min" }, { 1, "s" } }

--- Format a duration for people: "12 s", "4 min 56 s", "1 h 3 min".
---@param seconds number
---@return string
function screen.duration(seconds)
  if seconds < 0 then return "-" .. screen.duration(-seconds) end
  local fraction = seconds % 1
  if seconds < 9.95 and fraction >= 0.05 and fraction < 0.95 then
    return ("%.1f s"):format(seconds)
  end
  local whole = math.floor(seconds + 0.5)
  for i, unit in ipairs(UNITS) do
    local length, name = unit[1], unit[2]
    if whole >= length or length == 1 then
      local next_unit = UNITS[i + 1] or { 1, "" }
      local rest = whole % length // next_unit[1]
      local text = ("%d %s"):format(whole // length, name)
      return rest > 0 and ("%s %d %s"):format(text, rest, next_unit[2]) or text
    end
  end
end

-- Sizes -------------------------------------------------------------------------------------------

local BYTE_UNITS = { "B", "KiB", "MiB", "GiB", "TiB", "PiB" }

--- Format a number of bytes for people: "312 B", "1.5 MiB", "100 MiB".
---@param bytes number
---@return string
function screen.bytes(bytes)
  local unit, number = 1, bytes
  while number >= 999.5 and unit < #BYTE_UNITS do unit, number = unit + 1, number / 1024 end
  local is_short = unit == 1 or number >= 9.95
  return (is_short and "%.0f %s" or "%.1f %s"):format(number, BYTE_UNITS[unit])
end

-- Tables of rows ----------------------------------------------------------------------------------

local NARROWEST = 6      -- the smallest width of a column

local function cell_value(row, column)
  if type(column.key) == "function" then return column.key(row) end
  return row[column.key]
end

-- Remember the results of a function. Most cells of a long table say what others say.
local function remember(f)
  return setmetatable({}, { __index = function(known, text)
    local result = f(text)
    known[text] = result
    return result
  end })
end

local function cell_text(value, safe)
  if value == nil then return "-" end
  if math.type(value) == "float" then value = math.tointeger(value) or value end
  return safe[tostring(value)]
end

-- Return a column's cells from top to bottom (0 is the title), its width, and whether it aligns
-- right. widths holds the width of each text.
local function read_column(rows, column, safe, widths)
  local title = cell_text(column.title or column.key, safe)
  local cells = { [0] = title, width = widths[title], right = #rows > 0, widths = widths }
  for i, row in ipairs(rows) do
    local value = cell_value(row, column)
    local text = cell_text(value, safe)
    cells[i] = text
    if widths[text] > cells.width then cells.width = widths[text] end
    cells.right = cells.right and (value == nil or type(value) == "number")
  end
  return cells
end

local function widest_of(columns)
  local widest = columns[1]
  for _, cells in ipairs(columns) do
    if cells.width > widest.width then widest = cells end
  end
  return widest
end

-- Make the columns narrower until a line has a width. Return the width of the lines.
local function shrink(columns, width)
  local total = 2 * (#columns - 1)
  for _, cells in ipairs(columns) do total = total + cells.width end
  while total > width do
    local cells = widest_of(columns)
    if cells.width <= NARROWEST then break end
    cells.width, total = cells.width - 1, total - 1
  end
  return total
end

local function align(text, cells, colour)
  local cut = cells.widths[text] > cells.width and screen.cut(text, cells.width) or text
  local space = (" "):rep(cells.width - cells.widths[cut])
  if colour then cut = ("\27[%dm%s\27[0m"):format(colour, cut) end
  return cells.right and space .. cut or cut .. space
end

local function line_of(all, index, colours)
  local cells = {}
  for i, column in ipairs(all) do cells[i] = align(column[index], column, colours[i]) end
  return (table.concat(cells, "  "):gsub(" +$", ""))
end

local function colours_of(row, columns)
  local colours = {}
  for i, column in ipairs(columns) do
    if column.colour then colours[i] = column.colour(row) end
  end
  return colours
end

local NO_COLOURS = {}

--- Lay out rows in columns under a line of titles. Numbers align right; nil shows as "-". If the
--- lines are too wide, the widest columns are shortened first, then the lines. A table of a single
--- column is never shortened.
---@param rows table[]
---@param columns { title: string?, key: string|function, colour: function? }[]     key: a field or
---  a function of a row; colour: a function of a row that returns an ANSI colour or nil
---@param options? { width: integer?, colour: boolean? }       columns of the screen, default: no
---  limit; colour: use the columns' colours
---@return string       without a trailing newline
function screen.table(rows, columns, options)
  local width = options and options.width or math.huge
  local all, lines = {}, {}
  local safe, widths = remember(screen.one_line), remember(screen.columns)
  for i, column in ipairs(columns) do all[i] = read_column(rows, column, safe, widths) end
  if #all == 0 then return "" end
  if #all == 1 then width = math.huge end
  local may_be_too_wide = shrink(all, width) > width
  for i = 0, #rows do
    local line = line_of(all, i, NO_COLOURS)
    local is_too_wide = may_be_too_wide and screen.columns(line) > width
    if options and options.colour and rows[i] and not is_too_wide then
      line = line_of(all, i, colours_of(rows[i], columns))
    end
    lines[i + 1] = is_too_wide and screen.cut(line, width) or line
  end
  return table.concat(lines, "\n")
end

return screen
