--- azureml queue: show the jobs that run on an instance and those that wait, in order.
local age = require "azureml.console.age"
local command = require "azureml.cli.command"
local jobs = require "azureml.jobs.job"
local power_state = require "azureml.definition.power_state"
local tables = require "azureml.tool.tables"

local queue = {}

function queue.configure(parser)
  command.name_option(parser)
  command.workspace_options(parser)
  command.output_option(parser)
end

local COLUMNS = {
  { title = "Position", field = "position",
    key = function(row) return row.position > 0 and row.position or "runs" end },
  { title = "Name", key = "name" },
  { title = "Status", key = "status" },
  { title = "Display name", key = "display_name" },
  { title = "Age", key = function(row) return age.of(row.created_on) end, field = "created_on" },
}

-- Return a job with its position: 0 where it runs.
local function row_of(job, position)
  return tables.merge(jobs.summary(job), { position = position })
end

local function rows_of(found)
  local rows = {}
  for _, job in ipairs(found.running) do rows[#rows + 1] = row_of(job, 0) end
  for position, job in ipairs(found.waiting) do rows[#rows + 1] = row_of(job, position) end
  return rows
end

function queue.run(args)
  local found = command.workspace(args).instances:get(args.name):queue()
  local fields = tables.merge(jobs.fields, { position = true })
  command.print_list(args, rows_of(found), COLUMNS, nil, fields)
  if args.output ~= "table" then return end
  command.say(tostring(found))
  if #found.waiting > 0 and not power_state.is_running(found.state) then
    command.say(("the instance is %s: its jobs wait until it runs"):format(found.state))
  end
end

return queue
