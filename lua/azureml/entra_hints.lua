--- Choose a hint for a refusal of Entra ID, by the number in its text ("AADSTS7000215: ..."). The
--- words after the number change. Only hints for the user depend on the numbers, not decisions.
--- Source: spec/contract/auth.md, sections 1, 2 and 8.
local entra_hints = {}

local SIGN_IN = "run 'azureml login' or 'az login'"
local AGAIN = "the sign-in has ended; to sign in again, $sign_in"
local PERSON = "a user must sign in: $sign_in"
local TENANT = "no such tenant: check tenant_id"
local SCOPE = "the scope must be one resource followed by '/.default', "
  .. "such as https://management.azure.com/.default"
local RESOURCE =
  "the tenant does not know what the token is for: check the cloud, and the scope if you gave one"
local CLOUD = "the tenant lives in another national cloud: choose it with "
  .. "cloud = 'AzureUSGovernment' or 'AzureChinaCloud', or AZURE_AUTHORITY_HOST"
local FEDERATED =
  "compare it with the application's federated credentials in the Azure portal, to the letter"

local by_number = {
  -- The application.
  [7000215] = "the secret is wrong; often its id was copied instead of its value",
  [7000222] = "the secret has expired: make a new one for the application",
  [700016] = "no such application in this tenant: check client_id and tenant_id",
  [7000112] =
    "the application is disabled in this tenant: ask an administrator of the tenant to enable it",
  [7000218] = "the application is not a public client: allow public client flows in its "
    .. "registration, or use its secret or certificate",
  [700025] = "the application is a public client, which has neither secret nor certificate: "
    .. "leave it out, or register another application",
  -- Its certificate or assertion.
  [700027] = "the certificate is not the application's, or has expired: compare its thumbprint "
    .. "with those under 'Certificates & secrets'",
  [700021] =
    "the assertion speaks for another application: its issuer and subject must be client_id",
  [700023] =
    "the assertion is addressed to another token endpoint: check tenant_id and the authority",
  [700024] = "the assertion is too old, or not valid yet: check this machine's clock, and that "
    .. "the token's file is renewed",
  [50027] =
    "the assertion is not a signed JSON web token: check the function or the file",
  [700030] = "the application does not trust the certificate's subject and issuer: check those "
    .. "that it trusts, and send the chain (send_certificate_chain, "
    .. "AZURE_CLIENT_SEND_CERTIFICATE_CHAIN)",
  [70021] = "no federated credential of the application fits the token: " .. FEDERATED,
  [700211] = "no federated credential of the application has the token's issuer: " .. FEDERATED,
  [700212] = "no federated credential of the application has the token's audience: " .. FEDERATED,
  [700213] = "no federated credential of the application has the token's subject: " .. FEDERATED,
  -- The tenant, the scope and the cloud.
  [90002] = TENANT, [900023] = TENANT,
  [9001023] = "an application signs in to a tenant of its own, not to 'common' or "
    .. "'organizations': set tenant_id",
  [900144] =
    "the request lacks a field: if you did not make it yourself, this is a defect worth reporting",
  [70011] = SCOPE, [1002012] = SCOPE,
  [500011] = RESOURCE, [50001] = RESOURCE, [650057] = RESOURCE,
  [900382] = CLOUD, [900384] = CLOUD, [90038] = CLOUD,
  [50196] = "the same question was asked again and again: wait some minutes",
  -- Users.
  [50076] = PERSON .. ": it asks for a second proof",
  [50079] = PERSON .. ", which has to set up a second proof",
  [65001] = "the application has no consent: an administrator, or you in a browser, must consent "
    .. "to what it may do",
  [53003] = "a policy of the tenant forbids this sign-in: from another place or device it may be "
    .. "allowed; ask an administrator",
  [700082] = AGAIN, [70043] = AGAIN, [50173] = AGAIN, [70008] = AGAIN,
  [50011] = "the application's registration lacks the redirect address http://localhost, for "
    .. "mobile and desktop applications",
  [54005] = "the code was used already: sign in again",
  [70016] = "the code has not been entered yet",
  [70018] = "the code is wrong: start the sign-in again",
  [70019] = "the code has expired: start the sign-in again",
  [70020] = "the code has expired: start the sign-in again",
}

--- Return the hint for a message of Entra's, or nil.
---@param message string
---@param sign_in string?      how the user signs in with the credential that failed
---@return string?
function entra_hints.of(message, sign_in)
  local number = message:match "AADSTS(%d+)"
  local hint = number and by_number[math.tointeger(tonumber(number))]
  return hint and (hint:gsub("%$sign_in", sign_in or SIGN_IN)) or nil
end

return entra_hints
