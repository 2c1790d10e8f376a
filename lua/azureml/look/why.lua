--- Explain the state of an instance: gather its errors, its last operation, its setup script, the
--- quota, locks and policies into one answer, each with what to do next.
--- Sources: spec/contract/compute-rest.md, sections 3.5, 6, 7.6, 7.7 and 9, and
--- spec/contract/neighbours.md, section 8.
local core = require "azureml.core"
local count = require "azureml.tool.count"
local disk_space = require "azureml.look.disk_space"
local errors = require "azureml.error"
local json = require "azureml.json"
local power_state = require "azureml.definition.power_state"
local sizes = require "azureml.look.sizes"
local tables = require "azureml.tool.tables"
local task = require "azureml.task"

--- A cause of an instance's state.
---@class azureml.Cause
---@field about string       "state", "error", "last operation", "setup script", "quota",
---  "capacity", "idle shutdown", "lock" or "policy"
---@field text string  what is the matter
---@field next string[]      what to do next

---@class azureml.Why        print it; or see its causes
---@field vm azureml.Instance  the instance
---@field causes azureml.Cause[]      the most telling first
---@field unseen string[]    what could not be looked at, and why
local metatable = { __name = "azureml.Why" }

local why = {}

local function add(self, about, text, ...)
  table.insert(self.causes, { about = about, text = text, next = { ... } })
end

-- What the instance itself tells ------------------------------------------------------------------

local SCRIPT_LOGS = "read the script's output in the workspace's file share, below Logs/%s "
  .. "('azureml logs %s' names the share); correct the script, then create the instance again"

-- What to do about errors whose text holds a phrase. Other errors have their hint.
local BY_TEXT = {
  { "disk is full", disk_space.steps() },
  { "disk full", disk_space.steps() },
  { "No space left", disk_space.steps() },
}

local BY_CODE = {
  StorageMountError = {
    "check that the workspace's storage account exists, allows key access, and can be reached from "
      .. "the instance's network",
    "restart it after that",
  },
}

local function next_steps(vm, err)
  for _, row in ipairs(BY_TEXT) do
    if err.message:lower():find(row[1]:lower(), 1, true) then return row[2] end
  end
  if err.code == "SetupScriptsError" then return { SCRIPT_LOGS:format(vm.name, vm.name) } end
  return BY_CODE[err.code] or { err.hint }
end

