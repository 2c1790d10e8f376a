--- Look before a creation for what the service would refuse: the name, the size, the quota, the
--- network. Sources: spec/contract/compute-rest.md, sections 3.14 to 3.16, 7.3, 8.1, 8.2 and 9.4.
local definition = require "azureml.definition"
local errors = require "azureml.error"
local json = require "azureml.json"
local later = require "azureml.tool.later"
local naming = require "azureml.definition.naming"
local once = require "azureml.tool.once"
local options = require "azureml.options"
local resource = require "azureml.resource"
local roles = later "azureml.look.roles"
local sizes = later "azureml.look.sizes"
local task = require "azureml.task"
local verbs = require "azureml.verbs"

--- What would be refused if an instance were created.
---@class azureml.Report
---@field name string                      of the instance
---@field findings azureml.Finding[]       errors, warnings and notes
---@field instance azureml.Instance?       the workspace's instance of this name, if there is one
local Report = {}
local metatable = { __name = "azureml.Report", __index = Report }

local preflight = {}

---@class azureml.Preflight                what the checks know
---@field workspace azureml.Workspace
---@field collection azureml.Instances
---@field name string
---@field wanted table                     canonical
---@field report azureml.Report
---@field replaced azureml.Instance?       the instance that is deleted for the new one
---@field seen table                       what was fetched for all instances of a plan

local SUBNET_VERSION = "2023-09-01"      -- of Microsoft.Network
local COMPUTE_TYPE = "Microsoft.BatchAI/DataScienceInstance"

-- Findings ----------------------------------------------------------------------------------------

local function add(self, level, field, text, ...)
  table.insert(self.report.findings, { field = field, level = level, text = text:format(...) })
end

