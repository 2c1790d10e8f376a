--- A view is what a command prints: its items and how to read them. The formats of output.lua read
--- a view; this file sorts it, finds its columns and turns items into records.
---
--- A command names the columns of its table. A column is { title =, key =, field =, colour = }:
--- `key` is a member of the item or a function of the item, `field` is the record's member that csv
--- and tsv print instead (default: `key`), `colour` is a function of the item that returns an ANSI
--- colour or nil.
local errors = require "azureml.error"
local json = require "azureml.json"
local later = require "azureml.tool.later"
local shape = require "azureml.cli.shape"
local suggest = later "azureml.cli.suggest"

---@class azureml.View
---@field items any[]           the results; for an object, the object alone
---@field columns table[]?      of the table; default: the members of the records
---@field record? fun(item: any): table     make the object that JSON shows; default: the item
---@field fields table<string, any>?        the members that a record may have; default: those seen
---@field is_object boolean?    true: the result is one object, not a list
local View = {}
View.__index = View

local view = {}

--- Make a view.
---@param fields azureml.View
---@return azureml.View
function view.new(fields)
  fields.records = {}
  return setmetatable(fields, View)
end

--- Return the record of an item.
---@param item any
---@return any
function View:record_of(item)
  if not self.record then return item end
  local record = self.records[item]
  if not record then
    record = self.record(item)
    self.records[item] = record
  end
  return record
end

--- Return a member of an item's record by its path, such as "tags.team"; nil if it has none.
---@param item any
---@param path string
---@return any
function View:get(item, path)
  return shape.get(self:record_of(item), path)
end

-- List the members of all records, in order of appearance.
local function members_of(self)
  local seen, names = {}, {}
  for _, item in ipairs(self.items) do
    for _, name in ipairs(shape.keys(self:record_of(item))) do
      if not seen[name] then names[#names + 1] = name end
      seen[name] = true
    end
  end
  return names, seen
end

--- Refuse a field that no record has. An empty list is never refused.
---@param path string
---@param option string      that names the field, for the message
---@raise an error object `Usage`
function View:check_field(path, option)
  local first = path:match "^[^.]*"
  if self.fields and self.fields[first] or #self.items == 0 and not self.fields then return end
  local names, seen = members_of(self)
  if seen[path] or seen[first] then return end
  for name in pairs(self.fields or {}) do
    if not seen[name] then names[#names + 1] = name end
  end
  table.sort(names)
  local message = suggest.unknown(option .. ": there is no field", path, names)
  errors.raise { code = "Usage", message = message }
end

-- Data --------------------------------------------------------------------------------------------

-- Return a record, or the chosen members alone.
local function pick(self, item, names)
  if not names then return self:record_of(item) end
  local picked = {}
  for _, name in ipairs(names) do
    local value = self:get(item, name)
    picked[name] = value == nil and json.null or value
  end
  return shape.ordered(names, picked)
end

--- Return the record of one item alone, and keep nothing of it.
---@param item any
---@param names string[]?      the members to keep; default: all
---@return any
function View:datum(item, names)
  local record = pick(self, item, names)
  self.records[item] = nil
  return record
end

--- Return the records: a list, or the object.
---@param names string[]?      the members to keep; default: all
---@return table
function View:data(names)
  for _, name in ipairs(names or {}) do self:check_field(name, "--columns") end
  if self.is_object then return pick(self, self.items[1], names) end
  local list = json.array {}
  for i, item in ipairs(self.items) do list[i] = pick(self, item, names) end
  return list
end

-- Columns -----------------------------------------------------------------------------------------

local function column_of(self, name)
  local function value(item) return shape.cell(self:get(item, name)) end
  return { title = name, key = value, header = name, value = value }
end

-- Add what machines read to a column of the command: `header` and `value`.
local function complete(self, column)
  local field = column.field or type(column.key) == "string" and column.key
  local value = column.key
  if field then value = column_of(self, field).value end
  return {
    title = column.title, key = column.key, colour = column.colour, value = value,
    header = field or column.title:lower():gsub("%W+", "_"),
  }
end

--- Return the columns: those of the command, or chosen fields.
---@param names string[]?
---@return table[]      with title and key for people, header and value for machines
function View:grid(names)
  local columns = {}
  if not names and self.columns then
    for i, column in ipairs(self.columns) do columns[i] = complete(self, column) end
    return columns
  end
  for _, name in ipairs(names or {}) do self:check_field(name, "--columns") end
  for i, name in ipairs(names or members_of(self)) do columns[i] = column_of(self, name) end
  return columns
end

--- Return the rows and columns of an object's table: a row for each member that has a value.
---@param names string[]?      the members to show, also without a value
---@return table[] rows, table[] columns
function View:lines(names)
  local rows, item = {}, self.items[1]
  for _, name in ipairs(names or {}) do self:check_field(name, "--columns") end
  for _, name in ipairs(names or shape.keys(self:record_of(item))) do
    local value = shape.cell(self:get(item, name))
    local is_empty = value == nil or value == "{}" or value == "[]"
    if names or not is_empty then
      rows[#rows + 1] = { name = name, value = value ~= nil and tostring(value) or nil }
    end
  end
  return rows, { { title = "Field", key = "name" }, { title = "Value", key = "value" } }
end

--- Return the rows and columns that a person reads.
---@param names string[]?      the members to show
---@return table[] rows, table[] columns
function View:table(names)
  if self.is_object then return self:lines(names) end
  return self.items, self:grid(names)
end

return view
