--- Data mounts of an instance: asked for, then there. Source: spec/contract/compute-rest.md,
--- sections 3.11 and 7.5.
local check = require "azureml.emulator.check"
local clock = require "azureml.emulator.clock"
local inferred = require "azureml.emulator.inferred"
local json = require "azureml.json"
local refusal = require "azureml.emulator.refusal"

local mounts = {}

local SOURCES = { Dataset = true, Datastore = true, URI = true }
local ACTIONS, MODES = { Mount = true, Unmount = true }, { ReadOnly = true, ReadWrite = true }

local function read_one(given)
  if type(given) ~= "table" then refusal.raise("wrong_type", "each data mount", "an object") end
  local action = check.one_of(check.text(given.mountAction, "mountAction") or "Mount", ACTIONS, "mountAction")
  return {
    name = check.required(given.mountName, "string", "mountName"), action = action,
    source = action == "Mount" and check.required(given.source, "string", "source") or check.text(given.source, "source"),
    source_type = check.one_of(given.sourceType, SOURCES, "sourceType") or "URI",
    mode = check.one_of(given.mountMode, MODES, "mountMode") or "ReadOnly", path = check.text(given.mountPath, "mountPath"),
  }
end

--- Read a list of what to mount and what to unmount; raises a refusal.
---@return table[]
function mounts.read(list)
  local kept = {}
  for i, one in ipairs(check.list(list, "the body") or {}) do kept[i] = read_one(one) end
  return kept
end

local function index_of(list, name)
  for i, one in ipairs(list) do
    if one.name == name then return i end
  end
end

-- Two cannot lie at one path.
local function fault_of(list, wanted)
  for _, one in ipairs(list) do
    if one.name ~= wanted.name and one.action == "Mount" and not one.error and one.path and one.path == wanted.path then
      return ("The path '%s' is taken by the data mount '%s'."):format(one.path, one.name)
    end
  end
end

--- Do what is asked for to an instance's mounts; a mount is known by its name.
---@param one table          the instance's record
---@param wanted table[]     as read
---@param who string         whose they are
---@param now number
function mounts.apply(one, wanted, who, now)
  local list = one.mounts or {}
  for _, each in ipairs(wanted) do
    local index = index_of(list, each.name)
    if each.action == "Unmount" and not index then refusal.raise("no_mount", each.name) end
    local old = index and list[index] or {}
    each.source, each.path, each.at, each.by = each.source or old.source, each.path or old.path, now, who
    each.error = each.action == "Mount" and fault_of(list, each) or nil
    list[index or #list + 1] = each
  end
  one.mounts = list
end

local STATES = {
  Mount = { requested = "MountRequested", done = "Mounted", failed = "MountFailed" },
  Unmount = { requested = "UnmountRequested", done = "Unmounted" },
}

local function state_of(one, now)
  local states = STATES[one.action]
  if now < one.at + inferred.durations.mounting then return states.requested end
  return one.error and states.failed or states.done
end

local function show_one(one, now)
  local state = state_of(one, now)
  return {
    source = one.source, sourceType = one.source_type, mountName = one.name, mountAction = one.action, mountMode = one.mode,
    mountPath = one.path, createdBy = one.by, mountState = state, error = state == "MountFailed" and one.error or nil,
    mountedOn = state == "Mounted" and clock.iso(one.at + inferred.durations.mounting) or nil,
  }
end

--- As the service shows them.
---@param one table
---@param now number
function mounts.show(one, now)
  if not one.mounts then return json.null end
  local shown = json.array {}
  for i, each in ipairs(one.mounts) do shown[i] = show_one(each, now) end
  return shown
end

return mounts
