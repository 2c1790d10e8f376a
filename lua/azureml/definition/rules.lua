--- Rules over several fields of a definition. Each rule returns a finding, or nil where it holds.
--- Sources: spec/contract/compute-rest.md, sections 3.3, 7.3, 8.3 and 9.2.
local fields = require "azureml.definition.fields"
local kinds = require "azureml.definition.kinds"
local tables = require "azureml.tool.tables"

local rules = {}

local function says_key(wanted)
  return wanted.admin_user_ssh_public_key or wanted.ssh_key_id or wanted.generate_ssh_key
end

local function key_for_another_user(wanted)
  if wanted.assigned_user and says_key(wanted) then
    return { field = "assigned_user", level = "error",
      text = "assigned_user: an instance created on behalf of a user takes no SSH key: the "
        .. "assigned user adds it" }
  end
end

local function ssh_without_key(wanted, faulty)
  if faulty.admin_user_ssh_public_key then return end
  if wanted.ssh_public_access and not says_key(wanted) then
    return { field = "ssh_public_access", level = "warning",
      text = "SSH is on without admin_user_ssh_public_key: no user can log in until the user of "
        .. "the instance adds a key to its authorized_keys" }
  end
end

local function key_without_ssh(wanted)
  if says_key(wanted) and not wanted.ssh_public_access then
    return { field = "ssh_public_access", level = "warning",
      text = "the SSH key has no effect: SSH is off without ssh_public_access = true, and cannot "
        .. "be switched on later" }
  end
end

local function idle_stop_with_services(wanted)
  local services = wanted.custom_services
  if wanted.idle_time_before_shutdown and services and #services > 0 then
    return { field = "idle_time_before_shutdown", level = "warning",
      text = "a custom service that runs keeps the instance from being idle: only a schedule "
        .. "stops it" }
  end
end

local function idle_stop_with_identity(wanted)
  local identity = wanted.identity
  if wanted.idle_time_before_shutdown and identity
    and (identity.system_assigned or #identity.user_assigned > 0) then
    return { field = "idle_time_before_shutdown", level = "warning",
      text = "the idle stop works only if the instance's identity holds the role Contributor on "
        .. "the workspace" }
  end
end

local function has_stop(schedules)
  for _, schedule in ipairs(schedules or {}) do
    if schedule.action == "stop" and schedule.status ~= "disabled" then return true end
  end
  return false
end

local function never_stops(wanted, faulty)
  if faulty.idle_time_before_shutdown or faulty.schedules then return end
  if not wanted.idle_time_before_shutdown and not has_stop(wanted.schedules) then
    return { field = "idle_time_before_shutdown", level = "warning",
      text = "nothing stops the instance: it costs money until a user stops it; "
        .. "set idle_time_before_shutdown or a schedule" }
  end
end

-- Return the field whose member of properties.properties has a name, in any case.
local function owner_of(member)
  for _, row in ipairs(fields) do
    local known = row.path and row.path:match "^properties%.properties%.([^.]+)"
    if known and known:lower() == member:lower() then return row.name end
  end
end

local function extra_of_a_field(wanted)
  for _, member in ipairs(tables.keys(wanted.extra)) do
    local name = owner_of(member)
    if name then
      return { field = "extra", level = "error",
        text = ("extra: %s is the option %s: use that"):format(kinds.excerpt(member), name) }
    end
  end
end

local all = {
  key_for_another_user, ssh_without_key, key_without_ssh, idle_stop_with_services,
  idle_stop_with_identity, never_stops, extra_of_a_field,
}

--- Apply the rules.
---@param wanted table                    canonical
---@param faulty table<string, boolean>?  the fields whose values are wrong: `wanted` lacks them
---@return azureml.Finding[]              errors and warnings
function rules.findings(wanted, faulty)
  local findings = {}
  faulty = faulty or {}
  for _, rule in ipairs(all) do findings[#findings + 1] = rule(wanted, faulty) end
  return findings
end

return rules
