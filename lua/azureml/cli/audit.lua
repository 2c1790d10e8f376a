--- azureml audit: find settings that cost money or open a door. Exit code 1 with findings.
local azureml = require "azureml"
local command = require "azureml.cli.command"
local exit_codes = require "azureml.cli.exit_codes"
local audit_module = require "azureml.look.audit"
local core = require "azureml.core"
local count = require "azureml.tool.count"
local screen = require "azureml.console.screen"

local audit = {}

function audit.configure(parser)
  command.scope_options(parser)
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

local STANDARD_OUTPUT = 1

-- Tell whether the table is fitted to a terminal, which would cut what to do next.
local function is_fitted(args)
  return args.output == "table" and not args.columns and not args.query
    and core.terminal_width(STANDARD_OUTPUT) ~= nil
end

local function columns_of(args)
  local columns = args.all_workspaces and { { title = "Workspace", key = "workspace" } } or {}
  local last = is_fitted(args) and #COLUMNS - 1 or #COLUMNS
  return table.move(COLUMNS, 1, last, #columns + 1, columns)
end

-- Say what to do next, once for each rule, below a table that has no room for it.
local function say_next(findings)
  local is_said = {}
  for _, finding in ipairs(findings) do
    local name = finding.name:gsub("%p", "%%%0")
    local line = ("%s: %s"):format(finding.rule, (finding.next:gsub(" " .. name .. " ", " NAME ")))
    if not is_said[line] then command.say(screen.one_line(line)) end
    is_said[line] = true
  end
end

local function identity(finding) return finding end

function audit.run(args)
  local rules = args.rule and #args.rule > 0 and args.rule or nil
  local vms, err = command.read_scope(args)
  local report = azureml.audit(vms, { rules = rules })
  command.print_list(args, report.findings, columns_of(args), identity, FIELDS)
  if is_fitted(args) then say_next(report.findings) end
  for _, text in ipairs(report.unseen) do command.say("not looked at: " .. text) end
  if args.output == "table" then
    command.say(("%s in %s"):format(count.of(#report.findings, "finding"),
      count.of(report.count, "instance")))
  end
  if err then error(err, 0) end
  return #report.findings > 0 and exit_codes.FAILED or exit_codes.OK
end

return audit
