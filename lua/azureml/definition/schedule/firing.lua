--- Tell when a schedule fires next: in its zone and in UTC, with a note where the clocks change.
--- Inferred: schedules follow daylight saving time; see spec/contract/compute-rest.md, section 9.1.
local clock = require "azureml.definition.schedule.clock"
local date = require "azureml.definition.schedule.date"
local wall_times = require "azureml.definition.schedule.wall_times"

local firing = {}

local MOST = 1000                             -- firings of a list
local LAST = date.day(10000, 1, 1) * date.DAY      -- seconds since 1970

--- A time at which a schedule starts or stops an instance.
---@class azureml.Firing
---@field time integer      seconds since 1970
---@field utc string        "2026-11-30T17:00:00Z"
---@field wall string       what the zone's clocks show: "2026-11-30T18:00:00"
---@field nominal string   the time that the schedule names; the clocks may skip it
---@field offset integer    seconds that the zone's clocks are ahead of UTC
---@field clock string      the name of the zone's clocks at that time: "CET"
---@field note string?      how a change of the clocks shifts it

local function time_of_day(wall)
  return date.write(wall):sub(12, 16)
end

-- Return the next firing after a time, without its note. A time that the clocks skip may fire after
-- later ones, so look at the times before and after as well, as far as the clocks change.
local function find(zone, pattern, after)
  local found
  local wall = zone:wall_of(after) - zone:change_near(after)
  repeat
    wall = wall_times.next(pattern, wall)
    local time, oddity
    if wall then time, oddity = zone:time_of(wall) end
    if time and time > after and (not found or time < found.time) then
      found = { time = time, wanted = wall, oddity = oddity }
    end
    local is_done = found and wall and wall >= found.wanted + zone:change_near(found.time)
  until not wall or is_done
  return found
end

local ODDITIES = {
  skipped = "the clocks skip %s on that day",
  twice = "the clocks show %s twice on that day: the first time counts",
}

local function change_of(from, to)
  local minutes = (to - from) // 60
  local amount = minutes % 60 == 0 and ("%d h"):format(math.abs(minutes) // 60)
    or ("%d min"):format(math.abs(minutes))
  return ("the clocks go %s %s"):format(minutes > 0 and "forward" or "back", amount)
end

-- Say how the clocks shift a firing. `offset` is that of the firing before it, or of now.
local function note_of(found, state, offset)
  if found.oddity then return ODDITIES[found.oddity]:format(time_of_day(found.wanted)) end
  if state.offset == offset then return nil end
  return ("%s before it: %s UTC, no longer %s UTC"):format(change_of(offset, state.offset),
    time_of_day(found.time), time_of_day(found.time + state.offset - offset))
end

local function describe(zone, found, offset)
  local state = zone:state_at(found.time)
  return {
    time = found.time, utc = date.write(found.time) .. "Z",
    wall = date.write(found.time + state.offset), nominal = date.write(found.wanted),
    offset = state.offset, clock = state.name, note = note_of(found, state, offset),
  }
end

local function start_of(item, zone, since)
  if item.start_time then return date.parse(item.start_time) end
  return since and zone:wall_of(math.floor(since))
end

--- List the next firings of a schedule. Its status does not matter.
---@param item table          canonical: an item of `schedule.check` or `schedule.read`
---@param after number        seconds since 1970
---@param count integer       firings to list
---@param since number?       seconds since 1970: when the schedule was set; intervals count from it
---  where the schedule has no start time
---@return azureml.Firing[]?  fewer than `count` when the schedule fires no more
---@return string? fault      why the times are not known
---@usage local list, fault = firing.list(vm_schedules[1], os.time(), 5)
function firing.list(item, after, count, since)
  if item.verbatim ~= nil then return nil, "this version does not understand the schedule" end
  local zone, fault = clock.find(item.time_zone)
  if not zone then return nil, fault end
  local start = start_of(item, zone, since)
  if not start and wall_times.depend_on_start(item) then
    return nil, "its times depend on its start, which the service does not tell"
  end
  local list, pattern = {}, wall_times.pattern(item, start)
  local time = math.floor(math.max(math.min(after, LAST), -LAST))
  local offset = zone:state_at(time).offset
  while #list < math.min(count, MOST) do
    local found = find(zone, pattern, time)
    if not found then break end
    list[#list + 1] = describe(zone, found, offset)
    time = found.time
    if found.oddity ~= "skipped" then offset = list[#list].offset end
  end
  return list
end

return firing
