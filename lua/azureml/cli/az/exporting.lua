--- Write a definition with the names of `az ml compute create -f`. What az's YAML cannot say keeps
--- our names, which only this package reads. Source: spec/contract/sdk-v1.md, section 8.
local exporting = {}

-- Our field -> az's key, where the value stays as it is.
local SAME = {
  vm_size = "size", ssh_public_access = "ssh_public_access_enabled", description = "description",
  tags = "tags", enable_node_public_ip = "enable_node_public_ip", enable_sso = "enable_sso",
  enable_root_access = "enable_root_access", enable_os_patching = "enable_os_patching",
  release_quota_on_stop = "release_quota_on_stop",
}

-- Our field -> function that returns az's key and value; nil where az's YAML cannot say the value.
local writers = {}

function writers.assigned_user(user)
  if not user.object_id then return nil end
  return "create_on_behalf_of", {
    user_object_id = user.object_id, user_tenant_id = user.tenant_id,
  }
end

function writers.admin_user_ssh_public_key(key)
  return "ssh_settings", { ssh_key_value = key }
end

function writers.subnet(id)
  return "network_settings", { subnet = id }
end

function writers.identity(identity)
  if identity.system_assigned and #identity.user_assigned > 0 then return nil end
  if identity.system_assigned then return "identity", { type = "system_assigned" } end
  local ids = {}
  for i, id in ipairs(identity.user_assigned) do ids[i] = { resource_id = id } end
  return "identity", { type = "user_assigned", user_assigned_identities = ids }
end

function writers.idle_time_before_shutdown(time)
  local minutes = time and time:match "^PT(%d+)M$"
  if not minutes then return nil end
  return "idle_time_before_shutdown_minutes", math.tointeger(tonumber(minutes))
end

local function trigger_of(schedule)
  local recurrence = schedule.recurrence
  local trigger = {
    type = schedule.cron and "cron" or "recurrence", start_time = schedule.start_time,
    time_zone = schedule.time_zone, expression = schedule.cron,
  }
  if recurrence then
    trigger.frequency, trigger.interval = recurrence.frequency, recurrence.interval
    trigger.schedule = {
      hours = recurrence.hours, minutes = recurrence.minutes, week_days = recurrence.week_days,
      month_days = recurrence.month_days,
    }
  end
  return trigger
end

function writers.schedules(schedules)
  local list = {}
  for i, schedule in ipairs(schedules) do
    if schedule.verbatim or schedule.extra then return nil end
    list[i] = {
      action = schedule.action, state = schedule.status, trigger = trigger_of(schedule),
    }
  end
  return "schedules", { compute_start_stop = list }
end

local function script_of(script)
  local minutes = (script.timeout or "15m"):match "^(%d+)m$"
  if not script.path or not minutes then return nil end
  return { path = script.path, command = script.arguments,
    timeout_minutes = script.timeout and math.tointeger(tonumber(minutes)) }
end

function writers.setup_scripts(scripts)
  local written = {}
  for name, script in pairs(scripts) do
    written[name] = script_of(script)
    if not written[name] then return nil end
  end
  return "setup_scripts", written
end

--- Return a definition with az's names.
---@param definition table      canonical
---@return table
---@return string[] ours        the fields that az's YAML cannot say
function exporting.az(definition)
  local written, ours = { type = "computeinstance" }, {}
  for name, value in pairs(definition) do
    local key, converted = SAME[name], value
    if not key and writers[name] then key, converted = writers[name](value) end
    if not key then ours[#ours + 1] = name end
    written[key or name] = key and converted or value
    if key and converted == nil then written[key] = value end
  end
  table.sort(ours)
  return written, ours
end

return exporting
