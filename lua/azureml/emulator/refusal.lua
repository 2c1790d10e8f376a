--- Raise the refusals of the service: an error object with status, code and message, which ends the
--- request. answer.lua turns it into a response. A text that the service is known to send is
--- reproduced byte for byte.
--- Source: spec/contract/compute-rest.md, section 6.
local inferred = require "azureml.emulator.inferred"

local refusal = {}

local Refusal = { __name = "azureml.emulator.Refusal" }
Refusal.__index = Refusal

-- name -> status, code, text
local rows = {
  no_token = { 401, "InvalidAuthenticationToken", "The access token is missing or malformed." },
  unknown_token = { 401, "InvalidAuthenticationToken", "The access token is invalid." },
  wrong_audience = { 401, "InvalidAuthenticationToken",
    "The access token has been obtained for wrong audience or resource '%s'. It should exactly "
      .. "match '%s'." },
  expired_token = { 401, "ExpiredAuthenticationToken",
    "The access token expiry UTC time '%s' is earlier than current UTC time '%s'." },
  wrong_tenant = { 401, "InvalidAuthenticationTokenTenant",
    "The access token is from the wrong issuer '%s'. It must match the tenant '%s' associated "
      .. "with this subscription. Please use the tenant '%s' to get the token." },
  claims_challenge = { inferred.claims_challenge.status, inferred.claims_challenge.code,
    "The access token was issued before a change of policy: continuous access evaluation asks "
      .. "for a new one with the claims given." },
  forbidden = { 403, "AuthorizationFailed",
    "The client '%s' with object id '%s' does not have authorization to perform action '%s' "
      .. "over scope '%s' or the scope is invalid. If access was recently granted, please "
      .. "refresh your credentials." },
  no_api_version = { 400, "MissingApiVersionParameter",
    "The api-version query parameter (?api-version=) is required for all requests." },
  unknown_api_version = { 400, "NoRegisteredProviderFound",
    "No registered resource provider found for location '%s' and API version '%s' for type "
      .. "'%s'. The supported api-versions are '%s'. The supported locations are '%s'." },
  bad_api_version = { 400, "InvalidApiVersionParameter",
    "The api-version '%s' is invalid: a day such as 2021-04-01 is expected." },
  bad_resource_filter = { 400, "InvalidFilterInQueryString",
    "The filter '%s' is not served here: resourceType, resourceGroup, name and location can be "
      .. "compared by eq, joined by and." },
  no_provider = { 404, "InvalidResourceNamespace", "The resource namespace '%s' is invalid." },
  unknown_path = { 404, "InvalidResourceType",
    "The resource type could not be found at '%s' for api version '%s'." },
  wrong_method = { 405, "MethodNotAllowed", "The method '%s' is not allowed here." },
  no_subscription = { 404, "SubscriptionNotFound", "The subscription '%s' could not be found." },
  no_group = { 404, "ResourceGroupNotFound", "Resource group '%s' could not be found." },
  no_workspace = { 404, "ResourceNotFound",
    "The Resource 'Microsoft.MachineLearningServices/workspaces/%s' under resource group '%s' "
      .. "was not found." },
  no_parent = { 404, "ParentResourceNotFound",
    "Can not perform requested operation on nested resource. Parent resource '%s' not found." },
  no_compute = { 404, "ResourceNotFound",
    "The Resource 'Microsoft.MachineLearningServices/workspaces/%s/computes/%s' under resource "
      .. "group '%s' was not found." },
  no_operation = { 404, "NotFound", "The operation '%s' was not found." },
  bad_signature = { 403, "Forbidden", "The signature of the operation's URL is not valid." },
  not_json = { 400, "InvalidRequestContent",
    "The request content was invalid and could not be deserialized: '%s'." },
  not_one_of = { 400, "InvalidPropertyValue", "The value of '%s' is '%s': it must be one of %s." },
  bad_schedule = { 400, "BadRequest", "The schedules of the compute instance are not valid: %s." },
  bad_service = { 400, "BadRequest",
    "The custom services of the compute instance are not valid: %s." },
  bad_idle = { 400, "BadRequest",
    "The idleTimeBeforeShutdown '%s' is not valid: an ISO 8601 duration from PT15M to P3D is "
      .. "expected." },
  bad_duration = { 400, "BadRequest", "The %s '%s' is not an ISO 8601 duration." },
  bad_timeout = { 400, "BadRequest",
    "The timeout '%s' of a setup script is not valid: a number with s, m, h or d behind it is "
      .. "expected." },
  not_base64 = { 400, "BadRequest", "The inline %s is not base64." },
  bad_resize = { 400, "InvalidPropertyValue",
    "A compute instance of size '%s' cannot be resized to '%s'." },
  bad_scale = { 400, "InvalidPropertyValue",
    "minNodeCount %d and maxNodeCount %d do not fit: 0 <= minNodeCount <= maxNodeCount <= %d." },
  no_mount = { 400, "BadRequest", "There is no data mount '%s' to unmount." },
  no_public_ip = { 400, "BadRequest",
    "enableNodePublicIp can be false only with a subnet or in a workspace with a managed "
      .. "network." },
  two_networks = { 400, "BadRequest",
    "A subnet cannot be given in a workspace with a managed network." },
  long_tag = { 400, "InvalidTagNameOrValue",
    "The tag '%s' is too long: a name has at most 512 characters, a value 256." },
  many_tags = { 400, "TooManyTags", "A resource has at most %d tags, not %d." },
  no_replacement = { 400, "BadRequest",
    "The schedules of the compute instance '%s' cannot be changed by replacing it: use "
      .. "updateSchedules." },
  kind_differs = { 400, "BadRequest", "The compute '%s' is of the type %s and cannot become %s." },
  not_an_instance = { 400, "UserError",
    "'%s' is of the type %s: this is only for a ComputeInstance." },
  no_patch = { 400, "BadRequest",
    "The compute instance '%s' cannot be patched: only an AmlCompute can." },
  no_nodes = { 400, "UserError",
    "ComputeListNodes with computeType ComputeInstance is not supported." },
  no_keys = { inferred.no_keys.status, inferred.no_keys.code,
    "ComputeListKeys with computeType %s is not supported." },
  disk_full = { 400, "BadRequest",
    "StopCompute is not allowed when ComputeInstance disk is full." },
  no_instance = { 404, "NotFound", "There is no compute instance '%s' in '%s'." },
  no_application = { 404, "NotFound", "The compute instance '%s' has no application '%s'." },
  not_yours = { 403, "Forbidden",
    "Only the creator of the compute instance '%s', or the user whom it was created for, may "
      .. "open its applications." },
  not_running = { inferred.not_running.status, inferred.not_running.code,
    "The compute instance '%s' is %s: its applications open while it runs." },
  no_job = { 404, "ResourceNotFound",
    "The Resource 'Microsoft.MachineLearningServices/workspaces/%s/jobs/%s' under resource "
      .. "group '%s' was not found." },
  job_name_invalid = { 400, "BadRequest",
    "The job name '%s' is invalid: letters, digits, '-', '_' and '.', at most 255." },
  no_job_kind = { 400, "BadRequest",
    "Jobs of the type '%s' are not served here: those of the type Command are." },
  no_job_compute = { 400, "BadRequest",
    "The compute '%s' of the job was not found in the workspace." },
  no_job_cluster = { 400, "BadRequest",
    "'%s' is a cluster: jobs are served on compute instances here." },
  no_run = { 404, "UserError", "Run %s was not found" },
  no_environment = { 404, "ResourceNotFound",
    "The Resource 'Microsoft.MachineLearningServices/workspaces/%s/environments/%s' under "
      .. "resource group '%s' was not found." },
  no_job_environment = { 400, "BadRequest",
    "The environment '%s' of the job, version '%s', was not found in the workspace." },
  bad_environment = { 400, "BadRequest",
    "The environmentId '%s' of the job is not the id of an environment." },
  environment_fixed = { 409, "Conflict",
    "The environment '%s', version '%s', exists already: its %s cannot be changed." },
  many_nodes = { 400, "BadRequest",
    "A compute instance is one node: resources.instanceCount must be 1, not %d." },
  wrong_type = { 400, "InvalidRequestContent",
    "The request content was invalid: '%s' must be %s." },
  missing_property = { 400, "InvalidRequestContent",
    "The request content was invalid: '%s' is required." },
  wrong_location = { 400, "BadRequest",
    "A compute instance must be in the location of its workspace, '%s', not in '%s'." },
  wrong_compute_type = { 400, "BadRequest",
    "Compute type '%s' is not served here: ComputeInstance and AmlCompute are." },
  unknown_size = { 400, "InvalidPropertyValue",
    "The specified VM size '%s' is not supported in location '%s'." },
  name_invalid = { inferred.name_invalid.status, inferred.name_invalid.code,
    "The specified name '%s' is invalid: 3 to 24 characters, letters, digits and '-', "
      .. "beginning with a letter; a '-' must be followed by at least one letter." },
  name_taken = { inferred.name_taken.status, inferred.name_taken.code,
    "The specified name %s is already in use: the name of a compute instance is unique in its "
      .. "region." },
  cluster_name_invalid = { inferred.name_invalid.status, inferred.name_invalid.code,
    "The specified name '%s' is invalid: 2 to 32 characters, letters, digits and '-', "
      .. "beginning with a letter, not ending in '-'." },
  ssh_on_behalf = { 400, "UserError",
    "Setting SSH key at creation time is not allowed when compute instance is provisioned on "
      .. "behalf of another user." },
  ssh_key = { 400, "BadRequest",
    "The specified value '%s' is not a valid SSH Public Key. It must be a base64 encoded valid "
      .. "RSA key or DSA key." },
  half_user = { 400, "BadRequest", "assignedUser needs objectId and tenantId." },
  not_guid = { 400, "BadRequest", "The %s '%s' of the assigned user is not a GUID." },
  not_assignee = { inferred.not_assignee.status, inferred.not_assignee.code,
    "Only the user of the compute instance '%s' may switch its single sign-on." },
  bad_filter = { 400, "BadRequest", "The filter '%s' is not supported." },
  no_network = { 404, "ResourceNotFound",
    "The Resource 'Microsoft.Network/virtualNetworks/%s' under resource group '%s' was not "
      .. "found. For more details please go to https://aka.ms/ARMResourceNotFoundFix" },
  no_subnet = { 404, "NotFound", "Resource %s not found." },
  subnet_missing = { 400, "BadRequest", "The subnet '%s' of the compute instance was not found." },
  network_elsewhere = { 400, "BadRequest",
    "The virtual network '%s' is in '%s': it must be in the region of the workspace, '%s'." },
  no_ssh_key = { 404, "ResourceNotFound",
    "The Resource 'Microsoft.Compute/sshPublicKeys/%s' under resource group '%s' was not found. "
      .. "For more details please go to https://aka.ms/ARMResourceNotFoundFix" },
  invalid_template = { 400, "InvalidTemplate", "Deployment template validation failed: '%s'." },
  invalid_deployment = { 400, "InvalidTemplateDeployment",
    "The template deployment '%s' is not valid according to the validation procedure. The "
      .. "tracking id is '%s'. See inner errors for details." },
  no_deployment = { 404, "DeploymentNotFound", "Deployment '%s' could not be found." },
  deployment_name = { 400, "InvalidDeploymentName",
    "The deployment name '%s' is invalid: 1 to 64 letters, digits, '-', '_', '.', '(' and ')'." },
  deployment_active = { 409, "DeploymentActive",
    "Unable to edit or replace deployment '%s': previous deployment from '%s' is still active. "
      .. "Please see https://aka.ms/arm-deploy for usage details." },
  deployment_over = { 409, "DeploymentCannotBeCancelled",
    "The deployment '%s' cannot be cancelled: it is %s." },
  quota_total = { 400, "BadRequest",
    "The specified subscription has a total vCPU quota of %d and is less than the requested "
      .. "compute training cluster and/or compute instance's min nodes of %d which maps to %d "
      .. "vCPUs, with %d vCPUs in use." },
  quota_family = { 400, "BadRequest",
    "The specified subscription has a %s family vCPU quota of %d and is less than the "
      .. "requested compute training cluster and/or compute instance's min nodes of %d which "
      .. "maps to %d vCPUs, with %d vCPUs in use." },
  quota_workspace = { 400, "BadRequest",
    "The workspace %s has a %s family vCPU quota of %d and is less than the requested compute "
      .. "training cluster and/or compute instance's min nodes of %d which maps to %d vCPUs, "
      .. "with %d vCPUs in use." },
  quota_clusters = { 400, "BadRequest",
    "The specified subscription has reached its limit of %d computes in this region." },
  busy = { inferred.busy.status, inferred.busy.code,
    "There is already an active operation submitted on '%s': it is %s." },
  only_from = { inferred.stop_stopped.status, inferred.stop_stopped.code,
    "ComputeInstance current state (%s) does not support %s operation." },
  no_action = { 400, "BadRequest", "underlyingResourceAction is required: Delete or Detach." },
  detach = { inferred.detach.status, inferred.detach.code,
    "A compute instance cannot be detached: use underlyingResourceAction=Delete." },
  locked = { 409, "ScopeLocked",
    "The scope '%s' cannot perform delete operation because following scope(s) are locked: "
      .. "'%s'. Please remove the lock and try again." },
  disallowed = { 403, "RequestDisallowedByPolicy",
    "Resource '%s' was disallowed by policy. Policy identifiers: '%s'." },
  throttled = { 429, "TooManyRequests",
    "The request is being throttled as the limit has been reached for operation type - %s." },
}

local function make(name, ...)
  local row = rows[name]
  return setmetatable({ status = row[1], code = row[2], message = row[3]:format(...) }, Refusal)
end

--- Refuse a request.
---@param name string      of a row
---@param ... any          the values for the placeholders of its text
---@raise the refusal
function refusal.raise(name, ...)
  error(make(name, ...), 0)
end

--- Refuse a request with details.
---@param details { code: string, message: string }[]
---@param name string
---@param ... any
function refusal.raise_with(details, name, ...)
  local made = make(name, ...)
  made.details = details
  error(made, 0)
end

--- Refuse a request with a Retry-After.
---@param seconds integer
---@param name string
---@param ... any
function refusal.raise_after(seconds, name, ...)
  local made = make(name, ...)
  made.retry_after = seconds
  error(made, 0)
end

--- Refuse a request with a claims challenge.
---@param claims string      a JSON text: the claims to request the next token with
---@param name string
---@param ... any
function refusal.raise_challenge(claims, name, ...)
  local made = make(name, ...)
  made.claims = claims
  error(made, 0)
end

--- Tell whether a value that was raised is a refusal.
---@param value any
---@return boolean
function refusal.is(value)
  return getmetatable(value) == Refusal
end

return refusal
