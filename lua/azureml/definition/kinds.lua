--- The kinds of values that a field of an instance can have. A kind is four functions:
---
---   check(value)             returns the canonical value of what a caller gave; or nil and a fault
---   write(canonical)         returns the JSON value of a request
---   read(member)             returns the canonical value of a reply's member; nil if it has none
---   same(wanted, actual)     tells whether two canonical values mean the same; `actual` may be nil
---
--- A fault is a text behind the name of the field and a colon: "must be true or false". `none`
--- is the canonical value that `false` stands for: the field is switched off, the list is empty.
--- Larger kinds have files of their own: duration, schedule, setup_script, custom_service,
--- data_mount, identity, ssh_key.
local errors = require "azureml.error"
local json = require "azureml.json"

local kinds = {}

---@class azureml.Kind
---@field check fun(value: any): any, string?
---@field write fun(canonical: any): any
---@field read fun(member: any): any
---@field same fun(wanted: any, actual: any): boolean
---@field none any

local LONGEST = 60      -- bytes of a value that a fault shows

--- Show a caller's value in a fault: a text in quotes, else what it is.
---@param value any
---@return string
function kinds.shown(value)
  if type(value) == "string" then return ("'%s'"):format(value:sub(1, LONGEST)) end
  if type(value) == "table" then return "a table" end
  return tostring(value)
end

--- Make the check of a kind from a function that raises for a wrong value.
---@param canonical fun(value: any): any     raises an error object `InvalidArgument`, or a mistake
---@return fun(value: any): any, string?
function kinds.checked(canonical)
  return function(value)
    local ok, result = pcall(canonical, value)
    if ok then return result end
    if errors.is(result) then return nil, result.message end
    return nil, (tostring(result):gsub("^[^\n]-:%d+: ", ""))
  end
end

local function itself(value)
  return value
end

local function is_equal(wanted, actual)
  return wanted == actual
end

--- Tell whether two texts are equal in any case.
---@param wanted any
---@param actual any
---@return boolean
function kinds.same_word(wanted, actual)
  return type(actual) == "string" and type(wanted) == "string" and wanted:lower() == actual:lower()
end

-- Make a `read` that takes values of one Lua type only: the service may send anything.
local function reader(kind)
  return function(member)
    if type(member) == kind then return member end
  end
end

local function check_text(value)
  if type(value) == "string" and utf8.len(value) then return value end
  return nil, "must be a text in UTF-8, not " .. kinds.shown(value)
end

--- A text.
kinds.text = { check = check_text, write = itself, read = reader "string", same = is_equal }

local function check_boolean(value)
  if type(value) == "boolean" then return value end
  return nil, "must be true or false, not " .. kinds.shown(value)
end

--- True or false.
kinds.boolean = {
  check = check_boolean, write = itself, read = reader "boolean", same = is_equal,
}

local SWITCH = { Enabled = true, Disabled = false }

--- True or false, which the service words as "Enabled" or "Disabled".
kinds.switch = {
  check = check_boolean,
  write = function(value) return value and "Enabled" or "Disabled" end,
  read = function(member) return SWITCH[member] end,
  same = is_equal,
}

--- Make the kind of a word out of a few.
---@param words string[]      as the service spells them
---@return azureml.Kind
function kinds.choice(words)
  local canonical = {}
  for _, word in ipairs(words) do canonical[word:lower()] = word end
  return {
    check = function(value)
      local word = type(value) == "string" and canonical[value:lower()]
      if word then return word end
      return nil, ("is '%s', not %s"):format(table.concat(words, "' or '"), kinds.shown(value))
    end,
    write = itself, read = reader "string", same = kinds.same_word,
  }
end

--- Make the kind of a text that has a form and means the same in any case.
---@param form string         a Lua pattern for the text in lower case
---@param description string  what it must be: "must be the ARM id of a subnet: /subscriptions/..."
---@return azureml.Kind
function kinds.formed(form, description)
  return {
    check = function(value)
      if type(value) == "string" and value:lower():find(form) then return value end
      return nil, ("%s, not %s"):format(description, kinds.shown(value))
    end,
    write = itself, read = reader "string", same = kinds.same_word,
  }
