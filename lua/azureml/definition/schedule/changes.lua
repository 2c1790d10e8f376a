--- Change lists of schedules: add, remove, enable and disable one, skip the next stop. Each
--- function returns a new list and leaves the given one as it is.
local date = require "azureml.definition.schedule.date"
local firing = require "azureml.definition.schedule.firing"
local schedule = require "azureml.definition.schedule"
local tables = require "azureml.tool.tables"

local changes = {}

local function copy(list)
  return table.move(list or {}, 1, #(list or {}), 1, {})
end

-- Return a copy of a list after a check that it has an item at a position.
local function with_item(list, position)
  local copied = copy(list)
  if math.type(position) == "integer" and copied[position] then return copied end
  local count = #copied == 0 and "there are no schedules"
    or #copied == 1 and "there is 1 schedule" or ("there are %d schedules"):format(#copied)
  return nil, ("there is no schedule %s: %s"):format(tostring(position), count)
end

--- Add a schedule.
---@param list table[]?     canonical
---@param value any         as an item of the list of `schedule.check`
---@return table[]? list    canonical
---@return string? fault
function changes.add(list, value)
  local added, fault = schedule.check { value }
  if not added then return nil, (fault:gsub("schedule 1: ", "")) end
  local new = copy(list)
  new[#new + 1] = added[1]
  local checked, excess = schedule.check(new)
  if not checked then return nil, excess end
  return new
end

--- Remove a schedule.
---@param list table[]?     canonical
---@param position integer
---@return table[]? list
---@return string? fault
function changes.remove(list, position)
  local new, fault = with_item(list, position)
  if new then table.remove(new, position) end
  return new, fault
end

local function with_status(list, position, status)
  local new, fault = with_item(list, position)
  if not new then return nil, fault end
  if new[position].verbatim ~= nil then
    return nil, ("this version does not understand schedule %d"):format(position)
  end
  new[position] = tables.merge(new[position], { status = status })
  return new
end

--- Enable a schedule.
---@param list table[]?     canonical
---@param position integer
---@return table[]? list
---@return string? fault
function changes.enable(list, position)
  return with_status(list, position, "enabled")
end

--- Disable a schedule.
---@param list table[]?     canonical
---@param position integer
---@return table[]? list
---@return string? fault
function changes.disable(list, position)
  return with_status(list, position, "disabled")
end

-- Find the next two firings of an enabled stop schedule; nil for another schedule.
local function firings_of(item, now, since)
  if item.verbatim ~= nil or item.action ~= "stop" or item.status ~= "enabled" then return nil end
  return firing.list(item, now, 2, since)
end

-- Return the firings of all stop schedules by position, and the time of the first one.
local function next_stops(list, now, since)
  local stops, first = {}, math.huge
  for position, item in ipairs(list) do
    local found, fault = firings_of(item, now, since)
    if fault then return nil, ("schedule %d: %s"):format(position, fault) end
    if found and found[1] then
      stops[position], first = found, math.min(first, found[1].time)
    end
  end
  if not next(stops) then return nil, "no enabled schedule stops the instance" end
  return stops, first
end

local MINUTE = 60

-- Return a start time that leaves out the first of two firings. It is the second one, so that
-- intervals go on as before.
local function start_behind(stops)
  return stops[2] and stops[2].nominal or date.write(date.parse(stops[1].nominal) + MINUTE)
end

--- Skip the next stop: move the start time of the schedules that stop the instance next behind that
--- stop. Later stops stay as they are, so there is nothing to restore.
---@param list table[]?       canonical
---@param now number          seconds since 1970
---@param since number?       seconds since 1970: when the schedules were set, as for `firing.list`
---@return table[]? list
---@return azureml.Firing|string stop   the stop that is skipped; without a list: what is wrong
function changes.skip_next_stop(list, now, since)
  local new = copy(list)
  local stops, first = next_stops(new, now, since)
  if not stops then return nil, first end
  local skipped
  for position, found in pairs(stops) do
    if found[1].time == first then
      new[position] = tables.merge(new[position], { start_time = start_behind(found) })
      skipped = found[1]
    end
  end
  return new, skipped
end

return changes
