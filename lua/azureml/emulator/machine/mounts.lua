--- Keep the data mounts of an instance: read requests to mount and unmount, apply them, and show
--- the mounts. Source: spec/contract/compute-rest.md, sections 3.11 and 7.5.
local check = require "azureml.emulator.check"
local clock = require "azureml.emulator.clock"
local inferred = require "azureml.emulator.inferred"
local json = require "azureml.json"
local refusal = require "azureml.emulator.refusal"

local mounts = {}

local SOURCES = { Dataset = true, Datastore = true, URI = true }
local ACTIONS = { Mount = true, Unmount = true }
local MODES = { ReadOnly = true, ReadWrite = true }

local function read_mount(body)
  if type(body) ~= "table" then refusal.raise("wrong_type", "each data mount", "an object") end
  local action = check.text(body.mountAction, "mountAction") or "Mount"
  action = check.one_of(action, ACTIONS, "mountAction")
  local name = check.required(body.mountName, "string", "mountName")
  local source = action == "Mount" and check.required(body.source, "string", "source")
    or check.text(body.source, "source")
  return {
    name = name, action = action, source = source,
    source_type = check.one_of(body.sourceType, SOURCES, "sourceType") or "URI",
    mode = check.one_of(body.mountMode, MODES, "mountMode") or "ReadOnly",
    path = check.text(body.mountPath, "mountPath"),
  }
end

--- Read a list of mounts and unmounts. Raise a refusal if it is malformed.
---@param list any      the body of the request
---@return table[]
function mounts.read(list)
  local read = {}
  for i, body in ipairs(check.list(list, "the body") or {}) do read[i] = read_mount(body) end
  return read
end

local function index_of(list, name)
  for i, mount in ipairs(list) do
    if mount.name == name then return i end
  end
end

-- Tell whether a mount holds its path: it was mounted, or its unmount failed.
local function holds_path(mount)
  return (mount.action == "Mount") == (mount.error == nil)
end

-- Return what is wrong with a mount. A path can hold only one mount.
local function fault_of(list, wanted)
  for _, mount in ipairs(list) do
    local is_mounted = holds_path(mount)
    local is_same_path = mount.path and mount.path == wanted.path
    if mount.name ~= wanted.name and is_mounted and is_same_path then
      return ("The path '%s' is taken by the data mount '%s'."):format(mount.path, mount.name)
    end
  end
end

--- Apply mounts and unmounts to an instance, all or none. A name identifies a mount.
---@param compute table         the instance's record
---@param wanted table[]        a result of `mounts.read`
---@param user string           the user that asks
---@param now number
---@param failure string?       why all of them are to fail
function mounts.apply(compute, wanted, user, now, failure)
  local list = table.move(compute.mounts or {}, 1, #(compute.mounts or {}), 1, {})
  for _, mount in ipairs(wanted) do
    local index = index_of(list, mount.name)
    if mount.action == "Unmount" and not index then refusal.raise("no_mount", mount.name) end
    local old = index and list[index] or {}
    mount.source, mount.path = mount.source or old.source, mount.path or old.path
    mount.at, mount.by = now, user
    mount.error = failure or mount.action == "Mount" and fault_of(list, mount) or nil
    list[index or #list + 1] = mount
  end
  compute.mounts = list
end

local STATES = {
  Mount = { requested = "MountRequested", done = "Mounted", failed = "MountFailed" },
  Unmount = { requested = "UnmountRequested", done = "Unmounted", failed = "UnmountFailed" },
}

local function state_of(mount, now)
  local states = STATES[mount.action]
  if now < mount.at + inferred.durations.mounting then return states.requested end
  return mount.error and states.failed or states.done
end

local function show_mount(mount, now)
  local state = state_of(mount, now)
  local mounted_on = mount.at + inferred.durations.mounting
  return {
    source = mount.source, sourceType = mount.source_type, mountName = mount.name,
    mountAction = mount.action, mountMode = mount.mode, mountPath = mount.path,
    createdBy = mount.by, mountState = state,
    error = state:find "Failed$" and mount.error or nil,
    mountedOn = state == "Mounted" and clock.iso(mounted_on) or nil,
  }
end

--- Return the mounts of an instance, as the service shows them.
---@param compute table
---@param now number
---@return table      a list, or null if the instance never had a mount
function mounts.show(compute, now)
  if not compute.mounts then return json.null end
  local shown = json.array {}
  for i, mount in ipairs(compute.mounts) do shown[i] = show_mount(mount, now) end
  return shown
end

return mounts
