--- One verb done to many instances of a workspace at once, without a task for each: a state machine
--- over the core's operations. An instance is sent the verb, runs until the service has ended that,
--- and settles. Which instances, and what is raised, is decided in fleet/init.lua.
---
--- Where the service counts reads, a list of the workspace stands in for the polls of many: it hints at which operations to ask; what an
--- operation came to is always its own status.
local core = require "azureml.core"
local errors = require "azureml.error"
local operation = require "azureml.operation"
local power_state = require "azureml.definition.power_state"
local resource = require "azureml.resource"
local tables = require "azureml.tables"
local task = require "azureml.task"
local verbs = require "azureml.verbs"

local UNANSWERED = 256                              -- requests at a time: enough for all connections; the others need not exist yet
local THIN_FROM = 40                                -- operations under way: fewer are polled one by one
local THIN_GAIN = 4                                 -- and so many for each page of the list
local PAGE = 100                                    -- computes on a page of the list, until one was seen
local FEW = 5                                       -- instances that are looked at one by one
local FIRST_PACE, GROWTH, LAST_PACE = 1, 1.5, 10    -- seconds between looks
local SPARING = 6                                   -- times the pace, where few reads are left
local IN_TURN = 30                                  -- looks after which each operation was asked whatever the list says
local RESERVE, SHARE = 100, 15                      -- reads left for others; polls a second where no more than those are left
local BLIND = 3                                     -- looks that may fail in a row

local flight = {}

---@class azureml.FlightItem      one that is under way: small, because there may be ten thousand
---@field i integer               its number
---@field op userdata?            the core's operation, until that has ended
---@field accepted boolean?
---@field error azureml.Error?    why it seems to have failed: its state will tell more
---@field entry azureml.JournalEntry?

---@class azureml.Flight
---@field workspace azureml.Workspace
---@field verb string
---@field names string[]
---@field results azureml.FleetResult[]     filled in; where there is one already nothing is done
---@field limit integer           how many at once
---@field deadline number
---@field timeout number          seconds, for the message
---@field wait boolean            until each has ended, not only until each was accepted
---@field settle boolean          look at the instances' states afterwards
---@field reporter table?         told of each change: console/progress.lua
local Flight = {}
Flight.__index = Flight

local function name_of(self, item)
  return self.names[item.i]
end

-- The service compares names without case.
local function identity(self, item)
  return self.names[item.i]:lower()
end

local function report(self, item, word)
  if self.reporter then self.reporter.change(name_of(self, item), word) end
end

-- Ending ------------------------------------------------------------------------------------------------------------------

local function let_go(self, item)
  if not item.op then return end
  self.items[item.op] = nil
  item.op:close()
  item.op = nil
end

local function finish(self, item, outcome, fields)
  let_go(self, item)
  if item.entry then item.entry:ended() end
  fields = fields or {}
  fields.name, fields.outcome = name_of(self, item), outcome
  self.results[item.i] = fields
  self.left = self.left - 1
  self.under_way = self.under_way - 1
  if self.reporter then self.reporter.ended(fields.name, outcome, fields.reason or fields.error and fields.error.message) end
end

local function fail(self, item, err)
  finish(self, item, "failed", { error = err })
end

-- Its operation has ended, or was refused; its state will tell the rest.
local function settle(self, item, err)
  let_go(self, item)
  item.error = err
  self.unclear[item] = true
  report(self, item, "settling")
  task.look_again(self)
end

-- What an error leaves open: perhaps the verb was executed, perhaps the instance is where it was to be led already.
local function is_unclear(err)
  return err.outcome_unknown or err.status == 400 or err.status == 409 or err.code == "StartComputeInstanceOnlyAllowedInStoppedState"
end

local function ended(self, item)
  local _, failure = item.op:result()
  if not failure then
    if self.settle then settle(self, item) else finish(self, item, "done") end
    return
  end
  local err = errors.from_core(failure, ("cannot %s %s"):format(self.verb, name_of(self, item)))
  if is_unclear(err) then settle(self, item, err) else fail(self, item, err) end
end

-- What an instance's state says of one whose answer was lost, or that was refused where it may be on its way because of us: a delete that
-- had to be sent again. Nil: it is to be waited for.
local function verdict_of_lost(self, word)
  if word == nil then return self.verb == "delete" and "done" or "failed" end
  if not power_state.shows(self.verb, word) then return "failed" end
  return not power_state.is_transitional(word) and "done" or nil
end

local function is_lost(self, err, word)
  return err.outcome_unknown or self.verb == "delete" and (word == nil or power_state.shows("delete", word))
end

-- What its state says of one that is unclear: its outcome, and a reason or an error. Nil: it is to be waited for.
local function verdict(self, item, vm)
  local word, err = vm and vm.state, item.error
  if not err then
    if vm and power_state.is_transitional(word) then return nil end
    local _, wrong = errors.try(operation.check_aim, self.verb, vm, name_of(self, item))
    return wrong and "failed" or "done", { error = wrong }
  elseif is_lost(self, err, word) then
    local outcome = verdict_of_lost(self, word)
    if not outcome then item.error = nil end      -- it is on its way
    return outcome, { error = outcome == "failed" and err or nil }
  end
  local reason = vm and power_state.reason_to_skip(self.verb, word)
  return reason and "skipped" or "failed", { reason = reason, error = not reason and err or nil }
