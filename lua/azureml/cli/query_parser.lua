--- Parse JMESPath into a tree for query.lua: tokens first, then operators by precedence.
--- Source: https://jmespath.org/specification.html
local json = require "azureml.json"
local suggest = require "azureml.cli.suggest"
local tables = require "azureml.tool.tables"

local query_parser = {}

-- A parse error travels as a table, so that it is told from a mistake of this file.
local function fail(message, ...)
  error({ query_fault = message:format(...) }, 0)
end

-- Tokens ------------------------------------------------------------------------------------------

local OPERATORS = {
  "[?", "[]", "||", "&&", "==", "!=", "<=", ">=",
  "[", "]", "{", "}", "(", ")", ".", "*", ",", ":", "|", "&", "!", "<", ">", "@",
}

-- Read a text in quotes. Return what is between them, and the position after them.
local function read_quoted(text, position, quote)
  local finish = position + 1
  while true do
    local char = text:sub(finish, finish)
    if char == "" then fail("the %s at character %d has no end", quote, position) end
    if char == quote then return text:sub(position + 1, finish - 1), finish + 1 end
    finish = finish + (char == "\\" and 2 or 1)
  end
end

-- A text in backticks is JSON; what is not JSON is a text, as in az.
local function literal_of(inner)
  local value, fault = json.decode_exact((inner:gsub("\\`", "`")))
  if fault then return inner end
  return value
end

local readers = {}

readers["'"] = function(text, position)
  local inner, after = read_quoted(text, position, "'")
  return { kind = "literal", value = inner:gsub("\\'", "'") }, after
end

readers["`"] = function(text, position)
  local inner, after = read_quoted(text, position, "`")
  return { kind = "literal", value = literal_of(inner) }, after
end

readers['"'] = function(text, position)
  local inner, after = read_quoted(text, position, '"')
  local name = json.decode('["' .. inner .. '"]')
  if not name then fail("the name \"%s\" is not a JSON string", inner) end
  return { kind = "quoted", value = name[1] }, after
end

