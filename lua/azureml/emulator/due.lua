--- What happens by itself, by the time at which it is due: a binary heap. What is due again at another time, or no more, leaves its old
--- place when that comes up.
local due = {}

local Due = {}
Due.__index = Due

--- Nothing is due.
function due.new()
  return setmetatable({ heap = {}, times = {} }, Due)
end

local function rise(heap, at)
  local entry = heap[at]
  while at > 1 and heap[at // 2].at > entry.at do
    heap[at] = heap[at // 2]
    at = at // 2
  end
  heap[at] = entry
end

local function sink(heap, at)
  local entry, count = heap[at], #heap
  while 2 * at <= count do
    local child = 2 * at
    if child < count and heap[child + 1].at < heap[child].at then child = child + 1 end
    if heap[child].at >= entry.at then break end
    heap[at] = heap[child]
    at = child
  end
  heap[at] = entry
end

local function take_first(heap)
  local first, last = heap[1], table.remove(heap)
  if first ~= last then
    heap[1] = last
    sink(heap, 1)
  end
  return first
end

--- A thing is due at a time, and at no other; nil: it is not due.
---@param thing table
---@param at number?
---@param what any        what it is, for whoever takes it
function Due:set(thing, at, what)
  if self.times[thing] == at then return end
  self.times[thing] = at
  if not at then return end
  self.heap[#self.heap + 1] = { at = at, thing = thing, what = what }
  rise(self.heap, #self.heap)
end

--- When a thing is due; nil: it is not.
function Due:at(thing)
  return self.times[thing]
end

--- The first thing that is due by now, which is so no more; nil if none is.
---@param now number
---@return table? thing, number? at, any what
function Due:take(now)
  local heap = self.heap
  while heap[1] and heap[1].at <= now do
    local entry = take_first(heap)
    if self.times[entry.thing] == entry.at then
      self.times[entry.thing] = nil
      return entry.thing, entry.at, entry.what
    end
  end
end

return due
