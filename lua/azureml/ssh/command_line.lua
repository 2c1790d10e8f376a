--- Write the command lines of ssh and scp. Every setting is explicit, so that no configuration file
--- decides. What comes from the service stands behind `--` or in a checked place.
local core = require "azureml.core"
local keys = require "azureml.ssh.keys"
local process = require "azureml.tool.process"

local command_line = {}

--- Quote a word for a POSIX shell.
---@param word string
---@return string
function command_line.quoted(word)
  return "'" .. word:gsub("'", "'\\''") .. "'"
end

--- Return a command as the text for the remote shell: a list word by word; a text for a shell of
--- its own. The last line tells a signal of the command (128 + n) from a failure of ssh (255).
---@param command string|string[]
---@return string
function command_line.remote(command)
  local text
  if type(command) == "table" then
    local words = {}
    for i, word in ipairs(command) do words[i] = command_line.quoted(word) end
    text = table.concat(words, " ")
  else
    text = '"${SHELL:-/bin/sh}" -c ' .. command_line.quoted(command)
  end
  return text .. "\nexit $?"
end

-- The variables that ssh may have. None of them holds a token.
local INHERITED = {
  "PATH", "HOME", "USER", "LOGNAME", "SHELL", "TERM", "COLORTERM", "LANG", "LC_ALL", "LC_CTYPE",
  "LC_MESSAGES", "TZ", "TMPDIR", "DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY", "SSH_AUTH_SOCK",
  "SSH_ASKPASS", "SSH_ASKPASS_REQUIRE", "XDG_RUNTIME_DIR",
}

--- Return the environment of ssh.
---@return table<string, string>
function command_line.environment()
  return process.inherit(INHERITED)
end

-- Return the path of the socket of shared connections; nil if there is no safe place for it. The
-- path is short: a socket has 107 bytes at most, of which ssh uses 17 while it makes one.
local function control_path(vm, key)
  local _, id = core.user()
  local directory = ("/tmp/azureml-ssh-%d"):format(id)
  if not core.make_private(directory) then return nil end
  local place, creation = keys.marks(vm)
  return ("%s/%s%s%s"):format(directory, place, creation, keys.digest(key or ""):sub(1, 8))
end

local CONNECT = 10      -- seconds
local PERSIST = 60      -- seconds that a shared connection outlives its last use

local function add(argv, ...)
  for _, word in ipairs { ... } do argv[#argv + 1] = word end
end

local function add_options(argv, options)
  for _, option in ipairs(options) do add(argv, "-o", option) end
end

-- A path in an option of ssh: in double quotes, and % is its own escape.
local function path_value(path)
  return '"' .. path:gsub("%%", "%%%%") .. '"'
end

-- Add what ssh and scp have in common.
local function add_common(argv, where, settings)
  local key = keys.find(where, settings.key)
  add(argv, "-F", "none")
  if key then add(argv, "-i", key) end
  add_options(argv, {
    "IdentitiesOnly=" .. (key and "yes" or "no"),
    "UserKnownHostsFile=" .. path_value(keys.known_hosts(where.vm)),
    "GlobalKnownHostsFile=/dev/null", "HostKeyAlias=" .. where.name,
    "StrictHostKeyChecking=accept-new", "UpdateHostKeys=no", "CheckHostIP=no",
    "PasswordAuthentication=no", "KbdInteractiveAuthentication=no", "ForwardAgent=no",
    "ForwardX11=no", "PermitLocalCommand=no", "ProxyCommand=none", "ClearAllForwardings="
      .. (settings.forwards and "no" or "yes"),
    "ConnectTimeout=" .. CONNECT, "ServerAliveInterval=15", "ServerAliveCountMax=4",
  })
  if not settings.is_interactive then add_options(argv, { "BatchMode=yes" }) end
  if settings.level ~= "DEBUG" then add_options(argv, { "LogLevel=ERROR" }) end
  local socket = not settings.alone and control_path(where.vm, key)
  if socket then
    add_options(argv, {
      "ControlMaster=auto", "ControlPath=" .. path_value(socket), "ControlPersist=" .. PERSIST,
    })
  else
    add_options(argv, { "ControlMaster=no", "ControlPath=none" })
  end
  return argv
end

--- Return the command line of ssh.
---@param where azureml.ssh.Target
---@param settings table
---  key string?; command string|string[]?; terminal boolean? (ask for a terminal);
---  is_interactive boolean? (ssh may ask for a passphrase); alone boolean? (share no connection);
---  forwards { [1]: integer, [2]: integer }? (local port, port of the instance)
---@return string[]
function command_line.ssh(where, settings)
  local argv = add_common({ "ssh" }, where, settings)
  if settings.forwards then
    local from, to = settings.forwards[1], settings.forwards[2]
    add(argv, "-N", "-v", "-o", "ExitOnForwardFailure=yes")
    add(argv, "-L", ("127.0.0.1:%d:127.0.0.1:%d"):format(from, to))
  end
  if settings.terminal ~= nil then add(argv, settings.terminal and "-t" or "-T") end
  add(argv, "-p", ("%d"):format(where.port), "--", ("%s@%s"):format(where.user, where.host))
  if settings.command then add(argv, command_line.remote(settings.command)) end
  return argv
end

-- A local path must not look like an option, nor like HOST:PATH.
local function local_path(path)
  return path:sub(1, 1) == "/" and path or "./" .. path
end

--- Return the command line of scp. One of the two paths begins with ":", which means the instance.
---@param where azureml.ssh.Target
---@param from string
---@param to string
---@param settings table      key string?; is_interactive boolean?; preserve boolean? (times, modes)
---@return string[]
function command_line.scp(where, from, to, settings)
  local argv = add_common({ "scp", "-r" }, where, settings)
  if settings.preserve then add(argv, "-p") end
  local host = where.host:find ":" and "[" .. where.host .. "]" or where.host
  local function place(path)
    if path:sub(1, 1) ~= ":" then return local_path(path) end
    return ("%s@%s:%s"):format(where.user, host, path:sub(2))
  end
  add(argv, "-P", ("%d"):format(where.port), "--", place(from), place(to))
  return argv
end

return command_line
