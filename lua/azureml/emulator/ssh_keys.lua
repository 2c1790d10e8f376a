--- Keep stored SSH keys (Microsoft.Compute/sshPublicKeys), which a seed creates, and show them.
--- Source: spec/contract/neighbours.md, section 7.
local answer = require "azureml.emulator.answer"
local refusal = require "azureml.emulator.refusal"
local regions = require "azureml.emulator.regions"
local seed = require "azureml.emulator.seed"
local world = require "azureml.emulator.world"

local ssh_keys = {}

local function key_of(subscription_id, group_name, name)
  return ("%s/%s/%s"):format(subscription_id, group_name, name):lower()
end

world.kinds.ssh_key = {
  key = function(record) return key_of(record.subscription_id, record.group_name, record.name) end,
}

local rule = seed.rule

seed.rules.ssh_keys = rule.list_of(rule.record({
  subscription_id = rule.guid, resource_group = rule.text, name = rule.text, location = rule.text,
  public_key = rule.text,
}, { "name" }))

---@class azureml.emulator.SshKeySeed
---@field name string
---@field public_key string?         nil: the resource exists, and its key is not generated yet
---@field resource_group string?     by default the emulator's
---@field subscription_id string?    by default the emulator's
---@field location string?           by default the emulator's

--- Add stored keys, or replace those of the same names.
---@param emulator table
---@param list azureml.emulator.SshKeySeed[]?
function ssh_keys.add(emulator, list)
  local names = emulator:settings()
  for _, given in ipairs(list or {}) do
    local group = emulator.world:ensure_group(given.subscription_id or names.subscription_id,
      given.resource_group or names.resource_group)
    emulator.world:save("ssh_key", {
      subscription_id = group.subscription.id, group_name = group.name, name = given.name,
      location = regions.plain(given.location or names.location), public_key = given.public_key,
    })
  end
end

--- Get a stored key.
function ssh_keys.get(request)
  local group, name = request.group, request.key_name
  local key = request.world:record("ssh_key", key_of(group.subscription.id, group.name, name))
  if not key then refusal.raise("no_ssh_key", name, group.name) end
  return answer.of {
    id = ("/subscriptions/%s/resourceGroups/%s/providers/Microsoft.Compute/sshPublicKeys/%s")
      :format(key.subscription_id, key.group_name, key.name),
    name = key.name,
    type = "Microsoft.Compute/sshPublicKeys",
    location = key.location,
    properties = { publicKey = key.public_key },
  }
end

return ssh_keys
