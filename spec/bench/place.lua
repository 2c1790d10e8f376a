--- Return the workspace of the benchmark's jobs, at the benchmark's server.
local azureml = require "azureml"

---@param url string
---@return azureml.Workspace
return function(url)
  return azureml.workspace {
    subscription_id = "34adfa4f-cedf-4dc0-ba29-b6d1a69ab345", resource_group = "bench",
    name = "bench",
    cloud = {
      authority = url, resource_manager = url, scope = "https://management.azure.com/.default"
    },
    credential = azureml.credential.client_secret {
      authority = url, tenant_id = "34adfa4f-cedf-4dc0-ba29-000000000000",
      client_id = "10a1b2c3-0003-4000-8000-000000000003",
      client_secret = "not-a-secret",
    },
  }
end
