--- Let operations go on while the prompt waits for a key: the loop turns until the terminal has
--- input. Without anything under way the prompt reads the terminal directly.
local waiting = {}

local STANDARD_INPUT = 0

-- List the operations and the deployments that go on. Modules that are not loaded have none.
local function pending()
  local list = {}
  for _, name in ipairs { "azureml.operation", "azureml.deployment" } do
    local module = package.loaded[name]
    for _, each in ipairs(module and module.pending() or {}) do list[#list + 1] = each end
  end
  return list
end

local function are_names_awaited()
  local names = package.loaded["azureml.console.names"]
  return names ~= nil and names.are_awaited()
end

local function is_busy()
  return #pending() > 0 or are_names_awaited()
end

--- List what goes on at the service, oldest first.
---@return table[]      operations and deployments
waiting.pending = pending

--- Wait until the terminal has input, or nothing is under way.
---@param on_news? fun()    called when an operation has ended
---@return any raised      what ended the wait: the error of a signal; nil: there is input
function waiting.for_input(on_news)
  if not is_busy() then return nil end
  local task, loop = require "azureml.task", require "azureml.task.loop"
  local has_input, count = false, #pending()
  local function turn()
    while not has_input and is_busy() do
      loop.pump()
      if on_news and #pending() ~= count then
        count = #pending()
        on_news()
      end
    end
  end
  task.on(STANDARD_INPUT, function() has_input = true end)
  local ok, raised = pcall(turn)
  task.off(STANDARD_INPUT)
  if not ok then return raised end
end

return waiting
