--- Parse an expression of a template: a text that begins with "[" and ends with "]". The result is
--- a tree. functions.lua has the functions, scope.lua evaluates the tree. A node is one of
---
---     { value = any }                      a literal
---     { call = row, name =, ... }          a function of functions.lua with its arguments
---     { of = node, key = node }            a member: parameters('a').b, variables('c')[0]
---
--- Source: spec/contract/neighbours.md, section 2.
local fault = require "azureml.emulator.template.fault"
local functions = require "azureml.emulator.template.functions"
local shorten = require "azureml.emulator.shorten"

local expression = {}

local LONGEST = 24576      -- characters of an expression: a limit of the service
local DEEPEST = 64         -- calls inside calls

-- Texts -------------------------------------------------------------------------------------------

--- Tell whether a text is an expression.
---@param text string
---@return boolean
function expression.is(text)
  return text:sub(1, 1) == "[" and text:sub(-1) == "]" and text:sub(2, 2) ~= "["
end

--- Return a text that is no expression as it is meant: "[[a]" stands for "[a]".
---@param text string
---@return string
function expression.literal(text)
  if text:sub(1, 2) == "[[" and text:sub(-1) == "]" then return text:sub(2) end
  return text
end

-- Tokens ------------------------------------------------------------------------------------------

---@class azureml.emulator.Parser
---@field text string         what stands between the brackets
---@field position integer
---@field depth integer
---@field place string

local function refuse(self, what)
  fault.raise(self.place, "the language expression '%s' is not valid: %s at position %d",
    shorten(self.text), what, self.position)
end

local function skip_space(self)
  self.position = self.text:find("%S", self.position) or #self.text + 1
end

-- Take a pattern at the position; return what it captures, or nil.
local function take(self, pattern)
  skip_space(self)
  local first, last, captured = self.text:find("^" .. pattern, self.position)
  if not first then return nil end
  self.position = last + 1
  return captured or self.text:sub(first, last)
end

local function expect(self, character)
  if take(self, "%" .. character) then return end
  refuse(self, ("'%s' is missing"):format(character))
end

-- Take a text in quotes. Two quotes stand for one.
local function take_quoted(self)
  local pieces = {}
  repeat
    local piece = take(self, "'([^']*)'")
    if not piece then refuse(self, "a text has no end") end
    pieces[#pieces + 1] = piece
  until self.text:sub(self.position, self.position) ~= "'"
  return table.concat(pieces, "'")
end

-- The grammar -------------------------------------------------------------------------------------

local parse

local function parse_arguments(self, node)
  if take(self, "%)") then return end
  repeat node[#node + 1] = parse(self) until not take(self, ",")
  expect(self, ")")
end

local function parse_call(self, name)
  local row = functions[name:lower()]
  if not row then
    fault.raise(self.place, "the template function '%s' is not served here: %s are", shorten(name),
      functions.names())
  end
  local node = { call = row, name = name }
  expect(self, "(")
  parse_arguments(self, node)
  if #node < row.least or #node > (row.most or math.huge) then
    fault.raise(self.place, "the template function '%s' takes %s, not %d", name,
      functions.count_of(row), #node)
  end
  return node
end

local function parse_first(self)
  skip_space(self)
  if self.text:find("^'", self.position) then return { value = take_quoted(self) } end
  local number = take(self, "%-?%d+")
  if number then
    return { value = math.tointeger(tonumber(number)) or refuse(self, "a number is too large") }
  end
  local name = take(self, "[%a_][%w_%.]*")
  if not name then refuse(self, "a function, a text or a number is missing") end
  return parse_call(self, name)
end

function parse(self)
  self.depth = self.depth + 1
  if self.depth > DEEPEST then refuse(self, ("it is deeper than %d calls"):format(DEEPEST)) end
  local node = parse_first(self)
  while true do
    if take(self, "%.") then
      local name = take(self, "[%a_][%w_]*")
      if not name then refuse(self, "the name of a member is missing") end
      node = { of = node, key = { value = name } }
    elseif take(self, "%[") then
      node = { of = node, key = parse(self) }
      expect(self, "]")
    else
      break
    end
  end
  self.depth = self.depth - 1
  return node
end

--- Parse an expression.
---@param text string       with its brackets
---@param place string      in the template, for the refusal: "resources[0].name"
---@return table node
---@raise a refusal
function expression.parse(text, place)
  local self = { text = text:sub(2, -2), position = 1, depth = 0, place = place }
  if #text > LONGEST then
    fault.raise(place, "a language expression has at most %d characters, not %d", LONGEST, #text)
  end
  local node = parse(self)
  skip_space(self)
  if self.position <= #self.text then refuse(self, "nothing may follow") end
  return node
end

return expression
