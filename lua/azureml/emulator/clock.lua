--- The emulator's clock: real, sped up, or moved by hand. Everything that happens by itself follows it.
local clock = {}

local Clock = {}
Clock.__index = Clock

--- A clock. Its field `moves`, a function, is told when it is moved by hand.
---@param given { now: function, time: function, speed: number?, manual: boolean? }    now: monotonic seconds; time: seconds since 1970
---@return table
function clock.new(given)
  return setmetatable({
    steady = given.now, time = given.time, speed = given.speed or 1, manual = given.manual,
    began = given.now(), epoch = given.time(), moved = 0,
  }, Clock)
end

--- Seconds since 1970, as the emulator has it.
function Clock:now()
  local passed = self.manual and 0 or (self.steady() - self.began) * self.speed
  return self.epoch + passed + self.moved
end

--- Go on where another left off. At real speed it keeps its distance from real time, which has gone on; else nothing has happened in
--- between.
---@param now number        what the other showed
---@param time number       the time at which it did
function Clock:resume(now, time)
  local target = now
  if self.speed == 1 and not self.manual then target = math.max(now, self.time() + (now - time)) end
  self.moved = self.moved + target - self:now()
end

local UNITS = { s = 1, m = 60, h = 3600, d = 86400 }

local LONGEST = 10 * 365 * UNITS.d      -- further ahead no date would be one

--- Seconds of "90", "90s", "5m", "3h", "1d" or a number, up to ten years; nil for anything else.
function clock.seconds(given)
  local number, unit = tostring(given):match "^(%d+%.?%d*)([smhd]?)$"
  local seconds = math.type(given) and given or number and tonumber(number) * UNITS[unit == "" and "s" or unit]
  return seconds and seconds >= 0 and seconds <= LONGEST and seconds or nil
end

--- Move it ahead.
---@param seconds number
function Clock:advance(seconds)
  self.moved = self.moved + seconds
  if self.moves then self.moves() end
end

--- Run so many times as fast as real time from now on.
---@param speed number
function Clock:set_speed(speed)
  self.epoch, self.began, self.moved, self.speed = self:now(), self.steady(), 0, speed
end

--- How long that is for those who live in real time; nil where nobody can say.
function Clock:in_real_time(seconds)
  return not self.manual and seconds / self.speed or nil
end

local function compute_iso(time, digits)
  local fraction = ("%07d"):format(math.floor(time % 1 * 1e7)):sub(1, digits)
  return ("%s.%s+00:00"):format(os.date("!%Y-%m-%dT%H:%M:%S", math.floor(time)), fraction)
end

local MOST_KEPT = 50000
local written, count = {}, 0      -- digits -> time -> text: what lists show has mostly been shown before

--- As the service writes times: some digits of a second, mostly seven, and the zone.
---@param time number
---@param digits integer?
---@return string
function clock.iso(time, digits)
  digits = digits or 7
  local texts = written[digits]
  if not texts or count > MOST_KEPT then written[digits], texts, count = {}, nil, 0 end
  texts = texts or written[digits]
  local text = texts[time]
  if not text then
    text, count = compute_iso(time, digits), count + 1
    texts[time] = text
  end
  return text
end

return clock