end

-- Tags --------------------------------------------------------------------------------------------

-- Source: spec/contract/compute-rest.md, section 7.1.
local MOST_TAGS, LONGEST_NAME, LONGEST_VALUE = 50, 512, 256

local function check_tag(name, value)
  if type(name) ~= "string" or type(value) ~= "string" then
    return "must be texts by name, such as { team = 'vision' }"
  end
  if #name > LONGEST_NAME or #value > LONGEST_VALUE then
    return ("has the tag '%s', which is too long: a name has at most %d characters, a value %d")
      :format(name:sub(1, 40), LONGEST_NAME, LONGEST_VALUE)
  end
end

local function check_tags(tags)
  if type(tags) ~= "table" then
    return nil, "must be texts by name, such as { team = 'vision' }, not " .. kinds.shown(tags)
  end
  local count = 0
  for name, value in pairs(tags) do
    local fault = check_tag(name, value)
    if fault then return nil, fault end
    count = count + 1
  end
  if count > MOST_TAGS then
    return nil, ("has %d tags: the service takes at most %d"):format(count, MOST_TAGS)
  end
  return tags
end

-- Every tag is a text; a null is no tag.
local function read_tags(member)
  local tags = {}
  if type(member) ~= "table" then return tags end
  for name, value in pairs(member) do
    if value ~= json.null then
      tags[name] = type(value) == "string" and value or json.encode(value)
    end
  end
  return tags
end

local function contains_all(tags, wanted)
  for name, value in pairs(wanted) do
    if tags[name] ~= value then return false end
  end
  return true
end

--- Texts by name. An instance without tags has none: {}.
kinds.tags = {
  none = {},
  check = check_tags, write = itself, read = read_tags,
  same = function(wanted, actual)
    return contains_all(wanted, actual or {}) and contains_all(actual or {}, wanted)
  end,
}

-- Users -------------------------------------------------------------------------------------------

local GUID = "^%x%x%x%x%x%x%x%x%-%x%x%x%x%-%x%x%x%x%-%x%x%x%x%-%x%x%x%x%x%x%x%x%x%x%x%x$"

local function check_user(user)
  if type(user) == "string" and user:find "^[^%s@]+@[^%s@]+$" then return { mail = user } end
  if type(user) ~= "table" then
    return nil, "must be an e-mail address or { object_id = GUID, tenant_id = GUID }, not "
      .. kinds.shown(user)
  end
  for _, name in ipairs { "object_id", "tenant_id" } do
    local id = user[name]
    if type(id) ~= "string" or not id:find(GUID) then
      return nil, ("needs both ids of the user: %s must be a GUID, not %s"):format(name,
        kinds.shown(id))
    end
  end
  return { object_id = user.object_id, tenant_id = user.tenant_id }
end

local function read_user(member)
  if type(member) ~= "table" then return nil end
  local object_id = json.get(member, "objectId")
  return object_id and { object_id = object_id, tenant_id = json.get(member, "tenantId") } or nil
end

--- A user by object id and tenant id, or by e-mail address: { mail = ... } until the directory has
--- told the ids.
kinds.user = {
  check = check_user,
  write = function(user) return { objectId = user.object_id, tenantId = user.tenant_id } end,
  read = read_user,
  same = function(wanted, actual)
    return actual ~= nil and kinds.same_word(wanted.object_id, actual.object_id)
  end,
}

-- Members that this table does not know -----------------------------------------------------------

--- Members of a request by the service's own names.
kinds.members = {
  check = function(value)
    if type(value) ~= "table" then return nil, "must be a table, not " .. kinds.shown(value) end
    for name in pairs(value) do
      if type(name) ~= "string" then return nil, "must be members by name" end
    end
    return value
  end,
  write = itself, read = reader "table", same = is_equal,
}

return kinds
