--- Print a view in the format of the option -o. Data alone goes to standard output.
local errors = require "azureml.error"
local json = require "azureml.json"
local later = require "azureml.later"
local screen = later "azureml.console.screen"
local shape = require "azureml.cli.shape"
local view_module = require "azureml.cli.view"
local yaml = later "azureml.cli.yaml"

local output = {}

--- The formats, the default one first.
output.formats = { "table", "json", "jsonl", "tsv", "csv", "yaml", "markdown", "name", "none" }

--- The formats of a command that prints a line for each event.
output.stream_formats = { "table", "json", "jsonl", "tsv" }

--- The formats of az, for its own commands.
output.az_formats = { "json", "jsonc", "table", "tsv", "yaml", "yamlc", "none" }

local STANDARD_OUTPUT = 1

local function terminal_width()
  return require("azureml.core").terminal_width(STANDARD_OUTPUT)
end

local function has_colour()
  return terminal_width() ~= nil and (os.getenv "NO_COLOR" or "") == ""
    and os.getenv "TERM" ~= "dumb"
end

local function misused(message)
  errors.raise { code = "Usage", message = message }
end

-- Tables ------------------------------------------------------------------------------------------

-- Return the rows and columns that a person reads.
local function table_of(view, names)
  if view.is_object then return view:lines(names) end
  return view.items, view:grid(names)
end

local function print_table(view, names)
  local rows, columns = table_of(view, names)
  print(screen.table(rows, columns, { width = terminal_width(), colour = has_colour() }))
end

local function markdown_row(cells)
  return "| " .. table.concat(cells, " | ") .. " |"
end

local function markdown_cell(column, row)
  local value = column.key
  if type(value) == "function" then value = value(row) else value = row[value] end
  return (screen.one_line(value == nil and "" or tostring(value)):gsub("|", "\\|"))
end

local function print_markdown(view, names)
  local rows, columns = table_of(view, names)
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
  return (text:gsub("[\t\r\n]", " "))
end

local function csv_cell(text)
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

local function print_json(view, names)
  print(json.encode(view:data(names)))
end

local function print_jsonl(view, names)
  local data = view:data(names)
  if view.is_object then data = { data } end
  for _, record in ipairs(data) do print(json.encode(record)) end
end

local function print_yaml(view, names)
  print(yaml.encode(view:data(names)))
end

local function print_names(view, names)
  if names then misused "-o name prints names alone: leave --columns away" end
  for _, item in ipairs(view.items) do
    local name = view:get(item, "name")
    if name == nil then misused "-o name: these results have no name" end
    print(name)
  end
end

--- Return indented JSON, as az prints it.
---@param value any
---@param indent string      of what surrounds it: "" for a whole file
---@return string
function output.indented(value, indent)
  if type(value) ~= "table" or next(value) == nil then return json.encode(value) end
  local is_list, inner, lines = shape.is_list(value), indent .. "  ", {}
  if is_list then
    for i, item in ipairs(value) do lines[i] = inner .. output.indented(item, inner) end
  else
    for i, key in ipairs(shape.keys(value)) do
      lines[i] = ("%s%s: %s"):format(inner, json.encode(key), output.indented(value[key], inner))
    end
  end
  local text = ("\n%s\n%s"):format(table.concat(lines, ",\n"), indent)
  return is_list and "[" .. text .. "]" or "{" .. text .. "}"
end

local function print_indented(view, names)
  print(output.indented(view:data(names), ""))
end

local function print_nothing() end

local printers = {
  table = print_table, json = print_json, jsonl = print_jsonl, tsv = print_tsv, csv = print_csv,
  yaml = print_yaml, markdown = print_markdown, name = print_names, none = print_nothing,
}

local az_printers = {
  table = print_table, json = print_indented, jsonc = print_indented, tsv = print_tsv,
  yaml = print_yaml, yamlc = print_yaml, none = print_nothing,
}

-- Queries -----------------------------------------------------------------------------------------

-- Return the columns of a list of lists, or of a list of scalars; nil for a list of objects.
local function columns_of(items)
  local first = items[1]
  if shape.is_object(first) then return nil end
  if type(first) ~= "table" then return { { title = "Result", key = shape.cell } } end
  local columns = {}
  for i = 1, #first do
    columns[i] = { title = "Column" .. i, key = function(row) return shape.cell(row[i]) end }
  end
  return columns
end

-- Print a value that is no list and no object: as JSON, or as it is.
local function print_scalar(value, format)
  if format == "none" then return end
  local is_json = format == "json" or format == "jsonl" or format == "jsonc"
  if is_json then return print(json.encode(value == nil and json.null or value)) end
  local text = shape.cell(value)
  if text ~= nil then print(text) end
end

-- Run the query of the option --query. Return the view of its result; nil when that was printed.
local function query(args, view)
  local value = args.query(view:data())
  if type(value) ~= "table" then return print_scalar(value, args.output) end
  if shape.is_object(value) then return view_module.new { items = { value }, is_object = true } end
  return view_module.new { items = value, columns = columns_of(value) }
end

-- Printing ----------------------------------------------------------------------------------------

--- Print a view.
---@param args table           the command's options: output, columns, sort, query, is_az
---@param view azureml.View
---@raise an error object `Usage` when an option does not fit these results
function output.print(args, view)
  if args.sort then view:sort(args.sort) end
  local shown = view
  if args.query then shown = query(args, view) end
  if not shown then return end
  local all = args.is_az and az_printers or printers
  all[args.output or "table"](shown, args.columns)
end

return output