-- Return the policies that an error names in its additional information.
local function policies_in(err)
  local names = {}
  for _, item in ipairs(type(err.additional_info) == "table" and err.additional_info or {}) do
    local name = json.get(item, "info", "policyDefinitionDisplayName")
      or json.get(item, "info", "policyAssignmentDisplayName")
    if type(name) == "string" then names[#names + 1] = name end
  end
  return names
end

local NO_CAPACITY = {
  AllocationFailed = true, ZonalAllocationFailed = true, SkuNotAvailable = true,
  OverconstrainedAllocationRequest = true,
}

local function add_error(self, err)
  self.lacks_capacity = self.lacks_capacity or NO_CAPACITY[err.code]
  add(self, "error", ("%s (%s)"):format(err.message, err.code),
    table.unpack(next_steps(self.vm, err)))
  for _, name in ipairs(policies_in(err)) do
    add(self, "policy", ("the policy '%s' forbids it"):format(name),
      "change what it forbids, or ask its owner for an exemption")
  end
end

-- The service wraps an error as JSON in the text of another one; errors.read unwraps it.
local function explain_errors(self)
  for _, item in ipairs(self.vm.errors) do
    local read = errors.read(item)
    read.code, read.message = read.code or "Unknown", read.message or json.encode(item)
    add_error(self, errors.new(read))
  end
end

-- What to do in each state; %s is the instance's name.
local STATES = {
  CreateFailed = { "it was not created, but its name is taken",
    "azureml delete %s, then create it again" },
  SetupFailed = { "its setup failed; it is billed until it is deleted",
    "azureml delete %s, then create it again" },
  UserSetupFailed = { "a setup script of its owner failed; it is billed until it is deleted",
    "azureml delete %s, then create it again with a script that succeeds" },
  Unusable = { "its node does not answer", "azureml restart %s; if that fails, delete it" },
  Unknown = { "the service does not know its state",
    "wait some minutes, then azureml restart %s" },
}

local function explain_state(self)
  local vm = self.vm
  local row = STATES[vm.state]
  if row then
    add(self, "state", row[1], row[2]:format(vm.name))
  elseif power_state.is_transitional(vm.state) then
    add(self, "state", "an operation is active: " .. vm.state,
      ("wait for its end: azureml watch --where 'name == \"%s\"'"):format(vm.name))
  end
end

local TRIGGERS = {
  User = "by a user", Schedule = "by a schedule", IdleShutdown = "because it was idle",
}

local function is_failure(status)
  return type(status) == "string" and status:find "Failed$" ~= nil
end

local AFTER = {
  IdleShutdown = "azureml start %s; a longer idle time keeps it running longer",
  Schedule = "azureml start %s; 'azureml show %s' has its schedules",
}

local function explain_operation(self)
  local vm, operation = self.vm, self.vm.last_operation
  if not operation.name then return end
  local trigger = TRIGGERS[operation.trigger] or ""
  local text = ("%s %s at %s: %s"):format(operation.name, trigger, tostring(operation.time),
    tostring(operation.status)):gsub("  +", " ")
  if is_failure(operation.status) then
    return add(self, "last operation", text, ("azureml %s %s tries it again"):format(
      operation.name:lower(), vm.name))
  end
  local hint = vm.state == "Stopped" and AFTER[operation.trigger]
  add(self, "last operation", text, hint and hint:gsub("%%s", vm.name) or nil)
end

local function explain_script(self)
  local vm = self.vm
  if vm.state ~= "UserSetupFailed" and vm.state ~= "UserSettingUp" then return end
  local text = vm.state == "UserSettingUp" and "a setup script runs" or "a setup script failed"
  add(self, "setup script", text, SCRIPT_LOGS:format(vm.name, vm.name))
end

local function explain_idle(self)
  local vm = self.vm
  if not vm.idle_time_before_shutdown or not power_state.is_running(vm.state) then return end
  if #vm.custom_services > 0 then
    add(self, "idle shutdown", "a custom application runs, so that it is never idle",
      "let a schedule stop it: a schedule does not look at what runs")
  end
end

-- What lies around it -----------------------------------------------------------------------------

-- Tell whether a refusal only means that this cannot be looked at.
local function cannot_look(err)
  local status = err.status or 0
  return status >= 400 and status < 500 and status ~= 401 and status ~= 429
end

-- Run a look. Return its causes; what is refused is named among what was not seen.
local function look(self, what, explain)
  local found = { vm = self.vm, causes = {}, lacks_capacity = self.lacks_capacity }
  local _, err = errors.try(explain, found)
  if err and not cannot_look(err) then error(err, 0) end
  if err then
    local reason = err.status == 404 and "the service does not offer them here" or err.message
    table.insert(self.unseen, ("%s: %s"):format(what, reason))
  end
  return found.causes
end

-- An instance that holds cores of the quota needs no more to start.
local function needs_quota(vm)
  return vm.state == "CreateFailed" or vm.state == "Stopped" and vm.release_quota_on_stop == true
end

local function explain_quota(self)
  if not needs_quota(self.vm) then return end
  local wanted = self.vm.vm_size:lower()
  for _, size in ipairs(sizes.list(self.vm.workspace, { quota = true })) do
    if size.name:lower() == wanted and size.instances_left and size.instances_left < 1 then
      add(self, "quota", ("the quota has %s left for %s, and the instance needs %d"):format(
        count.of(size.cores_left or 0, "core"), size.family, size.vcpus),
        "delete what is not needed, or ask for more quota: azureml usage shows it",
        "or choose a size that fits: azureml sizes --available")
    end
  end
end

local function path_of(id)
  return (id:gsub("[^/]+", core.escape))
end

-- Name other sizes where the region was short of this one.
local function explain_capacity(self)
  if not self.lacks_capacity then return end
  local like = sizes.like(self.vm.workspace, self.vm.vm_size)
  add(self, "capacity", ("the region is short of %s"):format(self.vm.vm_size),
    "try again later, at another hour: in Lua wait_for_capacity = true does",
    like[1] and "or take a size of the same family: " .. table.concat(like, ", ", 1,
      math.min(5, #like)) or nil)
end

local LOCKS, LOCKS_VERSION = "/providers/Microsoft.Authorization/locks", "2020-05-01"

local EFFECTS = {
  ReadOnly = "it can be neither started, stopped, changed nor deleted",
  CanNotDelete = "it cannot be deleted",
}

local function add_locks(self, scope, what)
  local client = self.vm.workspace:client()
  for lock in client:pages {
    path = path_of(scope) .. LOCKS, query = { ["$filter"] = "atScope()" },
    api_version = LOCKS_VERSION, label = "list the locks of " .. what,
  } do
    local level = json.get(lock, "properties", "level")
    local name, id = tostring(json.get(lock, "name")), tostring(json.get(lock, "id"))
    add(self, "lock", ("the lock '%s' on %s: %s"):format(name, what,
      EFFECTS[level] or tostring(level)), "an owner removes it: az lock delete --ids " .. id)
  end
end

-- The network interface and the address of an instance lie in its network's resource group.
local function explain_locks(self)
  add_locks(self, self.vm.id, "the instance")
  local group = self.vm.subnet and self.vm.subnet:match "^(/subscriptions/[^/]+/[^/]+/[^/]+)"
  local own = self.vm.id:match "^(/subscriptions/[^/]+/[^/]+/[^/]+)"
  if group and own and group:lower() ~= own:lower() then
    add_locks(self, group, "the resource group of its network")
  end
end

local STATES_PATH = "/providers/Microsoft.PolicyInsights/policyStates/latest/queryResults"
local STATES_VERSION = "2019-10-01"

local function explain_policies(self)
  local client = self.vm.workspace:client()
  local reply = client:request {
    method = "POST", path = path_of(self.vm.id) .. STATES_PATH, api_version = STATES_VERSION,
    query = { ["$filter"] = "complianceState eq 'NonCompliant'" },
    label = "list the policies that the instance violates",
  }
  local states = json.get(reply.json, "value")
  for _, state in ipairs(type(states) == "table" and states or {}) do
    add(self, "policy", ("it violates the policy '%s'"):format(
      tostring(json.get(state, "policyDefinitionName"))),
      "change what it asks for, or ask its owner for an exemption")
  end
end

-- All ---------------------------------------------------------------------------------------------

--- Explain the state of an instance as the service last described it. The service is asked for the
--- quota, the locks and the policies; what the caller may not see is named in `unseen`.
---@param vm azureml.Instance
---@param err? azureml.Error     of a verb that failed: it is explained first
---@return azureml.Why
---@raise an error object if the service cannot be asked
---@usage print(ws.instances:get("ci-ann"):why())
function why.of(vm, err)
  if err ~= nil and not errors.is(err) then errors.mistake("why: an error object expected") end
  local self = setmetatable({ vm = vm, causes = {}, unseen = {} }, metatable)
  if err then add_error(self, err) end
  for _, explain in ipairs {
    explain_errors, explain_state, explain_script, explain_operation, explain_idle,
  } do
    explain(self)
  end
  local around = { task.parallel(
    function() return look(self, "the quota", explain_quota) end,
    function() return look(self, "other sizes", explain_capacity) end,
    function() return look(self, "locks", explain_locks) end,
    function() return look(self, "policies", explain_policies) end) }
  for _, causes in ipairs(around) do tables.append(self.causes, causes) end
  table.sort(self.unseen)
  return self
end

function metatable:__tostring()
  local lines = { ("%s is %s"):format(self.vm.name, tostring(self.vm.state)) }
  for _, cause in ipairs(self.causes) do
    lines[#lines + 1] = ("  %s: %s"):format(cause.about, cause.text)
    for _, step in ipairs(cause.next) do lines[#lines + 1] = "    next: " .. step end
  end
  for _, text in ipairs(self.unseen) do lines[#lines + 1] = "  not looked at: " .. text end
  return table.concat(lines, "\n")
end

return why
