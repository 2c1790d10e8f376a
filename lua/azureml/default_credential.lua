--- List the credentials to try if the script names none, as AZURE_TOKEN_CREDENTIALS restricts them.
--- azureml.credential opens each of them. Source: spec/contract/auth.md, section 10.
local errors = require "azureml.error"

local default_credential = {}

---@class azureml.Link
---@field name string        its name in Microsoft's libraries and in AZURE_TOKEN_CREDENTIALS
---@field group string       "prod": works without a user; "dev": the login of a user's tool, which
---  never ends the search
---@field variable string?  what must be set for it to be one of several
---@field is_by_name boolean?      it is used only where AZURE_TOKEN_CREDENTIALS names it
---@field open fun(credential: table, settings: table, alone: boolean): azureml.Credential
---  alone: it is the only credential in the chain

-- AZURE_CLIENT_ID also selects the managed identity. If the chain has other links, probe first
-- whether the identity endpoint exists: machines outside Azure must not wait for a timeout.
local function managed_identity(credential, _, alone)
  local client_id = os.getenv "AZURE_CLIENT_ID"
  return credential.managed_identity {
    client_id = client_id ~= "" and client_id or nil, probe = not alone,
  }
end

local function workload_identity(credential, settings)
  return credential.workload_identity(settings)
end

---@type azureml.Link[]
local links = {
  -- This link exists only in this package. A user sets the variable for this package alone, so that
  -- it comes before the variables that other programs read too. Without the variable it is left
  -- out: an error that lists what was tried need not name it.
  { name = "AzureMLToken", group = "prod", variable = "AZUREML_TOKEN",
    open = function(credential) return credential.token_variable() end },
  { name = "EnvironmentCredential", group = "prod",
    open = function(credential, settings) return credential.environment(settings) end },
  { name = "WorkloadIdentityCredential", group = "prod", open = workload_identity },
  { name = "ManagedIdentityCredential", group = "prod", open = managed_identity },
  -- This link and the next one exist only in this package. A workflow of GitHub must ask for it by
  -- name, so that the default stays that of Microsoft's libraries.
  { name = "GitHubActionsCredential", group = "prod", is_by_name = true,
    open = function(credential, settings) return credential.github_actions(settings) end },
  { name = "AzureMLLogin", group = "dev",
    open = function(credential, settings) return credential.login(settings) end },
  { name = "AzureCliCredential", group = "dev",
    open = function(credential) return credential.azure_cli() end },
  { name = "AzureDeveloperCliCredential", group = "dev",
    open = function(credential) return credential.azure_developer_cli() end },
}

local function requested_name()
  local value = (os.getenv "AZURE_TOKEN_CREDENTIALS" or ""):match "^%s*(.-)%s*$"
  return value ~= "" and value or nil
end

local function known_names()
  local list = { "prod", "dev" }
  for _, link in ipairs(links) do list[#list + 1] = link.name end
  return table.concat(list, ", ")
end

-- Tell whether a link is in a group, or in the list of all for nil.
local function is_in(link, group)
  local is_set = not link.variable or (os.getenv(link.variable) or "") ~= ""
  return is_set and not link.is_by_name and (not group or link.group == group:lower())
end

local function links_named(word)
  local list = {}
  for _, link in ipairs(links) do
    if is_in(link, word) or word and link.name:lower() == word:lower() then
      list[#list + 1] = link
    end
  end
  if #list > 0 then return list end
  errors.raise {
    code = "InvalidTokenCredentials",
    message = ("AZURE_TOKEN_CREDENTIALS has the unknown value '%s' (known: %s)"):format(
      word, known_names()),
  }
end

--- Open the credentials to try, in their order.
---@param credential table       the module azureml.credential
---@param settings table            cloud, authority, ca_file, proxy
---@return azureml.Credential[]
---@raise an error object if AZURE_TOKEN_CREDENTIALS has an unknown value, or if another variable
---  is invalid
function default_credential.links(credential, settings)
  local opened = {}
  local list = links_named(requested_name())
  for i, link in ipairs(list) do opened[i] = link.open(credential, settings, #list == 1) end
  return opened
end

return default_credential
