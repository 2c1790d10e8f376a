--- Print a view in the format of the option -o. Data alone goes to standard output.
local json = require "azureml.json"
local later = require "azureml.tool.later"
local screen = later "azureml.console.screen"
local shape = require "azureml.cli.shape"
local view_module = require "azureml.cli.view"
local formats = later "azureml.cli.formats"

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

-- Tables ------------------------------------------------------------------------------------------

local function print_table(view, names)
  local rows, columns = view:table(names)
  print(screen.table(rows, columns, { width = terminal_width(), colour = has_colour() }))
end

local function print_json(view, names)
  print(json.printable(json.encode(view:data(names))))
end

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
  if is_json then return print(json.printable(json.encode(value == nil and json.null or value))) end
  local text = shape.cell(value)
  if text ~= nil then print(screen.lines(tostring(text))) end
end

-- Run the query of the option --query. Return the view of its result; nil when that was printed.
local function query(args, view)
  local value = args.query(view:data())
  if type(value) ~= "table" then return print_scalar(value, args.output) end
  if shape.is_object(value) then return view_module.new { items = { value }, is_object = true } end
  return view_module.new { items = value, columns = columns_of(value) }
end

-- Streams ----------------------------------------------------------------------------------------

--- Tell whether `stream` can print in the format of the options. A program that reads JSON notices
--- that a part is not the whole; with the other formats it does not.
---@param args table
---@return boolean
function output.can_stream(args)
  return args.output == "json" and not args.sort and not args.query and not args.is_az
end

--- Print a list item by item, so that a long one needs little memory: 17 MB instead of 124 MB for
--- 10,000 instances. The bytes are those of `print`. Only `finish` closes the list, so that no
--- program takes a part for the whole.
---@param args table           the command's options
---@param view azureml.View    without items; with fields
---@return fun(item: any) put, fun() finish      put prints an item, finish ends the list
---@raise an error object `Usage` when an option does not fit these results
function output.stream(args, view)
  local has_begun = false
  for _, name in ipairs(args.columns or {}) do view:check_field(name, "--columns") end
  local function put(item)
    local text = json.encode(view:datum(item, args.columns))
    io.stdout:write(has_begun and "," or "[", text)
    has_begun = true
  end
  local function finish() io.stdout:write(has_begun and "]\n" or "[]\n") end
  return put, finish
end

-- Printing ----------------------------------------------------------------------------------------

--- Print a view.
---@param args table           the command's options: output, columns, sort, query, is_az
---@param view azureml.View
---@raise an error object `Usage` when an option does not fit these results
function output.print(args, view)
  if args.sort then require "azureml.cli.sorting" (view, args.sort) end
  local shown = view
  if args.query then shown = query(args, view) end
  if not shown then return end
  local format = args.output or "table"
  if format == "table" then return print_table(shown, args.columns) end
  if format == "json" and not args.is_az then return print_json(shown, args.columns) end
  local printers = args.is_az and formats.of_az or formats.of_ours
  printers[format](shown, args.columns)
end

return output
