--- Keep scheduled events ordered by time, in a binary heap. An event that is moved or cancelled
--- leaves its old entry in the heap; the entry is skipped when its time comes. world.lua lets the
--- events happen.
local due = {}

local Due = {}
Due.__index = Due

--- Make an empty schedule.
function due.new()
  return setmetatable({ heap = {}, times = {} }, Due)
end

local function rise(heap, index)
  local entry = heap[index]
  while index > 1 and heap[index // 2].at > entry.at do
    heap[index] = heap[index // 2]
    index = index // 2
  end
  heap[index] = entry
end

local function sink(heap, index)
  local entry, count = heap[index], #heap
  while 2 * index <= count do
    local child = 2 * index
    if child < count and heap[child + 1].at < heap[child].at then child = child + 1 end
    if heap[child].at >= entry.at then break end
    heap[index] = heap[child]
    index = child
  end
  heap[index] = entry
end

local function take_first(heap)
  local first, last = heap[1], table.remove(heap)
  if first ~= last then
    heap[1] = last
    sink(heap, 1)
  end
  return first
end

--- Schedule a thing at a time, in place of its earlier time; nil cancels it.
---@param thing table
---@param time number?
---@param label any        returned by `take` with the thing
function Due:set(thing, time, label)
  if self.times[thing] == time then return end
  self.times[thing] = time
  if not time then return end
  self.heap[#self.heap + 1] = { at = time, thing = thing, label = label }
  rise(self.heap, #self.heap)
end

--- Return the time of a thing; nil if it is not scheduled.
---@param thing table
---@return number?
function Due:at(thing)
  return self.times[thing]
end

--- Return a time before which nothing is due; nil if nothing is scheduled.
---@return number?
function Due:next()
  return self.heap[1] and self.heap[1].at
end

--- Take the first thing that is due out of the schedule; nil if there is nothing due.
---@param now number
---@return table? thing, number? time, any label
function Due:take(now)
  local heap = self.heap
  while heap[1] and heap[1].at <= now do
    local entry = take_first(heap)
    if self.times[entry.thing] == entry.at then
      self.times[entry.thing] = nil
      return entry.thing, entry.at, entry.label
    end
  end
end

return due
