--- Tell the emulator's time: real, sped up, or moved by hand. All transitions and schedules follow
--- this clock; due.lua keeps what is scheduled.
local clock = {}

local Clock = {}
Clock.__index = Clock

--- Make a clock. Its field `moves`, if set, is a function that is called after each `advance`.
---@param options { now: function, time: function, speed: number?, manual: boolean? }
---  now: returns monotonic seconds; time: returns seconds since 1970; speed: times as fast as real
---  time; manual: only `advance` moves the clock
---@return table
function clock.new(options)
  return setmetatable({
    steady = options.now, time = options.time, speed = options.speed or 1, manual = options.manual,
    began = options.now(), epoch = options.time(), moved = 0,
  }, Clock)
end

--- Return the emulator's time in seconds since 1970.
---@return number
function Clock:now()
  local passed = self.manual and 0 or (self.steady() - self.began) * self.speed
  return self.epoch + passed + self.moved
end

--- Continue from the position of an earlier clock. At real speed the clock keeps its distance to
--- real time, which has moved on; otherwise no time has passed in between.
---@param now number        the time of the earlier clock
---@param time number       the real time of that moment, in seconds since 1970
function Clock:resume(now, time)
  local target = now
  if self.speed == 1 and not self.manual then
    target = math.max(now, self.time() + (now - time))
  end
  self.moved = self.moved + target - self:now()
end

local UNITS = { s = 1, m = 60, h = 3600, d = 86400 }

local LONGEST = 10 * 365 * UNITS.d      -- keeps times inside the range of dates

--- Return the seconds of a duration: "90", "90s", "5m", "3h", "1d" or a number, up to ten years;
--- nil for anything else.
---@param duration any
---@return number?
function clock.seconds(duration)
  local number, unit = tostring(duration):match "^(%d+%.?%d*)([smhd]?)$"
  local seconds = math.type(duration) and duration
    or number and tonumber(number) * UNITS[unit == "" and "s" or unit]
  return seconds and seconds >= 0 and seconds <= LONGEST and seconds or nil
end

--- Move the clock ahead.
---@param seconds number
function Clock:advance(seconds)
  self.moved = self.moved + seconds
  if self.moves then self.moves() end
end

--- Change the speed from now on.
---@param speed number      times as fast as real time
function Clock:set_speed(speed)
  self.epoch, self.began, self.moved, self.speed = self:now(), self.steady(), 0, speed
end

--- Convert seconds of this clock to seconds of real time; nil if the clock is moved by hand.
---@param seconds number
---@return number?
function Clock:in_real_time(seconds)
  return not self.manual and seconds / self.speed or nil
end

local function compute_iso(time, digits)
  local fraction = ("%07d"):format(math.floor(time % 1 * 1e7)):sub(1, digits)
  return ("%s.%s+00:00"):format(os.date("!%Y-%m-%dT%H:%M:%S", math.floor(time)), fraction)
end

local MOST_KEPT = 50000

-- Cache: digits -> time -> text. Lists mostly show the same times again.
local written, count = {}, 0

--- Format a time as the service does: with a fraction of a second and a zone.
---@param time number          seconds since 1970
---@param digits integer?      of the fraction (7)
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
