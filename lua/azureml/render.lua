--- Values, tables and times as text for people: the prompt and the commands print with it. Knows nothing of terminals: whoever
--- calls says how wide, and whether in colour.

local render = {}

local REPLACEMENT = "\u{FFFD}"
local ELLIPSIS = "\u{2026}"

-- Text on a screen --------------------------------------------------------------------------------------------------------

-- First and last code points of what takes no column, and of what takes two.
local NO_COLUMN = {
  0x0300, 0x036F, 0x0483, 0x0489, 0x0591, 0x05BD, 0x064B, 0x065F, 0x1AB0, 0x1AFF, 0x1DC0, 0x1DFF, 0x200B, 0x200F,
  0x20D0, 0x20FF, 0xFE00, 0xFE0F, 0xFE20, 0xFE2F, 0xE0100, 0xE01EF,
}
local TWO_COLUMNS = {
  0x1100, 0x115F, 0x231A, 0x231B, 0x23E9, 0x23EC, 0x2E80, 0x303E, 0x3041, 0x33FF, 0x3400, 0x4DBF, 0x4E00, 0x9FFF,
  0xA000, 0xA4CF, 0xAC00, 0xD7A3, 0xF900, 0xFAFF, 0xFE30, 0xFE6F, 0xFF00, 0xFF60, 0xFFE0, 0xFFE6, 0x1F300, 0x1F64F,
  0x1F680, 0x1F6FF, 0x1F900, 0x1F9FF, 0x20000, 0x3FFFD,
}
-- What moves the cursor, or turns the direction of the text, is never shown as it is.
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

