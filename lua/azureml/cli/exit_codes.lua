--- The exit codes of commands. A script that checks them can tell what to do next.
local exit_codes = {
  OK = 0,
  FAILED = 1,
  MISUSED = 2,
  NOT_FOUND = 3,
  SIGN_IN = 4,
  TIMED_OUT = 5,
  DIFFERS = 6,
}

--- What the codes mean, for --help and the manual.
exit_codes.meanings = {
  { "0", "success" },
  { "1", "failure; also: 'audit' and 'check' have findings" },
  { "2", "wrong usage, also a value that an option cannot have" },
  { "3", "what the command names does not exist" },
  { "4", "a sign-in is needed, or the service refused the credential" },
  { "5", "a wait timed out; the operation goes on at the service" },
  { "6", "'plan' found differences" },
  { "130", "interrupted (SIGINT)" },
  { "143", "terminated (SIGTERM)" },
}

-- The codes of errors that mean more than a failure, by the error's code.
local BY_CODE = {
  Usage = exit_codes.MISUSED,
  ResourceNotFound = exit_codes.NOT_FOUND,
  NotFound = exit_codes.NOT_FOUND,
  ParentResourceNotFound = exit_codes.NOT_FOUND,
  ResourceGroupNotFound = exit_codes.NOT_FOUND,
  SubscriptionNotFound = exit_codes.NOT_FOUND,
  WorkspaceNotFound = exit_codes.NOT_FOUND,
  DeploymentNotFound = exit_codes.NOT_FOUND,
  JobNotFound = exit_codes.NOT_FOUND,
  EnvironmentNotFound = exit_codes.NOT_FOUND,
  FileNotFound = exit_codes.NOT_FOUND,
  NoApplication = exit_codes.NOT_FOUND,
  NoLogs = exit_codes.NOT_FOUND,
  Timeout = exit_codes.TIMED_OUT,
}

local NOT_SIGNED_IN = 401      -- the HTTP status of a token that the service refuses

-- Return the code of a group's error: TIMED_OUT when all that failed has timed out, else FAILED.
local function code_of_group(details)
  for _, detail in ipairs(details) do
    local err = rawget(detail, "error")
    if not err or err.code ~= "Timeout" then return exit_codes.FAILED end
  end
  return exit_codes.TIMED_OUT
end

--- Return the exit code for an error.
---@param err azureml.Error
---@return integer
function exit_codes.of(err)
  if type(err) ~= "table" then return exit_codes.FAILED end
  if err.code == "SomeFailed" then return code_of_group(err.details or {}) end
  local code = BY_CODE[err.code] or err.kind == "usage" and exit_codes.MISUSED
  if code then return code end
  local needs_sign_in = err.kind == "credential" or err.status == NOT_SIGNED_IN
  return needs_sign_in and exit_codes.SIGN_IN or exit_codes.FAILED
end

return exit_codes
