--- Keep what a run of the executable has done: its verbs, the instances that it saw, prices. The
--- methods up to `failed` are the kinds of notices (azureml.tool.notice).
local core = require "azureml.core"
local errors = require "azureml.error"
local tables = require "azureml.tool.tables"

---@class azureml.Run
---@field began number                seconds since 1970
---@field verbs azureml.RunVerb[]     in the order in which they were asked for
---@field failure azureml.RunError?   what ended the run; nil: nothing
---@field on_leaving fun()            called before the process becomes another program
local Run = {}
Run.__index = Run

---@class azureml.RunVerb
---@field verb string                 "start"; "update" for changed fields
---@field name string                 of the instance
---@field workspace azureml.Workspace|string|nil
---@field outcome string              "done", "accepted", "skipped", "planned", "failed"; "unknown"
---  where the run ended before the answer came
---@field reason string?              of a skipped one
---@field error azureml.RunError?     of a failed one
---@field began number?               on the clock of core.now; nil: nothing was sent
---@field seconds number?             from the request to the end; nil: it was not waited for
---@field request_id string?
---@field goes_on boolean?            the operation was or may be accepted; its end is not known

--- What is kept of an error. The error object itself would keep its operation alive, which would
--- be polled on and on.
---@class azureml.RunError
---@field code string?                nil: it is no error object
---@field message string
---@field status integer?
---@field request_id string?
---@field hint string?

---@class azureml.SeenInstance
---@field workspace azureml.Workspace
---@field state string
---@field vm_size string
---@field at number                   when it was seen, on the clock of core.now

local run = {}

--- Begin to keep what a run does.
---@return azureml.Run
function run.new()
  return setmetatable({
    began = core.time(), began_at = core.now(), verbs = {}, workspaces = {}, seen = {}, prices = {},
    unanswered = {},                                     -- workspace, verb and name -> a request
    by_operation = setmetatable({}, { __mode = "k" }),   -- operation -> its verb
    by_error = setmetatable({}, { __mode = "k" }),       -- error object -> what is kept of it
    known = setmetatable({}, { __mode = "k" }),          -- results of fleets that were told
  }, Run)
end

-- Return the seconds since a time, to the millisecond.
local function seconds_since(time)
  return math.floor((core.now() - time) * 1000 + 0.5) / 1000
end

-- Workspaces --------------------------------------------------------------------------------------

local function key_of(workspace)
  if type(workspace) ~= "table" then return tostring(workspace) end
  return table.concat({
    workspace.subscription_id, workspace.resource_group, workspace.name,
  }, "/"):lower()
end

local function note_workspace(self, workspace)
  if type(workspace) ~= "table" then return end
  self.workspaces[key_of(workspace)] = workspace
end

local function instance_key(workspace, name)
  return key_of(workspace) .. "/" .. name:lower()
end

-- Return what is kept of an error: the same table for the same object.
local function kept(self, err)
  if err == nil then return nil end
  if not errors.is(err) then return { message = tostring(err) } end
  self.by_error[err] = self.by_error[err] or {
    code = err.code, message = err.message, status = err.status, request_id = err.request_id,
    hint = err.hint,
  }
  return self.by_error[err]
end

-- Verbs -------------------------------------------------------------------------------------------

local function verb_key(workspace, verb, name)
  return verb .. " " .. instance_key(workspace, name)
end

