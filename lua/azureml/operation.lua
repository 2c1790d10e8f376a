--- An operation on a compute instance: what a verb returns once the service has accepted it. It ends when the instance has settled.
local later = require "azureml.later"
local core = require "azureml.core"
local errors = require "azureml.error"
local json = require "azureml.json"
local lro = require "azureml.lro"
local options = require "azureml.options"
local power_state = require "azureml.definition.power_state"
local progress = later "azureml.console.progress"
local resource = require "azureml.resource"
local tables = require "azureml.tables"
local task = require "azureml.task"
local ticket = require "azureml.ticket"

local DEFAULT_TIMEOUT = 1800                        -- seconds
local FIRST_PACE, GROWTH, LAST_PACE = 1, 1.5, 10    -- seconds between looks at an instance that settles
local SHOWN = 10                                    -- operations that an error names

---@class azureml.Operation
---@field verb string                "create", "start", "stop", "restart", "delete"
---@field name string                of the instance
---@field workspace azureml.Workspace
local Operation = {}
local metatable = { __name = "azureml.Operation", __index = Operation }

local operation = {}
local started = setmetatable({}, { __mode = "k" })      -- those that may go on at the service -> when they began

-- Those begun within a limit, out of the collector's reach: the error at its end tells of them.
local kept = {}            -- luacheck: ignore 241
local limits = 0           -- how many there are

local function label_of(self)
  return self.verb .. " " .. self.name
end

--- One that the service has accepted; handle is the core's, or nil where there is nothing to poll but the instance itself.
---@param fields { verb: string, name: string, workspace: azureml.Workspace, handle: userdata?, entry: azureml.JournalEntry? }
---@return azureml.Operation
function operation.new(fields)
  local self = setmetatable(fields, metatable)
  self.id = fields.handle and fields.handle:request_id()
  started[self] = core.now()
  if limits > 0 then kept[self] = true end
  return self
end

