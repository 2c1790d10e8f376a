--- The compute that a request names, and what stands in its way.
local machine = require "azureml.emulator.machine"
local refusal = require "azureml.emulator.refusal"

local find = {}

--- The compute; refuses where there is none.
function find.compute(at)
  local compute = at.world:compute(at.workspace, at.compute_name)
  if not compute then refusal.raise("no_compute", at.workspace.name, at.compute_name, at.workspace.group.name) end
  machine.catch_up(compute, at.now)
  return compute
end

--- The same, and it is an instance.
function find.instance(at)
  local compute = find.compute(at)
  if compute.kind then refusal.raise("not_an_instance", compute.name, compute.kind) end
  return compute
end

--- Refuse while a verb is at work on it; or where that was asked for.
function find.refuse_busy(at, compute)
  local is_planned = at.trouble and at.trouble.name == "conflict"
  if is_planned or machine.is_busy(compute, at.now) then refusal.raise("busy", compute.name, machine.state(compute, at.now)) end
end

return find
