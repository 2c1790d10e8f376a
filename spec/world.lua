--- Open a small world for specs: an emulator in this process on virtual time, a workspace of it,
--- and the instances that a spec names.
local azureml = require "azureml"
local core = require "azureml.core"
local json = require "azureml.json"

local world = {}

--- Open a world. Nothing in it takes real time.
---@param instances table<string, string>      name -> state
---@param seed table?  more of the emulator's seed; log a list that is to have each request
---@return azureml.Emulator, azureml.Workspace
function world.open(instances, seed)
  core.clock "virtual"
  local all = { instances = instances }
  for name, value in pairs(seed or {}) do all[name] = value end
  local emulator = require("azureml.emulator").start { seed = all }
  return emulator, azureml.workspace()
end

local function open_operations()
  local count = 0
  for _, op in pairs(debug.getregistry()["azureml.ops"]) do
    local is_closed = op.is_closed      -- a stream has none
    if is_closed and not is_closed(op) then count = count + 1 end
  end
  return count
end

--- Count the core's operations that are still open and reachable. Collect garbage only if there are
--- any, first what is young: that takes 1 ms, all of it 10 ms, and what a spec leaves is young.
---@return integer
function world.leaks()
  if open_operations() == 0 then return 0 end
  collectgarbage "step"
  if open_operations() == 0 then return 0 end
  collectgarbage()
  collectgarbage()
  return open_operations()
end

--- Close what a spec opened, in this order, return to the real clock, and fail if an operation was
--- left open.
---@param ... { close: function }?      nil: the spec did not open it
function world.finish(...)
  for i = 1, select("#", ...) do
    local opened = select(i, ...)
    if opened then opened:close() end
  end
  core.clock "real"
  assert(world.leaks() == 0, "operations were left open")
end

--- Close an emulator and its workspace, and fail if an operation was left open.
function world.close(emulator, workspace)
  world.finish(workspace, emulator)
end

--- Read and decode a JSON file.
function world.json_file(path)
  local file <close> = assert(io.open(path))
  return assert(json.decode(file:read "a"))
end

return world
