--- Read what the comments of a source file say of its classes, functions and values. The help of
--- the prompt, its completion and the types for editors come from these records.
local types = require "azureml.reference.types"

local comments = {}

---@class azureml.reference.Parameter
---@field name string
---@field type string?
---@field is_optional boolean?
---@field doc string

---@class azureml.reference.Record     a class, an alias, a function or a value
---@field kind "class"|"alias"|"function"|"value"
---@field name string
---@field owner string?        of a function or a value: the class or the module that has it
---@field is_method boolean?   it is called with a colon
---@field is_package boolean?  only files of this package use it
---@field doc string
---@field type string?         of an alias or a value
---@field parents string[]?    of a class
---@field fields azureml.reference.Parameter[]?     of a class
---@field calls string[]?      of a class: what its objects return when they are called
---@field params azureml.reference.Parameter[]?
---@field returns azureml.reference.Parameter[]?
---@field raises string?
---@field usage string?
---@field line integer?        of a function: where it is defined
---@field alias { module: string, name: string? }?     of a value: the function or module that it is

-- Tags --------------------------------------------------------------------------------------------

local function trimmed(text)
  return (text:gsub("^%s+", ""):gsub("%s+$", ""))
end

-- Split a typed name such as "settings? table  the options" into a parameter.
local function parameter_of(text)
  local name, mark, rest = text:match "^([%w_.%[%]]+)(%??)%s+(.*)$"
  if not name then return { name = trimmed(text), doc = "" } end
  local kind, doc = types.split(rest)
  return { name = name, is_optional = mark == "?" or nil, type = kind, doc = trimmed(doc) }
end

