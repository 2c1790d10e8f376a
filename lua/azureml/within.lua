--- A limit on the time of a whole group of waits: azureml.within. Its error names the operations
--- that go on.
local later = require "azureml.tool.later"
local errors = require "azureml.error"
local operation = later "azureml.operation"
local options = require "azureml.options"
local tables = require "azureml.tool.tables"
local task = require "azureml.task"

local SHOWN = 10      -- operations that the error names

local within = {}

-- Operations that began within a limit. They are kept from the collector: the error at its end
-- names them.
local kept = {}            -- luacheck: ignore 241
local limits = 0           -- how many limits hold

--- Keep an operation that begins, if a limit holds.
---@param begun azureml.Operation
function within.keep(begun)
  if limits > 0 then kept[begun] = true end
end

--- Forget an operation that has ended or was closed.
---@param ended azureml.Operation
function within.forget(ended)
  kept[ended] = nil
end

local function describe(labels)
  if #labels == 0 then return "" end
  return "; these go on at the service: " .. tables.excerpt(labels, SHOWN)
end

--- Call a function with a limit on its time: on each wait in it, in what it calls, and in the
--- tasks that it starts. Of several limits the nearest counts.
---@param seconds number
---@param f function
---@param ... any         its arguments
---@return any ...        what it returned
---@raise what it raised; an error object `Timeout` whose `operations` go on at the service, each
---  with its ticket. Nothing within collects that error: not `azureml.try`, not `azureml.each`
---@usage azureml.within(600, function() ws.instances:start_all { "ann", "bob" } end)
function within.run(seconds, f, ...)
  options.check_seconds("within: its first argument", seconds)
  if type(f) ~= "function" then
    errors.mistake("bad argument #2 to 'within' (function expected, got %s)", type(f))
  end
  local count = operation.count()
  limits = limits + 1
  local _ <close> = setmetatable({}, {
    __close = function()
      limits = limits - 1
      if limits == 0 then kept = {} end
    end,
  })
  return task.limited(seconds, function(err)
    err.operations = operation.pending(count)
    local labels = {}
    for i, pending in ipairs(err.operations) do labels[i] = pending.verb .. " " .. pending.name end
    err.message = ("not done within %.14g s%s"):format(seconds, describe(labels))
  end, f, ...)
end

return within
