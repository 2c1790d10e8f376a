--- Do one verb to many instances of a workspace at once, without a task for each: a state machine
--- over the core's operations. fleet/init.lua selects the instances and raises the failures;
--- lookout.lua reads states; judge.lua decides what they mean.
---
---   stage:   sent --accepted--> accepted --Succeeded--> settling --> done
---             |                    +--status gone--> gone -> done, LostSight
---             |                    +--not stopped--> not_stopped -> skipped, sent again
---             +--refused---------> refused -> skipped, turn
---             +--answer lost-----> lost -> settling, outcome unknown
---            turn: waits for another operation, then it is sent
---            full: the region is full: waits a minute, then it is sent again
---
--- In all stages but "sent", "full", "ready" and "accepted" the instance itself is looked at.
local core = require "azureml.core"
local errors = require "azureml.error"
local followed = require "azureml.followed"
local later = require "azureml.tool.later"
local journal = later "azureml.journal"
local judge = require "azureml.fleet.judge"
local lookout = require "azureml.fleet.lookout"
local notice = require "azureml.tool.notice"
local operation = require "azureml.operation"
local pace = require "azureml.pace"
local resource = require "azureml.resource"
local task = require "azureml.task"
local verbs = require "azureml.verbs"
local verdict = require "azureml.verdict"

-- Requests without an answer at a time: twice the connections that the core opens at most (128,
-- csrc/loop.c). More would only wait in the core, each with its memory.
local UNANSWERED = 256

-- Looks at an instance that may fail in a row; each repeats its GET (csrc/retry.c), so that is
-- about half a minute of an outage.
local BLIND = 3

local NOT_STOPPED = "StartComputeInstanceOnlyAllowedInStoppedState"
local FULL = "AllocationFailed"

local flight = {}

---@class azureml.FlightItem      one instance; small, because there may be 10,000
---@field index integer           of its name
---@field stage string|false      see above; false: it was not sent
---@field op userdata|false|nil   the core's operation, until it has ended
---@field entry azureml.JournalEntry|false|nil
---@field timer userdata?         of the pause in which the region is full
---@field error azureml.Error?    the failure that a look at the instance will explain
---@field tries integer?          refusals so far
---@field looks integer?          looks after a lost answer
---@field blind integer?          looks that failed in a row
---@field is_known boolean?       the reporter was told of it

---@class azureml.Flight
---@field workspace azureml.Workspace
---@field verb string
---@field names string[]
---@field results azureml.FleetResult[]     filled in; an instance that has one is left alone
---@field busy table<integer, boolean>      instances on which another operation is active -> true
---@field before table<integer, azureml.Instance>      instances as they were, where that is known
---@field survey azureml.Survey
---@field limit integer           the number of instances at work at a time
---@field deadline number         on core.now()'s clock
---@field timeout number          seconds, for messages
---@field wait boolean            until each has ended, not only until each was accepted
---@field no_wait boolean?        fail with `Busy` where another operation is active
---@field wait_for_capacity boolean?      try again while the region is full
---@field settle boolean          look at the instances' states afterwards
---@field reporter table?         told of each change: console/progress.lua
---@field summarise fun(): azureml.FleetResults     sums up the results that are known so far
local Flight = {}
Flight.__index = Flight

local function name_of(self, item)
  return self.names[item.index]
end

local function label_of(self, item)
  return self.verb .. " " .. name_of(self, item)
end

local function report(self, item, word)
  if self.reporter then self.reporter.change(name_of(self, item), word) end
end

-- Make a table of the size that most items need: it never grows.
local function new_item(index)
  return { index = index, stage = false, op = false, entry = false }
end

-- Stages ------------------------------------------------------------------------------------------

-- Stages that count against the limit.
local IS_AT_WORK = {
  sent = true, accepted = true, settling = true, gone = true, not_stopped = true,
  refused = true, lost = true,
}

local function enter(self, item, stage)
  local change = (IS_AT_WORK[stage] and 1 or 0) - (IS_AT_WORK[item.stage] and 1 or 0)
  local is_first_look = judge[stage] ~= nil and next(self.looked) == nil
  self.at_work = self.at_work + change
  self.looked[item] = judge[stage] and true or nil
  item.stage = stage
  if is_first_look then task.look_again(self) end
end

local function end_pause(self, item)
  if not item.timer then return end
  self.paused[item.timer] = nil
  item.timer:close()
  item.timer = nil
end

