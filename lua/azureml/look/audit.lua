--- Audit instances: settings that cost money or open a door. Each finding tells what to do.
--- Sources: spec/contract/compute-rest.md, sections 7.2, 7.3, 8.3 and 9.2, and
--- spec/contract/neighbours.md, section 9.
local core = require "azureml.core"
local errors = require "azureml.error"
local json = require "azureml.json"
local options = require "azureml.options"
local sequence = require "azureml.tool.sequence"

--- A setting of an instance that costs money or opens a door.
---@class azureml.AuditFinding
---@field name string          of the instance
---@field workspace string  of the instance
---@field rule string          "idle-stop", "local-auth", "image", "ssh" or "identity"
---@field text string  what is wrong
---@field next string          what to do

local audit = {}

-- Role assignments --------------------------------------------------------------------------------

local ASSIGNMENTS, ASSIGNMENTS_VERSION = "/providers/Microsoft.Authorization/roleAssignments",
  "2022-04-01"

local function workspace_path(workspace)
  return ("/subscriptions/%s/resourceGroups/%s/providers/Microsoft.MachineLearningServices"
    .. "/workspaces/%s"):format(core.escape(workspace.subscription_id),
    core.escape(workspace.resource_group), core.escape(workspace.name))
end

-- Tell whether a principal has a role at the workspace, above it or below it. The answers are kept:
-- instances share user-assigned identities.
local function has_role(vm, principal, known)
  local workspace = vm.workspace
  local key = workspace_path(workspace) .. " " .. principal
  if known[key] == nil then
    local assignment = workspace:client():pages {
      path = workspace_path(workspace) .. ASSIGNMENTS, api_version = ASSIGNMENTS_VERSION,
      query = { ["$filter"] = ("principalId eq '%s'"):format(principal) },
      label = "list the roles of the identity of " .. vm.name,
    }()
    known[key] = assignment ~= nil
  end
  return known[key]
end

-- Rules -------------------------------------------------------------------------------------------

-- Return the first identity of an instance without a role.
local function without_role(vm, known)
  for _, principal in ipairs(vm.principals) do
    if not has_role(vm, principal, known) then return principal end
  end
end

-- Each rule returns what is wrong with an instance, and what to do; nil: nothing.
local RULES = {
  ["idle-stop"] = function(vm)
    if vm.idle_time_before_shutdown then return nil end
    return "it does not stop when it is idle",
      "azureml update " .. vm.name .. " --idle-time-before-shutdown 30m"
  end,
  ["local-auth"] = function(vm)
    if vm.disable_local_auth then return nil end
    return "local authentication is on", "create it again with disable_local_auth"
  end,
  image = function(vm)
    if vm.is_latest_image ~= false then return nil end
    return ("its image %s is outdated: %s is the latest"):format(tostring(vm.image_version),
      tostring(vm.latest_image_version)), "stop and start it, or create it again"
  end,
  ssh = function(vm)
    local ssh = vm.ssh
    if not ssh.enabled or vm.subnet or not vm.public_ip_address then return nil end
    return ("SSH is open to the world at %s, port %s"):format(vm.public_ip_address,
      tostring(ssh.port)), "create it again without SSH, or in a virtual network"
  end,
  identity = function(vm, known)
    local principal = without_role(vm, known)
    if not principal then return nil end
    return ("its identity %s has no role in the workspace"):format(principal),
      "assign a role, or remove the identity: az role assignment create --assignee " .. principal
  end,
}

--- The names of the rules, in the order in which they are applied.
---@type string[]
audit.rules = { "idle-stop", "local-auth", "image", "ssh", "identity" }

local function check_rules(rules)
  for _, name in ipairs(options.check_list("audit: rules", rules)) do
    if not RULES[name] then
      options.refuse("audit: there is no rule '%s' (known: %s)", tostring(name),
        table.concat(audit.rules, ", "))
    end
  end
  return rules
end

local function cannot_look(err)
  local status = err.status or 0
  return status >= 400 and status < 500 and status ~= 401 and status ~= 429
end

-- Apply a rule. A rule whose request is refused is named among what was not seen, once.
local function apply(report, known, vm, rule)
  local result, err = errors.try(function() return table.pack(RULES[rule](vm, known)) end)
  if err and not cannot_look(err) then error(err, 0) end
  if err then
    local text = ("%s: %s"):format(rule, err.status == 404
      and "the service does not list role assignments here" or err.message)
    if not known[text] then table.insert(report.unseen, text) end
    known[text] = true
  elseif result[1] then
    table.insert(report.findings, {
      name = vm.name, workspace = vm.workspace.name, rule = rule, text = result[1],
      next = result[2],
    })
  end
end

--- What an audit looks for.
---@class azureml.AuditOptions
---@field rules? ("idle-stop"|"local-auth"|"image"|"ssh"|"identity")[]  the rules to apply; default:
---  all

--- What an audit has found.
---@class azureml.AuditReport
---@field findings azureml.AuditFinding[]  what costs money or opens a door
---@field unseen string[]  rules that could not be applied, and why
---@field count integer  the number of instances that were audited

--- Audit instances.
---@param list fun(): azureml.Instance?|azureml.Instance[]      such as ws.instances:list()
---@param settings? azureml.AuditOptions
---@return azureml.AuditReport
---@raise an error object if the service cannot be asked
---@usage for _, found in ipairs(azureml.audit(ws.instances:list()).findings) do
---    print(found.name, found.text)
---  end
function audit.of(list, settings)
  settings = options.check("audit", settings, { rules = "table" })
  local rules = check_rules(settings.rules or audit.rules)
  if not sequence.is_readable(list) then
    errors.mistake("audit: a list of instances expected, got %s", type(list))
  end
  local report, known = { findings = json.array {}, unseen = json.array {}, count = 0 }, {}
  for _, vm in ipairs(sequence.read("audit", list)) do
    report.count = report.count + 1
    for _, rule in ipairs(rules) do apply(report, known, vm, rule) end
  end
  return report
end

return audit
