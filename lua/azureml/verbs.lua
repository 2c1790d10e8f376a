--- What a client can ask of a compute instance. A verb is one row: how it is sent, where it leads,
--- and where the service refuses it. Sources: spec/contract/compute-rest.md, sections 2, 3 and 7.6.

---@class azureml.VerbRow
---@field method string
---@field path string                below the workspace; {name} is filled in
---@field query table?
---@field api_version string?        the only or the first version that has it; nil: any
---@field is_repeatable boolean?     a POST that changes nothing, or tells a setting as a whole: it
---  is sent again after a lost answer
---@field final_state_via string?    where the result of the operation is
---@field aim table<string, boolean>?          states in which the verb has done its work
---@field on_the_way table<string, boolean>?   states that show the verb at work
---@field refused_in table<string, string>?    states in which the service refuses it -> what to do
---  instead
---@field is_idempotent boolean?     in a state of its aim there is nothing to do
---@field operation string?          its name in the instance's last operation

local function set(...)
  local states = {}
  for _, state in ipairs { ... } do states[state] = true end
  return states
end

local REMAKE = "look at its errors, delete it, then create it again"

local STOP_FIRST = "stop it first, or ask for it with stop = true (--stop)"

-- The verbs of settings exist in preview versions only.
-- Source: spec/contract/compute-rest.md, section 2.
local PREVIEW = "2026-03-15-preview"

-- The specification says final-state-via location. The live service sends Azure-AsyncOperation
-- only, and after it the client looks at the instance itself.
local MONITOR = "azure-async-operation"

---@type table<string, azureml.VerbRow>
local verbs = {
  list = { method = "GET", path = "computes" },
  get = { method = "GET", path = "computes/{name}" },
  check_name = {
    method = "POST", path = "checkComputeNameAvailability", is_repeatable = true,
  },
  update_idle_time = {
    method = "POST", path = "computes/{name}/updateIdleShutdownSetting", api_version = PREVIEW,
    is_repeatable = true,
  },
  update_custom_services = {
    method = "POST", path = "computes/{name}/customServices", api_version = PREVIEW,
    is_repeatable = true,
  },
  update_data_mounts = {
    method = "POST", path = "computes/{name}/updateDataMounts", api_version = PREVIEW,
  },
  update_schedules = {
    method = "POST", path = "computes/{name}/updateSchedules", api_version = "2021-03-01-preview",
    is_repeatable = true,
  },
  enable_sso = {
    method = "POST", path = "computes/{name}/enableSso", api_version = "2024-04-01-preview",
    is_repeatable = true,
  },
  allowed_sizes = {
    method = "POST", path = "computes/{name}/getAllowedVmSizesForResize", api_version = PREVIEW,
    is_repeatable = true,
  },
  replace = { method = "PUT", path = "computes/{name}" },
  create = {
    method = "PUT", path = "computes/{name}", operation = "Create",
    aim = set("Running", "JobRunning", "Stopped"),      -- a schedule can have it created stopped
    on_the_way = set("Creating", "SettingUp", "UserSettingUp"),
  },
  delete = {
    method = "DELETE", path = "computes/{name}", operation = "Delete",
    query = { underlyingResourceAction = "Delete" },
    aim = {},      -- it is gone then
    on_the_way = set "Deleting",
  },
  start = {
    method = "POST", path = "computes/{name}/start", operation = "Start", final_state_via = MONITOR,
    aim = set("Running", "JobRunning"),
    on_the_way = set("Starting", "SettingUp", "UserSettingUp"),
    is_idempotent = true,
    refused_in = {
      CreateFailed = REMAKE, SetupFailed = REMAKE, UserSetupFailed = REMAKE, Failed = REMAKE,
      Canceled = REMAKE, Unusable = "restart it",
    },
  },
  resize = {
    method = "POST", path = "computes/{name}/resize", operation = "Resize", api_version = PREVIEW,
    final_state_via = "location",
    aim = set("Stopped", "Running", "JobRunning"),
    on_the_way = set "Resizing",
    refused_in = {      -- inferred: no source tells in which states it is taken
      Running = STOP_FIRST, JobRunning = STOP_FIRST, CreateFailed = REMAKE, SetupFailed = REMAKE,
      UserSetupFailed = REMAKE, Failed = REMAKE, Canceled = REMAKE, Unusable = "restart it",
    },
  },
  stop = {
    method = "POST", path = "computes/{name}/stop", operation = "Stop", final_state_via = MONITOR,
    aim = set "Stopped",
    on_the_way = set "Stopping",
    is_idempotent = true,
    refused_in = {},
  },
  restart = {
    method = "POST", path = "computes/{name}/restart", operation = "Restart",
    final_state_via = MONITOR,
    aim = set("Running", "JobRunning"),
    on_the_way = set "Restarting",
    refused_in = {
      CreateFailed = REMAKE, SetupFailed = REMAKE, UserSetupFailed = REMAKE,
      Stopped = "start it",
    },
  },
}

return verbs
