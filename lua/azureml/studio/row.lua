--- Describe an instance as a row of the list: what the columns show, and what the filters ask for.
--- Source: spec/contract/studio.md, sections 2.2 and 2.3.
local core = require "azureml.core"
local duration = require "azureml.definition.duration"
local json = require "azureml.json"
local moment = require "azureml.tool.moment"
local power_state = require "azureml.definition.power_state"
local tables = require "azureml.tool.tables"

local row = {}

---@class azureml.StudioSurroundings      what rows need beside their instances
---@field me string?                      the object id of the user, in lower case
---@field sizes table<string, azureml.Size>     by name in lower case

local FORGOTTEN_AFTER = 8 * 3600      -- seconds

-- States without a machine that is billed: see look/cost.lua.
local UNBILLED = {
  Stopped = true, Deleting = true, Creating = true, CreateFailed = true, Failed = true,
  Canceled = true,
}

-- Return the kind of a state, by which the page colours it.
local function tone_of(state)
  if power_state.is_transitional(state) then return "moving" end
  if power_state.is_failed(state) or state == "Unknown" then return "failed" end
  return power_state.is_running(state) and "running" or "stopped"
end

local function is_same(id, other)
  return type(id) == "string" and other ~= nil and id:lower() == other
end

-- Tell whether a URL may be a link: the service sends it, so that it could be a script.
local function is_link(url)
  if type(url) ~= "string" then return false end
  return url:find "^https://[^%s]+$" ~= nil or url:find "^http://" ~= nil and core.is_loopback(url)
end

-- List the applications of an instance that the user can open now.
local function applications_of(vm, is_usable)
  local list = json.array {}
  if not is_usable or not power_state.is_running(vm.state) then return list end
  local urls = vm.applications
  for _, name in ipairs(tables.keys(urls)) do
    if is_link(urls[name]) then list[#list + 1] = { name = name, url = urls[name] } end
  end
  return list
end

local function problems_of(vm)
  local list = json.array {}
  for _, item in ipairs(vm.errors) do
    local code = json.get(item, "code") or json.get(item, "error", "code")
    local message = json.get(item, "message") or json.get(item, "error", "message")
    if code or message then
      list[#list + 1] = { code = tostring(code or ""), message = tostring(message or code) }
    end
  end
  return list
end

local function idle_minutes(vm)
  local time = vm.idle_time_before_shutdown
  return time and duration.minutes(time) or nil
end

-- Tell whether an instance runs since long, and nothing will stop it.
local function is_forgotten(vm, next_stop)
  if not power_state.is_running(vm.state) then return false end
  if vm.idle_time_before_shutdown or next_stop then return false end
  local since = moment.read(vm.last_operation.time) or moment.read(vm.created_on)
  return since ~= nil and core.time() - since >= FORGOTTEN_AFTER
end

-- Tell whether the user may use an instance: it is assigned to the user, or created by the user and
-- assigned to no other.
local function is_usable(vm, me)
  if vm.assigned_to then return is_same(vm.assigned_to, me) end
  return is_same(vm.created_by, me)
end

--- Describe an instance.
---@param vm azureml.Instance
---@param around azureml.StudioSurroundings
---@return table
function row.of(vm, around)
  local size = around.sizes[(vm.vm_size or ""):lower()] or {}
  local usable, next_stop, operation = is_usable(vm, around.me), vm.next_stop, vm.last_operation
  return {
    name = vm.name, state = vm.state or "Unknown", tone = tone_of(vm.state),
    size = vm.vm_size, vcpus = size.vcpus, gpus = size.gpus, memory_gb = size.memory_gb,
    price = size.price, currency = size.currency, is_billed = not UNBILLED[vm.state],
    applications = applications_of(vm, usable),
    idle_minutes = idle_minutes(vm), next_start = vm.next_start, next_stop = next_stop,
    operation = operation.name and {
      name = operation.name, status = operation.status, time = operation.time,
      trigger = operation.trigger,
    } or nil,
    created_on = vm.created_on, created_by = vm.created_by_name or vm.created_by,
    assigned_to = vm.assigned_to, is_usable = usable,
    is_created_by_me = is_same(vm.created_by, around.me),
    ssh = vm.ssh.command, ip = vm.public_ip_address or vm.private_ip_address,
    tags = vm.tags, description = vm.description, problems = problems_of(vm),
    is_forgotten = is_forgotten(vm, next_stop),
    is_image_old = vm.is_latest_image == false or nil,
  }
end

return row
