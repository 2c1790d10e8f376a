--- Check one schedule that the caller gave and return its canonical form. The checks take any value
--- and never raise an error. Source: spec/contract/compute-rest.md, section 9.1.
local cron = require "azureml.definition.cron"
local date = require "azureml.definition.schedule.date"
local forms = require "azureml.definition.schedule.forms"
local json = require "azureml.json"
local later = require "azureml.tool.later"
local recurrence = require "azureml.definition.schedule.recurrence"
local tables = require "azureml.tool.tables"
local text = later "azureml.definition.schedule.text"
local time_zone = require "azureml.definition.time_zone"
local values = require "azureml.definition.schedule.values"
local writing = require "azureml.definition.schedule.writing"

local shown, plain, one_of = values.shown, values.plain, values.one_of

local checking = {}

-- The limits of `extra` and `verbatim`: levels of tables, and values.
local DEEPEST, LARGEST = 100, 10000

local ACTIONS = { "start", "stop" }
local STATUSES = { "enabled", "disabled" }

local function check_cron(value, note)
  local fault = type(value) ~= "string" and "it is a text" or cron.fault(value)
  if not fault then return cron.canonical(value) end
  note("cron %s is wrong: %s; an example is '0 18 * * 1-5'", shown(value), fault)
end

local function check_zone(value, note)
  if type(value) ~= "string" then
    note("time_zone is a name such as 'Europe/Amsterdam', not %s", shown(value))
    return nil
  end
  local windows, fault, hint = time_zone.find(value)
  if not windows then note("%s: %s", fault, hint) end
  return windows
end

local function check_start(value, note)
  local seconds = type(value) == "string" and date.parse(value)
  if seconds then return date.write(seconds) end
  note("start_time is %s: a time in its time_zone, such as '2026-11-30T08:00:00'", shown(value))
end

local function is_text(value)
  return type(value) == "string" and utf8.len(value) ~= nil
end

-- What JSON can hold, by the Lua type of a value that is not a table.
local WRITABLE = {
  string = is_text, boolean = function() return true end,
  number = function(number) return number == number and math.abs(number) < math.huge end,
  userdata = function(value) return value == json.null end,
}

-- Tell whether a value can be written as JSON: an object's names are texts, a list has no gaps, and
-- the values and the levels are limited.
local function is_writable(value, level, budget)
  budget.left = budget.left - 1
  if type(value) ~= "table" then
    local fits = WRITABLE[type(value)]
    return fits ~= nil and fits(value)
  end
  if level > DEEPEST or budget.left < 0 then return false end
  local length = #plain(value)
  for key, item in next, value do
    local is_key = length == 0 and is_text(key) or math.type(key) == "integer" and key >= 1
      and key <= length
    if not is_key or not is_writable(item, level + 1, budget) then return false end
  end
  return true
end

local function is_json(value)
  return is_writable(value, 1, { left = LARGEST })
end

-- The service sets these; a list that was read may be given back with them.
local READ_ONLY = { "id", "provisioningStatus" }

local function check_extra(value, note)
  if type(value) ~= "table" or #plain(value) > 0 or not is_json(value) then
    note("extra is a table of JSON members by name, not %s", shown(value))
    return nil
  end
  for _, name in ipairs(READ_ONLY) do
    if value[name] ~= nil then note("extra has '%s', which the service sets", name) end
  end
  local extra = json.without_nulls(value)
  return next(extra) and extra
end

local function check_form(name)
  return function(value, note)
    local expression, fault = forms.by_name[name](value)
    if fault then note("%s is wrong: %s", name, fault) end
    return expression
  end
end

local function ignore() return nil end

local CHECKS = {
  action = function(value, note) return one_of("action", value, ACTIONS, note) end,
  status = function(value, note) return one_of("status", value, STATUSES, note) end,
  cron = check_cron, recurrence = recurrence.check, time_zone = check_zone,
  start_time = check_start, extra = check_extra,
  daily = check_form "daily", weekdays = check_form "weekdays",
  weekends = check_form "weekends", weekly = check_form "weekly",
  id = ignore, provisioning_status = ignore,      -- the service sets them
}

local TRIGGERS = { "cron", "recurrence", "daily", "weekdays", "weekends", "weekly" }

-- Check that a schedule has one trigger; turn the forms for people into cron.
local function settle_trigger(fields, checked, note)
  local found = {}
  for _, name in ipairs(TRIGGERS) do
    if fields[name] ~= nil then found[#found + 1] = name end
  end
  if #found == 0 then note("it needs one of %s", table.concat(TRIGGERS, ", ")) end
  if #found > 1 then note("%s exclude each other", table.concat(found, " and ")) end
  local name = found[1]
  if not name or name == "cron" or name == "recurrence" then return end
  checked.cron, checked[name] = checked[name], nil
end

-- Note the members of `extra` that the schedule has already.
local function note_repeated(written, extra, note)
  for _, name in ipairs(tables.keys(extra, function(a, b) return tostring(a) < tostring(b) end)) do
    local there, more = written[name], extra[name]
    local is_object = type(there) == "table" and not json.is_array(there)
    if is_object and type(more) == "table" and next(more) then
      note_repeated(there, more, note)
    elseif there ~= nil then
      note("extra repeats %s, which has an option of its own", shown(name))
    end
  end
end

local function check_table(fields, note)
  if fields.action == nil then note("it needs an action: %s", table.concat(ACTIONS, ", ")) end
  local faults = 0
  local function count(...)
    faults = faults + 1
    note(...)
  end
  local checked = values.check_fields("a schedule", fields, CHECKS, count)
  settle_trigger(fields, checked, count)
  checked.status = checked.status or "enabled"
  checked.time_zone = checked.time_zone or "UTC"
  if checked.extra and checked.action and faults == 0 then
    note_repeated(writing.write(tables.merge(checked, { extra = false })), checked.extra, note)
  end
  return checked
end

local function check_verbatim(fields, note)
  if next(fields, next(fields)) == nil and is_json(fields.verbatim) then
    return { verbatim = fields.verbatim }
  end
  note "verbatim is JSON of the service and stands alone"
end

--- Check a schedule.
---@param value any          a table of fields, or a text
---@param note fun(message: string, ...: any)     add a finding
---@return table?            canonical, if there is no finding
function checking.check(value, note)
  if type(value) == "string" then
    local fields, fault = text.parse(value)
    if fields then return check_table(fields, note) end
    note("%s", fault)
    return nil
  end
  if type(value) ~= "table" then
    note("it is a table or a text, not %s", shown(value))
    return nil
  end
  local fields = plain(value)
  if fields.verbatim ~= nil then return check_verbatim(fields, note) end
  return check_table(fields, note)
end

return checking
