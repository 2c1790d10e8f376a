--- Find the private key that fits an instance, and keep a host key file for each instance.
local core = require "azureml.core"
local errors = require "azureml.error"
local state_directory = require "azureml.state_directory"

local keys = {}

-- Return a directory of ours that only this user can enter.
local function own_directory(name)
  local directory = state_directory(name)
  if not directory then
    errors.raise { code = "NoHome", message = "SSH needs a home directory: set HOME" }
  end
  local ok, why = core.make_private(directory)
  if not ok then
    errors.raise { code = "StateFailed", message = ("%s: %s"):format(directory, why) }
  end
  return directory
end

--- Return a digest of a text, in hexadecimal.
---@param text string
---@return string
function keys.digest(text)
  return (core.crypto.sha256(text):gsub(".", function(c) return ("%02x"):format(c:byte()) end))
end

local digest = keys.digest

--- Return a short name for an instance. An instance that was deleted and created again has another.
---@param vm azureml.Instance
---@return string place, string creation      the same for all instances of this id; for this one
function keys.marks(vm)
  return digest(vm.id:lower()):sub(1, 16), digest(vm.created_on or ""):sub(1, 8)
end

-- Private keys ------------------------------------------------------------------------------------

-- Return the key of a public line without its comment.
local function bare(line)
  return (line:match "^%s*(%S+%s+%S+)" or line):gsub("%s+", " ")
end

-- A path on a command line must not look like an option.
local function absolute(path)
  if path:sub(1, 1) == "/" then return path end
  return assert(core.directory()) .. "/" .. path
end

local function exists(path)
  local file = io.open(path)
  if file then file:close() end
  return file ~= nil
end

local function first_line(path)
  local file <close> = io.open(path)
  return file and file:read "l"
end

--- Remember where the private key of a public key is, for a later `find`.
---@param public_line string
---@param path string            of the private key
function keys.remember(public_line, path)
  local directory = state_directory "ssh/keys"
  if not directory then return end
  core.write_private(directory, digest(bare(public_line)), absolute(path) .. "\n")
end

local function remembered(public_line)
  local directory = state_directory "ssh/keys"
  local path = directory and first_line(directory .. "/" .. digest(bare(public_line)))
  return path and exists(path) and path or nil
end

local function in_home(public_line)
  local home = os.getenv "HOME"
  if not home or home == "" then return nil end
  for _, name in ipairs(core.entries(home .. "/.ssh")) do
    local private = name:match "^(.+)%.pub$"
    local path = private and ("%s/.ssh/%s"):format(home, private)
    if path and exists(path) and bare(first_line(path .. ".pub") or "") == bare(public_line) then
      return path
    end
  end
end

local function default_key()
  local home = os.getenv "HOME"
  local path = home and home .. "/.ssh/id_rsa"
  return path and exists(path) and path or nil
end

local function agent()
  local socket = os.getenv "SSH_AUTH_SOCK"
  return socket ~= nil and socket ~= ""
end

--- Find the private key for a target.
---@param where azureml.ssh.Target
---@param given string?      the path that the caller names
---@return string? path      nil: an SSH agent is to offer its keys
---@raise an error object `KeyMissing`
function keys.find(where, given)
  if given then
    if exists(given) then return absolute(given) end
    errors.raise { code = "KeyMissing", message = ("there is no private key '%s'"):format(given) }
  end
  local line = where.public_key
  local found = line and (remembered(line) or in_home(line)) or not line and default_key() or nil
  if found or agent() then return found end
  errors.raise {
    code = "KeyMissing",
    message = line and ("no private key was found for the public key of '%s' (%s)"):format(
      where.name, line:match "^%S+%s+%S+%s+(.-)%s*$" or "it has no comment")
      or ("no private key was found for '%s': there is no ~/.ssh/id_rsa"):format(where.name),
    hint = "name the private key with --key FILE (key = in Lua), or load it into an SSH agent",
  }
end

-- Host keys ---------------------------------------------------------------------------------------

--- Return the host key file of an instance. The first connection writes it. The file of an earlier
--- instance of the same name is removed: a new instance has a new host key.
---@param vm azureml.Instance
---@return string path
function keys.known_hosts(vm)
  local directory = own_directory "ssh/known_hosts"
  local place, creation = keys.marks(vm)
  local name = ("%s-%s-%s"):format(vm.name, place, creation)
  for _, other in ipairs(core.entries(directory)) do
    local is_earlier = other ~= name and other:find("-" .. place .. "-", 1, true)
    if is_earlier then os.remove(directory .. "/" .. other) end
  end
  return directory .. "/" .. name
end

return keys
