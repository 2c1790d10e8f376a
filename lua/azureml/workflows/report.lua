--- Report who has which instances, how long they have run, and what they cost: an estimate, in
--- which disk, address and load balancer are not included.
---
---     azureml run report [RESOURCE_GROUP]
local azureml = require "azureml"
if select("#", ...) > 1 then
  error("usage: azureml run report [RESOURCE_GROUP]: it takes no more", 0)
end
local instances = azureml.instances { resource_group = ... }

local function text_of(number, unit)
  return number and ("%.2f%s"):format(number, unit or "") or "-"
end

local vms = instances:list():all()
local report = azureml.cost(vms)
local totals, owners = {}, {}

-- The columns of names are as wide as the longest name; of an owner the begin is enough.
local workspace_width, name_width = #"Workspace", #"Name"
for _, vm in ipairs(vms) do
  workspace_width = math.max(workspace_width, #vm.workspace.name)
  name_width = math.max(name_width, #vm.name)
end
local ROW = ("%%-13s  %%-%ds  %%-%ds  %%-9s %%7s %%8s %%8s"):format(workspace_width, name_width)
print(ROW:format("Owner", "Workspace", "Name", "State", "Runs", "So far", "Month"))
for i, vm in ipairs(vms) do
  local cost = report.costs[i]
  local owner = not vm.assigned_to and vm.created_by_name or vm.owner or "unknown"
  print(ROW:format(owner:sub(1, 13), vm.workspace.name, vm.name, vm.state,
    text_of(cost.hours, " h"), text_of(cost.amount), text_of(cost.month)))
  local total = totals[owner] or { count = 0, amount = 0, month = 0 }
  if not totals[owner] then owners[#owners + 1], totals[owner] = owner, total end
  total.count, total.amount = total.count + 1, total.amount + (cost.amount or 0)
  total.month = total.month + (cost.month or 0)
end

print()
table.sort(owners)
for _, owner in ipairs(owners) do
  local total = totals[owner]
  print(("%s: %d instance%s, %.2f so far, %.2f in a month"):format(owner, total.count,
    total.count == 1 and "" or "s", total.amount, total.month))
end
print(report.note)
