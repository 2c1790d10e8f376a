--- Evaluate the expressions of a template: parameters and variables by name, the group and the
--- subscription, and a bound on what a hostile template can make of a few lines. A variable is
--- evaluated when it is first used.
--- Source: spec/contract/neighbours.md, section 2.
local expression = require "azureml.emulator.template.expression"
local fault = require "azureml.emulator.template.fault"
local functions = require "azureml.emulator.template.functions"
local json = require "azureml.json"
local shorten = require "azureml.emulator.shorten"
local tables = require "azureml.tool.tables"

local MOST = 4 * 1024 * 1024      -- bytes of all values: a template has at most 4 MB
local DEEPEST = 100               -- objects inside each other, variables that need variables
local COST = 8                    -- bytes that a value counts beside its text

---@class azureml.emulator.Scope
---@field resource_group table      what resourceGroup() returns
---@field subscription table        what subscription() returns
---@field parameters table<string, any>      by name, in lower case
---@field variables table           as the template declares them
---@field place string              where evaluation is
---@field spent integer             bytes of the values so far
local Scope = {}
local metatable = { __index = Scope }

local scope = {}

--- Make a scope without parameters and variables.
---@param context { resource_group: table, subscription: table }
---@return azureml.emulator.Scope
function scope.new(context)
  return setmetatable({
    resource_group = context.resource_group, subscription = context.subscription,
    parameters = {}, declared = {}, variables = {}, known = {}, open = {}, weights = {}, spent = 0,
    place = "",
  }, metatable)
end

--- Refuse the template at the place where evaluation is.
---@param message string
---@param ... any
function Scope:refuse(message, ...)
  fault.raise(self.place, message, ...)
end

-- Bounds ------------------------------------------------------------------------------------------

local weigh

-- A table may be in many places: its weight is computed once and counts at each place.
local function weight_of_table(self, value)
  local weight = self.weights[value]
  if weight then return weight end
  weight = COST
  for name, item in pairs(value) do
    weight = weight + weigh(self, item) + (type(name) == "string" and #name or 0)
  end
  self.weights[value] = weight
  return weight
end

function weigh(self, value)
  if type(value) == "table" then return weight_of_table(self, value) end
  return COST + (type(value) == "string" and #value or 0)
end

-- Count a value; refuse the template when its values are too large together.
local function count(self, value)
  self.spent = self.spent + weigh(self, value)
  if self.spent > MOST then
    self:refuse("the values of the template are larger than %d bytes together", MOST)
  end
  return value
end

-- What is declared --------------------------------------------------------------------------------

--- Return the value of a parameter.
---@param name string
---@return any
function Scope:parameter(name)
  local value = self.parameters[name:lower()]
  if value ~= nil then return value end
  self:refuse("the template parameter '%s' is not found%s", shorten(name),
    #self.declared > 0 and " (known: " .. table.concat(self.declared, ", ") .. ")" or "")
end

-- Return the name of a variable as the template spells it.
local function spelled(self, name)
  if self.variables[name] ~= nil then return name end
  for each in pairs(self.variables) do
    if each:lower() == name:lower() then return each end
  end
  local known = table.concat(tables.keys(self.variables), ", ")
  self:refuse("the template variable '%s' is not found%s", shorten(name),
    known ~= "" and " (known: " .. known .. ")" or "")
end

--- Return the value of a variable.
---@param name string
---@return any
function Scope:variable(name)
  name = spelled(self, name)
  if self.known[name] ~= nil then return self.known[name] end
  for index, each in ipairs(self.open) do
    if each == name then
      local cycle = table.concat(self.open, ", ", index)
      fault.raise("variables." .. name, "the template variables form a cycle: %s, %s", cycle, name)
    end
  end
  if #self.open >= DEEPEST then
    fault.raise("variables." .. name, "more than %d variables need each other", DEEPEST)
  end
  self.open[#self.open + 1] = name
  local value = self:expand(self.variables[name], "variables." .. name)
  self.open[#self.open], self.known[name] = nil, value
  return value
end

-- Evaluation --------------------------------------------------------------------------------------

local function member_of(self, value, key)
  if type(value) ~= "table" then
    self:refuse("%s has no member '%s'", functions.noun(value), shorten(tostring(key)))
  end
  if json.is_array(value) then
    local item = math.type(key) == "integer" and value[key + 1]
    if item == nil or item == false and value[key + 1] == nil then
      self:refuse("an array of %d has no item %s", #value, shorten(tostring(key)))
    end
    return item
  end
  if type(key) ~= "string" then self:refuse "a member of an object has a name" end
  if value[key] ~= nil then return value[key] end
  for name, item in pairs(value) do
    if name:lower() == key:lower() then return item end
  end
  self:refuse("the language expression property '%s' doesn't exist: available are '%s'",
    shorten(key), shorten(table.concat(tables.keys(value), ", "), 200))
end

--- Return the value of a node of expression.lua.
---@param node table
---@return any
function Scope:value(node)
  if node.of then return member_of(self, self:value(node.of), self:value(node.key)) end
  if not node.call then return node.value end
  local row = node.call
  if row.lazy then return row.lazy(self, node) end
  local values = {}
  for index, argument in ipairs(node) do values[index] = self:value(argument) end
  return count(self, row.act(self, table.unpack(values, 1, #node)))
end

local function text_of(self, text, place)
  if not expression.is(text) then return expression.literal(text) end
  local node, before = expression.parse(text, place), self.place
  self.place = place
  local value = self:value(node)
  self.place = before
  return value
end

-- Expand the name of a member, which may be an expression.
local function name_of(self, name, place)
  local expanded = text_of(self, name, place)
  if type(expanded) == "string" then return expanded end
  fault.raise(place, "the name of a member must be a text, not %s", functions.noun(expanded))
end

--- Return the place of a member for a message.
---@param place string
---@param name any      a name, or the index of an item
---@return string
function scope.below(place, name)
  if math.type(name) == "integer" then return ("%s[%d]"):format(place, name - 1) end
  return place == "" and shorten(name) or place .. "." .. shorten(name)
end

--- Copy a value of a template with the values of all its expressions.
---@param value any
---@param place string
---@param depth integer?      how many objects and arrays surround it
---@return any
function Scope:expand(value, place, depth)
  depth = depth or 0
  if type(value) == "string" then return count(self, text_of(self, value, place)) end
  if type(value) ~= "table" then return value end
  if depth > DEEPEST then
    fault.raise(shorten(place), "a template has at most %d objects inside each other", DEEPEST)
  end
  local copy = json.is_array(value) and json.array {} or {}
  for name, item in pairs(value) do
    local below = scope.below(place, name)
    local new_name = type(name) == "string" and name_of(self, name, below) or name
    copy[new_name] = self:expand(item, below, depth + 1)
  end
  return count(self, copy)
end

return scope
