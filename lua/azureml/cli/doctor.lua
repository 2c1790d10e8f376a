--- azureml doctor: check what the commands need, a line each. Exit code 1 if a check failed.
local command = require "azureml.cli.command"
local doctor_module = require "azureml.look.doctor"
local exit_codes = require "azureml.cli.exit_codes"

local doctor = {}

function doctor.configure(parser)
  command.workspace_options(parser)
  command.output_option(parser)
end

local COLOURS = { ok = 32, failed = 31, skipped = 90 }

local COLUMNS = {
  { title = "Check", key = "name" },
  { title = "Status", key = "status", colour = function(row) return COLOURS[row.status] end },
  { title = "Found", key = "text" },
}

local FIELDS = { name = true, status = true, text = true, next = true }

local function identity(check) return check end

function doctor.run(args)
  local checks, is_well = doctor_module.check {
    subscription_id = args.subscription, resource_group = args.resource_group,
    name = args.workspace_name, cloud = args.cloud, ca_file = args.ca_file,
  }
  command.print_list(args, checks, COLUMNS, identity, FIELDS)
  if args.output == "table" then
    for _, check in ipairs(checks) do
      if check.next then command.say(("%s: %s"):format(check.name, check.next)) end
    end
  end
  return is_well and exit_codes.OK or exit_codes.FAILED
end

return doctor
