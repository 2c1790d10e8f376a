--- Sort the items of a view by members of their records, for the option --sort.
local shape = require "azureml.cli.shape"

local function is_before(a, b)
  if type(a) == type(b) and (type(a) == "number" or type(a) == "string") then return a < b end
  if type(a) == "number" or type(b) == "number" then return type(a) == "number" end
  return tostring(shape.cell(a)) < tostring(shape.cell(b))
end

-- Compare two values: -1, 0 or 1. Absent values come last in both directions.
local function compare(a, b, descending)
  if a == b then return 0 end
  if a == nil or b == nil then return a == nil and 1 or -1 end
  if descending then a, b = b, a end
  if is_before(a, b) then return -1 end
  return is_before(b, a) and 1 or 0
end

-- Compare two items of a view by the keys.
local function compare_items(view, keys, left, right)
  for _, key in ipairs(keys) do
    local order = compare(view:get(left, key.field), view:get(right, key.field), key.descending)
    if order ~= 0 then return order end
  end
  return 0
end

--- Sort the items of a view. Items with equal keys keep their order.
---@param view azureml.View
---@param keys { field: string, descending: boolean? }[]      the most important one first
return function(view, keys)
  for _, key in ipairs(keys) do view:check_field(key.field, "--sort") end
  local places, items = {}, {}
  for i, item in ipairs(view.items) do places[item], items[i] = i, item end
  table.sort(items, function(left, right)
    local order = compare_items(view, keys, left, right)
    if order ~= 0 then return order < 0 end
    return places[left] < places[right]
  end)
  view.items = items
end
