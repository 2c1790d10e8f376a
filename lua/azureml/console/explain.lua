--- Explain a function, an object, an option or a field in the words of its comment, and the code of
--- an error: help(x) at the prompt.
local later = require "azureml.tool.later"
local codes = later "azureml.guide.codes"
local help = require "azureml.console.help"
local records = require "azureml.console.records"
local reference = require "azureml.reference"
local tables = require "azureml.tool.tables"
local types = require "azureml.reference.types"

local explain = {}

local LUA_FUNCTION = "%s is a function of Lua:\n  https://www.lua.org/manual/5.4/manual.html#pdf-%s"
local MOST_MATCHES = 12      -- of a name that many owners have

-- Lay out a text: paragraphs are wrapped, indented lines stay.
local function paragraphs(text, width)
  local lines = {}
  for line in (text .. "\n"):gmatch "(.-)\n" do
    if line:find "^%s" or line == "" then lines[#lines + 1] = line
    else tables.append(lines, help.wrap(line, width)) end
  end
  return table.concat(lines, "\n")
end

local function described(item)
  local kind = item.type and (item.is_optional and item.type .. "?" or item.type) or "any"
  local doc = reference.doc_of(reference.index(), item)
  return doc ~= "" and ("%s: %s"):format(kind, doc) or kind
end

local function rows_of(items)
  local rows = {}
  for i, item in ipairs(items) do rows[i] = { item.name, described(item) } end
  return rows
end

local function signature(record)
  local names = {}
  for i, item in ipairs(record.params or {}) do
    names[i] = item.name .. (item.is_optional and "?" or "")
  end
  return ("%s(%s)"):format(records.title(record), table.concat(names, ", "))
end

local function results_of(record)
  local texts = {}
  for i, item in ipairs(record.returns or {}) do
    texts[i] = item.name ~= "" and ("%s (%s)"):format(item.name, described(item)) or described(item)
  end
  return table.concat(texts, "; ")
end

-- Return the fields of the option tables that a parameter takes.
local function options_of(parameter)
  local list, index = {}, reference.index()
  for _, name in ipairs(types.classes(parameter.type or "")) do
    local class = index.classes[name]
    local is_options = class and class.kind == "class" and name:find "Options$"
    if is_options then tables.append(list, index:list(name)) end
  end
  return list
end

local function add_options(parts, record, width)
  for _, parameter in ipairs(record.params or {}) do
    local fields = options_of(parameter)
    if #fields > 0 then
      local list = help.narrow_list(rows_of(fields), width)
      parts[#parts + 1] = ("In %s:\n%s"):format(parameter.name, list)
    end
  end
end

local function of_function(record, width)
  local parts = { signature(record), paragraphs(record.doc, width) }
  if record.params and #record.params > 0 then
    parts[#parts + 1] = help.narrow_list(rows_of(record.params), width)
  end
  add_options(parts, record, width)
  local results = results_of(record)
  if results ~= "" then parts[#parts + 1] = paragraphs("Returns " .. results, width) end
  if record.raises then parts[#parts + 1] = paragraphs("Raises " .. record.raises, width) end
  if record.usage then parts[#parts + 1] = "  " .. record.usage:gsub("\n", "\n  ") end
  return table.concat(parts, "\n\n")
end

-- Split the members of a class or a module into functions and others, as rows.
local function member_rows(members)
  local functions, others = {}, {}
  for _, member in ipairs(members) do
    local row = { member.name, reference.sentence(member.doc or "") }
    if member.kind ~= "function" and row[2] == "" then row[2] = member.type or "" end
    local rows = member.kind == "function" and functions or others
    if not member.is_package then rows[#rows + 1] = row end
  end
  return functions, others
end

local function of_owner(title, doc, members, width)
  local functions, others = member_rows(members)
  local parts = { title }
  if doc ~= "" then parts[#parts + 1] = paragraphs(doc, width) end
  if #others > 0 then parts[#parts + 1] = "Fields:\n" .. help.narrow_list(others, width) end
  if #functions > 0 then
    parts[#parts + 1] = "Functions:\n" .. help.narrow_list(functions, width)
  end
  return table.concat(parts, "\n\n")
end

local function of_value(record, width)
  return ("%s: %s\n\n%s"):format(records.title(record), record.type or "any",
    paragraphs(record.doc or "", width))
end

local function of_record(record, width)
  if record.kind == "function" then return of_function(record, width) end
  if record.kind == "class" then
    return of_owner(record.name, record.doc, reference.index():list(record.name), width)
  end
  if record.kind == "alias" then
    return ("%s: %s\n\n%s"):format(record.name, record.type, paragraphs(record.doc, width))
  end
  return of_value(record, width)
end

local function of_matches(name, list, width)
  local rows = {}
  for i = 1, math.min(#list, MOST_MATCHES) do
    rows[i] = { records.title(list[i]), reference.sentence(list[i].doc or "") }
  end
  local left = #list - #rows
  local text = ("'%s' is the name of:\n%s"):format(name, help.narrow_list(rows, width))
  return left > 0 and ("%s\n... %d more"):format(text, left) or text
end

-- Explain the code of an error; nil for another name.
local function of_code(name, width)
  local row = codes.find(name)
  if not row then return nil end
  local remedy = codes.remedy(row)
  local text = paragraphs(("%s: %s"):format(row[1], row[2]), width)
  return remedy and text .. "\n" .. paragraphs("What to do: " .. remedy, width) or text
end

-- Explain a name such as "vm_size", "azureml.each", "StartOptions" or "ws.instances:start".
local function of_name(name, width)
  local index = reference.index()
  if index.members[name] and not index.classes[name] then
    return of_owner(name, "", index:list(name), width)
  end
  local class = index.classes[name] or index.classes["azureml." .. name]
  if class then return of_record(class, width) end
  local list = records.named(name:match "[^.:]*$")
  local exact = {}
  for _, record in ipairs(list) do
    if records.is_called(record, name) then exact[#exact + 1] = record end
  end
  if #exact == 1 then return of_record(exact[1], width) end
  if #list == 1 then return of_record(list[1], width) end
  return #list > 0 and of_matches(name, list, width) or of_code(name, width)
end

-- Name the part of Lua's manual that explains a function of Lua.
local function of_lua(subject)
  local name = type(subject) == "function" and records.name_in_lua(subject)
  return name and LUA_FUNCTION:format(name, name) or nil
end

--- Explain a field of an object or a module, such as "state" of an instance.
---@param container any
---@param name string
---@param width integer      in columns
---@return string?           nil: nothing is known of it
function explain.field(container, name, width)
  local record = records.member(container, name)
  return record and of_record(record, width) or nil
end

--- Explain a value, or a name in a text.
---@param subject any
---@param width integer      in columns
---@return string?           nil: nothing is known of it
function explain.text(subject, width)
  if type(subject) == "string" then return of_name(subject, width) end
  local record, module = records.of(subject)
  if record then return of_record(record, width) end
  if module then return of_owner(module, "", reference.index():list(module), width) end
  return of_lua(subject)
end

return explain
