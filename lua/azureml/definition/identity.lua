--- The managed identities of an instance. Source: spec/contract/compute-rest.md, section 7.1.
local json = require "azureml.json"
local kinds = require "azureml.definition.kinds"
local tables = require "azureml.tool.tables"

--- The managed identities of an instance.
---@class azureml.Identities
---@field system_assigned? boolean  whether it has its own identity
---@field user_assigned? string[]  ARM ids
---@field principal_id? string  the object id of its own identity

local CHOICES = "must be 'SystemAssigned' or a list of ids of user-assigned identities, not "
local MOST = 1000      -- ids: a guard against lists that no caller means

local id_kind = kinds.arm_id("microsoft.managedidentity/userassignedidentities/NAME",
  "must have ARM ids of user-assigned identities: /subscriptions/.../userAssignedIdentities/NAME")

local KNOWN = { system_assigned = true, user_assigned = true, principal_id = true }

local function is_word(value, word)
  return kinds.same_word(value, word)
end

-- Return the members of { system_assigned =, user_assigned = } as a list; nil and a fault for
-- another table.
local function words_of_record(choice)
  for name in pairs(choice) do
    if not KNOWN[name] then
      return nil, ("has no field '%s' (known: %s)"):format(kinds.excerpt(tostring(name)),
        table.concat(tables.keys(KNOWN), ", "))
    end
  end
  local ids, system = choice.user_assigned, choice.system_assigned
  if ids ~= nil and type(ids) ~= "table" then
    return nil, "user_assigned: must be a list of ids, not " .. kinds.shown(ids)
  end
  if system ~= nil and type(system) ~= "boolean" then
    return nil, "system_assigned: must be true or false, not " .. kinds.shown(system)
  end
  local words = tables.append({}, ids)
  if system then words[#words + 1] = "SystemAssigned" end
  return words
end

local function is_list(choice)
  local count = 0
  for key in pairs(choice) do
    if math.type(key) ~= "integer" then return false end
    count = count + 1
  end
  return count > 0 and count == #choice and count <= MOST
end

-- Return the choice as a list of "SystemAssigned" and ids; nil and a fault for another value.
local function words_of(choice)
  if choice == false or is_word(choice, "None") then return {} end
  if is_word(choice, "SystemAssigned") then return { choice } end
  if type(choice) ~= "table" then return nil, CHOICES .. kinds.shown(choice) end
  if is_list(choice) then return choice end
  if next(choice) == nil then return nil, CHOICES .. "an empty table" end
  if choice[1] ~= nil then return nil, CHOICES .. "a table with other keys" end
  return words_of_record(choice)
end

-- Add an id to a list unless the list has it in some case.
local function add_id(ids, known, id)
  if not known[id:lower()] then ids[#ids + 1] = id end
  known[id:lower()] = true
end

local function check(choice)
  local words, fault = words_of(choice)
  if not words then return nil, fault end
  local canonical, known = { system_assigned = false, user_assigned = json.array {} }, {}
  for _, word in ipairs(words) do
    if is_word(word, "SystemAssigned") then
      canonical.system_assigned = true
    else
      local id
      id, fault = id_kind.check(word)
      if fault then return nil, fault end
      add_id(canonical.user_assigned, known, id)
    end
  end
  table.sort(canonical.user_assigned)
  return canonical
end

local function write(canonical)
  local types, assigned = {}, nil
  if canonical.system_assigned then types[1] = "SystemAssigned" end
  if #canonical.user_assigned > 0 then
    types[#types + 1], assigned = "UserAssigned", {}
    for _, id in ipairs(canonical.user_assigned) do assigned[id] = {} end
  end
  return {
    type = #types > 0 and table.concat(types, ",") or "None", userAssignedIdentities = assigned,
  }
end

local function texts_among(keys)
  local texts = json.array {}
  for key in pairs(keys) do
    if type(key) == "string" then texts[#texts + 1] = key end
  end
  table.sort(texts)
  return texts
end

local function read(member)
  if type(member) ~= "table" then return nil end
  local word, ids = kinds.text.read(member.type) or "", member.userAssignedIdentities
  return {
    system_assigned = word:lower():find "systemassigned" ~= nil,
    user_assigned = texts_among(type(ids) == "table" and ids or {}),
    principal_id = kinds.text.read(member.principalId),
  }
end

local function same(wanted, actual)
  actual = actual or { system_assigned = false, user_assigned = {} }
  if wanted.system_assigned ~= actual.system_assigned then return false end
  if #wanted.user_assigned ~= #actual.user_assigned then return false end
  local known = {}
  for _, id in ipairs(actual.user_assigned) do known[id:lower()] = true end
  for _, id in ipairs(wanted.user_assigned) do
    if not known[id:lower()] then return false end
  end
  return true
end

--- The kind of managed identities: "SystemAssigned", or a list of the ARM ids of user-assigned
--- identities, or a list of both, or an instance's identity; "None" and false mean no identity.
--- Canonical: { system_assigned boolean, user_assigned string[] }. A reply adds principal_id.
return {
  none = { system_assigned = false, user_assigned = json.array {} },
  check = check, write = write, read = read, same = same,
}