--- Those that go on at the service and have not been waited for to the end, oldest first.
---@return azureml.Operation[]
function operation.pending()
  local list = {}
  for self in pairs(started) do
    if not self.outcome and self.handle and not self.handle:is_closed() and not self.handle:done() then list[#list + 1] = self end
  end
  table.sort(list, function(a, b) return started[a] < started[b] end)
  return list
end

local function of_limit(began)
  local list, labels = {}, {}
  for _, self in ipairs(operation.pending()) do
    if started[self] >= began then
      list[#list + 1] = self
      labels[#labels + 1] = label_of(self)
    end
  end
  return list, labels
end

local function describe_rest(labels)
  return #labels > 0 and ("; these go on at the service: " .. tables.excerpt(labels, SHOWN)) or ""
end

--- Call a function with a limit on its time: on every wait in it, in whatever it calls, and in the tasks that it starts. Of several limits
--- the nearest wins.
---@param seconds number
---@param f function
---@param ... any         its arguments
---@return any ...        what it returned
---@raise what it raised; an error object `Timeout` whose `operations` go on at the service, each with its ticket. Nothing within collects
---  it: not `azureml.try`, not `azureml.each`
---@usage azureml.within(600, function() ws.instances:start_all { "ann", "bob" } end)
function operation.within(seconds, f, ...)
  options.check_seconds("within: its first argument", seconds)
  if type(f) ~= "function" then errors.mistake("bad argument #2 to 'within' (function expected, got %s)", type(f)) end
  local began = core.now()
  limits = limits + 1
  local _ <close> = setmetatable({}, {
    __close = function()
      limits = limits - 1
      if limits == 0 then kept = {} end
    end,
  })
  return task.limited(seconds, function(err)
    local labels
    err.operations, labels = of_limit(began)
    err.message = ("not done within %.14g s%s"):format(seconds, describe_rest(labels))
  end, f, ...)
end

-- Waiting -----------------------------------------------------------------------------------------------------------------

local function timed_out(self, seconds)
  lro.overdue(self.handle, label_of(self), seconds, self)
end

-- The state that a person is shown; a look that fails shows nothing new, the operation itself is what counts.
local function shown_state(self)
  local vm = errors.try(self.workspace.instances.find, self.workspace.instances, self.name)
  return vm and vm.state or self.handle:status() or "accepted"
end

local function check_open(self)
  if self.closed then errors.mistake("%s was closed: it cannot be waited for", label_of(self)) end
end

local function check_not_closed(self)
  if self.closed then errors.mistake("%s was closed", label_of(self)) end
end

local function wait_for_service(self, deadline, reporter, timeout)
  local handle = self.handle
  if not handle then return end
  handle:watch_polls(reporter ~= nil)
  while not self.closed and not handle:done() do
    if reporter then reporter.state(shown_state(self)) end
    local seen = handle:polls()
    local function is_news() return self.closed or handle:done() or reporter ~= nil and handle:polls() > seen end
    if not task.wait_until(handle, is_news, deadline) then timed_out(self, timeout) end
  end
  check_open(self)
  resource.result(handle, "cannot " .. label_of(self))
end

local function pause(self, pace, deadline, timeout)
  if core.now() + pace >= deadline then
    task.sleep(math.max(0, deadline - core.now()))
    timed_out(self, timeout)
  end
  task.sleep(pace)
  return math.min(pace * GROWTH, LAST_PACE)
end

local function first_fault(vm)
  local faults = vm.errors
  local first = faults and faults[1]
  return json.get(first, "error") or first
end

local function failed(verb, vm, self)
  local fault = first_fault(vm)
  errors.raise {
    code = json.get(fault, "code") or vm.state,
    message = ("%s %s: the instance is %s%s"):format(verb, vm.name, vm.state, json.get(fault, "message") and ": " .. fault.message or ""),
    operation = self, details = vm.errors,
    hint = vm.state == "Unusable" and "restart it; if that does not help, delete it and create it anew"
      or "its name stays taken: look at the errors, delete it, then create it anew",
  }
end

--- Check that an instance which has settled is where a verb was meant to lead.
---@param verb string
---@param vm azureml.Instance?         nil: it is not there
---@param name string
---@param self azureml.Operation?      for the error
---@return azureml.Instance?           nil after a delete
---@raise an error object: what is wrong with it, `UnexpectedState`, `ResourceNotFound`
function operation.check_aim(verb, vm, name, self)
  if not vm and verb == "delete" then return nil end
  if not vm then
    errors.raise { code = "ResourceNotFound", operation = self,
      message = ("%s %s: the service says that it succeeded, but there is no such instance"):format(verb, name) }
  end
  if power_state.is_failed(vm.state) then failed(verb, vm, self) end
  if power_state.is_aim(verb, vm.state) then return vm end
  errors.raise {
    code = "UnexpectedState", operation = self,
    message = ("%s %s: the service says that it succeeded, but the instance is %s"):format(verb, name, tostring(vm.state)),
    hint = "somebody else, a schedule or the idle shutdown may have been faster: see last_operation",
  }
end

local function wait_until_settled(self, deadline, reporter, timeout)
  local pace = FIRST_PACE
  while true do
    local vm = self.workspace.instances:find(self.name)
    if not vm or not power_state.is_transitional(vm.state) then return operation.check_aim(self.verb, vm, self.name, self) end
    if reporter then reporter.state(vm.state) end
    pace = pause(self, pace, deadline, timeout)
  end
end

local function wait_to_the_end(self, deadline, reporter, timeout)
  wait_for_service(self, deadline, reporter, timeout)
  local vm = wait_until_settled(self, deadline, reporter, timeout)
  if reporter then reporter.finish(vm and vm.state or "Deleted") end
  return vm
end

-- A timeout, an interrupt and a mistake of the caller's leave it as it was: it may be waited for again.
local PASSING = { Timeout = true, LostSight = true, Interrupted = true }

local function is_final(err)
  return errors.is(err) and not PASSING[err.code]
end

local function end_with(self, outcome)
  if self.outcome then return end
  self.outcome, kept[self] = outcome, nil
  if self.entry then self.entry:ended() end
  if self.handle then self.handle:close() end
end

--- Wait until the operation is done and the instance has settled. May be called again, and from several tasks.
---@param given? { timeout: number?, show_output: boolean?, progress: string? }
---  timeout in seconds, 1800; show_output prints changes of state and the time that passed, to standard error; progress says how: "auto"
---  (live on a terminal, else lines), "lines", "json" (a JSON object a line), "quiet"
---@return azureml.Instance?      the instance as it is now; nothing after a delete
---@raise an error object when it failed; `Timeout` or `LostSight` when it goes on at the service, with `operation` and its ticket
function Operation:wait(given)
  given = options.check("wait", given, { timeout = "number", show_output = "boolean", progress = "string" })
  check_open(self)
  local timeout = given.timeout or DEFAULT_TIMEOUT
  options.check_seconds("wait: timeout", timeout)
  local style = progress.style("wait", given)
  if not self.outcome then
    local reporter = progress.reporter(self.verb, self.name, style)
    local ok, result = pcall(wait_to_the_end, self, core.now() + timeout, reporter, timeout)
    if not ok and reporter then reporter.leave() end
    if not ok and not is_final(result) then error(result, 0) end
    end_with(self, { ok = ok, result = result })
  end
  if not self.outcome.ok then error(self.outcome.result, 0) end
  return self.outcome.result
end

--- The service's word for where it is: "InProgress", "Succeeded" and so on; "Accepted" before it said any.
---@return string
function Operation:status()
  check_not_closed(self)
  if self.outcome then return self.outcome.ok and "Succeeded" or "Failed" end
  if not self.handle then return "Accepted" end
  return self.handle:status() or "Accepted"
end

--- Whether the service has ended it; the instance may still settle.
---@return boolean
function Operation:done()
  check_not_closed(self)
  return self.outcome ~= nil or self.handle == nil or self.handle:done()
end

--- Iterate over the words for where it is, each once, until the service has ended it. A failure is raised.
---@return fun(): string?
function Operation:events()
  local last, over
  local function has_moved() return self:done() or self:status() ~= last end
  return function()
    if over then return nil end
    if last and not has_moved() then
      self.handle:watch_polls(true)
      task.wait_until(self.handle, has_moved)
    end
    over = self:done()
    if over and self.handle and not self.handle:is_closed() then resource.result(self.handle, "cannot " .. label_of(self)) end
    local status = self:status()
    if status == last then return nil end
    last = status
    return status
  end
end

-- Tickets -----------------------------------------------------------------------------------------------------------------

--- A text with which another process can go on waiting (azureml.resume). It holds the signed URL of the operation's status:
--- keep it private; but no credential.
---@return string? ticket       nil: there is nothing left to wait for
function Operation:ticket()
  if not self.handle or self.outcome or self.handle:is_closed() or not self.handle:is_polled() then return nil end
  local workspace = self.workspace
  return ticket.write {
    verb = self.verb, name = self.name, request_id = self.id,
    subscription_id = workspace.subscription_id, resource_group = workspace.resource_group, workspace_name = workspace.name,
    progress = self.handle,
  }
end

local TICKET = {
  verb = "string", name = "string", request_id = "string",
  subscription_id = "string", resource_group = "string", workspace_name = "string", progress = "table",
}

--- What a ticket says.
---@param text string
---@return table
function operation.read_ticket(text)
  return ticket.read(text, TICKET)
end

--- Let it go: it goes on at the service, unwatched. Whoever waits for it is told.
function Operation:close()
  self.closed, kept[self] = self.outcome == nil, nil
  if self.entry then self.entry:ended() end
  if not self.handle then return end
  self.handle:close()
  task.look_again(self.handle)
end

metatable.__close = Operation.close

function metatable:__tostring()
  if self.outcome then return label_of(self) .. ": " .. (self.outcome.ok and "done" or "failed") end
  if not self.handle then return label_of(self) .. ": accepted" end
  return tostring(self.handle)
end

return operation