-- Split the results of a @return: types, each with a name or without, then a text.
local function results_of(text)
  local results, rest = {}, text
  repeat
    local kind, after, space = types.split(rest)
    local result = { name = "", type = kind, doc = trimmed(after) }
    results[#results + 1] = result
    local name, behind = after:match "^([%a_.][%w_.]*)()"
    local tail = name and after:sub(behind) or ""
    local is_named = name and #space == 1 and (tail == "" or tail:find "^,%s" or tail:find "^%s%s")
    if is_named then result.name, result.doc = name, trimmed(tail) end
    rest = is_named and tail:match "^,%s+(.*)$" or nil
    if rest then result.doc = "" end
  until not rest
  return results
end

local read_tag = {}

function read_tag.class(block, text)
  local name, rest = text:match "^([%w_.]+)%s*(.*)$"
  local parents = {}
  if rest:find "^:" then
    for parent in rest:match("^:%s*([%w_.,%s]-)%s*$"):gmatch "[%w_.]+" do
      parents[#parents + 1] = parent
    end
    rest = ""
  end
  local doc = trimmed(block.doc .. " " .. rest)
  block.class = { kind = "class", name = name, parents = parents, fields = {}, calls = {},
    doc = doc }
  block.doc = ""
  block.records[#block.records + 1] = block.class
end

function read_tag.alias(block, text)
  local name, rest = text:match "^([%w_.]+)%s+(.*)$"
  local kind, doc = types.split(rest)
  block.records[#block.records + 1] =
    { kind = "alias", name = name, type = kind, doc = trimmed(block.doc .. " " .. doc) }
  block.doc = ""
end

function read_tag.field(block, text)
  if block.class then table.insert(block.class.fields, parameter_of(text)) end
end

function read_tag.overload(block, text)
  if block.class then table.insert(block.class.calls, (text:match "^fun%(%):%s*(.*)$")) end
end

function read_tag.param(block, text)
  table.insert(block.params, parameter_of(text))
end

read_tag["return"] = function(block, text)
  for _, result in ipairs(results_of(text)) do table.insert(block.returns, result) end
end

function read_tag.type(block, text)
  block.type = types.split(text)
end

function read_tag.raise(block, text) block.raises = trimmed(text) end
function read_tag.usage(block, text) block.usage = text end
function read_tag.package(block) block.is_package = true end

-- Blocks ------------------------------------------------------------------------------------------

-- Add a line to a tag. An example keeps its line ends, and the blanks after the two in front of it.
local function continue_tag(tag, line)
  if tag.name == "usage" then
    tag.text = tag.text .. "\n" .. line:gsub("^ ? ?", ""):gsub("%s+$", "")
  else
    tag.text = tag.text .. " " .. trimmed(line)
  end
end

-- Join the lines of a block: each tag with the lines that go on with it.
local function tags_of(lines)
  local doc, tags = {}, {}
  for _, line in ipairs(lines) do
    local name, text = line:match "^@(%w+)%s*(.*)$"
    local last = tags[#tags]
    if name then
      tags[#tags + 1] = { name = name, text = text }
    elseif last then
      continue_tag(last, line)
    else
      doc[#doc + 1] = line:gsub("^ ", "")
    end
  end
  return doc, tags
end

-- Join the lines of a text; lines that are indented keep their line ends.
local function join(lines)
  local text = ""
  for i, line in ipairs(lines) do
    local is_verbatim = line == "" or line:find "^%s" or (lines[i - 1] or ""):find "^%s"
    local separator = i == 1 and "" or is_verbatim and "\n" or " "
    text = text .. separator .. line
  end
  return trimmed(text)
end

local function read_block(lines)
  local doc, tags = tags_of(lines)
  local block = { doc = join(doc), records = {}, params = {}, returns = {} }
  for _, tag in ipairs(tags) do
    local read = read_tag[tag.name]
    if read then read(block, tag.text) end
  end
  return block
end

-- Declarations ------------------------------------------------------------------------------------

local RETURNED = "(returned)"      -- in place of the name of a table that a file returns unnamed

local function names_of_parameters(text)
  local names = {}
  for name in text:gmatch "[%w_.]+" do names[#names + 1] = name end
  return names
end

-- Return what an expression refers to: a module, or a name in a module; nil for anything else.
local function alias_of(file, expression)
  local module = expression:match '^require%s*%(?"([^"]+)"%)?,?$'
  if module then return { module = module } end
  local of_module, field = expression:match '^require%s*%(?"([^"]+)"%)%.([%w_]+),?$'
  if of_module then return { module = of_module, name = field } end
  local owner, name = expression:match "^([%w_]+)%.([%w_]+),?$"
  if not owner then owner, name = expression:match '^late%(([%w_]+), "([%w_]+)"%),?$' end
  return owner and file.modules[owner] and { module = file.modules[owner], name = name } or nil
end

local function add(file, record)
  file.records[#file.records + 1] = record
end

local function record_of(block, kind, owner, name)
  return {
    kind = kind, owner = owner, name = name, doc = block.doc, type = block.type,
    params = block.params, returns = block.returns, raises = block.raises, usage = block.usage,
    is_package = block.is_package,
  }
end

local function add_function(file, block, owner, separator, name, parameters, line)
  local record = record_of(block, "function", owner, name)
  record.is_method, record.line = separator == ":" or nil, line
  record.names = names_of_parameters(parameters)
  add(file, record)
end

-- Add a value; a comment with parameters or results is that of a function.
local function add_value(file, block, owner, name, expression)
  local is_function = #block.params > 0 or #block.returns > 0
  local record = record_of(block, is_function and "function" or "value", owner, name)
  record.alias = alias_of(file, expression)
  add(file, record)
end

-- Read the line below a block.
local function read_declaration(file, block, line, number)
  for _, record in ipairs(block.records) do add(file, record) end
  local variable = line:match "^local ([%w_]+) = "
  if variable and block.class then file.owners[variable] = block.class.name end
  if block.class then return end
  local owner, separator, name, parameters = line:match "^%s*function ([%w_]+)([.:])([%w_]+)(%b())"
  if owner then return add_function(file, block, owner, separator, name, parameters, number) end
  local expression
  owner, name, expression = line:match "^([%w_]+)%.([%w_]+) = (.*)$"
  if owner then return add_value(file, block, owner, name, expression) end
  name, expression = line:match "^  ([%w_]+) = (.*)$"
  if name and file.open then add_value(file, block, file.open, name, expression) end
end

-- Read a line without a comment: what the returned table takes from another module.
local function read_bare(file, line)
  local name, expression = line:match "^  ([%w_]+) = (.*)$"
  local alias = name and file.open == RETURNED and alias_of(file, expression)
  if alias then add(file, { kind = "value", owner = RETURNED, name = name, alias = alias }) end
end

local function note_line(file, line)
  local variable, module = line:match '^local ([%w_]+) = require%s*%(?"([^"]+)"'
  if not variable then variable, module = line:match '^local ([%w_]+) = later%s*%(?"([^"]+)"' end
  if variable then file.modules[variable] = module end
  local opened = line:match "^local ([%w_]+) = {$" or line == "return {" and RETURNED
  file.open = opened or line ~= "}" and file.open or nil
  file.returned = line:match "^return ([%w_]+)$" or file.returned
end

-- Replace the local names of tables by the names of their classes and of the module. Drop what
-- belongs to other tables.
local function name_owners(file, module)
  local kept = {}
  for _, record in ipairs(file.records) do
    local owner = record.owner
    local is_module = owner == file.returned or owner == RETURNED
    record.owner = owner and (file.owners[owner] or is_module and module or nil)
    if not owner or record.owner then kept[#kept + 1] = record end
  end
  return kept
end

--- Read a source file.
---@param text string
---@param module string       "azureml.instances"
---@return azureml.reference.Record[]
function comments.read(text, module)
  local file = { records = {}, modules = {}, owners = {} }      -- by their local names
  local block, number = {}, 0
  for line in (text .. "\n"):gmatch "(.-)\n" do
    number = number + 1
    local comment = line:match "^%s*%-%-%-(.*)$"
    if comment then
      block[#block + 1] = comment
    else
      note_line(file, line)
      if #block > 0 then read_declaration(file, read_block(block), line, number)
      else read_bare(file, line) end
      block = {}
    end
  end
  return name_owners(file, module)
end

return comments
