--- The formats of output.lua but table and json, which every command loads.
local errors = require "azureml.error"
local json = require "azureml.json"
local screen = require "azureml.console.screen"
local shape = require "azureml.cli.shape"
local yaml = require "azureml.cli.yaml"

local formats = {}

local function misused(message)
  errors.raise { code = "Usage", message = message }
end

-- Markdown ----------------------------------------------------------------------------------------

local function markdown_row(cells)
  return "| " .. table.concat(cells, " | ") .. " |"
end

local function markdown_cell(column, row)
  local value = column.key
  if type(value) == "function" then value = value(row) else value = row[value] end
  return (screen.one_line(value == nil and "" or tostring(value)):gsub("|", "\\|"))
end

local function print_markdown(view, names)
  local rows, columns = view:table(names)
  local titles, rules = {}, {}
  for i, column in ipairs(columns) do titles[i], rules[i] = column.title, "---" end
  print(markdown_row(titles))
  print(markdown_row(rules))
  for _, row in ipairs(rows) do
    local cells = {}
    for i, column in ipairs(columns) do cells[i] = markdown_cell(column, row) end
    print(markdown_row(cells))
  end
end

-- Rows for programs -------------------------------------------------------------------------------

local function tsv_cell(text)
  return screen.one_line(text)
end

local function csv_cell(text)
  text = screen.lines(text)
  if not text:find '[",\r\n]' then return text end
  return '"' .. text:gsub('"', '""') .. '"'
end

local function row_of(columns, item, separator, write)
  local cells = {}
  for i, column in ipairs(columns) do
    local value = column.value(item)
    cells[i] = write(value == nil and "" or tostring(value))
  end
  return table.concat(cells, separator)
end

local function print_tsv(view, names)
  local columns = view:grid(names)
  for _, item in ipairs(view.items) do print(row_of(columns, item, "\t", tsv_cell)) end
end

local function print_csv(view, names)
  local columns, headers = view:grid(names), {}
  for i, column in ipairs(columns) do headers[i] = csv_cell(column.header) end
  print(table.concat(headers, ","))
  for _, item in ipairs(view.items) do print(row_of(columns, item, ",", csv_cell)) end
end

-- Data --------------------------------------------------------------------------------------------

local function print_jsonl(view, names)
  local data = view:data(names)
  if view.is_object then data = { data } end
  for _, record in ipairs(data) do print(json.printable(json.encode(record))) end
end

local function print_yaml(view, names)
  print(json.printable(yaml.encode(view:data(names))))
end

local function print_names(view, names)
  if names then misused "-o name prints names alone: leave --columns away" end
  for _, item in ipairs(view.items) do
    local name = view:get(item, "name")
    if name == nil then misused "-o name: these results have no name" end
    print(screen.one_line(tostring(name)))
  end
end

--- Return indented JSON, as az prints it.
---@param value any
---@param indent string      of what surrounds it: "" for a whole file
---@return string
function formats.indented(value, indent)
  if type(value) ~= "table" or next(value) == nil then return json.encode(value) end
  local is_list, inner, lines = shape.is_list(value), indent .. "  ", {}
  if is_list then
    for i, item in ipairs(value) do lines[i] = inner .. formats.indented(item, inner) end
  else
    for i, key in ipairs(shape.keys(value)) do
      lines[i] = ("%s%s: %s"):format(inner, json.encode(key), formats.indented(value[key], inner))
    end
  end
  local text = ("\n%s\n%s"):format(table.concat(lines, ",\n"), indent)
  return is_list and "[" .. text .. "]" or "{" .. text .. "}"
end

local function print_indented(view, names)
  print(json.printable(formats.indented(view:data(names), "")))
end

local function print_nothing() end

--- The formats of our commands, by name.
formats.of_ours = {
  jsonl = print_jsonl, tsv = print_tsv, csv = print_csv, yaml = print_yaml,
  markdown = print_markdown, name = print_names, none = print_nothing,
}

--- The formats of az's commands, by name.
formats.of_az = {
  json = print_indented, jsonc = print_indented, tsv = print_tsv, yaml = print_yaml,
  yamlc = print_yaml, none = print_nothing,
}

return formats
