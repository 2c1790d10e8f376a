--- Data mounts of an instance: datasets, datastores and URIs under a path of its file system.
--- Sources: spec/contract/compute-rest.md, sections 3.11 and 7.5.
local kinds = require "azureml.definition.kinds"
local shapes = require "azureml.definition.shapes"

--- Data under a path of the file system.
---@class azureml.DataMount
---@field name string  of the mount
---@field source string  "azureml://...", or the id of a dataset
---@field source_type? "Dataset"|"Datastore"|"URI"  default: "URI"
---@field mode? "ReadOnly"|"ReadWrite"  default: "ReadOnly"
---@field path? string  "/mnt/data"
---@field state? string  how far the mount is, as the service tells it
---@field error? string  why it failed, as the service tells it
---@field mounted_on? string  when it was mounted, as the service tells it

local choice, line, text = kinds.choice, kinds.line, kinds.text

local mount = shapes.record {
  { name = "name", member = "mountName", kind = line, required = true },
  { name = "source", member = "source", kind = line, required = true },
  { name = "source_type", member = "sourceType", kind = choice { "Dataset", "Datastore", "URI" },
    default = "URI" },
  { name = "mode", member = "mountMode", kind = choice { "ReadOnly", "ReadWrite" },
    default = "ReadOnly" },
  { name = "path", member = "mountPath", kind = line },
}

-- What the service adds: how far a mount is.
local PROGRESS = { state = "mountState", error = "error", mounted_on = "mountedOn" }

local read_mount = mount.read
function mount.read(member)
  local canonical = read_mount(member)
  if not canonical then return nil end
  for name, sent in pairs(PROGRESS) do canonical[name] = text.read(member[sent]) end
  return canonical
end

-- A mount that failed does not fit: it is mounted again.
local is_same_mount = mount.same
function mount.same(wanted, actual)
  return is_same_mount(wanted, actual) and actual.state ~= "MountFailed"
end

-- Let a script give a mount of an instance, with its progress.
local check_mount = mount.check
function mount.check(value)
  if type(value) ~= "table" then return check_mount(value) end
  local settable = {}
  for name, item in pairs(value) do
    if not PROGRESS[name] then settable[name] = item end
  end
  return check_mount(settable)
end

local function twins(mounts)
  local names, paths = {}, {}
  for _, item in ipairs(mounts) do
    if names[item.name] then return ("two mounts are called '%s'"):format(item.name) end
    names[item.name] = true
    if item.path and paths[item.path] then return ("two mounts share '%s'"):format(item.path) end
    if item.path then paths[item.path] = true end
  end
end

--- The kind of a list of data mounts: each { name, source = "azureml://...", source_type =
--- "Dataset"|"Datastore"|"URI", mode = "ReadOnly"|"ReadWrite", path = "/mnt/data" }.
local data_mounts = shapes.list(mount, "mount", twins)

local GONE = { Unmounted = true, UnmountRequested = true }

-- Leave out mounts that end: the service keeps showing them.
local read_mounts = data_mounts.read
function data_mounts.read(member)
  local list = read_mounts(member)
  for index = #list, 1, -1 do
    if GONE[list[index].state] then table.remove(list, index) end
  end
  return list
end

--- Tell whether the service is at work on a mount.
---@param mounts table[]      of an instance
---@return boolean
function data_mounts.is_in_progress(mounts)
  for _, item in ipairs(mounts) do
    if item.state == "MountRequested" then return true end
  end
  return false
end

--- Write the actions that lead from the mounts of an instance to the wanted ones.
---@param wanted table[]      canonical
---@param actual table[]      canonical
---@return table[] actions    of the request
function data_mounts.actions(wanted, actual)
  local actions, keeps = {}, {}
  for _, item in ipairs(wanted) do keeps[item.name] = item end
  for _, item in ipairs(actual) do
    if not (keeps[item.name] and mount.same(keeps[item.name], item)) then
      local action = mount.write(item)
      action.mountAction = "Unmount"
      actions[#actions + 1] = action
    else
      keeps[item.name] = nil
    end
  end
  for _, item in ipairs(wanted) do
    if keeps[item.name] then
      local action = mount.write(item)
      action.mountAction = "Mount"
      actions[#actions + 1] = action
    end
  end
  return actions
end

return data_mounts
