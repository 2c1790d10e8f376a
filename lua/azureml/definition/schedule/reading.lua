--- Read the service's schedules. What this package does not understand stays as it is.
--- Source: spec/contract/compute-rest.md, section 9.1.
local checking = require "azureml.definition.schedule.checking"
local json = require "azureml.json"
local writing = require "azureml.definition.schedule.writing"

local reading = {}

local get = json.get

-- Return a list without nulls and with whole numbers as integers; nil for what is no list.
local function plain_list(value)
  if type(value) ~= "table" then return value end
  local list = {}
  for index, item in ipairs(value) do
    list[index] = type(item) == "number" and math.tointeger(item) or item
  end
  return list
end

local function translate_recurrence(trigger)
  return {
    frequency = get(trigger, "frequency"), interval = get(trigger, "interval"),
    hours = plain_list(get(trigger, "schedule", "hours")) or {},
    minutes = plain_list(get(trigger, "schedule", "minutes")) or {},
    week_days = plain_list(get(trigger, "schedule", "weekDays")),
    month_days = plain_list(get(trigger, "schedule", "monthDays")),
  }
end

-- Drop a fraction of seconds and a "Z" from a time of the service. An empty text means none.
local function translate_start(value)
  if value == "" then return nil end
  local time = type(value) == "string"
    and value:match "^(%d%d%d%d%-%d%d%-%d%dT%d%d:%d%d:%d%d)%.?%d*Z?$"
  return time or value
end

-- Return a schedule's JSON as the caller would give it.
local function translate(item)
  local kind = get(item, "triggerType") or get(item, "cron") and "cron" or "recurrence"
  kind = type(kind) == "string" and kind:lower() or kind
  local trigger = (kind == "cron" or kind == "recurrence") and get(item, kind)
  if type(trigger) ~= "table" then return nil end
  return {
    action = get(item, "action"), status = get(item, "status"),
    time_zone = get(trigger, "timeZone"), start_time = translate_start(get(trigger, "startTime")),
    cron = kind == "cron" and (get(trigger, "expression") or false) or nil,
    recurrence = kind == "recurrence" and translate_recurrence(trigger) or nil,
  }
end

local READ_ONLY = { id = true, provisioningStatus = true }

-- Return the members of the service's JSON that a canonical schedule does not write; nil if it
-- writes all.
local function left_over(sent, written)
  local extra = {}
  for name, value in next, sent do
    local there = written[name]
    local is_object = type(there) == "table" and not json.is_array(there)
    if there == nil and not READ_ONLY[name] then
      extra[name] = json.without_nulls(value)
    elseif is_object and type(value) == "table" then
      extra[name] = left_over(value, there)
    end
  end
  return next(extra) and extra
end

local function text_in(item, name)
  local value = get(item, name)
  return type(value) == "string" and value or nil
end

--- Read a schedule of the service.
---@param item any           decoded
---@return table             canonical, with `id` and `provisioning_status` where the service sent
---  them; or { verbatim = item }
function reading.read(item)
  local is_wrong = false
  local fields = translate(item)
  local canonical = fields and checking.check(fields, function() is_wrong = true end)
  if not canonical or is_wrong then return { verbatim = item } end
  canonical.extra = left_over(item, writing.write(canonical))
  canonical.id = text_in(item, "id")
  canonical.provisioning_status = text_in(item, "provisioningStatus")
  return canonical
end

return reading
