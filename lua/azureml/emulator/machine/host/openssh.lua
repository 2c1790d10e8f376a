--- Run Debian's OpenSSH server as the SSH server of an instance: for the current user, on loopback,
--- in the instance's own directory.
local core = require "azureml.core"
local httpd = require "azureml.tool.later" "azureml.httpd"
local server = require "azureml.emulator.machine.host.server"

local openssh = {}

--- The program.
openssh.program = "/usr/sbin/sshd"

-- Root's sshd changes into this directory before a user has signed in.
local PRIVILEGE_SEPARATION = "/run/sshd"

-- The private address answers on the port that the service names.
local PRIVATE_PORT = 22

local CONFIG = [[
ListenAddress %s:%d
HostKey %s/host_key
AuthorizedKeysFile %s/authorized_keys
PidFile none
UsePAM no
StrictModes no
PubkeyAuthentication yes
PasswordAuthentication no
KbdInteractiveAuthentication no
AuthenticationMethods publickey
PermitRootLogin prohibit-password
AllowUsers %s
AllowTcpForwarding local
X11Forwarding no
UseDNS no
MaxStartups 100:30:200
MaxSessions 100
Subsystem sftp internal-sftp
SetEnv HOME="%s" AZUREML_INSTANCE=%s
ForceCommand %s/enter
]]

-- sshd starts in the user's own home, whatever SetEnv says.
local ENTER = [[
#!/bin/sh
cd "$HOME" || exit 111
case "${SSH_ORIGINAL_COMMAND-}" in
  "") exec "${SHELL:-/bin/sh}" -l ;;
  internal-sftp*|*/sftp-server) exec /usr/lib/openssh/sftp-server ;;
  *) exec "${SHELL:-/bin/sh}" -c "$SSH_ORIGINAL_COMMAND" ;;
esac
]]

--- Return a port of 127.0.0.1 that is free now.
---@return integer
function openssh.free_port()
  local taken <close> = assert(httpd.relay(0))
  return taken:port()
end

-- Return the address and the port to listen on.
local function place_of(compute)
  if compute.public_ip == false then return compute.seat.private_address, PRIVATE_PORT end
  return compute.seat.address, compute.seat.port
end

-- Make the host key when the instance has none. It stays the same until the instance is deleted.
local function make_host_key(directory)
  local file = io.open(directory .. "/host_key")
  if file then return file:close() end
  local command = "ssh-keygen -q -t ed25519 -N '' -C '' -f '%s/host_key' </dev/null >/dev/null 2>&1"
  if not os.execute(command:format(directory)) then
    error("ssh-keygen failed in " .. directory, 0)
  end
end

-- The directory comes with openssh-server's own service, which a container does not start.
local function prepare_privilege_separation(is_root)
  local there = not is_root or io.open(PRIVILEGE_SEPARATION)
  if not there then assert(core.make_private(PRIVILEGE_SEPARATION)) end
  if io.type(there) then there:close() end
end

local function write(directory, name, text)
  assert(core.write_private(directory, name, text))
end

local function prepare(compute, place)
  local etc, user = place.etc, compute.seat.user
  local address, port = place_of(compute)
  make_host_key(etc)
  write(etc, "authorized_keys", (compute.ssh.key or "") .. "\n")
  write(etc, "enter", ENTER)
  assert(os.execute(("chmod 700 '%s/enter'"):format(etc)))
  write(etc, "sshd_config",
    CONFIG:format(address, port, etc, etc, user, place.home, compute.name, etc))
  prepare_privilege_separation(place.is_root)
end

--- Tell whether an instance has an SSH server.
---@param compute table
---@return boolean
function openssh.serves(compute)
  return compute.ssh.access == "Enabled" and compute.ssh.key ~= nil
end

--- Start the server of an instance.
---@param compute table
---@param place table           the directories of the computer
---@param changed fun(server: table)
---@return table server
function openssh.start(compute, place, changed)
  prepare(compute, place)
  return server.start({
    name = "sshd",
    argv = { openssh.program, "-D", "-e", "-f", place.etc .. "/sshd_config" },
    environment = { PATH = place.path, LANG = "C.UTF-8" },
    directory = place.home,
    log = place.logs .. "/sshd.log",
    ready = "Server listening on",
    in_use = "Address already in use",
  }, changed)
end

return openssh
