--- Write the reference as Markdown: a section for each public module and class, with its fields and
--- functions.
local reference = require "azureml.reference"
local types = require "azureml.reference.types"

local markdown = {}

-- Escape what Markdown would read as markup, also in a cell of a table.
local function plain(text)
  return (text:gsub("[|<>*]", "\\%0"):gsub("_%f[%W]", "\\_"))
end

local function code(text)
  return "`" .. text:gsub("`", "'") .. "`"
end

-- Name a record's section for links.
local function anchor(name)
  return (name:gsub("[^%w._]", "-"))
end

-- Write a type; it becomes a link to the first class in it. Pandoc reads a bar between backticks as
-- a part of the text, also in a table.
local function type_text(index, text)
  if not text then return "" end
  for _, name in ipairs(types.classes(text)) do
    if index.classes[name] then return ("[%s](#%s)"):format(code(text), anchor(name)) end
  end
  return code(text)
end

local function sentence(text)
  text = plain(text)
  return text == "" and "" or text:sub(1, 1):upper() .. text:sub(2)
end

local function add_table(lines, index, items, heads)
  if #items == 0 then return end
  lines[#lines + 1] = ("| %s |"):format(table.concat(heads, " | "))
  lines[#lines + 1] = "|---|---|---|"
  for _, item in ipairs(items) do
    local name = item.name == "" and "" or code(item.name .. (item.is_optional and "?" or ""))
    lines[#lines + 1] = ("| %s | %s | %s |"):format(name, type_text(index, item.type),
      plain(reference.doc_of(index, item)):gsub("\n", " "))
  end
  lines[#lines + 1] = ""
end

-- Return the last word of an owner: "Instance" of "azureml.Instance".
local function short(owner)
  return owner:match "[^.]+$"
end

local function call_of(record)
  local names = {}
  for _, parameter in ipairs(record.params or {}) do
    names[#names + 1] = parameter.name .. (parameter.is_optional and "?" or "")
  end
  local is_class = record.owner:match "^azureml%.%u"
  local head = is_class and short(record.owner) or record.owner
  local mark = record.is_method and ":" or "."
  return ("%s%s%s(%s)"):format(head, mark, record.name, table.concat(names, ", "))
end

-- Write what a function returns: one result without a name as a sentence, else a table.
local function add_results(lines, index, list)
  local only = #list == 1 and list[1].name == "" and list[1]
  if not only then return add_table(lines, index, list, { "returns", "type", "" }) end
  local doc = plain(only.doc or "")
  lines[#lines + 1] = ("Returns %s%s\n"):format(type_text(index, only.type),
    doc == "" and "." or ": " .. doc .. ".")
end

local function add_function(lines, index, record)
  lines[#lines + 1] = ("### %s {#%s.%s}\n"):format(code(call_of(record)), anchor(record.owner),
    anchor(record.name))
  lines[#lines + 1] = plain(record.doc) .. "\n"
  add_table(lines, index, record.params or {}, { "parameter", "type", "" })
  add_results(lines, index, record.returns or {})
  if record.raises then lines[#lines + 1] = "Raises " .. plain(record.raises) .. ".\n" end
  if record.usage then lines[#lines + 1] = "```lua\n" .. record.usage .. "\n```\n" end
end

-- Tell whether a record is a callback that the script passes in a table of options.
local function is_callback(record)
  return record.kind == "function" and record.is_field and not record.is_method
end

-- Tell whether a record is a function that a script calls: no callback and no metamethod.
local function is_function(record)
  return record.kind == "function" and not is_callback(record) and not record.name:find "^__"
end

-- Write the values of a module or the fields of a class as one table.
local function add_values(lines, index, members)
  local items = {}
  for _, record in ipairs(members) do
    if record.kind ~= "function" or is_callback(record) then
      local target = record.alias and record.alias.module
      items[#items + 1] = { name = record.name, is_optional = record.is_optional,
        type = record.type or target, doc = record.doc }
    end
  end
  add_table(lines, index, items, { "field", "type", "" })
end

--- Write the section of a module or a class.
---@param index azureml.reference.Index
---@param owner string      "azureml.Instance"
---@return string
function markdown.section(index, owner)
  local class = index.classes[owner]
  local lines = { ("## %s {#%s}\n"):format(code(owner), anchor(owner)) }
  if class and class.kind == "alias" then
    lines[#lines + 1] = ("%s\n\nType: %s\n"):format(sentence(class.doc),
      type_text(index, class.type))
    return table.concat(lines, "\n")
  end
  if class and class.doc ~= "" then lines[#lines + 1] = sentence(class.doc) .. "\n" end
  local members = index:list(owner)
  add_values(lines, index, members)
  for _, call in ipairs(class and class.calls or {}) do
    lines[#lines + 1] = ("Called, it returns %s.\n"):format(type_text(index, call))
  end
  for _, record in ipairs(members) do
    if is_function(record) then add_function(lines, index, record) end
  end
  return table.concat(lines, "\n")
end

--- List the modules and classes in the order of the reference: modules first.
---@param index azureml.reference.Index
---@return string[]
function markdown.owners(index)
  local owners, seen = {}, {}
  local function add(name)
    if name and not seen[name] then owners[#owners + 1], seen[name] = name, true end
  end
  for _, record in ipairs(index.records) do
    if record.owner and not index.classes[record.owner] then add(record.owner) end
  end
  for _, record in ipairs(index.records) do
    if not record.owner then add(record.name) end
  end
  return owners
end

--- Write the whole reference.
---@param index azureml.reference.Index
---@return string
function markdown.reference(index)
  local sections = {}
  for i, owner in ipairs(markdown.owners(index)) do sections[i] = markdown.section(index, owner) end
  return table.concat(sections, "\n")
end

return markdown
