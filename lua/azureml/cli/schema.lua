--- Write the JSON Schema of files that describe instances, out of the table of fields: editors
--- check and complete such files by it.
local fields = require "azureml.definition.fields"
local spellings = require "azureml.definition.spellings"

local schema = {}

-- The JSON types of values, by the field. The kinds check the rest.
local TYPES = {
  tags = "object", assigned_user = { "string", "object" }, identity = { "string", "array", "object",
    "boolean" },
  setup_scripts = "object", schedules = { "array", "boolean" },
  idle_time_before_shutdown = { "string", "boolean" }, custom_services = { "array", "boolean" },
  data_mounts = { "array", "boolean" }, extra = "object", disable_local_auth = "boolean",
  ssh_public_access = "boolean", enable_node_public_ip = "boolean", enable_sso = "boolean",
  enable_root_access = "boolean", enable_os_patching = "boolean", mlflow_autologger = "boolean",
  release_quota_on_stop = "boolean",
}

local STATES = { "Running", "Stopped", "absent" }

-- Return the schema of one definition.
local function of_definition()
  local properties = {}
  for _, row in ipairs(fields) do
    properties[row.name] = { type = TYPES[row.name] or "string", description = row.doc }
  end
  properties.state = { enum = STATES, description = "The state that is wanted." }
  for name, field in pairs(spellings.names) do
    properties[name] = { type = "string", description = "Another way to give " .. field .. "." }
  end
  return { type = "object", properties = properties, additionalProperties = false }
end

--- Return the schema of a file in JSON: a map of definitions by name.
---@return table
function schema.of_file()
  return {
    ["$schema"] = "https://json-schema.org/draft/2020-12/schema",
    title = "Compute instances for azureml plan and azureml apply",
    type = "object", additionalProperties = of_definition(),
  }
end

return schema