-- Forget the core's operation, which goes on at the service if it has not ended, and the timer.
local function let_go(self, item)
  end_pause(self, item)
  if not item.op then return end
  self.items[item.op] = nil
  item.op:close()
  item.op = nil
end

local function end_entry(item)
  if item.entry then item.entry:ended() end
  item.entry = nil
end

-- The journal keeps an entry whose outcome is not known.
local function finish(self, item, outcome, fields)
  fields = fields or {}
  let_go(self, item)
  if not (fields.error and fields.error.outcome_unknown) then end_entry(item) end
  fields.name, fields.outcome = name_of(self, item), outcome
  self.results[item.index] = fields
  notice.tell("result", self.workspace, self.verb, fields)
  self.left = self.left - 1
  enter(self, item, "over")
  local why = fields.reason or fields.error and fields.error.message
  if self.reporter then self.reporter.ended(fields.name, outcome, why) end
end

local function fail(self, item, err)
  finish(self, item, "failed", { error = err })
end

-- Make the public operation of an item that goes on at the service. The caller owns it from now on.
local function operation_of(self, item)
  if item.op then
    item.op:hold(false)
    self.items[item.op] = nil
  end
  local public = operation.new {
    verb = self.verb, name = name_of(self, item), workspace = self.workspace, handle = item.op,
    entry = item.entry,
  }
  item.op, item.entry = nil, nil
  return public
end

-- The status cannot be read, and the instance does not show what became of the operation.
local function lose_sight(self, item)
  local err = item.error
  fail(self, item, errors.new {
    code = "LostSight", status = err.status, request_id = err.request_id,
    message = ("%s: lost sight of it: %s"):format(label_of(self, item), err.message),
    operation = operation_of(self, item),
  })
end

-- Sending -----------------------------------------------------------------------------------------

local function send(self, item)
  local name, id = name_of(self, item), core.guid()
  local what = { label = label_of(self, item), request_id = id, cautious = true }
  notice.tell("sent", self.workspace, self.verb, name)
  item.entry = self.workspace:intend(self.verb, name, id)
  item.op = resource.submit(self.workspace, verbs[self.verb], { name = name }, what)
  self.inbox:follow(item.op)
  self.items[item.op] = item
  self.unanswered = self.unanswered + 1
  enter(self, item, "sent")
  if item.is_known then report(self, item, "sent")
  elseif self.reporter then self.reporter.began(name) end
  item.is_known = self.reporter and true
end

local function has_more(self)
  return #self.ready > 0 or self.next_index <= #self.names
end

local function may_send_more(self)
  return has_more(self) and self.unanswered < UNANSWERED and self.at_work < self.limit
end

-- The next item to send; nil where the next name needs nothing, or waits for its turn.
local function next_item(self)
  if #self.ready > 0 then return table.remove(self.ready) end
  local index = self.next_index
  self.next_index = index + 1
  if not self.results[index] and not self.busy[index] then return new_item(index) end
end

local function send_more(self)
  while may_send_more(self) do
    local item = next_item(self)
    if item then send(self, item) end
  end
end

-- What the core tells -----------------------------------------------------------------------------

local function accepted(self, item)
  self.unanswered = self.unanswered - 1
  if item.entry then item.entry:accepted(item.op) end
  if not self.wait then
    return finish(self, item, "accepted", { operation = operation_of(self, item) })
  end
  self.running = self.running + 1
  enter(self, item, "accepted")
  report(self, item, "accepted")
  local seconds, is_paced = item.op:next_poll()
  if is_paced then self.asked = seconds end
  if self.is_thinned then item.op:hold(true)
  elseif self.is_idle then task.look_again(self) end
end

local function succeeded(self, item)
  if not self.settle then return finish(self, item, "done") end
  let_go(self, item)
  enter(self, item, "settling")
  report(self, item, "settling")
end

-- Pause before the next try if the region is full, the caller waits for capacity, and there is time
-- for it. Return whether the item pauses.
local function waits_for_capacity(self, item, err)
  if not self.wait_for_capacity or err.code ~= FULL then return false end
  if core.now() + pace.capacity_pause >= self.deadline then return false end
  let_go(self, item)
  end_entry(item)
  item.error, item.timer = err, core.sleep(pace.capacity_pause)
  self.paused[item.timer] = item
  self.inbox:follow(item.timer)
  enter(self, item, "full")
  report(self, item, "no capacity")
  return true
end

