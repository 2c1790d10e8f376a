--- azureml audit: find settings that cost money or open a door. Exit code 1 with findings.
local azureml = require "azureml"
local command = require "azureml.cli.command"
local exit_codes = require "azureml.cli.exit_codes"
local audit_module = require "azureml.look.audit"

local audit = {}

function audit.configure(parser)
  command.filter_options(parser)
  command.choice(parser, "--rule", "only this rule; repeat it for more: "
    .. table.concat(audit_module.rules, ", "), audit_module.rules, "RULE"):count "*"
  command.workspace_options(parser)
  command.all_workspaces_option(parser)
  command.output_option(parser)
end

local COLUMNS = {
  { title = "Name", key = "name" },
  { title = "Rule", key = "rule" },
  { title = "Finding", key = "text" },
  { title = "Next", key = "next" },
}

local FIELDS = { name = true, workspace = true, rule = true, text = true, next = true }

local function columns_of(args)
  if not args.all_workspaces then return COLUMNS end
  return { { title = "Workspace", key = "workspace" }, table.unpack(COLUMNS) }
end

local function identity(finding) return finding end

function audit.run(args)
  local rules = args.rule and #args.rule > 0 and args.rule or nil
  local vms, err = command.read(command.instances(args):list(command.filters(args)))
  local report = azureml.audit(vms, { rules = rules })
  command.print_list(args, report.findings, columns_of(args), identity, FIELDS)
  for _, text in ipairs(report.unseen) do command.say("not looked at: " .. text) end
  if args.output == "table" then
    command.say(("%d findings in %d instances"):format(#report.findings, report.count))
  end
  if err then error(err, 0) end
  return #report.findings > 0 and exit_codes.FAILED or exit_codes.OK
end

return audit
