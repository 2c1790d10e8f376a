--- Create an instance on behalf of each user of a CSV file, and print what each user must do next.
---
---     azureml run team FILE TENANT_ID [WORKSPACE]
---
--- A line of the file is "object id,name[,size]"; lines that begin with # are comments. An instance
--- that exists and fits is taken as it is, so the workflow can run again.
local azureml = require "azureml"

local path, tenant_id, workspace_name = ...
if not tenant_id or select("#", ...) > 3 then
  error("usage: azureml run team FILE TENANT_ID [WORKSPACE]", 0)
end

local function read(line, number)
  local object_id, name, size = line:match "^%s*(%x[%x-]+)%s*,%s*([%w-]+)%s*,?%s*([%w_]*)%s*$"
  if not object_id then
    error(("%s:%d: write OBJECT_ID,NAME or OBJECT_ID,NAME,SIZE"):format(path, number), 0)
  end
  return { name = name, object_id = object_id, size = size ~= "" and size or nil }
end

local users, number = {}, 0
for line in assert(io.lines(path)) do
  number = number + 1
  local is_data = line:find "%S" and not line:find "^%s*#"
  if is_data then users[#users + 1] = read(line, number) end
end

local ws = azureml.workspace { name = workspace_name }

azureml.each(users, function(user)
  local vm = ws.instances:ensure(user.name, {
    vm_size = user.size, assigned_user_object_id = user.object_id,
    assigned_user_tenant_id = tenant_id, tags = { created_for = user.object_id },
  }):wait()
  print(("%s: user %s opens %s and signs in; to use SSH, the user adds a public key there"):format(
    vm.name, user.object_id, vm.applications.jupyter_lab or "the studio"))
end)
