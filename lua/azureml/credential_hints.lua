--- Choose a hint for an error of a credential, or for a token that the service refused, by the kind
--- of the credential: a managed identity is not cured by 'az login'.
--- Source: spec/contract/auth.md, sections 1, 5, 6 and 7.
local credential_hints = {}

local CLOCK = "the credential renews its tokens by itself: check this machine's clock"
local APPLICATION = "check that tenant_id is the tenant of the subscription, and the cloud"
local VARIABLES = "set AZURE_TENANT_ID, AZURE_CLIENT_ID and "
local NEXT_REQUEST = "send another request: it asks the user"

local application = {
  InvalidAuthenticationToken = APPLICATION, ExpiredAuthenticationToken = CLOCK,
  invalid_grant = "check the application's registration: an application has no sign-in to renew",
}

local function with(base, fields)
  for name, value in pairs(base) do fields[name] = fields[name] or value end
  return fields
end

local function user(sign_in, fields)
  return with(fields or {}, {
    InvalidAuthenticationToken = "choose the tenant of the subscription, then " .. sign_in,
    ExpiredAuthenticationToken = CLOCK .. ", then " .. sign_in,
    invalid_grant = "the sign-in has expired or was revoked; to sign in again, " .. sign_in,
    sign_in = sign_in,
  })
end

-- The next step for each kind of credential, by the error's code; sign_in is what a user does.
local by_kind = {
  client_secret = application,
  client_certificate = application,
  environment = with(application, {
    CredentialUnavailable = VARIABLES .. "AZURE_CLIENT_SECRET or AZURE_CLIENT_CERTIFICATE_PATH",
  }),
  client_assertion = with(application, {
    invalid_grant = "check that the assertion is fresh, and made for this application",
  }),
  workload_identity = with(application, {
    CredentialUnavailable = VARIABLES .. "AZURE_FEDERATED_TOKEN_FILE: in a cluster the pod needs "
      .. "the label azure.workload.identity/use and a service account with the client's id",
  }),
  github_actions = with(application, {
    CredentialUnavailable = "give the job 'permissions: id-token: write', and set "
      .. "AZURE_TENANT_ID and AZURE_CLIENT_ID",
  }),
  azure_pipelines = with(application, {
    CredentialUnavailable = "run it in Azure Pipelines, or choose another credential",
  }),
  managed_identity = {
    InvalidAuthenticationToken = "the token is of this machine's managed identity: check that the "
      .. "identity is in the tenant of the subscription, and the cloud",
    ExpiredAuthenticationToken = CLOCK .. ", or restart it: its endpoint caches tokens",
    invalid_grant = "assign the managed identity to the machine again in the Azure portal",
    sign_in = "use the credential of a user instead",
  },
  token = {
    InvalidAuthenticationToken = "the token is sent as it was given: fetch one for this tenant, "
      .. "cloud and resource",
    ExpiredAuthenticationToken = "the token is sent as it was given, and has expired: fetch a new "
      .. "one, or use a credential that renews its tokens",
  },
  ["function"] = {
    InvalidAuthenticationToken = "the credential's function must return a token for the scope that "
      .. "it is called with",
    ExpiredAuthenticationToken = "the credential's function returned an expired token: it must "
      .. "fetch a new one, and return its seconds to live as second value",
  },
  azure_cli = user "run 'az login'",
  azure_developer_cli = user "run 'azd auth login'",
  azureml_login = user "run 'azureml login'",
  device_code = user(NEXT_REQUEST),
  browser = user(NEXT_REQUEST),
  refresh_token = user "give a new refresh_token",
}

--- Return the hint for an error, or nil.
---@param err azureml.Error
---@return string?
function credential_hints.of(err)
  local kind = by_kind[err.credential]
  return kind and err.code ~= "sign_in" and kind[err.code] or nil
end

--- Return how the user signs in with a kind of credential, or nil if the kind is not known.
---@param name string?
---@return string?
function credential_hints.sign_in(name)
  local kind = by_kind[name]
  return kind and kind.sign_in
end

return credential_hints
