--- Decide where the Jupyter server of an instance is. The service's reply names the address; a
--- token goes there, so it is checked: https to a host of an instance of the cloud, or loopback if
--- Resource Manager itself is on loopback, as an emulator is.
--- Source: spec/contract/neighbours.md, section 5.
local cloud = require "azureml.cloud"
local core = require "azureml.core"
local errors = require "azureml.error"

local address = {}

-- Split the URL of an application. Refuse user names, escapes, queries and controls: what is left
-- reads the same to every program.
local function parse(url)
  local scheme, host, path = url:match "^(%l+)://([%w.:%[%]-]+)([%w%%/._~-]*)$"
  if not scheme or #url > 2048 or path:find("..", 1, true) then return nil end
  if path ~= "" and path:sub(1, 1) ~= "/" then return nil end
  return scheme, host:lower(), path
end

-- Tell whether a host belongs to an instance of the cloud: below one of its suffixes.
local function is_below(host, suffixes)
  for _, suffix in ipairs(suffixes) do
    local label = host:sub(1, -#suffix - 1)
    if host:sub(-#suffix) == suffix and label:find "^%w[%w.-]*$" then return true end
  end
  return false
end

local function refuse_unsafe(vm, url, suffixes)
  errors.raise {
    code = "InstanceUnsafe",
    message = ("the service names '%s' as the Jupyter of '%s', which is no host of an instance: no "
      .. "token is sent there"):format(url:gsub("[^\x20-\x7e]", "?"):sub(1, 100), vm.name),
    hint = #suffixes > 0 and "hosts of instances are https and end in "
      .. table.concat(suffixes, " or ") or "name the ends of the hosts in the field "
      .. "'instance_suffixes' of the custom cloud",
  }
end

local function refuse_invented(vm)
  errors.raise {
    code = "NoMachine",
    message = ("the emulator has no machine behind '%s': its Jupyter is invented"):format(vm.name),
    hint = "start the emulator with --machine local",
  }
end

local function application_of(vm)
  local applications = vm.applications
  local url = applications.jupyter or applications.jupyter_lab
  if type(url) == "string" then return url end
  errors.raise { code = "NoAddress",
    message = ("the service names no Jupyter for '%s'"):format(vm.name) }
end

--- Return the URL that paths such as /api are appended to.
---@param vm azureml.Instance
---@param endpoint string           of Resource Manager
---@param choice string|azureml.Cloud|nil      the workspace's cloud
---@return string url               without a slash at its end
---@raise an error object: `NoAddress`, `InstanceUnsafe`, `NoMachine`
function address.of(vm, endpoint, choice)
  local url = application_of(vm)
  local _, suffixes = cloud.instances(choice)
  local scheme, host, path = parse(url)
  if not scheme then refuse_unsafe(vm, url, suffixes) end
  local origin = scheme .. "://" .. host
  if core.is_loopback(endpoint) then
    if scheme == "https" and not core.is_loopback(origin) then refuse_invented(vm) end
    if not core.is_loopback(origin) then refuse_unsafe(vm, url, suffixes) end
  else
    local name = scheme == "https" and host:match "^([%w.-]+)$" or host:match "^([%w.-]+):443$"
    if scheme ~= "https" or not name or not is_below(name, suffixes) then
      refuse_unsafe(vm, url, suffixes)
    end
  end
  return origin .. path:gsub("[^/]+/?$", ""):gsub("/$", "")
end

return address