local function add_verb(self, workspace, verb, name)
  local key = verb_key(workspace, verb, name)
  local entry = self.unanswered[key] or { verb = verb, name = name, workspace = workspace }
  self.unanswered[key] = nil
  note_workspace(self, workspace)
  self.verbs[#self.verbs + 1] = entry
  return entry
end

-- Write down the outcome of a verb, in place of an earlier one: a wait may follow a timeout.
local function conclude(self, entry, outcome, err)
  self.unanswered[verb_key(entry.workspace, entry.verb, entry.name)] = nil
  entry.outcome, entry.error = outcome, kept(self, err)
  entry.request_id = entry.error and entry.error.request_id or entry.request_id
  local is_over = outcome == "done" or outcome == "failed"
  entry.seconds = is_over and entry.began and seconds_since(entry.began) or nil
  if outcome == "done" and entry.verb == "delete" then
    self.seen[instance_key(entry.workspace, entry.name)] = nil
  end
end

--- A verb is about to be sent to an instance.
function Run:sent(workspace, verb, name)
  local key = verb_key(workspace, verb, name)
  self.unanswered[key] = self.unanswered[key]
    or { verb = verb, name = name, workspace = workspace, began = core.now() }
end

--- The service has accepted a verb.
---@param operation azureml.Operation
function Run:began_operation(operation)
  local entry = add_verb(self, operation.workspace, operation.verb, operation.name)
  entry.outcome, entry.goes_on, entry.request_id = "accepted", true, operation.id
  entry.began = entry.began or core.now()      -- another process may have sent it
  self.by_operation[operation] = entry
end

--- A verb had nothing to do: the instance is where it leads.
---@param operation azureml.Operation
function Run:needed_nothing(operation)
  local entry = add_verb(self, operation.workspace, operation.verb, operation.name)
  entry.outcome = "skipped"
end

--- A wait for an operation is over. After a timeout the operation goes on.
---@param operation azureml.Operation
---@param is_final boolean
---@param err any       nil: it is done
function Run:waited(operation, is_final, err)
  local entry = self.by_operation[operation]
  if not entry or errors.is_interrupted(err) then return end
  entry.goes_on = not is_final
  conclude(self, entry, err == nil and "done" or "failed", err)
end

--- A verb was not sent after all, or the service has not taken it on.
function Run:unsent(workspace, verb, name)
  self.unanswered[verb_key(workspace, verb, name)] = nil
end

-- Tell whether an interrupt names a verb whose answer is outstanding.
local function is_unanswered(interrupt, verb, name)
  for _, label in ipairs(interrupt.unanswered or {}) do
    if label == verb .. " " .. name then return true end
  end
  return false
end

--- A verb to one instance was refused, or never sent.
function Run:refused(workspace, verb, name, err)
  if errors.is_interrupted(err) then
    if not is_unanswered(err, verb, name) then self:unsent(workspace, verb, name) end
    return
  end
  conclude(self, add_verb(self, workspace, verb, name), "failed", err)
end

--- A verb is no failure after all: what it was meant to do is done by another caller.
function Run:forgave(err)
  for index = #self.verbs, 1, -1 do
    if self.verbs[index].error == self.by_error[err] then table.remove(self.verbs, index) end
  end
end

--- The fields of an instance were changed, or that has failed.
---@param err any       nil: they are changed
function Run:changed(workspace, name, err)
  if errors.is_interrupted(err) then return end
  conclude(self, add_verb(self, workspace, "update", name), err == nil and "done" or "failed", err)
end

--- An instance of a fleet has its result.
---@param workspace azureml.Workspace|string|nil
---@param verb string
---@param result azureml.FleetResult
function Run:result(workspace, verb, result)
  if self.known[result] then return end
  self.known[result] = true
  local err = result.error
  local operation = result.operation or err and err.operation
  local entry = self.by_operation[operation or self] or add_verb(self, workspace, verb, result.name)
  if result.outcome == "failed" or result.outcome == "done" then
    conclude(self, entry, result.outcome, err)
  else
    entry.outcome, entry.reason = result.outcome, result.reason
  end
end

--- A fleet has all its results, or was interrupted. Those that were told already count once.
---@param results azureml.FleetResults
---@param workspace azureml.Workspace?      nil: each result has the name of its own
function Run:fleet(results, workspace)
  for _, result in ipairs(results) do
    self:result(workspace or result.workspace, results.verb, result)
  end
end

-- Instances and prices ----------------------------------------------------------------------------

--- The service has described an instance.
---@param vm azureml.Instance
function Run:saw(vm)
  local workspace, name = vm.workspace, vm.name
  if type(name) ~= "string" then return end
  note_workspace(self, workspace)
  self.seen[instance_key(workspace, name)] = {
    workspace = workspace, state = vm.state, vm_size = vm.vm_size, at = core.now(),
  }
end

--- An instance is not there.
function Run:missed(workspace, name)
  self.seen[instance_key(workspace, name)] = nil
end

--- A workspace's list was read to its end. What it has not shown is not there any more.
---@param since number      when the list began, on the clock of core.now
function Run:listed(workspace, since)
  local key = key_of(workspace)
  note_workspace(self, workspace)
  for name, seen in pairs(self.seen) do
    if seen.at < since and key_of(seen.workspace) == key then self.seen[name] = nil end
  end
end

--- The prices of the region of a workspace became known.
---@param workspace azureml.Workspace
---@param sizes azureml.Size[]
function Run:priced(workspace, sizes)
  note_workspace(self, workspace)
  self.prices[key_of(workspace)] = sizes
end

-- The end -----------------------------------------------------------------------------------------

--- An error has ended the run.
---@param err any
function Run:failed(err)
  self.failure = kept(self, err)
end

--- The process is about to become another program.
function Run:leaving()
  self.on_leaving()
end

--- Close the account: what was sent and has no answer yet is unknown.
function Run:close()
  for _, key in ipairs(tables.keys(self.unanswered)) do
    local entry = self.unanswered[key]
    add_verb(self, entry.workspace, entry.verb, entry.name)
    entry.outcome, entry.goes_on = "unknown", true
  end
end

-- Sums --------------------------------------------------------------------------------------------

--- Return the seconds since the run began.
---@return number
function Run:seconds()
  return seconds_since(self.began_at)
end

--- Sort things into rows by the labels that a function returns for each.
---@param list table[]
---@param describe fun(item: table): table?      labels by name; nil: the thing does not count
---@return { labels: table<string, string>, key: string, [integer]: table }[]      sorted by key;
---  each has its things
function run.sort_out(list, describe)
  local rows, by_key = {}, {}
  for _, item in ipairs(list) do
    local labels = describe(item)
    local key = labels and table.concat(tables.texts(labels, function(name, value)
      return ("%s=%s"):format(name, value)
    end), "\n")
    if key and not by_key[key] then
      by_key[key] = { labels = labels, key = key }
      rows[#rows + 1] = by_key[key]
    end
    if key then table.insert(by_key[key], item) end
  end
  table.sort(rows, function(a, b) return a.key < b.key end)
  return rows
end

--- Return the name of a workspace for people; "" where it is not known.
---@param workspace azureml.Workspace|string|nil
---@return string
function run.workspace_name(workspace)
  return type(workspace) == "table" and workspace.name or workspace or ""
end

--- List the workspaces, by subscription, group and name.
---@return azureml.Workspace[]
function Run:list_workspaces()
  local list = {}
  for i, key in ipairs(tables.keys(self.workspaces)) do list[i] = self.workspaces[key] end
  return list
end

--- List the instances that were seen, each as it was seen last.
---@return azureml.SeenInstance[]
function Run:instances()
  local list = {}
  for i, key in ipairs(tables.keys(self.seen)) do list[i] = self.seen[key] end
  return list
end

--- List the operations that go on at the service, and those that may.
---@return { verb: string, name: string, workspace: azureml.Workspace, request_id: string? }[]
function Run:running()
  local list = {}
  for _, entry in ipairs(self.verbs) do
    if entry.goes_on then list[#list + 1] = entry end
  end
  local deployment = package.loaded["azureml.deployment"]
  for _, op in ipairs(deployment and deployment.pending() or {}) do
    list[#list + 1] = { verb = "deploy", name = op.name, workspace = op.workspace }
  end
  return list
end

--- Return the errors with a code, each once: those of the verbs, and what ended the run.
---@return azureml.RunError[]
function Run:failures()
  local list, is_known = {}, {}
  local function add(err)
    if not err or not err.code or is_known[err] or err.code == "SomeFailed" then return end
    is_known[err] = true
    list[#list + 1] = err
  end
  for _, entry in ipairs(self.verbs) do add(entry.error) end
  add(self.failure)
  return list
end

-- Costs -------------------------------------------------------------------------------------------

---@class azureml.RunCost          what the instances of a workspace cost an hour, as an estimate
---@field workspace string
---@field resource_group string
---@field currency string
---@field amount number            an hour, of the machines that are billed
---@field billed integer           machines whose hours are billed
---@field unpriced integer         those of them whose size has no known price

local function prices_by_size(sizes)
  local prices, currency = {}, nil
  for _, size in ipairs(sizes) do
    prices[size.name:lower()] = size.price
    currency = currency or size.currency
  end
  return prices, currency
end

local function cost_of(workspace, sizes, instances)
  local is_billed = require("azureml.look.cost").is_billed
  local prices, currency = prices_by_size(sizes)
  local sum = {
    workspace = workspace.name, resource_group = workspace.resource_group,
    currency = currency or "", amount = 0, billed = 0, unpriced = 0,
  }
  for _, seen in ipairs(instances) do
    if is_billed(seen.state) then
      local price = prices[(seen.vm_size or ""):lower()]
      sum.billed, sum.amount = sum.billed + 1, sum.amount + (price or 0)
      if not price then sum.unpriced = sum.unpriced + 1 end
    end
  end
  return sum
end

--- Estimate what the instances that were seen cost an hour, as they are now. Nothing is asked of
--- the service: the prices are those that the run has read.
---@return azureml.RunCost[]       one for each workspace of which the run has read instances and
---  prices
function Run:costs()
  local by_workspace, costs = {}, {}
  for _, seen in ipairs(self:instances()) do
    local key = key_of(seen.workspace)
    by_workspace[key] = by_workspace[key] or {}
    table.insert(by_workspace[key], seen)
  end
  for _, key in ipairs(tables.keys(by_workspace)) do
    local sizes, instances = self.prices[key], by_workspace[key]
    if sizes then costs[#costs + 1] = cost_of(instances[1].workspace, sizes, instances) end
  end
  return costs
end

return run
