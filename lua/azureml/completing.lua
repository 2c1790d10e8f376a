--- Complete a definition by what must be looked up or made: the ids of a user, a stored SSH key, a
--- new pair of keys. Sources: spec/contract/neighbours.md, section 3; compute-rest.md, section 8.3.
local core = require "azureml.core"
local errors = require "azureml.error"
local json = require "azureml.json"
local options = require "azureml.options"
local people = require "azureml.people"
local resource = require "azureml.resource"
local ssh_key = require "azureml.definition.ssh_key"
local ssh_keys = require "azureml.ssh.keys"
local tables = require "azureml.tables"

local completing = {}

local KEY_VERSION = "2024-07-01"      -- of Microsoft.Compute
local KEY_BITS = 3072                 -- as ssh-keygen makes them
local KEY_FORM = "^/subscriptions/[^/]+/resourcegroups/[^/]+/providers/microsoft.compute/"
  .. "sshpublickeys/[^/]+$"

-- Check a key that did not come from the caller's options.
local function checked_key(text, source)
  local key, fault = ssh_key.check(text)
  if not key then options.refuse("admin_user_ssh_public_key: the key of %s %s", source, fault) end
  return key
end

-- Return the key that a resource of Microsoft.Compute stores.
local function stored_key(workspace, id)
  if type(id) ~= "string" or not id:lower():find(KEY_FORM) then
    options.refuse("ssh_key_id must be the ARM id of a key: /subscriptions/.../sshPublicKeys/NAME")
  end
  local stored = resource.look(workspace, id, KEY_VERSION, "get the SSH key")
  return checked_key(json.get(stored, "properties", "publicKey"), id)
end

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

local function raise_unwritten(path, reason)
  errors.raise { code = "KeyNotWritten",
    message = ("the SSH key cannot be written to '%s': %s"):format(path, reason),
    hint = "an existing key is never replaced: give another path, or use the key by ssh_key_file" }
end

-- Make a pair of keys: the private one in a new file of mode 0600, the public one beside it.
local function new_key(path)
  if type(path) ~= "string" or path == "" or path:find "/$" then
    options.refuse("generate_ssh_key must be the path of a new file for the private key")
  end
  local directory, name = path:match "^(.*/)([^/]+)$"
  directory, name = directory or "./", name or path
  local key <close> = core.crypto.generate_key(KEY_BITS)
  local line = public_line(key)
  for file, text in pairs { [name] = key:pem(), [name .. ".pub"] = line .. "\n" } do
    local is_written, reason = core.write_private(directory, file, text, true)
    if not is_written then raise_unwritten(directory .. file, reason) end
  end
  ssh_keys.remember(line, directory .. name)
  return line
end

local function says_key(wanted)
  return wanted.ssh_key_id or wanted.generate_ssh_key
end

--- Return a definition in which nothing is left to be looked up or made.
---@param workspace azureml.Workspace
---@param wanted table          canonical
---@return table wanted         a copy where something was completed
---@raise an error object: what is not there, or cannot be written
function completing.complete(workspace, wanted)
  local user = wanted.assigned_user
  if not says_key(wanted) and not (user and user.mail) then return wanted end
  local complete = tables.copy(wanted)
  if wanted.ssh_key_id then
    complete.admin_user_ssh_public_key = stored_key(workspace, wanted.ssh_key_id)
  elseif wanted.generate_ssh_key then
    complete.admin_user_ssh_public_key = new_key(wanted.generate_ssh_key)
  end
  if user and user.mail then complete.assigned_user = people.find(workspace, user.mail) end
  complete.ssh_key_id, complete.generate_ssh_key = nil, nil
  return complete
end

return completing
