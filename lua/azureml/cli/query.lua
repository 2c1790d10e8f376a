--- Compile the expression of --query: JMESPath, as az has it. query_parser.lua reads the text,
--- query_functions.lua has the functions. A construct that does not exist is an error.
--- Source: https://jmespath.org/specification.html
local errors = require "azureml.error"
local functions = require "azureml.cli.query_functions"
local json = require "azureml.json"
local parser = require "azureml.cli.query_parser"
local shape = require "azureml.cli.shape"

local query = {}

local evaluate

local function value_of(value)
  if value == json.null then return nil end
  return value
end

-- Apply a node to each item of a list; leave nulls out.
local function project(items, node)
  local list = json.array {}
  for _, item in ipairs(items) do
    local value = evaluate(node, value_of(item))
    if value ~= nil then list[#list + 1] = value end
  end
  return list
end

local function is_equal(a, b)
  if type(a) ~= "table" or type(b) ~= "table" then return a == b end
  for key, value in pairs(a) do
    if not is_equal(value, b[key]) then return false end
  end
  for key in pairs(b) do
    if a[key] == nil then return false end
  end
  return true
end

local function orders(a, b)
  return type(a) == type(b) and (type(a) == "number" or type(a) == "string")
end

local comparators = {
  ["=="] = is_equal,
  ["!="] = function(a, b) return not is_equal(a, b) end,
  ["<"] = function(a, b) if orders(a, b) then return a < b end end,
  ["<="] = function(a, b) if orders(a, b) then return a <= b end end,
  [">"] = function(a, b) if orders(a, b) then return a > b end end,
  [">="] = function(a, b) if orders(a, b) then return a >= b end end,
}

-- Return the first index, the last one and the step of a slice over a list.
local function bounds(slice, count)
  local step = slice.step or 1
  local function place(index, default)
    if not index then return default end
    if index < 0 then index = index + count end
    return math.max(step < 0 and -1 or 0, math.min(index, step < 0 and count - 1 or count))
  end
  if step > 0 then return place(slice.first, 0), place(slice.last, count) - 1, step end
  return place(slice.first, count - 1), place(slice.last, -1) + 1, step
end

-- For each kind of node, a function of the node and a value.
local nodes = {}

function nodes.current(_, value) return value end
function nodes.literal(node) return value_of(node.value) end

function nodes.field(node, value)
  if not shape.is_object(value) then return nil end
  return value_of(value[node.name])
end

function nodes.sub(node, value)
  local left = evaluate(node.left, value)
  if left == nil and node.stops then return nil end
  return evaluate(node.right, left)
end

function nodes.index(node, value)
  if not shape.is_list(value) then return nil end
  local index = node.index < 0 and #value + node.index or node.index
  return value_of(value[index + 1])
end

function nodes.slice(node, value)
  if not shape.is_list(value) then return nil end
  local list = json.array {}
  local first, last, step = bounds(node, #value)
  for i = first, last, step do list[#list + 1] = value[i + 1] end
  return list
end

function nodes.projection(node, value)
  local base = evaluate(node.left, value)
  return shape.is_list(base) and project(base, node.right) or nil
end

function nodes.values(node, value)
  local base, items = evaluate(node.left, value), {}
  if not shape.is_object(base) then return nil end
  for i, key in ipairs(shape.keys(base)) do items[i] = base[key] end
  return project(items, node.right)
end

function nodes.filter(node, value)
  local base, kept = evaluate(node.left, value), {}
  if not shape.is_list(base) then return nil end
  for _, item in ipairs(base) do
    if functions.is_true(evaluate(node.condition, value_of(item))) then kept[#kept + 1] = item end
  end
  return project(kept, node.right)
end

function nodes.flatten(node, value)
  local base, list = evaluate(node.left, value), json.array {}
  if not shape.is_list(base) then return nil end
  for _, item in ipairs(base) do
    local inner = shape.is_list(item) and item or { item }
    table.move(inner, 1, #inner, #list + 1, list)
  end
  return list
end

nodes["or"] = function(node, value)
  local left = evaluate(node.left, value)
  if functions.is_true(left) then return left end
  return evaluate(node.right, value)
end

nodes["and"] = function(node, value)
  local left = evaluate(node.left, value)
  if not functions.is_true(left) then return left end
  return evaluate(node.right, value)
end

nodes["not"] = function(node, value)
  return not functions.is_true(evaluate(node.right, value))
end

function nodes.compare(node, value)
  return comparators[node.operator](evaluate(node.left, value), evaluate(node.right, value))
end

function nodes.list(node, value)
  if value == nil then return nil end
  local list = json.array {}
  for i, item in ipairs(node.items) do
    local found = evaluate(item, value)
    list[i] = found == nil and json.null or found
  end
  return list
end

function nodes.hash(node, value)
  if value == nil then return nil end
  local members = {}
  for i, key in ipairs(node.keys) do
    local found = evaluate(node.items[i], value)
    members[key] = found == nil and json.null or found
  end
  return shape.ordered(node.keys, members)
end

function nodes.reference(node)
  return function(value) return evaluate(node.right, value_of(value)) end
end

function nodes.call(node, value)
  local arguments = { n = #node.items }
  for i, item in ipairs(node.items) do arguments[i] = evaluate(item, value) end
  return functions.call(node.name, arguments)
end

function evaluate(node, value)
  return nodes[node.kind](node, value)
end

--- Compile an expression.
---@param text string
---@return fun(value: any): any      what the expression finds in a value; nil for null
---@raise an error object `InvalidExpression` that names what is wrong
---@usage query.compile "[?state == 'Running'].name" (records)
function query.compile(text)
  local function refuse(why)
    errors.raise { code = "InvalidExpression",
      message = ("--query: '%s' is not a valid expression: %s"):format(text, why) }
  end
  local tree, fault = parser.parse(text, functions.names)
  if not tree then refuse(fault) end
  return function(value)
    local ok, result = pcall(evaluate, tree, value_of(value))
    if ok then return result end
    if type(result) == "table" and result.query_fault then refuse(result.query_fault) end
    error(result, 0)
  end
end

return query
