--- Find the records of comments.lua by the names of their owners, and tell which of them are
--- public: those that a script reaches from `require "azureml"`, by the types of parameters and
--- results.
local types = require "azureml.reference.types"

local index = {}

---@class azureml.reference.Index
---@field records azureml.reference.Record[]
---@field classes table<string, azureml.reference.Record>      classes and aliases by name
---@field members table<string, azureml.reference.Record[]>    of a class or a module, in order
---@field by_name table<string, table<string, azureml.reference.Record>>  owner -> name -> record
local Index = {}
local metatable = { __index = Index }

--- The modules that scripts load.
index.ROOTS = { "azureml", "azureml.emulator" }

local function add_member(self, owner, record)
  self.members[owner] = self.members[owner] or {}
  self.by_name[owner] = self.by_name[owner] or {}
  if not self.by_name[owner][record.name] then table.insert(self.members[owner], record) end
  self.by_name[owner][record.name] = record
end

-- Make a member of a class of a field. A field with a function's type is a method.
local function add_field(self, class, field)
  local parameters, results = types.parameters(field.type or "")
  local record = {
    kind = "value", owner = class.name, name = field.name, type = field.type, doc = field.doc,
    is_optional = field.is_optional, is_field = true,
  }
  if parameters then
    local is_method = parameters[1] ~= nil and parameters[1].name == "self"
    if is_method then table.remove(parameters, 1) end
    record.kind, record.is_method, record.params = "function", is_method, parameters
    record.returns = results ~= "" and { { name = "", type = results, doc = "" } } or {}
  end
  add_member(self, class.name, record)
end

--- Add a record.
---@param record azureml.reference.Record
function Index:add(record)
  self.records[#self.records + 1] = record
  if record.kind == "class" or record.kind == "alias" then self.classes[record.name] = record end
  for _, field in ipairs(record.fields or {}) do add_field(self, record, field) end
  if record.owner then add_member(self, record.owner, record) end
end

--- Make an index.
---@param records azureml.reference.Record[]
---@return azureml.reference.Index
function index.new(records)
  local self = setmetatable({ records = {}, classes = {}, members = {}, by_name = {} }, metatable)
  for _, record in ipairs(records) do self:add(record) end
  return self
end

--- Return the member of a class or a module; a class has the members of its parents, too.
---@param owner string
---@param name string
---@return azureml.reference.Record?
function Index:member(owner, name)
  local found = self.by_name[owner] and self.by_name[owner][name]
  local class = self.classes[owner]
  for _, parent in ipairs(class and class.parents or {}) do
    found = found or self:member(parent, name)
  end
  return found
end

--- List the members of a class or a module, those of its parents first.
---@param owner string
---@return azureml.reference.Record[]
function Index:list(owner)
  local list, seen = {}, {}
  local function add_all(members)
    for _, member in ipairs(members) do
      if not seen[member.name] then list[#list + 1] = member end
      seen[member.name] = true
    end
  end
  for _, parent in ipairs(self.classes[owner] and self.classes[owner].parents or {}) do
    add_all(self:list(parent))
  end
  add_all(self.members[owner] or {})
  return list
end

-- Follow a value to the function that it is.
local function follow(self, record)
  local steps = 0
  while record and record.alias and record.alias.name and steps < 10 do
    record, steps = self:member(record.alias.module, record.alias.name), steps + 1
  end
  return record
end

-- Return a public module's record of a member: what the function says that it is, under its public
-- name.
local function public_member(self, module, record)
  local target = follow(self, record)
  if target == record or not target then return record end
  local copy = { owner = module, name = record.name }
  return setmetatable(copy, { __index = target })
end

-- List the types that a record names.
local function types_in(record)
  local list = { record.type }
  for _, group in ipairs { "params", "returns", "fields" } do
    for _, item in ipairs(record[group] or {}) do list[#list + 1] = item.type end
  end
  for _, call in ipairs(record.calls or {}) do list[#list + 1] = call end
  return list
end

local function visit_types(record, visit)
  for _, text in ipairs(types_in(record)) do
    for _, name in ipairs(types.classes(text)) do visit(name) end
  end
  for _, parent in ipairs(record.parents or {}) do visit(parent) end
end

--- List the public records. What a module takes from another module has the public name. Methods
--- that only files of this package use are among them, marked by `is_package`.
---@return azureml.reference.Record[]
function Index:public()
  local list, seen = {}, {}
  local visit

  local function take(record)
    list[#list + 1] = record
    if record.is_package then return end
    visit_types(record, visit)
    if record.alias and not record.alias.name then visit(record.alias.module) end
  end

  function visit(owner)
    if seen[owner] then return end
    seen[owner] = true
    if self.classes[owner] then take(self.classes[owner]) end
    for _, record in ipairs(self.members[owner] or {}) do
      if not record.is_field then take(public_member(self, owner, record)) end
    end
  end

  for _, root in ipairs(index.ROOTS) do visit(root) end
  return list
end

return index
