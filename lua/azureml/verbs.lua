--- What a client can ask of a compute instance. A verb is one row: how it is sent, where it leads,
--- and where the service refuses it. Sources: spec/contract/compute-rest.md, sections 2, 3 and 7.6.

---@class azureml.VerbRow
---@field method string
---@field path string                below the workspace; {name} is filled in
---@field query table?
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

-- The specification says final-state-via location. The live service sends Azure-AsyncOperation
-- only, and after it the client looks at the instance itself.
local MONITOR = "azure-async-operation"

---@type table<string, azureml.VerbRow>
local verbs = {
  list = { method = "GET", path = "computes" },
  get = { method = "GET", path = "computes/{name}" },
  update_idle_time = {
    method = "POST", path = "computes/{name}/updateIdleShutdownSetting",
  },
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