-- The service has refused the verb, or its answer was lost.
local function refused(self, item, err)
  if waits_for_capacity(self, item, err) then return end
  item.error = err
  if not err.outcome_unknown and not resource.is_conflict(err) then return fail(self, item, err) end
  let_go(self, item)
  if err.outcome_unknown then return enter(self, item, "lost") end
  end_entry(item)
  item.tries = (item.tries or 0) + 1
  enter(self, item, "refused")
end

-- The service has ended the operation with a failure, or its status cannot be read.
local function broke_off(self, item, err)
  item.error = err
  if err.outcome_unknown then
    self.items[item.op] = nil      -- it stays open: an error may need its ticket
    return enter(self, item, "gone")
  end
  if waits_for_capacity(self, item, err) then return end
  if err.code ~= NOT_STOPPED then return fail(self, item, err) end
  let_go(self, item)
  end_entry(item)
  enter(self, item, "not_stopped")
end

local function ended(self, item)
  local failure = item.op:trouble()
  local was_accepted = item.stage == "accepted" or item.op:first() ~= nil
  if item.stage == "sent" then self.unanswered = self.unanswered - 1
  else self.running = self.running - 1 end
  if self.running == 0 then task.look_again(self) end
  if not failure then return succeeded(self, item) end
  local err = errors.from_core(failure, "cannot " .. label_of(self, item))
  if was_accepted then broke_off(self, item, err) else refused(self, item, err) end
end

-- Send the verb again after a pause.
local function resume(self, item)
  end_pause(self, item)
  item.error = nil
  enter(self, item, "ready")
  table.insert(self.ready, item)
end

local function take_news(self, op)
  local item = self.items[op]
  if self.paused[op] then return resume(self, self.paused[op]) end
  if not item then return end
  if op:done() then ended(self, item) elseif item.stage == "sent" then accepted(self, item) end
end

-- What a look tells -------------------------------------------------------------------------------

local act = {}      -- decision -> function

function act.look() end

function act.turn(self, item)
  enter(self, item, "turn")
  report(self, item, "busy")
end

function act.send(self, item)
  enter(self, item, "ready")
  table.insert(self.ready, item)
  task.look_again(self.inbox)
end

function act.taken_on(self, item, _, vm)
  if item.entry then item.entry:accepted(nil) end
  item.error = nil
  if not self.wait then
    return finish(self, item, "accepted", { operation = operation_of(self, item) })
  end
  enter(self, item, "settling")
  report(self, item, "settling")
  self:looked_at(item, vm)
end

function act.lost_sight(self, item)
  lose_sight(self, item)
end

for _, outcome in ipairs { "done", "skipped", "failed" } do
  act[outcome] = function(self, item, fields) finish(self, item, outcome, fields) end
end

-- A look has failed: try again, a few times.
local function look_failed(self, item, trouble)
  item.blind = (item.blind or 0) + 1
  if item.blind < BLIND then return end
  local err = item.error
  if item.stage == "gone" and resource.is_status_gone(err) then return lose_sight(self, item) end
  if not err then return fail(self, item, trouble) end
  err.message = ("%s; looking at the instance failed too: %s"):format(err.message, trouble.message)
  fail(self, item, err)
end

--- Take what a look has shown of an instance.
---@param item azureml.FlightItem
---@param vm azureml.Instance?        nil: it is missing, or the look failed
---@param err azureml.Error?
function Flight:looked_at(item, vm, err)
  if err then
    look_failed(self, item, err)
  else
    item.blind = nil
    local decision, fields = judge[item.stage](self, item, vm)
    act[decision](self, item, fields, vm)
  end
  if self.left == 0 then task.look_again(self.inbox) end
end

-- The end of the time -----------------------------------------------------------------------------

local function timeout_error(self, item, what, outcome_unknown)
  local message = ("%s: %s after %.14g s"):format(label_of(self, item), what, self.timeout)
  local hint = not outcome_unknown and "try again" or nil
  return errors.new {
    code = "Timeout", message = message, hint = hint, outcome_unknown = outcome_unknown,
  }
end

-- stage -> function that returns the error of an item whose time is over.
local overdue = {}

function overdue.sent(self, item)
  if item.op:unanswered() then return timeout_error(self, item, "not accepted", true) end
  return timeout_error(self, item, "not sent")
end

function overdue.accepted(self, item)
  local public = operation_of(self, item)
  local label = label_of(self, item)
  local _, err = errors.try(followed.raise_overdue, public.followed, label, self.timeout, public)
  return err
end

function overdue.settling(self, item)
  return timeout_error(self, item, "it succeeded, but has not settled")
end

