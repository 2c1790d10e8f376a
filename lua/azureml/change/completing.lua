--- Complete a definition by what must be looked up or made: the ids of a user, a stored SSH key, a
--- new pair of keys. Sources: spec/contract/neighbours.md, section 3;
--- spec/contract/compute-rest.md, section 8.3.
local core = require "azureml.core"
local errors = require "azureml.error"
local json = require "azureml.json"
local options = require "azureml.options"
local people = require "azureml.change.people"
local resource = require "azureml.resource"
local spellings = require "azureml.definition.spellings"
local ssh_key = require "azureml.definition.ssh_key"
local ssh_keys = require "azureml.ssh.keys"
local tables = require "azureml.tool.tables"

local completing = {}

local KEY_VERSION = "2024-07-01"      -- of Microsoft.Compute
local KEY_BITS = 3072                 -- as ssh-keygen makes them

-- Keys that exist ---------------------------------------------------------------------------------

-- Check a key that did not come from the caller's options.
local function checked_key(text, source)
  local key, fault = ssh_key.check(text)
  if not key then options.refuse("admin_user_ssh_public_key: the key of %s %s", source, fault) end
  return key
end

-- Join the lines of a key: Microsoft.Compute may break its base64 into several.
local function joined(key)
  if type(key) ~= "string" or not key:find "^ssh%-rsa " or key:find("ssh-", 2, true) then
    return key
  end
  return (key:gsub("[\r\n]", ""))
end

-- Return the key that a resource of Microsoft.Compute stores.
local function stored_key(workspace, id)
  local stored, err = errors.try(resource.look, workspace, id, KEY_VERSION, "get the SSH key")
  if err and err.status == 404 then
    err.hint = "check ssh_key_id: 'az sshkey list' shows the stored keys"
  end
  if err then errors.raise(err) end
  return checked_key(joined(json.get(stored, "properties", "publicKey")), id)
end

-- New keys ----------------------------------------------------------------------------------------

-- Write the number of a key, which comes in base64url, as SSH writes numbers: big-endian, with a
-- zero byte before a first bit that is set.
local function ssh_number(encoded)
  local bytes = core.crypto.from_base64(encoded)
  if bytes:byte() >= 0x80 then bytes = "\0" .. bytes end
  return string.pack(">s4", bytes)
end

-- Return the public part of a key as the line that SSH takes.
local function public_line(key)
  local jwk = key:jwk()
  local blob = string.pack(">s4", "ssh-rsa") .. ssh_number(jwk.e) .. ssh_number(jwk.n)
  return "ssh-rsa " .. core.crypto.base64(blob) .. " azureml"
end

-- Write a new file that only this user can read.
local function write_new(path, text)
  local directory, name = path:match "^(.*/)([^/]+)$"
  directory, name = directory or "./", name or path
  local is_written, reason, exists = core.write_private(directory, name, text, true)
  if is_written then return end
  errors.raise { code = "KeyNotWritten",
    message = ("the SSH key cannot be written to '%s': %s"):format(path, reason),
    hint = exists and "an existing key is never replaced: give another path, or use the key by "
      .. "ssh_key_file" or "choose a directory that belongs to you and that only you may write to" }
end

-- Write the private key, and the public one beside it; or neither of them.
local function write_pair(path, pem, line)
  write_new(path, pem)
  local is_written, err = pcall(write_new, path .. ".pub", line .. "\n")
  if is_written then return end
  os.remove(path)
  error(err, 0)
end

--- Make a pair of SSH keys and keep it nowhere.
---@return string pem       the private key
---@return string line      the public key
function completing.new_pair()
  local key <close> = core.crypto.generate_key(KEY_BITS)
  return key:pem(), public_line(key)
end

-- Make a pair of keys. Return the public line, and a function that removes the files.
local function new_key(path)
  local pem, line = completing.new_pair()
  write_pair(path, pem, line)
  ssh_keys.remember(line, path)
  return line, function()
    os.remove(path)
    os.remove(path .. ".pub")
  end
end

-- Return the public key that an earlier creation generated.
local function generated_key(vm, path)
  local text = spellings.read_key(path .. ".pub")
  if text then return checked_key(text, path .. ".pub") end
  errors.raise { code = "DoesNotFit", instance = vm,
    message = ("'%s' exists, and its SSH key cannot be changed: generate_ssh_key makes a key for a "
      .. "new instance only"):format(vm.name),
    hint = ("add a key to ~/.ssh/authorized_keys there: 'azureml terminal %s' opens a shell")
      :format(vm.name) }
end

-- All ---------------------------------------------------------------------------------------------

-- Return a copy of a definition with what the service stores: the key and the ids of the user.
local function looked_up(workspace, wanted)
  local complete, user = tables.copy(wanted), wanted.assigned_user
  if user and user.mail then complete.assigned_user = people.find(workspace, user.mail) end
  if wanted.ssh_key_id then
    complete.admin_user_ssh_public_key = stored_key(workspace, wanted.ssh_key_id)
  end
  complete.ssh_key_id, complete.generate_ssh_key = nil, nil
  return complete
end

--- Return the definition of a new instance, in which nothing is left to be looked up or made. A new
--- pair of keys is made last.
---@param workspace azureml.Workspace
---@param wanted table          canonical
---@return table complete       a copy
---@return fun()? discard       removes the new pair of keys; nil: no pair was made
---@raise an error object: what is not there, or cannot be written
function completing.complete(workspace, wanted)
  local complete, discard = looked_up(workspace, wanted), nil
  if wanted.generate_ssh_key then
    complete.admin_user_ssh_public_key, discard = new_key(wanted.generate_ssh_key)
  end
  return complete, discard
end

--- Return a definition that is to be compared with an existing instance. No key is made.
---@param workspace azureml.Workspace
---@param wanted table          canonical
---@param vm azureml.Instance
---@return table complete       a copy
---@raise an error object: what is not there; `DoesNotFit` where only a new key would do
function completing.compare(workspace, wanted, vm)
  local complete = looked_up(workspace, wanted)
  if wanted.generate_ssh_key then
    complete.admin_user_ssh_public_key = generated_key(vm, wanted.generate_ssh_key)
  end
  return complete
end

return completing
