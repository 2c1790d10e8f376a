--- azureml check: report what would be refused if an instance were created.
local command = require "azureml.cli.command"
local definition = require "azureml.cli.definition"
local exit_codes = require "azureml.cli.exit_codes"

local check = {}

function check.configure(parser)
  command.names_option(parser)
  definition.options(parser)
  command.workspace_options(parser)
  command.output_option(parser)
end

local COLOURS = { error = 31, warning = 33, note = 90 }

local COLUMNS = {
  { title = "Name", key = "name" },
  { title = "Level", key = "level", colour = function(row) return COLOURS[row.level] end },
  { title = "Field", key = "field" },
  { title = "Finding", key = "text" },
}

--- Print reports of `instances:check`; return the exit code.
---@param args table
---@param reports azureml.Report[]
---@return integer        FAILED when a report has an error
function check.print(args, reports)
  local rows, code = {}, exit_codes.OK
  for _, report in ipairs(reports) do
    for _, finding in ipairs(report:sorted()) do
      rows[#rows + 1] = {
        name = report.name, level = finding.level, field = finding.field, text = finding.text,
      }
    end
    if not report:ok() then code = exit_codes.FAILED end
  end
  if args.output == "table" and #rows == 0 then
    command.say "nothing is wrong"
  else
    command.print_list(args, rows, COLUMNS)
  end
  return code
end

--- Check definitions and print the reports; return the exit code.
---@param args table
---@param instances azureml.Instances
---@param items { name: string, settings: table }[]
---@return integer
function check.report(args, instances, items)
  local reports = {}
  for i, item in ipairs(items) do reports[i] = instances:check(item.name, item.settings) end
  return check.print(args, reports)
end

function check.run(args)
  local settings, items = definition.of(args), {}
  for i, name in ipairs(args.names) do items[i] = { name = name, settings = settings } end
  return check.report(args, command.workspace(args).instances, items)
end

return check
