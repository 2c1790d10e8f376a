--- Read the states of a fleet's instances, in a task beside the flight: of those whose stage needs
--- a look; and of all that run, where the service has too few reads left for a poll of each.
---
--- In the second case the list stands in for the polls: it hints which operations to poll. An
--- operation's own status alone tells its outcome.
local core = require "azureml.core"
local pace = require "azureml.pace"
local power_state = require "azureml.definition.power_state"
local tables = require "azureml.tool.tables"
local task = require "azureml.task"

-- Reads left to other programs: 4 s of what the service refills (25 a second). Source:
-- spec/contract/lro.md, section 14.
local RESERVE = 100

-- Polls or looks a second where no more than the reserve is left: the greater part of the 25 reads
-- that the service refills in that time.
local SHARE = 15

-- The list goes on standing in until the reads are enough to poll each so often: without that
-- margin a fleet would change between lists and polls at each look.
local MARGIN = 2

-- With fewer reads left than so many lists take, the pace between lists is so many times slower:
-- one list of 100 pages a minute is a fifteenth of the refill.
local SCARCE, SPARING = 4, 6

-- A list may be wrong: of so many lists each operation is polled after one, whatever the list
-- shows. At the slowest pace that is every 5 minutes.
local IN_TURN = 30

local lookout = {}

local function by_index(a, b)
  return a.index < b.index
end

local function looked_items(flight)
  return tables.keys(flight.looked, by_index)
end

local function names_of(flight, items)
  local names = {}
  for position, item in ipairs(items) do names[position] = flight.names[item.index] end
  return names
end

-- Reads that may be used now, without those left to others.
local function free_reads(flight)
  return (flight.survey:reads_left() or math.huge) - RESERVE
end

-- Whether the list replaces the polls: those that are due exceed the reads that are left, and the
-- list takes fewer requests.
local function is_list_needed(flight)
  if flight.list_failed then return false end
  local due = flight.is_thinned and MARGIN * flight.running or flight.running
  return due > free_reads(flight) and flight.survey:is_list_shorter(flight.running)
end

-- Let the list decide when operations are polled, or let each poll at its own pace again.
local function thin_out(flight, on)
  if flight.is_thinned == on then return end
  flight.is_thinned = on
  for op, item in pairs(flight.items) do
    if item.stage == "accepted" then op:hold(on) end
  end
end

-- Look at as many as the reads allow, the longest unseen first.
local function look_at_items(flight)
  local items = looked_items(flight)
  if #items == 0 then return end
  local most = math.max(SHARE, free_reads(flight))
  if #items > most and not flight.survey:is_list_shorter(#items) then
    table.sort(items, function(a, b)
      local first, second = a.looked_at or 0, b.looked_at or 0
      if first ~= second then return first < second end
      return a.index < b.index
    end)
    items = table.move(items, 1, most, 1, {})
  end
  flight.survey:look(names_of(flight, items), function(position, vm, err)
    local item = items[position]
    item.looked_at = core.now()
    if flight.looked[item] then flight:looked_at(item, vm, err) end
  end)
end

-- The operations to poll: those whose instances the list shows to have settled; and, in turn,
-- others.
local function hinted(flight, states)
  local list, turn = {}, flight.list_count % IN_TURN
  for op, item in pairs(flight.items) do
    local state = states[flight.names[item.index]:lower()]
    local is_due = not power_state.is_transitional(state) or item.index % IN_TURN == turn
    if item.stage == "accepted" and is_due then list[#list + 1] = op end
  end
  return list
end

-- Poll operations; a share of them each second where few reads are left.
local function poll(flight, ops)
  local free = free_reads(flight)
  for _, op in ipairs(ops) do
    if free <= 0 then
      local function is_over() return flight.is_over end
      if task.wait_until(flight, is_over, core.now() + 1) then return end
      free = SHARE
    end
    free = free - 1
    if flight.items[op] then op:poll_now() end
  end
end

-- Read the list, judge the items that need a look, and poll what it hints at.
local function look_at_list(flight)
  local items = looked_items(flight)
  local states, found = flight.survey:list(names_of(flight, items), flight.running + #items)
  flight.list_count = flight.list_count + 1
  if not states then
    flight.list_failed = found ~= nil
    thin_out(flight, false)
    return look_at_items(flight)
  end
  for _, item in ipairs(items) do
    local vm = found[flight.names[item.index]:lower()]
    if flight.looked[item] then flight:looked_at(item, vm) end
  end
  poll(flight, hinted(flight, states))
end

local function look_around(flight)
  thin_out(flight, is_list_needed(flight))
  if flight.is_thinned then look_at_list(flight) else look_at_items(flight) end
  task.look_again(flight.inbox)
end

-- The pause before the next look: as the service asks for polls, else growing; longer where few
-- reads are left.
local function pause_of(flight, next_pause)
  local left = flight.survey:reads_left()
  local pause = flight.asked or next_pause()
  local is_scarce = left ~= nil and left < SCARCE * flight.survey:page_count()
  return is_scarce and flight.is_thinned and pause * SPARING or pause
end

-- Wait for further items that need a look, at most until a time: one list may serve all of them.
-- When no operation runs any more, no further item comes.
local function gather(flight, latest)
  local function is_complete() return flight.is_over or flight.running == 0 end
  task.wait_until(flight, is_complete, latest)
end

--- Look until the flight is over.
---@param flight azureml.Flight
function lookout.run(flight)
  local function is_over() return flight.is_over end
  local function has_looks() return flight.is_over or next(flight.looked) ~= nil end
  local function pauses() return pace.pauses(flight.workspace.instances) end
  local function has_work() return has_looks() or flight.running > 0 end
  local next_pause
  while not flight.is_over do
    if not has_work() then
      next_pause, flight.is_idle = nil, true
      task.wait_until(flight, has_work)
      flight.is_idle = false
    end
    next_pause = next_pause or pauses()
    local is_watching = next(flight.looked) ~= nil or flight.is_thinned
    local deadline = core.now() + pause_of(flight, next_pause)
    task.wait_until(flight, is_watching and is_over or has_looks, deadline)
    if not is_watching and has_looks() then
      next_pause = pauses()      -- the first look at an item comes early
      gather(flight, core.now() + math.min(flight.asked or math.huge, next_pause()))
    end
    if not flight.is_over then look_around(flight) end
  end
end

return lookout