-- Add an error that has a code of its own, which scripts compare and hints explain. Return it.
local function add_error(self, code, field, text, ...)
  add(self, "error", field, text, ...)
  local finding = self.report.findings[#self.report.findings]
  finding.code = code
  return finding
end

-- Tell whether a refusal only means that this check cannot be made: the caller may create
-- instances, but may not look; or the service does not offer what is looked at, or not as a list.
local function cannot_look(err)
  if err.code == "InvalidPage" then return true end
  local status = err.status or 0
  return status >= 400 and status < 500 and status ~= 401 and status ~= 429
end

local function first_of(f, ...)
  return (f(...))
end

-- Run a request of a check. Return its value; nil and a note in the report if it is refused.
local function look(self, field, what, f, ...)
  local value, err = errors.try(first_of, f, ...)
  if not err then return value end
  if not cannot_look(err) then error(err, 0) end
  add(self, "note", field, "%s was not checked: %s", what, err.message)
  return nil
end

-- Return a function that runs `f` once for all instances of a plan, and gives each its outcome.
local function shared(self, name, f)
  return function(...)
    local arguments = table.pack(...)
    local outcome = once.get(self.seen, name, function()
      local value, err = errors.try(first_of, f, table.unpack(arguments, 1, arguments.n))
      return { value = value, err = err }
    end)
    if outcome.err then error(outcome.err, 0) end
    return outcome.value
  end
end

-- The name ----------------------------------------------------------------------------------------

local function check_name(self)
  local answer = look(self, "name", "whether the name is free in the region", resource.call,
    self.workspace, verbs.check_name, {}, {
      label = "check the name " .. self.name, body = { Name = self.name, Type = COMPUTE_TYPE },
    })
  if json.get(answer, "nameAvailable") ~= false then return end
  local message = json.get(answer, "message") or "another compute of the region has it"
  local code = json.get(answer, "reason") == "AlreadyExists" and "AlreadyExists" or nil
  if not code and naming.fault(self.name) then return end      -- which is a finding of its own
  self.is_taken = code ~= nil
  add_error(self, code, "name", "'%s' is not available: %s", self.name, message)
end

local function check_existing(self)
  self.report.instance = self.collection:find(self.name)
end

-- Look again for an instance whose name is taken: both checks ran at the same time, and another
-- process may have made it after the first look.
local function check_made_meanwhile(self)
  if self.is_taken and not self.report.instance then check_existing(self) end
end

-- Rights ------------------------------------------------------------------------------------------

local WRITE = "Microsoft.MachineLearningServices/workspaces/computes/write"

-- Return the actions that the caller's roles lack.
local function missing_actions(workspace)
  local _, missing = workspace:can "create"
  return missing
end

local function scope_of(workspace)
  return ("/subscriptions/%s/resourceGroups/%s/providers/Microsoft.MachineLearningServices"
    .. "/workspaces/%s"):format(workspace.subscription_id, workspace.resource_group, workspace.name)
end

local function check_rights(self)
  local missing = look(self, "rights", "whether your roles allow it",
    shared(self, "rights", missing_actions), self.workspace)
  for _, action in ipairs(missing or {}) do
    if action == WRITE then
      local finding = add_error(self, "AuthorizationFailed", "rights", "your roles in workspace "
        .. "'%s' do not allow the action %s", self.workspace.name, action)
      finding.hint = roles.remedy_for(action, scope_of(self.workspace))
    end
  end
end

-- The size ----------------------------------------------------------------------------------------

-- Return the offered size of a name, or nil and the names of all sizes.
local function find_size(offered, name)
  local names = {}
  for _, size in ipairs(offered) do
    if size.name:lower() == name:lower() then return size end
    names[#names + 1] = size.name
  end
  return nil, names
end

local function unknown_size(workspace, name, names)
  return ("vm_size '%s' is not offered to compute instances in %s; alike: %s"):format(name,
    workspace:location(), sizes.alike(name, names))
end

--- Check that the workspace's region offers a size to compute instances. A user without the right
--- to list the sizes may still create instances; then the service checks the size.
---@param workspace azureml.Workspace
---@param name string
---@raise an error object `InvalidArgument` that lists similar sizes
function preflight.check_size(workspace, name)
  local offered, err = errors.try(workspace.vm_sizes, workspace)
  if err and resource.is_forbidden(err) then return end
  if err then error(err, 0) end
  local size, names = find_size(offered, name)
  if not size then options.refuse("%s", unknown_size(workspace, name, names)) end
end

local function check_size(self)
  local name = definition.value(self.wanted, "vm_size")
  local offered = look(self, "vm_size", "whether the region offers the size",
    shared(self, "sizes", self.workspace.vm_sizes), self.workspace)
  if not offered then return end
  local size, names = find_size(offered, name)
  if not size then
    add(self, "error", "vm_size", "%s", unknown_size(self.workspace, name, names))
  end
  self.size = size
  self.freed = self.replaced and find_size(offered, self.replaced.vm_size) or nil
end

-- The quota ---------------------------------------------------------------------------------------

local function row_of(usages, name)
  for _, row in ipairs(usages) do
    if row.name:lower() == name:lower() then return row end
  end
end

-- Return a sentence if a row of the quota has less left than an instance needs.
local function shortage(usages, name, needed, unit)
  local row = name and row_of(usages, name)
  if not row or not row.left or needed <= row.left then return nil end
  return ("the quota %s has %d of %d %s in use, and the instance needs %d"):format(name, row.used,
    row.limit, unit, needed)
end

-- Compare the quota with the cores of a size. The cores of a replaced instance become free.
local function shortages(size, usages, freed)
  local cores, count = size.vcpus, 1
  local of_family = freed and freed.family == size.family and freed.vcpus or 0
  if freed then count = 0 end
  return {
    shortage(usages, size.family, cores - of_family, "cores"),
    shortage(usages, "TotalDedicatedCores", cores - (freed and freed.vcpus or 0), "cores"),
    shortage(usages, "TotalClusters", count, "computes"),
  }
end

-- Return the usages of the region, which a script fetches once.
local function usages_of(workspace)
  return once.get(workspace.facts, "usages", function() return workspace:usages() end)
end

-- Fetch the usages again.
local function new_usages_of(workspace)
  once.forget(workspace.facts, "usages")
  return usages_of(workspace)
end

-- Return the usages that a function fetches; nil if they cannot be seen.
local function look_at_usages(self, name, f)
  return look(self, "quota", "the quota", shared(self, name, f), self.workspace)
end

local function fetch_usages(self)
  self.are_usages_old = self.workspace.facts.usages ~= nil
  self.usages = look_at_usages(self, "usages", usages_of)
end

-- Compare the quota with what the instance needs. What a script saw earlier counts only while it is
-- enough.
local function check_quota(self)
  if not self.size or not self.usages then return end
  local texts = shortages(self.size, self.usages, self.freed)
  if next(texts) and self.are_usages_old then
    local usages = look_at_usages(self, "new usages", new_usages_of)
    texts = shortages(self.size, usages or {}, self.freed)
  end
  for _, text in pairs(texts) do add_error(self, "QuotaExceeded", "quota", "%s", text) end
end

-- The network -------------------------------------------------------------------------------------

-- Resource Manager does not tell a subscription that is missing from one that the caller cannot
-- see, such as that of a hub network.
local NOT_VISIBLE = "SubscriptionNotFound"

local function check_subnet(self)
  local id = self.wanted.subnet
  if not id then return end
  local get = shared(self, "subnet " .. id:lower(), resource.look)
  local _, err = errors.try(get, self.workspace, id, SUBNET_VERSION, "get the subnet")
  if not err then return end
  if err.status == 404 and err.code ~= NOT_VISIBLE then
    add(self, "error", "subnet", "there is no subnet %s", id)
  elseif cannot_look(err) then
    add(self, "note", "subnet", "the subnet was not checked: %s", err.message)
  else
    error(err, 0)
  end
end

local function has_managed_network(workspace)
  local mode = json.get(workspace:get_once(), "properties", "managedNetwork", "isolationMode")
  return type(mode) == "string" and mode:lower() ~= "disabled"
end

local function check_network(self)
  local wanted, is_managed = self.wanted, has_managed_network(self.workspace)
  if wanted.subnet and is_managed then
    add(self, "error", "subnet", "the workspace has a managed network, in which an instance takes "
      .. "no subnet of its own")
  elseif wanted.enable_node_public_ip == false and not wanted.subnet and not is_managed then
    add(self, "error", "enable_node_public_ip", "an instance without a public address needs a "
      .. "subnet, or a workspace with a managed network")
  end
end

-- All ---------------------------------------------------------------------------------------------

-- The checks of each round trip: the second needs the region, which the first brings. The name is
-- left out where a replaced instance has it, and in a plan, which would need a request a name.
local WITHOUT_NAME = {
  { check_subnet, check_network, check_rights }, { check_size, fetch_usages },
}
local ROUNDS = {
  { check_existing, check_name, check_subnet, check_network, check_rights },
  { check_size, fetch_usages },
}

local function run_round(self, checks)
  local functions = {}
  for i, check in ipairs(checks) do
    functions[i] = function() check(self) return true end
  end
  task.parallel(table.unpack(functions))
end

local function run_rounds(self, rounds)
  for _, checks in ipairs(rounds) do run_round(self, checks) end
  check_made_meanwhile(self)
  check_quota(self)
  return self.report
end

local function new_report(name, findings)
  return setmetatable({ name = name, findings = findings or {} }, metatable)
end

--- Make all checks that need the service. At most two round trips, and one more where the name was
--- taken meanwhile; what is the same for all instances of a workspace is fetched once.
---@param collection azureml.Instances
---@param name string
---@param wanted table                     canonical
---@param findings azureml.Finding[]?      earlier findings, for the same report
---@param replaced azureml.Instance?       the instance that is deleted for the new one
---@return azureml.Report
function preflight.run(collection, name, wanted, findings, replaced)
  local self = {
    workspace = collection.workspace, collection = collection, name = name, wanted = wanted,
    report = new_report(name, findings), replaced = replaced, seen = {},
  }
  return run_rounds(self, replaced and WITHOUT_NAME or ROUNDS)
end

--- Make the checks of one of many creations, which are the same for all or need the same requests.
--- Whether the name is free in the region is left to the creation.
---@param collection azureml.Instances
---@param name string
---@param wanted table                     canonical
---@param replaced azureml.Instance?       the instance that is deleted for the new one
---@param seen table                       empty at first; the same for all creations
---@return azureml.Report
function preflight.run_planned(collection, name, wanted, replaced, seen)
  return run_rounds({
    workspace = collection.workspace, collection = collection, name = name, wanted = wanted,
    report = new_report(name), replaced = replaced, seen = seen,
  }, WITHOUT_NAME)
end

-- Report the instance that exists, instead of the name that is taken by it.
local function tell_existing(report, vm)
  local findings = { { field = "name", level = "error",
    text = ("an instance of this name exists (%s, %s)"):format(tostring(vm.state),
      tostring(vm.vm_size)) } }
  for _, finding in ipairs(report.findings) do
    if finding.code ~= "AlreadyExists" then findings[#findings + 1] = finding end
  end
  report.findings = findings
end

--- Report all that is wrong with a name and a definition: what can be seen here, then what the
--- service tells.
---@param collection azureml.Instances
---@param name string
---@param wanted table                     canonical
---@param findings azureml.Finding[]       of the definition
---@return azureml.Report
function preflight.report(collection, name, wanted, findings)
  local fault = naming.fault(name)
  if fault then table.insert(findings, 1, { field = "name", level = "error", text = fault }) end
  local report = preflight.run(collection, name, wanted, findings)
  local vm = report.instance
  if vm then tell_existing(report, vm) end
  return report
end

--- Report whether a name can be given to a new instance: by the rules, in the workspace, and in the
--- region.
---@param collection azureml.Instances
---@param name string
---@return azureml.Report
function preflight.check_name(collection, name)
  local fault = naming.fault(name)
  local report = new_report(name)
  if fault then
    report.findings[1] = { field = "name", level = "error", text = fault }
    return report
  end
  local self = {
    workspace = collection.workspace, collection = collection, name = name, report = report,
  }
  run_round(self, { check_existing, check_name })
  check_made_meanwhile(self)
  if report.instance then tell_existing(report, report.instance) end
  return report
end

--- Tell whether no finding is an error.
---@return boolean
function Report:ok()
  for _, finding in ipairs(self.findings) do
    if finding.level == "error" then return false end
  end
  return true
end

local ORDER = { error = 1, warning = 2, note = 3 }

--- List the findings, errors first.
---@return azureml.Finding[]
function Report:sorted()
  local list = table.move(self.findings, 1, #self.findings, 1, {})
  local positions = {}
  for index, finding in ipairs(list) do positions[finding] = index end
  table.sort(list, function(a, b)
    if a.level ~= b.level then return ORDER[a.level] < ORDER[b.level] end
    return positions[a] < positions[b]
  end)
  return list
end

--- Let a shortage of quota be a warning: what takes up the quota may go before the creation.
function Report:excuse_quota()
  for _, finding in ipairs(self.findings) do
    if finding.code == "QuotaExceeded" then finding.level = "warning" end
  end
end

--- Raise the errors of the report, all in one. The code is that of the errors if they share one.
---@raise an error object: `AlreadyExists`, `QuotaExceeded`,
---  `AuthorizationFailed`, else `InvalidArgument`
function Report:refuse()
  local texts, codes, hint = {}, {}, nil
  for _, finding in ipairs(self.findings) do
    if finding.level == "error" then
      texts[#texts + 1] = finding.text
      codes[finding.code or "InvalidArgument"] = true
      hint = hint or finding.hint
    end
  end
  if #texts == 0 then return end
  local code = next(codes)
  errors.raise { code = next(codes, code) and "InvalidArgument" or code,
    message = ("cannot create '%s': %s"):format(self.name, table.concat(texts, "; ")),
    hint = hint }
end

options.check_colon(Report, metatable, "report")

function metatable:__tostring()
  local lines = {
    ("%s: %s"):format(self.name, self:ok() and "can be created" or "would be refused"),
  }
  for _, finding in ipairs(self:sorted()) do
    lines[#lines + 1] = ("  %s: %s"):format(finding.level, finding.text)
  end
  return table.concat(lines, "\n")
end

--- Return the report as a table, for JSON.
function metatable:__json()
  return { name = self.name, ok = self:ok(), findings = json.array(self:sorted()) }
end

return preflight