end

local function judge(self, item, vm)
  local outcome, fields = verdict(self, item, vm)
  if not outcome and self.wait then return end
  self.unclear[item] = nil
  finish(self, item, outcome or "accepted", fields)
end

-- Under way ---------------------------------------------------------------------------------------------------------------

local function begin(self, i)
  local name, id = self.names[i], core.guid()
  local op = resource.submit(self.workspace, verbs[self.verb], { name = name }, { label = self.verb .. " " .. name, request_id = id })
  self.inbox:follow(op)
  self.items[op] = { i = i, op = op, accepted = false, entry = self.workspace:intend(self.verb, name, id) }
  self.unanswered = self.unanswered + 1
  self.under_way = self.under_way + 1
  if self.reporter then self.reporter.began(name) end
end

local function may_begin_more(self)
  return self.at < #self.names and self.unanswered < UNANSWERED and self.under_way < self.limit
end

local function begin_more(self)
  while may_begin_more(self) do
    self.at = self.at + 1
    if not self.results[self.at] then begin(self, self.at) end
  end
end

local function pages(self)
  return math.max(1, math.ceil((self.listed or #self.names) / PAGE))
end

local function reads_left(self)
  return resource.budget(self.workspace, verbs.list)
end

local function may_be_thinned(self)
  return self.running >= THIN_FROM and self.running >= THIN_GAIN * pages(self) and not self.list_failed
end

-- Cheaper than polling each; and the service counts reads, as its answers to the first polls tell.
local function is_thinning_worth_it(self)
  return may_be_thinned(self) and reads_left(self) ~= nil
end

local function thin_out(self, on)
  if self.thinned == on then return end
  self.thinned = on
  for op, item in pairs(self.items) do
    if item.accepted then op:hold(on) end
  end
  task.look_again(self)
end

local function accepted(self, item)
  item.accepted = true
  self.unanswered = self.unanswered - 1
  if item.entry then item.entry:accepted(item.op) end
  if not self.wait then return finish(self, item, "accepted", { operation = self:operation_of(item) }) end
  self.running = self.running + 1
  report(self, item, "accepted")
  local seconds, paced = item.op:next_poll()
  if paced then self.asked = seconds end
  if self.thinned then item.op:hold(true)
  elseif self.is_idle and may_be_thinned(self) then task.look_again(self) end
end

local function take_news(self, op)
  local item = self.items[op]
  if not item then return end
  local was_accepted = item.accepted
  if not was_accepted and not op:done() then return accepted(self, item) end
  if not op:done() then return end
  if was_accepted then self.running = self.running - 1 else self.unanswered = self.unanswered - 1 end
  ended(self, item)
  if self.thinned and not is_thinning_worth_it(self) then thin_out(self, false) end
end

-- Looking -----------------------------------------------------------------------------------------------------------------

local function unclear_items(self)
  return tables.keys(self.unclear, function(a, b) return a.i < b.i end)
end

local function look_at_each(self, items)
  for _, item in ipairs(items) do
    local vm, err = errors.try(self.workspace.instances.find, self.workspace.instances, name_of(self, item))
    if err then return err end
    judge(self, item, vm)
  end
end

-- The whole list before any of it is believed: what it lacks is not there. Of those that run it keeps the state alone.
local function look_at_all(self, items)
  local states, found, count = {}, {}, 0
  local wanted = {}
  for _, item in ipairs(items) do wanted[identity(self, item)] = true end
  local _, err = errors.try(function()
    for vm in self.workspace.instances:list() do
      local key = vm.name:lower()
      count = count + 1
      states[key] = vm.state
      if wanted[key] then found[key] = vm end
    end
  end)
  if err then return err end
  self.listed = count
  for _, item in ipairs(items) do judge(self, item, found[identity(self, item)]) end
  return nil, states
end

-- Those that the list shows to have moved on; and, in turn, the others, should the list be wrong.
local function hinted(self, states)
  local list, turn = {}, self.looks % IN_TURN
  for op, item in pairs(self.items) do
    local is_settled = not power_state.is_transitional(states[identity(self, item)])
    if item.accepted and (is_settled or item.i % IN_TURN == turn) then list[#list + 1] = op end
  end
  return list
end

-- Not all at once where that would leave other scripts without reads.
local function poll(self, ops)
  local free = (reads_left(self) or math.huge) - RESERVE
  for _, op in ipairs(ops) do
    if free <= 0 then
      if task.wait_until(self, function() return self.over end, core.now() + 1) then return end
      free = SHARE
    end
    free = free - 1
    if self.items[op] then op:poll_now() end
  end
end

local function give_up_looking(self, err)
  for _, item in ipairs(unclear_items(self)) do
    self.unclear[item] = nil
    fail(self, item, item.error or err)
  end
  task.look_again(self.inbox)
end

local function look_around(self)
  local items = unclear_items(self)
  local err, states
  self.looks = self.looks + 1
  thin_out(self, is_thinning_worth_it(self))
  if self.thinned or #items > FEW then
    err, states = look_at_all(self, items)
  else
    err = look_at_each(self, items)
  end
  if states and self.thinned then poll(self, hinted(self, states)) end
  self.blind = err and self.blind + 1 or 0
  if err and self.thinned then
    self.list_failed = true
    thin_out(self, false)
  end
  if self.blind >= BLIND then give_up_looking(self, err) end
  task.look_again(self.inbox)
end

-- As the service asks for polls, else growing; slower where other scripts would be left without reads.
local function next_pace(self, pace)
  local left = reads_left(self)
  pace = self.asked or pace and math.min(pace * GROWTH, LAST_PACE) or FIRST_PACE
  return pace, left and left < THIN_GAIN * pages(self) and pace * SPARING or pace
end

local function keep_looking(self)
  local pace, pause
  local function is_over() return self.over end
  local function has_work() return self.over or next(self.unclear) ~= nil or may_be_thinned(self) end
  while true do
    if not has_work() then
      pace, self.is_idle = nil, true
      task.wait_until(self, has_work)
      self.is_idle = false
    end
    pace, pause = next_pace(self, pace)
    if task.wait_until(self, is_over, core.now() + pause) then return end
    look_around(self)
  end
end

-- The whole ---------------------------------------------------------------------------------------------------------------

local function overdue(self, item)
  local what = ("%s %s"):format(self.verb, name_of(self, item))
  local seconds = ("%.14g"):format(self.timeout)
  if item.error then return item.error end
  if not item.op then
    return errors.new { code = "Timeout", message = ("%s: it succeeded, but has not settled after %s s"):format(what, seconds) }
  end
  if not item.accepted then
    return errors.new { code = "Timeout", message = ("%s: not accepted after %s s"):format(what, seconds), outcome_unknown = true }
  end
  return errors.new { code = "Timeout", message = ("%s: not done after %s s; it goes on at the service"):format(what, seconds),
    operation = self:operation_of(item) }
end

--- The operation of one that goes on at the service, for whoever wants to wait for it. It is then his.
---@param item azureml.FlightItem
---@return azureml.Operation
function Flight:operation_of(item)
  item.op:hold(false)
  local fields = { verb = self.verb, name = name_of(self, item), workspace = self.workspace, handle = item.op, entry = item.entry }
  self.items[item.op] = nil
  item.op, item.entry = nil, nil
  return operation.new(fields)
end

local function never_begun(self, i)
  local name = self.names[i]
  local message = ("%s %s: not begun after %.14g s"):format(self.verb, name, self.timeout)
  self.results[i] = { name = name, outcome = "failed", error = errors.new { code = "Timeout", message = message, hint = "try again" } }
  if self.reporter then self.reporter.ended(name, "failed", message) end
end

local function give_up(self)
  local open = unclear_items(self)
  for _, item in pairs(self.items) do open[#open + 1] = item end
  for _, item in ipairs(open) do fail(self, item, overdue(self, item)) end
  for i = self.at + 1, #self.names do
    if not self.results[i] then never_begun(self, i) end
  end
  self.left = 0
end

-- One alarm for all the waits.
local function go_on(self)
  local alarm <close> = core.sleep(math.max(0, self.deadline - core.now()))
  local function is_over() return self.left == 0 or may_begin_more(self) end
  self.inbox:follow(alarm)
  while self.left > 0 do
    begin_more(self)
    local op = self.inbox:next(nil, is_over)
    if op == alarm then give_up(self) elseif op then take_news(self, op) end
  end
  self.over = true
  task.look_again(self)
end

-- Something ends us before we are done. An interrupt, or the end of a group's time, tells what goes on at the service; else it is let go.
local function abandon(self, err)
  if self.over then return end
  err = err or task.cause_of_closing()
  local going = {}
  for op, item in pairs(self.items) do
    if item.accepted and errors.is_passing(err) then going[#going + 1] = item else op:close() end
  end
  table.sort(going, function(a, b) return a.i < b.i end)
  for _, item in ipairs(going) do
    err.operations = err.operations or {}
    table.insert(err.operations, self:operation_of(item))
  end
end

--- Do it, and return when each instance has its result.
---@param given azureml.Flight
function flight.run(given)
  local self = setmetatable(given, Flight)
  self.inbox, self.items, self.unclear = task.inbox(), {}, {}
  self.at, self.left, self.under_way, self.unanswered, self.running = 0, 0, 0, 0, 0
  self.thinned, self.looks, self.blind = false, 0, 0
  for i = 1, #self.names do
    if not self.results[i] then self.left = self.left + 1 end
  end
  local _ <close> = setmetatable({}, { __close = function(_, err) abandon(self, err) end })
  task.parallel(function() go_on(self) end, function() keep_looking(self) end)
end

return flight