function overdue.turn(self, item)
  return verdict.overdue(label_of(self, item), "another operation is still active", self.timeout)
end

function overdue.ready(self, item)
  return timeout_error(self, item, "not sent")
end

local function give_up_item(self, item)
  local is_lost = item.stage == "gone" and resource.is_status_gone(item.error)
  if is_lost then return lose_sight(self, item) end
  local make = overdue[item.stage]
  fail(self, item, make and make(self, item) or item.error)
end

local function never_sent(self, index)
  local name = self.names[index]
  local message = ("%s %s: not begun after %.14g s"):format(self.verb, name, self.timeout)
  local err = errors.new { code = "Timeout", message = message, hint = "try again" }
  self.results[index] = { name = name, outcome = "failed", error = err }
  if self.reporter then self.reporter.ended(name, "failed", message) end
end

local function open_items(self)
  local open = {}
  for _, item in pairs(self.items) do open[#open + 1] = item end
  for item in pairs(self.looked) do open[#open + 1] = item end
  for _, item in ipairs(self.ready) do open[#open + 1] = item end
  for _, item in pairs(self.paused) do open[#open + 1] = item end
  table.sort(open, function(a, b) return a.index < b.index end)
  return open
end

local function give_up(self)
  for _, item in ipairs(open_items(self)) do give_up_item(self, item) end
  for index = self.next_index, #self.names do
    if not self.results[index] then never_sent(self, index) end
  end
  self.left = 0
end

-- The whole ---------------------------------------------------------------------------------------

-- Take the core's news until each item has its result. One alarm bounds all waits.
local function go_on(self)
  local alarm <close> = core.sleep(math.max(0, self.deadline - core.now()))
  local function is_over() return self.left == 0 or may_send_more(self) end
  self.inbox:follow(alarm)
  while self.left > 0 do
    send_more(self)
    local op = self.inbox:next(nil, is_over)
    if op == alarm then give_up(self) elseif op then take_news(self, op) end
  end
  self.is_over = true
  task.look_again(self)
end

-- Stages in which the service has not taken the verb on, unless its answer is outstanding.
local IS_UNSENT = { sent = true, refused = true, turn = true, ready = true, full = true }

-- Leave an item to the service, and name it in the error that ends the flight.
local function abandon_item(self, item, err, is_passing)
  local goes_on = item.stage == "accepted" or item.stage == "gone"
  if goes_on and is_passing then
    err.operations = err.operations or {}
    table.insert(err.operations, operation_of(self, item))
    return
  end
  local is_unanswered = item.stage == "lost" or item.stage == "sent" and item.op:unanswered()
  if is_unanswered then errors.add_unanswered(err, label_of(self, item)) end
  if item.stage == "sent" and not is_unanswered then end_entry(item) end
  if IS_UNSENT[item.stage] and not is_unanswered then
    notice.tell("unsent", self.workspace, self.verb, name_of(self, item))
  end
  let_go(self, item)
end

-- An error ends the flight before it is over. An interrupt and the end of a group's time carry what
-- is known so far and what goes on.
local function abandon(self, err)
  if self.is_over then return end
  self.is_over = true
  local is_passing = errors.is_passing(err)
  if is_passing then
    err.fleets = err.fleets or {}
    table.insert(err.fleets, self.summarise())
  end
  for _, item in ipairs(open_items(self)) do abandon_item(self, item, err, is_passing) end
end

--- Do the verb, and return when each instance has its result.
---@param options azureml.Flight
function flight.run(options)
  local self = setmetatable(options, Flight)
  self.inbox, self.items, self.looked, self.ready = task.inbox(), {}, {}, {}
  self.paused = {}      -- timer -> item
  self.next_index, self.left, self.at_work, self.unanswered, self.running = 1, 0, 0, 0, 0
  self.is_thinned, self.list_count = false, 0
  for index = 1, #self.names do
    if not self.results[index] then self.left = self.left + 1 end
    if not self.results[index] and self.busy[index] then enter(self, new_item(index), "turn") end
  end
  local _ <close> = journal.gather()
  -- The guard is for a task that is closed. What is raised is caught: a message handler may replace
  -- the error that the guard would see.
  local function close() abandon(self, task.cause_of_closing()) end
  local _ <close> = setmetatable({}, { __close = close })
  local function send_all() go_on(self) end
  local function look() lookout.run(self) end
  local ok, err = pcall(task.parallel, send_all, look)
  if not ok then
    abandon(self, err)
    error(err, 0)
  end
end

return flight
