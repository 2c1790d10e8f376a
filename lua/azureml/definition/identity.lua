--- The managed identities of an instance. Source: spec/contract/compute-rest.md, section 7.1.
local json = require "azureml.json"
local kinds = require "azureml.definition.kinds"
local tables = require "azureml.tables"

local FORM = "^/subscriptions/[^/]+/resourcegroups/[^/]+/providers/"
  .. "microsoft.managedidentity/userassignedidentities/[^/]+$"

local function is_system(word)
  return type(word) == "string" and word:lower() == "systemassigned"
end

-- Return the choice as a list of "SystemAssigned" and ids; nil for another value.
local function words_of(choice)
  if choice == false then return {} end
  if is_system(choice) then return { choice } end
  if type(choice) ~= "table" then return nil end
  if choice.user_assigned == nil and choice.system_assigned == nil then
    return #choice > 0 and choice or nil
  end
  local words = tables.append({}, choice.user_assigned)
  if choice.system_assigned then words[#words + 1] = "SystemAssigned" end
  return words
end

local function check(choice)
  local words = words_of(choice)
  if not words then
    return nil, "is 'SystemAssigned' or a list of ids of user-assigned identities, not "
      .. kinds.shown(choice)
  end
  local canonical = { system_assigned = false, user_assigned = json.array {} }
  for _, word in ipairs(words) do
    if is_system(word) then
      canonical.system_assigned = true
    elseif type(word) == "string" and word:lower():find(FORM) then
      table.insert(canonical.user_assigned, word)
    else
      return nil, kinds.shown(word) .. " is not the ARM id of a user-assigned identity: "
        .. "/subscriptions/.../userAssignedIdentities/NAME"
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

local function read(member)
  if type(member) ~= "table" then return nil end
  local word = kinds.text.read(member.type) or ""
  local canonical = {
    system_assigned = word:lower():find "systemassigned" ~= nil, user_assigned = json.array {},
    principal_id = kinds.text.read(member.principalId),
  }
  if type(member.userAssignedIdentities) == "table" then
    canonical.user_assigned = json.array(tables.keys(member.userAssignedIdentities))
  end
  return canonical
end

local function same(wanted, actual)
  actual = actual or { system_assigned = false, user_assigned = json.array {} }
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
--- identities, or a list of both; canonical: { system_assigned boolean, user_assigned string[] }.
return {
  none = { system_assigned = false, user_assigned = json.array {} },
  check = check, write = write, read = read, same = same,
}