-- Calls replace(character or byte, code point or nil) for each that is unsafe or no UTF-8, and puts its answer there.
local function replace_unsafe(text, replace)
  if is_plain(text) then return text end
  local parts, at = {}, 1
  while at <= #text do
    local char = text:match("^" .. utf8.charpattern, at) or text:sub(at, at)
    local code = utf8.len(char) == 1 and utf8.codepoint(char) or nil
    if not code then char = char:sub(1, 1) end
    parts[#parts + 1] = code and not is_in(UNSAFE, code) and char or replace(char, code)
    at = at + #char
  end
  return table.concat(parts)
end

local function one_line(char)
  return char:find "^%s$" and " " or REPLACEMENT
end

--- A text as it may be shown on one line of a screen: whatever a service put into it moves no cursor.
---@param text string
---@return string
function render.one_line(text)
  return replace_unsafe(text, one_line)
end

--- How many columns a text takes.
---@param text string      of valid UTF-8
---@return integer
function render.columns(text)
  if is_plain(text) then return #text end
  local columns = 0
  for _, code in utf8.codes(text) do columns = columns + columns_of(code) end
  return columns
end

--- A text of at most so many columns, with an ellipsis where it was cut.
---@param text string      of valid UTF-8
---@param columns integer
---@return string
function render.cut(text, columns)
  if render.columns(text) <= columns then return text end
  local used = 0
  for at, code in utf8.codes(text) do
    used = used + columns_of(code)
    if used > columns - 1 then return text:sub(1, at - 1) .. ELLIPSIS end
  end
  return text
end

-- Durations ---------------------------------------------------------------------------------------------------------------

local UNITS = { { 86400, "d" }, { 3600, "h" }, { 60, "min" }, { 1, "s" } }

--- A time as one says it: "12 s", "4 min 56 s", "1 h 3 min".
---@param seconds number
---@return string
function render.duration(seconds)
  if seconds < 0 then return "-" .. render.duration(-seconds) end
  if seconds < 9.95 and seconds % 1 >= 0.05 and seconds % 1 < 0.95 then return ("%.1f s"):format(seconds) end
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

-- Tables of rows ----------------------------------------------------------------------------------------------------------

local NARROWEST = 6      -- a column is not cut below it

local function cell_value(row, column)
  if type(column.key) == "function" then return column.key(row) end
  return row[column.key]
end

local function cell_text(value)
  if value == nil then return "-" end
  return render.one_line(tostring(value))
end

-- The cells of a column from top to bottom, its width, and on which side they stand.
local function read_column(rows, column)
  local title = cell_text(column.title or column.key)
  local cells = { [0] = title, width = render.columns(title), right = #rows > 0 }
  for i, row in ipairs(rows) do
    local value = cell_value(row, column)
    cells[i] = cell_text(value)
    cells.width = math.max(cells.width, render.columns(cells[i]))
    cells.right = cells.right and (value == nil or type(value) == "number")
  end
  return cells
end

local function widest(columns)
  local found = columns[1]
  for _, cells in ipairs(columns) do
    if cells.width > found.width then found = cells end
  end
  return found
end

local function shrink(columns, width)
  local total = 2 * (#columns - 1)
  for _, cells in ipairs(columns) do total = total + cells.width end
  while total > width do
    local cells = widest(columns)
    if cells.width <= NARROWEST then return end
    cells.width, total = cells.width - 1, total - 1
  end
end

local function align(text, cells)
  local cut = render.cut(text, cells.width)
  local space = (" "):rep(cells.width - render.columns(cut))
  return cells.right and space .. cut or cut .. space
end

--- Rows as text in columns, under a line of titles. A column of numbers stands to the right; nil is "-".
---@param rows table[]
---@param columns { title: string?, key: string|function }[]      a field's name, or a function of the row
---@param options? { width: integer? }       the widest columns are cut, then the lines, so that they fit
---@return string       without a newline at its end
function render.table(rows, columns, options)
  local width = options and options.width or math.huge
  local all, lines = {}, {}
  for i, column in ipairs(columns) do all[i] = read_column(rows, column) end
  if #all == 0 then return "" end
  shrink(all, width)
  for i = 0, #rows do
    local cells = {}
    for j, column in ipairs(all) do cells[j] = align(column[i], column) end
    lines[i + 1] = render.cut(table.concat(cells, "  "):gsub(" +$", ""), width)
  end
  return table.concat(lines, "\n")
end

-- Values ------------------------------------------------------------------------------------------------------------------

-- A value becomes a tree first: leaves of text, and branches of items. Each knows how wide it is on one line; then it is laid
-- out in what room there is.

---@class azureml.Leaf
---@field text string
---@field width number        of the text; math.huge: it has several lines

local COLOURS = { string = 32, number = 36, constant = 35, note = 90 }
local ESCAPES = { ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t" }
local ENTRIES = 100          -- shown of one table
local ALL_ENTRIES = 1000     -- shown of all

local tree_of

local function leaf(state, kind, text)
  local width = text:find("\n", 1, true) and math.huge or render.columns(text)
  local colour = state.colour and COLOURS[kind]
  return { text = colour and ("\27[%dm%s\27[0m"):format(colour, text) or text, width = width }
end

local function escaped(char, code)
  if ESCAPES[char] then return ESCAPES[char] end
  return code and code > 0x7F and ("\\u{%X}"):format(code) or ("\\x%02X"):format(char:byte())
end

local function quoted(text)
  return '"' .. replace_unsafe(text:gsub('["\\]', "\\%0"), escaped) .. '"'
end

local function quoted_leaf(state, text)
  local whole = quoted(text)
  local shown = render.cut(whole, state.width)
  if shown ~= whole then shown = ('%s" (%d bytes)'):format(shown, #text) end
  return leaf(state, "string", shown)
end

local function function_text(f)
  local info = debug.getinfo(f, "S")
  if info.what == "C" then return "function (C)" end
  return ("function (%s:%d)"):format(info.short_src, info.linedefined)
end

local function keeping_lines(char, code)
  return (char == "\n" or char == "\t") and char or escaped(char, code)
end

local function is_null(value)
  local cjson = package.loaded.cjson
  return type(cjson) == "table" and value == cjson.null
end

local function scalar(state, value)
  local kind = type(value)
  if kind == "string" then return quoted_leaf(state, value) end
  if kind == "number" then return leaf(state, "number", tostring(value)) end
  if kind == "nil" or kind == "boolean" then return leaf(state, "constant", tostring(value)) end
  if is_null(value) then return leaf(state, "constant", "null") end
  if kind == "function" then return leaf(state, "note", function_text(value)) end
  if kind == "thread" then return leaf(state, "note", ("thread (%s)"):format(coroutine.status(value))) end
  return leaf(state, "note", tostring(value))
end

local RANKS = { number = 1, string = 2, boolean = 3 }

local function key_before(a, b)
  local rank_a, rank_b = RANKS[type(a)] or 4, RANKS[type(b)] or 4
  if rank_a ~= rank_b then return rank_a < rank_b end
  if rank_a <= 2 then return a < b end
  return tostring(a) < tostring(b)
end

local function keys_after_sequence(value, len)
  local keys = {}
  for key in next, value do
    if not (math.type(key) == "integer" and key >= 1 and key <= len) then keys[#keys + 1] = key end
  end
  table.sort(keys, key_before)
  return keys
end

local function key_leaf(state, key)
  if type(key) == "string" and key:find "^[%a_][%w_]*$" then return leaf(state, nil, key .. " = ") end
  local inner = type(key) == "table" and leaf(state, "note", tostring(key)) or scalar(state, key)
  return { text = "[" .. inner.text .. "] = ", width = inner.width + 5 }
end

local function add_item(state, branch, key, node)
  if key then node = setmetatable({ key = key }, { __index = node }) end
  branch.items[#branch.items + 1] = node
  branch.width = branch.width + node.width + (key and key.width or 0) + 2
  state.left = state.left - 1
end

local function sequence_length(value)
  local len = 0
  while rawget(value, len + 1) ~= nil do len = len + 1 end
  return len
end

local function add_items(state, branch, value, depth)
  local len = sequence_length(value)
  local keys = keys_after_sequence(value, len)
  for i = 1, len + #keys do
    if i > ENTRIES or state.left <= 0 then
      add_item(state, branch, nil, leaf(state, "note", ("... %d more"):format(len + #keys - i + 1)))
      return
    end
    local key, shown = i, nil
    if i > len then
      key = keys[i - len]
      shown = key_leaf(state, key)
    end
    add_item(state, branch, shown, tree_of(state, rawget(value, key), depth + 1))
  end
end

local function name_of(value)
  local meta = debug.getmetatable(value)
  local name = type(meta) == "table" and rawget(meta, "__name")
  return type(name) == "string" and replace_unsafe(name, one_line) .. " " or ""
end

local function branch_of(state, value, depth, name)
  if state.open[value] then return leaf(state, "note", "<cycle>") end
  if next(value) == nil then return leaf(state, nil, name .. "{}") end
  if depth >= state.depth then return leaf(state, "note", name .. "{...}") end
  local branch = { name = name, items = {}, width = render.columns(name) + 2 }
  state.open[value] = true
  add_items(state, branch, value, depth)
  state.open[value] = nil
  return branch
end

-- What an object shows of itself: all of it when it is the value asked for, a line when it is a part of another. What goes wrong
-- in making it is shown in its place.
local function own_node(state, value, depth)
  local meta = debug.getmetatable(value)
  if type(value) == "string" or type(meta) ~= "table" then return nil end
  local whole, line = rawget(meta, "__render"), rawget(meta, "__tostring")
  local make = depth == 0 and whole or line or whole
  if not make then return nil end
  local ok, shown = pcall(make, value, state)
  if not ok then return leaf(state, "note", ("<no text: %s>"):format(replace_unsafe(tostring(shown), one_line))) end
  if type(shown) == "table" then return branch_of(state, shown, depth, name_of(value)) end
  return leaf(state, nil, replace_unsafe(tostring(shown), keeping_lines))
end

function tree_of(state, value, depth)
  local own = own_node(state, value, depth)
  if own then return own end
  return type(value) == "table" and branch_of(state, value, depth, name_of(value)) or scalar(state, value)
end

local lay_out

local function key_text(node)
  return node.key and node.key.text or ""
end

local function on_one_line(node)
  if not node.items then return node.text end
  local parts = {}
  for i, item in ipairs(node.items) do parts[i] = key_text(item) .. on_one_line(item) end
  return ("%s{ %s }"):format(node.name, table.concat(parts, ", "))
end

-- Short values of a sequence share lines; all else has lines of its own.
local function lay_out_items(items, indent, width)
  local lines, used = {}, width      -- used: of the last line; width: it is not shared
  for i, item in ipairs(items) do
    local comma = i < #items and "," or ""
    local shares = not item.items and not item.key
    if shares and used + item.width + 2 <= width then
      lines[#lines] = lines[#lines] .. " " .. item.text .. comma
      used = used + item.width + 2
    else
      local before = #indent + (item.key and item.key.width or 0)
      lines[#lines + 1] = indent .. key_text(item) .. lay_out(item, indent, before, width) .. comma
      used = shares and before + item.width + 1 or width
    end
  end
  return table.concat(lines, "\n")
end

-- used: the columns that are taken on this line.
function lay_out(node, indent, used, width)
  if not node.items then return (node.text:gsub("\n", "\n" .. indent)) end
  if used + node.width < width then return on_one_line(node) end
  return ("%s{\n%s\n%s}"):format(node.name, lay_out_items(node.items, indent .. "  ", width), indent)
end

--- A value for a person: tables with sorted keys, strings quoted inside them. An object is shown as its metatable says: as what
--- `__render(value, options)` gives, a text or a table; inside another value, and without `__render`, by `__tostring`.
---@param value any
---@param options? { width: integer?, depth: integer?, colour: boolean? }    80 columns, 4 tables in each other, none
---@return string
function render.value(value, options)
  options = options or {}
  if type(value) == "string" then return replace_unsafe(value, keeping_lines) end
  local state = {
    width = options.width or 80, depth = options.depth or 4, colour = options.colour, left = ALL_ENTRIES, open = {},
  }
  return lay_out(tree_of(state, value, 0), "", 0, state.width)
end

return render
