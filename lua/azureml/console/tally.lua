--- Count a fleet's progress: the state of each instance, the slowest instances, and an estimate of
--- the time left. The caller passes the time; progress.lua draws.
local tables = require "azureml.tool.tables"

local tally = {}

local SAMPLE = 101      -- the median is of the latest durations, this many

---@class azureml.Tally
---@field verb string
---@field total integer
---@field counts table<string, integer>       state or outcome -> number of instances
---@field under_way table<string, { began: number, word: string }>
---@field failed { name: string, why: string }[]
---@field ended integer
---@field sent integer         instances whose verb was sent, ended ones included
---@field active integer       instances whose operation runs
local Tally = {}
Tally.__index = Tally

--- Make a tally in which nothing has begun.
---@param verb string
---@param total integer     the number of instances
---@param began number      in seconds on any clock; all times of a tally are on this clock
---@return azureml.Tally
function tally.new(verb, total, began)
  local self = { verb = verb, total = total, began = began }
  self.counts, self.under_way, self.failed, self.durations = {}, {}, {}, {}
  self.ended, self.sent, self.active = 0, 0, 0
  return setmetatable(self, Tally)
end

local function count(self, word, change)
  self.counts[word] = (self.counts[word] or 0) + change
end

--- Record that an instance was sent its verb.
---@param name string
---@param now number      in seconds
function Tally:start(name, now)
  self.under_way[name] = { began = now, word = "sent" }
  self.sent, self.active = self.sent + 1, self.active + 1
  self.last_sent = now
  count(self, "sent", 1)
end

--- Record an instance's new state.
---@param name string
---@param word string     "accepted", "settling"
function Tally:change(name, word)
  local entry = self.under_way[name]
  count(self, entry.word, -1)
  count(self, word, 1)
  entry.word = word
end

--- Record an instance's outcome, also when its verb was never sent.
---@param name string
---@param outcome string     "done", "accepted", "skipped", "failed"
---@param why string?        the reason of a skip or failure
---@param now number         in seconds
---@return number seconds    since its verb was sent; 0 when it was never sent
function Tally:finish(name, outcome, why, now)
  local entry = self.under_way[name]
  local seconds = entry and now - entry.began or 0
  if entry then
    count(self, entry.word, -1)
    self.active = self.active - 1
  end
  self.under_way[name] = nil
  count(self, outcome, 1)
  self.ended = self.ended + 1
  if outcome == "done" then self.durations[self.counts.done % SAMPLE + 1] = seconds end
  if outcome == "failed" then self.failed[#self.failed + 1] = { name = name, why = why } end
  return seconds
end

--- Count the instances whose verb was not sent yet.
---@return integer
function Tally:waiting()
  return self.total - self.ended - self.active
end

--- Return the median duration of the latest operations that are done.
---@return number? seconds     nil before the first is done
function Tally:median()
  local sorted = tables.values(self.durations)
  return sorted[(#sorted + 1) // 2]
end

--- Estimate the time left. The waiting instances are sent at the rate so far; the last one then
--- takes the median duration.
---@param now number           in seconds
---@return number? seconds     nil before the first is done
function Tally:time_left(now)
  local median, waiting = self:median(), self:waiting()
  if not median then return nil end
  local until_sent = 0
  if waiting > 0 and self.sent > 0 then
    until_sent = waiting * (self.last_sent - self.began) / self.sent
  end
  local last_sent = waiting > 0 and now or self.last_sent or now
  return math.max(0, last_sent + until_sent + median - now)
end

local function is_before(a, b)
  if a.began ~= b.began then return a.began < b.began end
  return a.name < b.name
end

--- List the operations that have run the longest, the oldest first.
---@param most integer      the length of the list at most
---@return { name: string, word: string, began: number }[]
function Tally:slowest(most)
  local list = {}
  for name, running in pairs(self.under_way) do
    local entry = { name = name, word = running.word, began = running.began }
    local index = #list + 1
    while index > 1 and is_before(entry, list[index - 1]) do index = index - 1 end
    if index <= most then
      table.insert(list, index, entry)
      list[most + 1] = nil
    end
  end
  return list
end

return tally
