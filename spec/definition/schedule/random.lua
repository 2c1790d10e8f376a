--- Make schedules by chance, the same ones for the same seed.

local random = {}

local ZONES = {
  "UTC", "Europe/Amsterdam", "America/New_York", "Australia/Sydney", "Asia/Kolkata",
  "America/St_Johns", "Pacific/Apia", "Africa/Casablanca", "America/Sao_Paulo", "Europe/Dublin",
  "Australia/Lord_Howe", "Asia/Tehran", "Pacific Standard Time", "Newfoundland Standard Time",
}
local WEEK_DAYS = {
  "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday",
}
local FIELDS = { { 0, 59 }, { 0, 23 }, { 1, 28 }, { 1, 12 }, { 0, 6 } }

-- A generator of its own: specs must not depend on what else uses math.random.
local function generator(seed)
  local state = seed * 2654435761 % 2 ^ 32 // 1 | 0
  return function(first, last)
    for _ = 1, 3 do state = (state * 1664525 + 1013904223) & 0xFFFFFFFF end
    return first + (state >> 8) % (last - first + 1)
  end
end

random.generator = generator

local function pick(draw, list)
  return list[draw(1, #list)]
end

local function some(draw, list)
  local found = {}
  for _ = 1, draw(1, 3) do found[#found + 1] = pick(draw, list) end
  return found
end

local function numbers(draw, first, last)
  local found = {}
  for _ = 1, draw(1, 3) do found[#found + 1] = draw(first, last) end
  return found
end

local function cron_field(draw, range)
  local first = draw(range[1], range[2])
  local last = draw(first, range[2])
  return pick(draw, {
    "*", "*", tostring(first), ("%d-%d"):format(first, last), ("*/%d"):format(draw(1, 9)),
    ("%d,%d"):format(last, first), ("%d-%d/%d"):format(first, last, draw(1, 4)),
    ("%d/%d"):format(first, draw(1, 9)),
  })
end

local function cron(draw)
  local fields = {}
  for index, range in ipairs(FIELDS) do fields[index] = cron_field(draw, range) end
  return table.concat(fields, " ")
end

local function recurrence(draw)
  local frequency = pick(draw, { "Minute", "hour", "DAY", "Week", "Month" })
  local made = { frequency = frequency, interval = draw(1, 5) }
  local kind = frequency:lower()
  if kind ~= "minute" and kind ~= "hour" then
    made.hours = draw(1, 4) > 1 and numbers(draw, 0, 23) or nil
    made.minutes = draw(1, 4) > 1 and numbers(draw, 0, 59) or nil
  end
  if kind == "week" and draw(1, 4) > 1 then made.week_days = some(draw, WEEK_DAYS) end
  if kind == "month" and draw(1, 4) > 1 then made.month_days = numbers(draw, 1, 31) end
  return made
end

local function start_time(draw)
  return ("%d-%02d-%02dT%02d:%02d:00"):format(draw(2024, 2027), draw(1, 12), draw(1, 28),
    draw(0, 23), draw(0, 59))
end

--- Make a schedule as a caller gives it.
---@param draw fun(first: integer, last: integer): integer
---@param options table?     { extra = false }: without unknown members
---@return table
function random.schedule(draw, options)
  local made = {
    action = pick(draw, { "start", "Stop" }), time_zone = pick(draw, ZONES),
    status = pick(draw, { "Enabled", "disabled" }),
    start_time = draw(1, 2) == 1 and start_time(draw) or nil,
  }
  if draw(1, 2) == 1 then made.cron = cron(draw) else made.recurrence = recurrence(draw) end
  local extra = not options or options.extra ~= false
  if extra and draw(1, 5) == 1 then
    made.extra = { more = { list = { draw(1, 9) }, text = "x" },
      [made.cron and "cron" or "recurrence"] = { endTime = "2030-01-01" } }
  end
  return made
end

--- Make up to four schedules.
---@param seed integer
---@param options table?     as for `random.schedule`
---@return table[]
function random.list(seed, options)
  local draw, list = generator(seed), {}
  for index = 1, draw(0, 4) do list[index] = random.schedule(draw, options) end
  return list
end

return random
