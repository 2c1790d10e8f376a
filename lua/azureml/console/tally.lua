--- How far a fleet is: what each instance is at, counted; which are the slowest; how long it may still take. Draws nothing, and knows no
--- clock.
local tables = require "azureml.tables"

local tally = {}

local SAMPLE = 101      -- durations, the latest, of which the median is taken

---@class azureml.Tally
---@field verb string
---@field total integer
---@field counts table<string, integer>       word -> how many
---@field under_way table<string, { began: number, word: string }>
---@field failed { name: string, why: string }[]
---@field ended integer
---@field sent integer         how many were begun, ended ones included
---@field active integer       how many are under way
local Tally = {}
Tally.__index = Tally

--- Nothing has begun.
---@param verb string
---@param total integer
---@param began number      time on any clock, in seconds, as all times here
---@return azureml.Tally
function tally.new(verb, total, began)
  return setmetatable({ verb = verb, total = total, began = began, counts = {}, under_way = {}, failed = {}, durations = {},
    ended = 0, sent = 0, active = 0 }, Tally)
end

local function count(self, word, change)
  self.counts[word] = (self.counts[word] or 0) + change
end

--- One was sent its verb.
function Tally:start(name, now)
  self.under_way[name] = { began = now, word = "sent" }
  self.sent, self.active = self.sent + 1, self.active + 1
  self.last_sent = now
  count(self, "sent", 1)
end

--- One is at something else now.
function Tally:change(name, word)
  local one = self.under_way[name]
  count(self, one.word, -1)
  count(self, word, 1)
  one.word = word
end

--- One is over. Of those that were never begun, too.
---@param name string
---@param outcome string     "done", "skipped", "failed"
---@param why string?
---@param now number
---@return number seconds    that it took
function Tally:finish(name, outcome, why, now)
  local one = self.under_way[name]
  local seconds = one and now - one.began or 0
  if one then
    count(self, one.word, -1)
    self.active = self.active - 1
  end
  self.under_way[name] = nil
  count(self, outcome, 1)
  self.ended = self.ended + 1
  if outcome == "done" then self.durations[self.counts.done % SAMPLE + 1] = seconds end
  if outcome == "failed" then self.failed[#self.failed + 1] = { name = name, why = why } end
  return seconds
end

--- How many were not begun yet.
---@return integer
function Tally:waiting()
  return self.total - self.ended - self.active
end

--- How long half of those that are done took at least; nil while none is.
---@return number? seconds
function Tally:median()
  local sorted = tables.values(self.durations)
  return sorted[(#sorted + 1) // 2]
end

--- How long it may still take: the one begun last as long as the median, after those that wait were begun as fast as those before them.
---@return number? seconds     nil: nobody can say
function Tally:time_left(now)
  local median, waiting = self:median(), self:waiting()
  if not median then return nil end
  local until_begun = waiting > 0 and self.sent > 0 and waiting * (self.last_sent - self.began) / self.sent or 0
  local youngest = waiting > 0 and now or self.last_sent or now
  return math.max(0, youngest + until_begun + median - now)
end

--- Those that are under way the longest, at most so many.
---@param most integer
---@return { name: string, word: string, began: number }[]
function Tally:slowest(most)
  local list = {}
  for name, one in pairs(self.under_way) do
    local at = #list + 1
    while at > 1 and (one.began < list[at - 1].began or one.began == list[at - 1].began and name < list[at - 1].name) do at = at - 1 end
    if at <= most then
      table.insert(list, at, { name = name, word = one.word, began = one.began })
      list[most + 1] = nil
    end
  end
  return list
end

return tally
