--- Decide where the SSH server of an instance is and whether the user may reach it. What the
--- service sends goes to a command line, so it is checked: it never becomes an option or a shell's
--- word.
local errors = require "azureml.error"

local target = {}

---@class azureml.ssh.Target
---@field name string
---@field user string
---@field host string
---@field port integer
---@field public_key string?      of the user, as the instance has it
---@field vm azureml.Instance

local RUNNING = { Running = true, JobRunning = true }

-- What the service sends --------------------------------------------------------------------------

local LONGEST_HOST, LONGEST_USER = 253, 32

local function is_host(host)
  if #host > LONGEST_HOST then return false end
  return host:find "^[%w][%w.-]*$" ~= nil or host:find "^[%x:]+$" ~= nil and host:find ":" ~= nil
end

local function is_user(user)
  return #user <= LONGEST_USER and user:find "^[%a_][%w_.-]*$" ~= nil
end

local function is_port(port)
  return math.type(port) == "integer" and port >= 1 and port <= 65535
end

local function refuse_unsafe(vm, what, value)
  errors.raise {
    code = "SshUnsafe",
    message = ("the service names '%s' as the %s of '%s', which is none: it is not used"):format(
      tostring(value):gsub("[^\x20-\x7e]", "?"):sub(1, 60), what, vm.name),
  }
end

-- Addresses that are reserved for documentation and benchmarks: an emulator invents them.
local function is_invented(host)
  return host:find "^203%.0%.113%.%d+$" ~= nil or host:find "^198%.1[89]%.%d+%.%d+$" ~= nil
end

-- Checks ------------------------------------------------------------------------------------------

local function check_enabled(vm)
  if vm.ssh.enabled then return end
  errors.raise {
    code = "SshDisabled",
    message = ("SSH is off on '%s', and that is fixed when an instance is created"):format(vm.name),
    hint = ("'azureml terminal %s' needs no SSH; 'azureml recreate %s --ssh-key-file FILE' "
      .. "replaces the instance by one with SSH and deletes its disk"):format(vm.name, vm.name),
  }
end

local function check_owner(vm)
  local owner = vm.owner
  if not owner then return end
  local own = vm.workspace:object_id()
  if own:lower() == owner:lower() then return end
  errors.raise {
    code = "NotYours",
    message = ("'%s' belongs to another user (object id %s, yours is %s): only the user that an "
      .. "instance is assigned to, or else its creator, may enter it"):format(vm.name, owner, own),
    hint = "ask the owner, or create an instance of your own",
  }
end

local function check_running(vm)
  if RUNNING[vm.state] then return end
  local is_stopped = vm.state == "Stopped"
  errors.raise {
    code = "NotRunning",
    message = ("'%s' is %s: SSH needs a running instance"):format(vm.name, tostring(vm.state)),
    hint = is_stopped and ("start it first: --start, or 'azureml start %s'"):format(vm.name)
      or "wait until it runs: 'azureml watch' shows the changes of its state",
  }
end

--- Return where the SSH server of an instance is.
---@param vm azureml.Instance
---@return azureml.ssh.Target
---@raise an error object: `SshDisabled`, `NotYours`, `NotRunning`, `SshUnsafe`, `NoAddress`
function target.of(vm)
  check_enabled(vm)
  check_owner(vm)
  check_running(vm)
  return target.address(vm)
end

--- Return where the SSH server of an instance is or will be, without a look at its state.
---@param vm azureml.Instance
---@return azureml.ssh.Target
function target.address(vm)
  local ssh = vm.ssh
  if not ssh.host or not ssh.port or not ssh.user then
    errors.raise { code = "NoAddress",
      message = ("the service names no address for the SSH server of '%s'"):format(vm.name) }
  end
  if not is_host(ssh.host) then refuse_unsafe(vm, "address", ssh.host) end
  if not is_user(ssh.user) then refuse_unsafe(vm, "user", ssh.user) end
  if not is_port(ssh.port) then refuse_unsafe(vm, "port", ssh.port) end
  if not vm.name:find "^%a[%w-]*$" then refuse_unsafe(vm, "name", vm.name) end
  if is_invented(ssh.host) then
    errors.raise { code = "NoMachine",
      message = ("the emulator has no machine behind '%s': its address %s is invented"):format(
        vm.name, ssh.host),
      hint = "start the emulator with --machine local" }
  end
  return {
    name = vm.name, user = ssh.user, host = ssh.host, port = ssh.port, vm = vm,
    public_key = vm.admin_user_ssh_public_key,
  }
end

--- Return what a user must know to reach a private address; nil for a public one.
---@param vm azureml.Instance
---@return string?
function target.network(vm)
  if vm.public_ip_address then return nil end
  local network, subnet = (vm.subnet or ""):match "/virtualNetworks/([^/]+)/subnets/([^/]+)$"
  local where = network and ("the virtual network '%s' (subnet '%s')"):format(network, subnet)
    or "the workspace's managed network"
  return ("'%s' has no public address: enter %s first, by VPN, peering or a host in it"):format(
    vm.name, where)
end

return target
