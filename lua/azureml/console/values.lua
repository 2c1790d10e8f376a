--- Format Lua values as text for people; the prompt shows values with it. The caller passes the
--- width and chooses colour.
local screen = require "azureml.console.screen"

local values = {}

-- A value becomes a tree first: leaves of text, and branches of items. Each node has its width on
-- one line. Then the tree is laid out within the width of the screen.

---@class azureml.Leaf
---@field text string
---@field width number        in columns; math.huge for a text of several lines

local COLOURS = { string = 32, number = 36, constant = 35, note = 90 }
local ESCAPES = { ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t" }
local ENTRIES = 100          -- the most entries shown of one table
local ALL_ENTRIES = 1000     -- the most entries shown in total
local LEAST_TEXT = 8         -- columns of a text that is cut, however narrow the screen is

local tree_of

local function leaf(state, kind, text)
  local width = text:find("\n", 1, true) and math.huge or screen.columns(text)
  local colour = state.colour and COLOURS[kind]
  return { text = colour and ("\27[%dm%s\27[0m"):format(colour, text) or text, width = width }
end

local function escaped(char, code)
  if ESCAPES[char] then return ESCAPES[char] end
  return code and code > 0x7F and ("\\u{%X}"):format(code) or ("\\x%02X"):format(char:byte())
end

local function quoted(text)
  return '"' .. screen.replace_unsafe(text:gsub('["\\]', "\\%0"), escaped) .. '"'
end

local function quoted_leaf(state, text)
  local whole = quoted(text)
  if state.is_whole then return leaf(state, "string", whole) end
  local room = math.max(LEAST_TEXT, state.width - state.used)
  if screen.columns(whole) < room then return leaf(state, "string", whole) end
  local note = ('" (%d bytes)'):format(#text)
  local shown = screen.cut(whole, math.max(LEAST_TEXT, room - #note - 1))
  return leaf(state, "string", shown .. note)
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
  if kind == "thread" then
    return leaf(state, "note", ("thread (%s)"):format(coroutine.status(value)))
  end
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
  if type(key) == "string" and key:find "^[%a_][%w_]*$" then
    return leaf(state, nil, key .. " = ")
  end
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
    if not state.is_whole and (i > ENTRIES or state.left <= 0) then
      add_item(state, branch, nil, leaf(state, "note", ("... %d more"):format(len + #keys - i + 1)))
      return
    end
    local key, shown = i, nil
    if i > len then
      key = keys[i - len]
      shown = key_leaf(state, key)
    end
    state.used = 2 * (depth + 1) + (shown and shown.width or 0) + 1      -- a comma follows
    add_item(state, branch, shown, tree_of(state, rawget(value, key), depth + 1))
  end
end

local function name_of(value)
  local meta = debug.getmetatable(value)
  local name = type(meta) == "table" and rawget(meta, "__name")
  return type(name) == "string" and screen.replace_unsafe(name, screen.one_line) .. " " or ""
end

local function branch_of(state, value, depth, name)
  if state.open[value] then return leaf(state, "note", "<cycle>") end
  if next(value) == nil then return leaf(state, nil, name .. "{}") end
  if depth >= state.depth then return leaf(state, "note", name .. "{...}") end
  local branch = { name = name, items = {}, width = screen.columns(name) + 2 }
  state.open[value] = true
  add_items(state, branch, value, depth)
  state.open[value] = nil
  return branch
end

-- Return the node that an object's metatable makes: by `__render` for the subject itself, by
-- `__tostring` inside another value. An error of these functions is shown in place of the object.
local function own_node(state, value, depth)
  local meta = debug.getmetatable(value)
  if type(value) == "string" or type(meta) ~= "table" then return nil end
  local whole, line = rawget(meta, "__render"), rawget(meta, "__tostring")
  local make = depth == 0 and whole or line or whole
  if not make then return nil end
  local ok, shown = pcall(make, value, state)
  if not ok then
    local message = screen.replace_unsafe(tostring(shown), screen.one_line)
    return leaf(state, "note", ("<no text: %s>"):format(message))
  end
  if type(shown) == "table" then return branch_of(state, shown, depth, name_of(value)) end
  return leaf(state, nil, screen.replace_unsafe(tostring(shown), keeping_lines))
end

function tree_of(state, value, depth)
  local own = own_node(state, value, depth)
  if own then return own end
  if type(value) ~= "table" then return scalar(state, value) end
  return branch_of(state, value, depth, name_of(value))
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

-- Lay out a branch's items. Short values of a sequence share lines; other items have their own
-- lines.
local function lay_out_items(items, indent, width)
  local lines, used = {}, width      -- used: columns of the last line; `width` if it is not shared
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

-- Lay out a node. `used` is the number of columns that are taken on this line.
function lay_out(node, indent, used, width)
  if not node.items then return (node.text:gsub("\n", "\n" .. indent)) end
  if used + node.width < width then return on_one_line(node) end
  local items = lay_out_items(node.items, indent .. "  ", width)
  return ("%s{\n%s\n%s}"):format(node.name, items, indent)
end

--- Format a value: tables with sorted keys, strings quoted inside tables. A metatable may format
--- its object: `__render(value, options)` returns a text or a table for the subject itself;
--- `__tostring` is used inside another value, and where there is no `__render`.
---@param subject any
---@param options? { width: integer?, depth: integer?, colour: boolean?, is_whole: boolean? }
---  default: 80 columns, 4 nested tables, no colour; is_whole: leave out nothing of long tables and
---  texts
---@return string
function values.text(subject, options)
  options = options or {}
  if type(subject) == "string" then return screen.replace_unsafe(subject, keeping_lines) end
  local state = { width = options.width or 80, depth = options.depth or 4, colour = options.colour,
    is_whole = options.is_whole }
  state.left, state.open, state.used = ALL_ENTRIES, {}, 0
  return lay_out(tree_of(state, subject, 0), "", 0, state.width)
end

return values
