--- Choose a hint for an error: what the user can do next. azureml.entra_hints covers Entra ID.
--- Sources: spec/contract/compute-rest.md, section 6, and spec/contract/auth.md, sections 1 and 2.
local credential_hints = require "azureml.credential_hints"
local entra_hints = require "azureml.entra_hints"
local later = require "azureml.tool.later"
local roles = later "azureml.look.roles"
local trust = later "azureml.trust"

local hints = {}

--- What names the command that waits for operations which this process leaves behind.
hints.go_on_waiting = "'azureml operations wait' waits for what goes on at the service"

local by_code = {
  AuthorizationFailed = "ask an owner of the workspace for a role that has this action, "
    .. "such as 'AzureML Compute Operator'; a new role takes some minutes",
  ParentResourceNotFound = "check the workspace's name and resource group",
  NoRegisteredProviderFound = "check the name of the region, such as westeurope",
  ResourceGroupNotFound = "check the resource group's name and the subscription",
  SubscriptionNotFound =
    "check the subscription's id, and that the credential belongs to its tenant",
  ResourceNotFound = "check the name; 'azureml list' shows what there is",
  NotFound = "check the name; 'azureml list' shows what there is",
  InvalidAuthenticationToken =
    "the service did not take the token: check the tenant, and that the token is for this cloud",
  ExpiredAuthenticationToken = "sign in again, or fetch a new token",
  interaction_required = "a user must sign in: run 'azureml login' or 'az login'",
  login_required = "a user must sign in: run 'azureml login' or 'az login'",
  consent_required =
    "an administrator, or you in a browser, must consent to what the application may do",
  authorization_declined = "the user declined the sign-in: start it again",
  access_denied = "the user declined the sign-in: start it again",
  expired_token = "the code has expired: start the sign-in again",
  CredentialUnavailable =
    "set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET, or run 'azureml login' or "
    .. "'az login'; or try --emulator",
  invalid_grant = "the sign-in has expired or was revoked: sign in again",
  LoginNotKept = "run chmod 700 on the directory that the message names, or use "
    .. "credential.device_code in a script",
  ManagedIdentityUnavailable =
    "run it where Azure gave the machine a managed identity, or choose another credential",
  KeyUnreadable = "run it as root, or as a member of the group himds",
  HostNotFound = "check the name, the network and the proxy",
  ConnectionFailed = "check that the service is running, and that the address and port are right",
  Conflict = "another command is at work on it: wait for its end, then try again",
  StartComputeInstanceOnlyAllowedInStoppedState =
    "an instance is started only from Stopped: look at its state first",
  AnotherOperationInProgress = "wait for the other operation, then try again",
  ScopeLocked = "an owner of the scope must remove the lock first; 'az lock list' shows it",
  RequestDisallowedByPolicy =
    "an Azure policy forbids this: change what it names, or ask its owner for an exemption",
  AllocationFailed = "the region is short of this size: choose another size, or wait until there "
    .. "is room: wait_for_capacity = true, --wait-for-capacity",
  SetupScriptsError = "correct the script, or its path in the workspace's file share; "
    .. "'azureml why' tells more",
  UnusableNode = "restart the instance; 'azureml why' tells more",
  OperationFailed = "'azureml why' explains the state that the instance is in",
  AlreadyExists = "a name is unique in the whole region: choose another one",
  InvalidPropertyValue = "see the details for what the service offers in this region",
  TooManyRequests =
    "the limit is per subscription and principal: try again later, or do less at once",
  DeploymentActive = "'azureml deploy --follow NAME' waits for it; or give this deployment another "
    .. "name",
  LostSight = "the operation may still be running: azureml.resume(ticket) continues to wait for it",
  Timeout = "the operation continues at the service: wait again, or keep the ticket",
}

local QUOTA = "choose a smaller or another size, delete what is not needed, or ask for more quota; "
  .. "a stopped instance keeps its quota"

local by_text = {
  { "Identity not found",
    "assign this managed identity to the machine in the Azure portal, or name another one" },
  { "the quota ", QUOTA }, { "vCPU quota", QUOTA }, { "exceeding quota", QUOTA },
  { "reached its limit of", QUOTA },
  { "already in use", "a name is unique in the whole region: choose another one" },
  { "SSH key at creation", "create it without an SSH key; the assigned user can add one" },
  { "current state (Stopped) does not support", "start the instance first" },
  { "current state (Running) does not support", "stop the instance first" },
  { "ComputeInstance current state (",
    "wait until its state changes, or delete it and create it again" },
  { "not a valid SSH Public Key", "give an RSA key, such as ssh-keygen -t rsa makes" },
  { "of the assigned user is not a GUID", "give the object id of the user, or the e-mail address" },
  { "The subnet ",
    "check the names of the virtual network and its subnet, and the resource group" },
  { "in a workspace with a managed network",
    "in a workspace with a managed network leave the subnet out; in others give one, or leave the "
    .. "public address" },
  { "its single sign-on", "the user of the instance must ask for it" },
  { "data mount '", "look at data_mounts of the instance: another caller may have changed them" },
  { "disk is full", "free some space on its disk, from its terminal, then stop it again" },
}

local IS_FORBIDDEN = { AuthorizationFailed = true, LinkedAuthorizationFailed = true }

-- ARM names the tenant that it expects: "It must match the tenant 'https://sts.windows.net/{id}/'
-- associated with this subscription."
local function wrong_tenant(message)
  local tenant = message:match "match the tenant '[^']-([%w.-]+)/?'"
    or message:match "one of the tenants '[^']-([%w.-]+)/?'"
  return "sign in to the tenant that the subscription belongs to"
    .. (tenant and (": tenant_id = '%s'"):format(tenant) or "")
end

--- Return the hint for an error, or nil.
---@param err azureml.Error
---@return string?
function hints.of(err)
  if err.outcome_unknown then
    return "it may have been executed: look at the instance's state before you try again"
  end
  local message = err.message or ""
  if err.code == "InvalidAuthenticationTokenTenant" then return wrong_tenant(message) end
  local remedy = IS_FORBIDDEN[err.code] and roles.remedy(message)
  if remedy then return remedy end
  for _, entry in ipairs(by_text) do
    if message:find(entry[1], 1, true) then return entry[2] end
  end
  local sign_in = credential_hints.sign_in(err.credential)
  local hint = entra_hints.of(message, sign_in) or credential_hints.of(err)
  if hint then return hint end
  if err.code == "CertificateInvalid" then return trust.hint() end
  local needs_user = err.code == "interaction_required" or err.code == "login_required"
  if needs_user and sign_in then return "a user must sign in: " .. sign_in end
  return by_code[err.code]
end

return hints
