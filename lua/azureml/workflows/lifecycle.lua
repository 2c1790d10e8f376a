--- Take a compute instance through its whole life, step by step, as in Microsoft's article "Create
--- and manage a compute instance".
---
---     azureml run lifecycle [WORKSPACE] [NAME]               against Azure
---     azureml --emulator run lifecycle [WORKSPACE] [NAME]    against the emulator
local azureml = require "azureml"
if select("#", ...) > 2 then
  error("usage: azureml run lifecycle [WORKSPACE] [NAME]: it takes no more", 0)
end

local workspace_name, name = ...
local ws = azureml.workspace { name = workspace_name }
name = name or "ci" .. ws:get().properties.workspaceId:sub(1, 8)

local vm = ws.instances:find(name)
if vm then
  print("Found " .. name .. ".")
else
  print("Creating " .. name .. " in " .. tostring(ws) .. ".")
  local op = ws.instances:create(name, { vm_size = "STANDARD_D3_V2", ssh_public_access = false })
  vm = op:wait { show_output = true }
end
print(vm)

for _, verb in ipairs { "stop", "start", "restart" } do
  vm = vm[verb](vm):wait { show_output = true }
  print(vm)
end

print("Instances of the workspace:")
for instance in ws.instances:list() do print("  " .. tostring(instance)) end

vm:delete():wait { show_output = true }
print(ws.instances:find(name) and name .. " is still there." or name .. " is gone.")
