--- Describe schedules for the page: in words, with their next firings, and in a form that the page
--- edits; and change the schedules of an instance as the page asks for.
local core = require "azureml.core"
local errors = require "azureml.error"
local firing = require "azureml.definition.schedule.firing"
local json = require "azureml.json"
local options = require "azureml.options"
local schedule = require "azureml.definition.schedule"
local tables = require "azureml.tool.tables"
local time_zone = require "azureml.definition.time_zone"
local words = require "azureml.definition.schedule.words"

local schedules = {}

local SHOWN = 3      -- firings of a schedule

local function firings_of(item, count)
  local list, fault = firing.list(item, core.time(), count)
  local shown = json.array {}
  for index, each in ipairs(list or {}) do
    shown[index] = { utc = each.utc, wall = each.wall, clock = each.clock, note = each.note }
  end
  return shown, fault
end

--- Describe a schedule.
---@param item table          canonical
---@param count integer?      firings to list; default 3
---@return table
function schedules.describe(item, count)
  local firings, fault = firings_of(item, count or SHOWN)
  return {
    words = words.of(item), action = item.action, status = item.status or "enabled",
    cron = item.cron, zone = item.time_zone and time_zone.label(item.time_zone),
    is_recurrence = item.recurrence ~= nil, is_unknown = item.verbatim ~= nil,
    firings = firings, fault = fault,
  }
end

--- Describe a list of schedules.
---@param list table[]        canonical
---@return table[]
function schedules.describe_all(list)
  local described = json.array {}
  for index, item in ipairs(list) do described[index] = schedules.describe(item) end
  return described
end

local function list_of(value)
  if type(value) ~= "table" then options.refuse("'schedules' must be a list") end
  return options.check_list("schedules", value)
end

--- Say what schedules that the user types would do: each with words and firings, or a fault.
---@param texts any           a list of lines such as "stop weekdays 18:00 Europe/Amsterdam"
---@return table[]
function schedules.preview(texts)
  local shown = json.array {}
  for index, text in ipairs(list_of(texts)) do
    local checked, fault = schedule.check { text }
    shown[index] = checked and schedules.describe(checked[1])
      or { fault = fault:gsub("schedule 1: ", "") }
  end
  return shown
end

local function raise_changed(vm)
  errors.raise { code = "ChangedMeanwhile",
    message = ("the schedules of '%s' were changed meanwhile"):format(vm.name),
    hint = "look at them again, then change them" }
end

-- Return the schedule that an item of the page stands for: a text, or one that the instance has,
-- perhaps with another status. The words tell that it is still the one that the user saw.
local function item_of(vm, item)
  if type(item) ~= "table" then return item end
  local existing = vm.schedules[item.position]
  if not existing or words.of(existing) ~= item.words then raise_changed(vm) end
  if existing.verbatim ~= nil or not item.status then return existing end
  return tables.merge(existing, { status = item.status })
end

--- Replace the schedules of an instance.
---@param vm azureml.Instance
---@param items any       a list of texts; and of { position, words, status } for those that stay
---@raise an error object: what is wrong with a schedule; `ChangedMeanwhile`
function schedules.replace(vm, items)
  local list = json.array {}
  for index, item in ipairs(list_of(items)) do
    list[index] = item_of(vm, item)
  end
  vm:update { schedules = list }
end

return schedules
