--- Find the logs of an instance's setup scripts. They lie on the workspace's file share, which
--- Jupyter shows while the instance runs.
--- Source: spec/contract/neighbours.md, section 6.
local contents = require "azureml.jupyter.contents"
local core = require "azureml.core"
local errors = require "azureml.error"
local json = require "azureml.json"
local log = require "azureml.look.log"
local options = require "azureml.options"
local pace = require "azureml.pace"
local power_state = require "azureml.definition.power_state"
local task = require "azureml.task"

local logs = {}

local SHARE = "code-391ff5ac-6576-460f-ba4d-7e03433c68b6"      -- of every workspace
local MOST_FILES, MOST_DEPTH = 500, 3

-- Where they are ----------------------------------------------------------------------------------

local function directory_of(vm)
  return "Logs/" .. vm.name
end

-- Return the name of the workspace's storage account; nil if the caller may not see it.
local function account_of(vm)
  local found = errors.try(vm.workspace.get_once, vm.workspace)
  local id = found and json.get(found, "properties", "storageAccount")
  return type(id) == "string" and id:match "/([%w]+)$" or nil
end

--- Return where the logs of an instance are while Jupyter cannot show them, and how to read them.
---@param vm azureml.Instance
---@return string place, string hint
function logs.place(vm)
  local account, directory = account_of(vm), directory_of(vm)
  local place = ("the folder %s of the file share %s%s"):format(directory, SHARE,
    account and (" of the storage account '%s'"):format(account) or " of the workspace's storage")
  local hint = ("with the role Storage File Data Privileged Reader on the storage account: az "
    .. "storage file download-batch --account-name %s --source %s --pattern '%s/*' "
    .. "--destination . --auth-mode login --backup-intent; or with a role that may list its keys "
    .. "(workspaces/listStorageAccountKeys/action)"):format(account or "ACCOUNT", SHARE, directory)
  return place, hint
end

local function refuse_state(vm)
  local place, hint = logs.place(vm)
  errors.raise {
    code = "NotRunning",
    message = ("'%s' is %s, and only a running instance shows its logs; they are in %s"):format(
      vm.name, tostring(vm.state), place),
    hint = hint,
  }
end

-- Reading -----------------------------------------------------------------------------------------

-- Make the source of a file on the instance.
local function source_of(server, path)
  return {
    read = function(first, last) return contents.read(server, path, first, last) end,
  }
end

local function add_files(server, entry, found, depth)
  for _, item in ipairs(entry.items) do
    if item.kind == "directory" then
      if depth < MOST_DEPTH then
        add_files(server, contents.list(server, item.path), found, depth + 1)
      end
    else
      found[#found + 1] = item
    end
    if #found > MOST_FILES then
      errors.raise { code = "TooManyLogs",
        message = ("the folder %s has more than %d files"):format(entry.path, MOST_FILES) }
    end
  end
  return found
end

local function by_age(a, b)
  if a.modified ~= b.modified then return (a.modified or "") < (b.modified or "") end
  return a.name < b.name
end

local function raise_none(vm)
  local has_scripts = vm.setup_scripts ~= nil and next(vm.setup_scripts) ~= nil
  errors.raise {
    code = "NoLogs",
    message = ("'%s' has no logs: there is no folder %s on the file share"):format(vm.name,
      directory_of(vm)),
    hint = has_scripts and "they are written when a setup script runs"
      or "it has no setup script, which would write one",
  }
end

local function list(vm)
  local server, root = vm.jupyter.server, directory_of(vm)
  local entry, err = errors.try(contents.list, server, root)
  if err then
    if err.code == "FileNotFound" then raise_none(vm) end
    errors.raise(err)
  end
  local found = {}
  for i, item in ipairs(add_files(server, entry, {}, 1)) do
    found[i] = log.new({
      name = item.path:sub(#root + 2), path = item.path, size = item.size, modified = item.modified,
    }, source_of(server, item.path))
  end
  if #found == 0 then raise_none(vm) end
  table.sort(found, by_age)
  return found
end

-- Wait until the state of an instance does not change by itself.
local function wait_until_settled(vm, settings)
  local deadline = settings.timeout and core.now() + settings.timeout or math.huge
  local next_pause = pace.pauses(vm.workspace.instances)
  while power_state.is_transitional(vm.state) do
    if settings.on_state then settings.on_state(vm.state) end
    local left = deadline - core.now()
    if left <= 0 then
      errors.raise { code = "Timeout",
        message = ("'%s' is still %s after %s s"):format(vm.name, vm.state,
          pace.text(settings.timeout)),
        hint = ("'azureml why %s' explains its state"):format(vm.name) }
    end
    task.sleep(math.min(next_pause(), left))
    vm:refresh()
  end
end

--- When to look.
---@class azureml.LogsOptions
---@field wait? boolean  wait first until the instance has started
---@field timeout? number  seconds of that wait
---@field on_state? fun(state: string)  told the states meanwhile

local OPTIONS = { wait = "boolean", timeout = "number", on_state = "callable" }

--- List the logs of an instance's setup scripts, the oldest first.
---@param vm azureml.Instance
---@param settings? azureml.LogsOptions
---@return azureml.Log[]
---@raise an error object: `NotRunning` with the place of the logs, `NotYours`, `NoLogs`, `Timeout`
---@usage for _, log in ipairs(vm:logs()) do print(log.name, log:read { tail = 5 }) end
function logs.of(vm, settings)
  settings = options.check("logs", settings, OPTIONS)
  if settings.timeout then options.check_seconds("logs: timeout", settings.timeout) end
  if settings.wait then wait_until_settled(vm, settings) end
  if not power_state.is_running(vm.state) then refuse_state(vm) end
  return list(vm)
end

--- Return the newest log of each script: names that differ only in digits belong to one script.
---@param all azureml.Log[]      the oldest first
---@return azureml.Log[]         the oldest first
function logs.newest(all)
  local chosen, seen = {}, {}
  for i = #all, 1, -1 do
    local script = all[i].name:gsub("%d+", "")
    if not seen[script] then table.insert(chosen, 1, all[i]) end
    seen[script] = true
  end
  return chosen
end

return logs
