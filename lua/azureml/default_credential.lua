--- The credentials that are tried where none is given, and what AZURE_TOKEN_CREDENTIALS leaves of
--- them. Source: spec/contract/auth.md, section 10.
local errors = require "azureml.error"

local default_credential = {}

---@class azureml.Link
---@field name string        as Microsoft's libraries call it, and AZURE_TOKEN_CREDENTIALS
---@field group string       "prod": what runs by itself; "dev": the tools of a person, which never end the search
---@field open fun(credential: table, given: table, alone: boolean): azureml.Credential     alone: nothing else is tried

-- AZURE_CLIENT_ID picks the identity here too, whatever else it may be for. Where others are tried after it, it first looks whether
-- anybody is there: machines outside Azure must not wait.
local function managed_identity(credential, _, alone)
  local client_id = os.getenv "AZURE_CLIENT_ID"
  return credential.managed_identity { client_id = client_id ~= "" and client_id or nil, probe = not alone }
end

local function workload_identity(credential, given)
  return credential.workload_identity(given)
end

---@type azureml.Link[]
local links = {
  { name = "EnvironmentCredential", group = "prod", open = function(credential, given) return credential.environment(given) end },
  { name = "WorkloadIdentityCredential", group = "prod", open = workload_identity },
  { name = "ManagedIdentityCredential", group = "prod", open = managed_identity },
  { name = "AzureMLLogin", group = "dev", open = function(credential, given) return credential.login(given) end },      -- ours alone
  { name = "AzureCliCredential", group = "dev", open = function(credential) return credential.azure_cli() end },
  { name = "AzureDeveloperCliCredential", group = "dev", open = function(credential) return credential.azure_developer_cli() end },
}

local function wanted()
  local value = (os.getenv "AZURE_TOKEN_CREDENTIALS" or ""):match "^%s*(.-)%s*$"
  return value ~= "" and value or nil
end

local function values()
  local list = { "prod", "dev" }
  for _, link in ipairs(links) do list[#list + 1] = link.name end
  return table.concat(list, ", ")
end

local function chosen(word)
  local list = {}
  for _, link in ipairs(links) do
    if not word or link.group == word:lower() or link.name:lower() == word:lower() then list[#list + 1] = link end
  end
  if #list > 0 then return list end
  errors.raise {
    code = "InvalidTokenCredentials",
    message = ("AZURE_TOKEN_CREDENTIALS is '%s', which means nothing here (known: %s)"):format(word, values()),
  }
end

--- Open those that are to be tried.
---@param credential table       the module azureml.credential
---@param given table            cloud, authority, ca_file, proxy
---@return azureml.Credential[]
---@raise an error object for an AZURE_TOKEN_CREDENTIALS that means nothing, and for variables that cannot be what they should
function default_credential.links(credential, given)
  local opened = {}
  local list = chosen(wanted())
  for i, link in ipairs(list) do opened[i] = link.open(credential, given, #list == 1) end
  return opened
end

return default_credential
