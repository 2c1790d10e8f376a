--- Write the lines that a starting emulator prints: its address, and how to point each kind of
--- client at it. The command prints them (cli/emulator.lua).
local json = require "azureml.json"

local banner = {}

-- Quote a word for a shell.
local function quoted(text)
  if text:find "^[%w_./:@%%+,-]+$" then return text end
  return "'" .. text:gsub("'", "'\\''") .. "'"
end

local function export(variables)
  local words = { "export" }
  for _, pair in ipairs(variables) do words[#words + 1] = pair[1] .. "=" .. quoted(pair[2]) end
  return table.concat(words, " ")
end

local function where_of(facts)
  local parts = {
    ("subscription %s, group %s, workspace %s"):format(
      facts.subscription_id, facts.resource_group, facts.workspace_name),
  }
  if facts.speed ~= 1 then
    parts[#parts + 1] = ("clock %g times as fast"):format(facts.speed)
  end
  if facts.state then
    local how = facts.is_restored and "state taken up from " or "state kept in "
    parts[#parts + 1] = how .. facts.state
  end
  if facts.replay then parts[#parts + 1] = "it replays " .. facts.replay end
  return table.concat(parts, "; ")
end

local function for_environment(facts)
  local lines = {
    "The SDKs and other programs:",
    "  " .. export {
      { "AZURE_AUTHORITY_HOST", facts.url }, { "AZURE_TENANT_ID", facts.tenant_id },
    },
    "  " .. export {
      { "AZURE_CLIENT_ID", facts.client_id }, { "AZURE_CLIENT_SECRET", facts.client_secret },
    },
  }
  if facts.ca_file then
    local trust = {}
    for i, name in ipairs { "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE" } do
      trust[i] = { name, facts.ca_file }
    end
    lines[#lines + 1] = "  " .. export(trust)
  end
  return lines
end

local WITHOUT_TLS =
  "Python and JavaScript: their SDKs accept https alone: start it with --tls for them"

-- Return names as literals of Python and JavaScript: subscription, group and workspace.
local function literals(facts)
  return json.encode(facts.subscription_id), json.encode(facts.resource_group),
    json.encode(facts.workspace_name)
end

-- The v1 SDK keeps the endpoints of the cloud in the directory of the Azure CLI's settings. It
-- would take those of an earlier emulator.
local function for_python(facts)
  if not facts.ca_file then return { WITHOUT_TLS } end
  local subscription, group, workspace = literals(facts)
  local metadata_url = facts.url .. "/metadata/endpoints?api-version=2019-05-01"
  return {
    "Python:",
    "  " .. export {
      { "ARM_CLOUD_METADATA_URL", metadata_url }, { "AZUREML_CURRENT_CLOUD", "AzureEmulator" },
    },
    '  export AZURE_CONFIG_DIR="$(mktemp -d)"',
    "Python (azure-ai-ml):",
    "  from azure.ai.ml import MLClient",
    "  from azure.identity import EnvironmentCredential",
    "  credential = EnvironmentCredential(disable_instance_discovery=True)",
    ("  ml = MLClient(credential, %s, %s, %s)"):format(subscription, group, workspace),
    "Python (azureml-core, the SDK v1):",
    "  from azure.identity import EnvironmentCredential",
    "  from azureml.core import Workspace, authentication",
    "  get = EnvironmentCredential(disable_instance_discovery=True).get_token",
    [[  auth = authentication.TokenAuthentication(]]
      .. [[lambda to: get(to.rstrip("/") + "/.default").token, cloud="AzureEmulator")]],
    ('  ws = Workspace.get(%s, auth, %s, %s, cloud="AzureEmulator")')
      :format(workspace, subscription, group),
  }
end

local function for_javascript(facts)
  if not facts.ca_file then return {} end
  return {
    "JavaScript (@azure/arm-machinelearning):",
    "  const credential = new EnvironmentCredential({ disableInstanceDiscovery: true })",
    ("  new AzureMachineLearningWorkspaces(credential, %s, { endpoint: %s, credentialScopes: %s })")
      :format((literals(facts)), json.encode(facts.url),
        '"https://management.azure.com/.default"'),
  }
end

-- Machines give a shell: say so, and how calls to the control endpoint prove who makes them.
local function for_machines(facts)
  if not facts.key then return {} end
  local kept = facts.key_file and ("; azureml reads it from " .. facts.key_file) or ""
  return {
    "Machines of this computer serve the instances, as the current user: setup scripts, jobs and",
    "shells truly run. Everything listens on loopback. /emulator/... needs the key:",
    "  X-Emulator-Key: " .. facts.key .. kept,
  }
end

local AZ_TOKEN = [[  az rest --skip-authorization-header ]]
  .. [[--headers "Authorization=Bearer $(curl -s%s %s/emulator/token)" \]]

local AZ_URL = "    --url '%s/subscriptions/%s/resourceGroups/%s"
  .. "/providers/Microsoft.MachineLearningServices/workspaces/%s/computes?api-version=2024-04-01'"

local function for_az(facts)
  local trust = facts.ca_file and (" --cacert " .. quoted(facts.ca_file)) or ""
  local key = facts.key and (" -H 'X-Emulator-Key: %s'"):format(facts.key) or ""
  return {
    "az rest:",
    AZ_TOKEN:format(trust .. key, facts.url),
    AZ_URL:format(facts.url, facts.subscription_id, facts.resource_group, facts.workspace_name),
  }
end

--- Return the lines of the banner.
---@param facts table
---  url, subscription_id, resource_group, workspace_name, tenant_id, client_id,
---  client_secret string; speed number; ca_file, state, replay, key, key_file string?;
---  is_restored boolean?
---@return string[]
function banner.lines(facts)
  local lines = {
    ("An emulator of Azure Machine Learning compute listens at %s; Ctrl-C ends it.")
      :format(facts.url),
    where_of(facts),
    "",
    "azureml:",
    "  " .. export { { "AZUREML_EMULATOR", facts.url } },
  }
  local parts = { for_machines, for_environment, for_python, for_javascript, for_az }
  for _, part in ipairs(parts) do
    local more = part(facts)
    table.move(more, 1, #more, #lines + 1, lines)
  end
  lines[#lines + 1] = ""
  return lines
end

return banner
