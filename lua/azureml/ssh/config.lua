--- Write blocks for OpenSSH's configuration, so that `ssh NAME` and editors reach instances. The
--- blocks are in a file of their own, which ~/.ssh/config includes.
local core = require "azureml.core"
local errors = require "azureml.error"
local keys = require "azureml.ssh.keys"
local target = require "azureml.ssh.target"

local config = {}

local FILE = "azureml.config"      -- in ~/.ssh

-- Blocks ------------------------------------------------------------------------------------------

-- Quote a path; in these settings % begins a token.
local function path_value(path)
  return '"' .. path:gsub("%%", "%%%%") .. '"'
end

-- A workspace's name goes into a pattern of hosts.
local function host_names(vm)
  local name = vm.workspace.name
  return name:find "^[%w_.-]+$" and ("%s %s.%s"):format(vm.name, vm.name, name) or vm.name
end

local function block(vm)
  local where = target.address(vm)
  local key = errors.try(keys.find, where)
  local lines = {
    "Host " .. host_names(vm),
    "  HostName " .. where.host,
    ("  Port %d"):format(where.port),
    "  User " .. where.user,
    key and "  IdentityFile " .. path_value(key) or nil,
  }
  for _, line in ipairs {
    "IdentitiesOnly " .. (key and "yes" or "no"), "HostKeyAlias " .. where.name,
    "UserKnownHostsFile " .. path_value(keys.known_hosts(vm)),
    "StrictHostKeyChecking accept-new", "UpdateHostKeys no", "CheckHostIP no",
    "ServerAliveInterval 15",
  } do
    lines[#lines + 1] = "  " .. line
  end
  return table.concat(lines, "\n") .. "\n"
end

--- Return a block for each instance that has SSH.
---@param list azureml.Instance[]
---@return string[] blocks, { name: string, why: string }[] skipped
function config.blocks(list)
  local blocks, skipped = {}, {}
  for _, vm in ipairs(list) do
    if not vm.ssh.enabled then
      skipped[#skipped + 1] = { name = vm.name, why = "SSH is off, since it was created" }
    else
      local text, err = errors.try(block, vm)
      if text then blocks[#blocks + 1] = text
      else skipped[#skipped + 1] = { name = vm.name, why = err.message } end
    end
  end
  return blocks, skipped
end

-- Files -------------------------------------------------------------------------------------------

local function read(path)
  local file, why, code = io.open(path, "rb")
  if not file then
    local ENOENT = 2
    if code == ENOENT then return nil end
    errors.raise { code = "ConfigFailed", message = "cannot read " .. tostring(why) }
  end
  local opened <close> = file
  return opened:read "a"
end

local function fail(path, why)
  errors.raise { code = "ConfigFailed",
    message = ("%s cannot be written: %s"):format(path, tostring(why)) }
end

-- Write over an existing file. It stays the same file, with its mode, also behind a link.
local function overwrite(path, text)
  local file, why = io.open(path, "r+b")
  if not file then fail(path, why) end
  local opened <close> = file
  local ok, reason = opened:write(text)
  if ok then ok, reason = opened:flush() end
  if not ok then fail(path, reason) end
end

local BEGIN, END = "# begin azureml %s\n", "# end azureml %s\n"

-- Replace the part of a workspace in the text of our file.
local function with_part(text, id, blocks)
  local first, last = BEGIN:format(id), END:format(id)
  local from = text:find(first, 1, true)
  local _, to = text:find(last, from or 1, true)
  if from and to then text = text:sub(1, from - 1) .. text:sub(to + 1) end
  if #blocks == 0 then return text end
  return text .. first .. table.concat(blocks, "\n") .. last
end

local INCLUDE = 'Include "%s"\n'
local INCLUDED = '[%s"/]' .. FILE:gsub("%.", "%%.") .. '[%s"]'

-- Tell whether a configuration includes our file before its first block. An Include within a block
-- counts only for that block's hosts.
local function includes(text)
  for line in text:gmatch "[^\n]+" do
    local word, rest = line:match "^%s*(%a+)%s*=?%s*(.-)%s*$"
    word = word and word:lower()
    if word == "host" or word == "match" then return false end
    if word == "include" and (" " .. rest .. " "):find(INCLUDED) then return true end
  end
  return false
end

local function ssh_directory()
  local home = os.getenv "HOME"
  if not home or home == "" or home:find '["\n]' then
    errors.raise { code = "NoHome", message = "there is no usable home directory: set HOME" }
  end
  return home .. "/.ssh"
end

--- Write the blocks of a workspace to our file in ~/.ssh, and let ~/.ssh/config include the file.
--- Blocks of this workspace that are no longer in the list are removed; nothing else is changed.
---@param workspace_id string      a text that names the workspace and no other
---@param blocks string[]
---@return string path             of our file
---@raise an error object `ConfigFailed`
function config.write(workspace_id, blocks)
  local directory = ssh_directory()
  local id = workspace_id:gsub("[^\x21-\x7e]", "?")
  local path, main = directory .. "/" .. FILE, directory .. "/config"
  local ok, why = core.write_private(directory, FILE, with_part(read(path) or "", id, blocks))
  if not ok then fail(path, why) end
  local text = read(main)
  if text and not includes(text) then
    overwrite(main, INCLUDE:format(path) .. "\n" .. text)
  elseif not text then
    ok, why = core.write_private(directory, "config", INCLUDE:format(path))
    if not ok then fail(main, why) end
  end
  return path
end

return config