local function read_operator(text, position)
  for _, operator in ipairs(OPERATORS) do
    if text:sub(position, position + #operator - 1) == operator then
      return { kind = operator }, position + #operator
    end
  end
  fail("'%s' at character %d has no meaning", text:match(utf8.charpattern, position), position)
end

local function read_token(text, position)
  local reader = readers[text:sub(position, position)]
  if reader then return reader(text, position) end
  local name = text:match("^[%a_][%w_]*", position)
  if name then return { kind = "name", value = name }, position + #name end
  local number = text:match("^-?%d+", position)
  if number then return { kind = "number", value = math.tointeger(number) }, position + #number end
  return read_operator(text, position)
end

local function tokens_of(text)
  local list, position = {}, 1
  while true do
    position = text:find("%S", position)
    if not position then break end
    local token, after = read_token(text, position)
    token.text = text:sub(position, after - 1)
    list[#list + 1] = token
    position = after
  end
  list[#list + 1] = { kind = "end", text = "the end" }
  return list
end

-- Trees -------------------------------------------------------------------------------------------

-- How tight an operator binds what stands before it.
local POWERS = {
  ["|"] = 1, ["||"] = 2, ["&&"] = 3, ["=="] = 5, ["!="] = 5, ["<"] = 5, ["<="] = 5, [">"] = 5,
  [">="] = 5, ["[]"] = 9, ["*"] = 20, ["[?"] = 21, ["."] = 40, ["!"] = 45, ["{"] = 50, ["["] = 55,
  ["("] = 60,
}
local ENDS_PROJECTION = 10      -- an operator below this power ends a projection
local DEEPEST = 100             -- nested expressions

local CURRENT = { kind = "current" }

local Parser = {}
Parser.__index = Parser

function Parser:kind(ahead)
  local token = self.tokens[self.position + (ahead or 0)]
  return token and token.kind
end

function Parser:next()
  local token = self.tokens[self.position]
  self.position = self.position + 1
  return token
end

function Parser:unexpected()
  fail("%s is not expected here", self:kind() == "end" and "its end"
    or ("'%s'"):format(self.tokens[self.position].text))
end

function Parser:expect(kind)
  if self:kind() ~= kind then self:unexpected() end
  return self:next()
end

local prefixes, infixes = {}, {}

function Parser:expression(power)
  self.depth = self.depth + 1
  if self.depth > DEEPEST then fail "it is nested too deep" end
  local prefix = prefixes[self:kind()] or self:unexpected()
  local left = prefix(self, self:next())
  while (POWERS[self:kind()] or 0) > power do
    local infix = infixes[self:kind()] or self:unexpected()
    left = infix(self, left, self:next())
  end
  self.depth = self.depth - 1
  return left
end

-- Read expressions with commas up to a closing token.
function Parser:items(close, read)
  local list = {}
  while self:kind() ~= close do
    list[#list + 1] = read(self)
    if self:kind() == close then break end
    self:expect ","
    if self:kind() == close then self:unexpected() end
  end
  self:next()
  return list
end

local function read_expression(self)
  return self:expression(0)
end

local function list_of(self)
  local items = self:items("]", read_expression)
  if #items == 0 then fail "a list needs an expression" end
  return { kind = "list", items = items }
end

local function hash_of(self)
  local keys = {}
  local items = self:items("}", function()
    local token = self:next()
    if token.kind ~= "name" and token.kind ~= "quoted" then
      fail("'%s' cannot be a name in {}", token.text)
    end
    keys[#keys + 1] = token.value
    self:expect ":"
    return self:expression(0)
  end)
  if #items == 0 then fail "{} needs a name and an expression" end
  return { kind = "hash", keys = keys, items = items }
end

-- Read what stands behind a dot.
local function after_dot(self, power)
  local kind = self:kind()
  if kind == "name" or kind == "quoted" or kind == "*" then return self:expression(power) end
  if kind == "[" then self:next() return list_of(self) end
  if kind == "{" then self:next() return hash_of(self) end
  self:unexpected()
end

-- Read what a projection does to each item.
local function after_projection(self, power)
  local kind = self:kind()
  if (POWERS[kind] or 0) < ENDS_PROJECTION then return CURRENT end
  if kind == "[" or kind == "[?" then return self:expression(power) end
  if kind == "." then
    self:next()
    return after_dot(self, power)
  end
  self:unexpected()
end

-- Read "1]" or "0:5:2]" behind a bracket.
local function index_of(self, left)
  local parts, colons = {}, 0
  while self:kind() ~= "]" do
    if self:kind() == ":" and colons < 2 then
      colons = colons + 1
      self:next()
    else
      parts[colons] = self:expect("number").value
      if self:kind() ~= ":" and self:kind() ~= "]" then self:unexpected() end
    end
  end
  self:next()
  if colons == 0 then
    return { kind = "sub", left = left, right = { kind = "index", index = parts[0] } }
  end
  if parts[2] == 0 then fail "the step of a slice cannot be 0" end
  local slice = { kind = "slice", first = parts[0], last = parts[1], step = parts[2] }
  local sliced = { kind = "sub", left = left, right = slice }
  return { kind = "projection", left = sliced, right = after_projection(self, POWERS["*"]) }
end

local function starts_index(self)
  return self:kind() == "number" or self:kind() == ":"
end

local function filter_of(self, left)
  local condition = self:expression(0)
  self:expect "]"
  local right = self:kind() == "[]" and CURRENT or after_projection(self, POWERS["[?"])
  return { kind = "filter", left = left, condition = condition, right = right }
end

local function flatten_of(self, left)
  local flat = { kind = "flatten", left = left }
  return { kind = "projection", left = flat, right = after_projection(self, POWERS["[]"]) }
end

local function star_of(self, left, kind)
  return { kind = kind, left = left, right = after_projection(self, POWERS["*"]) }
end

function prefixes.literal(_, token) return { kind = "literal", value = token.value } end
function prefixes.name(_, token) return { kind = "field", name = token.value } end

function prefixes.quoted(self, token)
  if self:kind() == "(" then fail("a function's name is not quoted: %s", token.text) end
  return { kind = "field", name = token.value }
end

prefixes["@"] = function() return CURRENT end
prefixes["*"] = function(self) return star_of(self, CURRENT, "values") end
prefixes["[?"] = function(self) return filter_of(self, CURRENT) end
prefixes["[]"] = function(self) return flatten_of(self, CURRENT) end
prefixes["{"] = hash_of
prefixes["!"] = function(self) return { kind = "not", right = self:expression(POWERS["!"]) } end
prefixes["&"] = function(self) return { kind = "reference", right = self:expression(0) } end

prefixes["("] = function(self)
  local inner = self:expression(0)
  self:expect ")"
  return inner
end

prefixes["["] = function(self)
  if starts_index(self) then return index_of(self, CURRENT) end
  if self:kind() ~= "*" or self:kind(1) ~= "]" then return list_of(self) end
  self.position = self.position + 2
  return star_of(self, CURRENT, "projection")
end

infixes["."] = function(self, left)
  if self:kind() == "*" then
    self:next()
    return star_of(self, left, "values")
  end
  return { kind = "sub", left = left, right = after_dot(self, POWERS["."]), stops = true }
end

infixes["|"] = function(self, left)
  return { kind = "sub", left = left, right = self:expression(POWERS["|"]) }
end

infixes["[?"] = filter_of
infixes["[]"] = flatten_of

infixes["["] = function(self, left)
  if starts_index(self) then return index_of(self, left) end
  self:expect "*"
  self:expect "]"
  return star_of(self, left, "projection")
end

infixes["("] = function(self, left)
  if left.kind ~= "field" then self:unexpected() end
  if not self.functions[left.name] then
    fail("%s", suggest.unknown("there is no function", left.name, tables.keys(self.functions)))
  end
  return { kind = "call", name = left.name, items = self:items(")", read_expression) }
end

for operator, kind in pairs { ["||"] = "or", ["&&"] = "and" } do
  infixes[operator] = function(self, left)
    return { kind = kind, left = left, right = self:expression(POWERS[operator]) }
  end
end

for _, operator in ipairs { "==", "!=", "<", "<=", ">", ">=" } do
  infixes[operator] = function(self, left)
    local right = self:expression(POWERS[operator])
    return { kind = "compare", operator = operator, left = left, right = right }
  end
end

--- Parse an expression.
---@param text string
---@param functions table<string, any>      the functions that exist, by name
---@return table? tree
---@return string? fault      what is wrong with the text
function query_parser.parse(text, functions)
  local ok, tree = pcall(function()
    local self = { tokens = tokens_of(text), position = 1, depth = 0, functions = functions }
    setmetatable(self, Parser)
    local whole = self:expression(0)
    self:expect "end"
    return whole
  end)
  if ok then return tree end
  if type(tree) == "table" and tree.query_fault then return nil, tree.query_fault end
  error(tree, 0)
end

return query_parser
