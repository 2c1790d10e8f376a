--- Fetch a value once for all tasks that need it, and keep it.
local task = require "azureml.task"

local once = {}

--- Return a kept value. The first caller fetches it; tasks that come meanwhile wait for it. A fetch
--- that fails is tried again by the next caller.
---@param holder table            keeps the values
---@param name string             of the value
---@param fetch fun(): any        returns the value, not nil
---@return any
---@raise what `fetch` raises
function once.get(holder, name, fetch)
  local slot = holder[name] or {}
  holder[name] = slot
  local function is_free() return not slot.is_busy end
  while slot.value == nil do
    if slot.is_busy and task.is_task() then
      task.wait_until(slot, is_free)
    else
      slot.is_busy = true
      local function release()
        slot.is_busy = false
        task.look_again(slot)
      end
      local _ <close> = setmetatable({}, { __close = release })
      slot.value = fetch()
    end
  end
  return slot.value
end

--- Keep a value that came in another way.
---@param holder table
---@param name string
---@param value any
function once.keep(holder, name, value)
  holder[name] = { value = value }
end

--- Forget a kept value: the next caller fetches it again.
---@param holder table
---@param name string
function once.forget(holder, name)
  holder[name] = nil
end

return once
