--- The kinds of values that a field of an instance can have. A kind is four functions:
---
---   check(value)             returns the canonical value of what a caller gave; or nil and a fault
---   write(canonical)         returns the JSON value of a request
---   read(member)             returns the canonical value of a reply's member; nil if it has none
---   same(wanted, actual)     tells whether two canonical values mean the same; `actual` may be nil
---
--- A fault is a text behind the name of the field and a colon: "must be true or false". `check`
--- never changes or keeps the caller's table. `read` accepts any JSON. `none` is the canonical
--- value that `false` stands for: the field is switched off, the list is empty.
--- Larger kinds have files of their own: duration, schedule, setup_script, custom_service,
--- data_mount, identity, ssh_key.
local json = require "azureml.json"
local tables = require "azureml.tool.tables"

local kinds = {}

---@class azureml.Kind
---@field check fun(value: any): any, string?
---@field write fun(canonical: any): any
---@field read fun(member: any): any
---@field same fun(wanted: any, actual: any): boolean
---@field none any
---@field masked (fun(canonical: any): any)?    returns a copy without secrets, for messages

-- Faults ------------------------------------------------------------------------------------------

local LONGEST = 60      -- bytes of a value that a fault shows

local function escaped(byte)
  return ("\\x%02X"):format(byte:byte())
end

-- Return the last position up to `most` at which a UTF-8 text can be cut.
local function cut_before(text, most)
  while most > 0 and (text:byte(most + 1) or 0) & 0xC0 == 0x80 do most = most - 1 end
  return most
end

--- Return the beginning of a text for a message: whole characters, control characters escaped.
---@param text string
---@param most? integer      bytes; default: 60
---@return string
function kinds.excerpt(text, most)
  most = most or LONGEST
  local is_utf8 = utf8.len(text) ~= nil
  local shown = #text > most and text:sub(1, is_utf8 and cut_before(text, most) or most) or text
  shown = shown:gsub("%c", escaped)
  if not is_utf8 then shown = shown:gsub("[\x80-\xFF]", escaped) end
  return #text > most and shown .. "..." or shown
end

--- Show a caller's value in a fault: a text in quotes, else what it is.
---@param value any
---@return string
function kinds.shown(value)
  if type(value) == "string" then return ("'%s'"):format(kinds.excerpt(value)) end
  if value == json.null then return "null" end
  local kind = type(value)
  if kind == "nil" or kind == "boolean" or kind == "number" then return tostring(value) end
  return "a " .. kind
end

-- Simple values -----------------------------------------------------------------------------------

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

local read_text = reader "string"

local function is_text(value)
  return type(value) == "string" and utf8.len(value) ~= nil and not value:find("\0", 1, true)
end

local function is_line(value)
  return is_text(value) and value ~= "" and not value:find "%c"
end

local function check_text(value)
  if is_text(value) then return value end
  return nil, "must be a text in UTF-8, not " .. kinds.shown(value)
end

local function check_line(value)
  if is_line(value) then return value end
  if value == "" then return nil, "must not be empty" end
  return nil, "must be a text of one line in UTF-8, not " .. kinds.shown(value)
end

--- A text, which may be empty and may have several lines.
kinds.text = { check = check_text, write = itself, read = read_text, same = is_equal }

--- A text of one line that is not empty: a name, a path, a reference.
kinds.line = { check = check_line, write = itself, read = read_text, same = is_equal }

local function check_boolean(value)
  if type(value) == "boolean" then return value end
  return nil, "must be true or false, not " .. kinds.shown(value)
end

--- True or false.
kinds.boolean = {
  check = check_boolean, write = itself, read = reader "boolean", same = is_equal,
}

local SWITCH = { enabled = true, disabled = false }

--- True or false, which the service words as "Enabled" or "Disabled".
kinds.switch = {
  check = check_boolean,
  write = function(value) return value and "Enabled" or "Disabled" end,
  read = function(member)
    if type(member) == "string" then return SWITCH[member:lower()] end
  end,
  same = is_equal,
}

--- Make the kind of a whole number between two bounds. A float without a fraction counts: decoded
--- JSON has only floats.
---@param first integer
---@param last integer
---@param description string      "must be a port"
---@return azureml.Kind
function kinds.integer(first, last, description)
  local function whole(value)
    return type(value) == "number" and math.tointeger(value) or nil
  end
  return {
    check = function(value)
      local number = whole(value)
      if number and number >= first and number <= last then return number end
      return nil, ("%s from %d to %d, not %s"):format(description, first, last, kinds.shown(value))
    end,
    write = itself, read = whole, same = is_equal,
  }
end

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
      return nil, ("must be '%s', not %s"):format(table.concat(words, "' or '"), kinds.shown(value))
    end,
    write = itself,
    read = function(member)      -- a word that is not known here is kept
      if type(member) == "string" then return canonical[member:lower()] or member end
    end,
    same = kinds.same_word,
  }
end

--- Make the kind of a text that has a form and means the same in any case.
---@param form string         a Lua pattern for the text in lower case
---@param description string  what it must be: "must be the ARM id of a subnet: /subscriptions/..."
---@return azureml.Kind
function kinds.formed(form, description)
  return {
    check = function(value)
      if is_line(value) and value:lower():find(form) then return value end
      return nil, ("%s, not %s"):format(description, kinds.shown(value))
    end,
    write = itself, read = read_text, same = kinds.same_word,
  }
end

--- Make the kind of a resource's ARM id, which means the same in any case.
---@param provider string     what follows the resource group, in lower case; NAME stands for a
---  name: "microsoft.network/virtualnetworks/NAME/subnets/NAME"
---@param description string  "must be the ARM id of a subnet: /subscriptions/.../subnets/NAME"
---@return azureml.Kind
function kinds.arm_id(provider, description)
  local name = "[^/%%s?#]+"
  local form = provider:gsub("[%.%-]", "%%%0"):gsub("NAME", name)
  local group = name:gsub("%%%%", "%%")
  return kinds.formed(("^/subscriptions/%s/resourcegroups/%s/providers/%s$"):format(group, group,
    form), description)
end

-- Tags --------------------------------------------------------------------------------------------

-- Source: spec/contract/compute-rest.md, section 7.1.
local MOST_TAGS, LONGEST_NAME, LONGEST_VALUE = 50, 512, 256
local TAGS = "must be texts by name, such as { team = 'vision' }"

local function check_tag(name, value)
  if type(name) ~= "string" then return TAGS end
  if type(value) ~= "string" then
    return ("must be texts by name; the tag '%s' is %s"):format(kinds.excerpt(name),
      kinds.shown(value))
  end
  if name == "" then return "has a tag without a name" end
  if not is_text(name) or not is_text(value) then
    return ("has the tag '%s', which is not in UTF-8"):format(kinds.excerpt(name))
  end
  if utf8.len(name) > LONGEST_NAME or utf8.len(value) > LONGEST_VALUE then
    return ("has the tag '%s', which is too long: a name has at most %d characters, a value %d")
      :format(kinds.excerpt(name, 40), LONGEST_NAME, LONGEST_VALUE)
  end
end

-- Return tags by their names in lower case: the service does not tell names by their case.
local function by_lower_name(tags)
  local lower = {}
  for name, value in pairs(tags) do lower[name:lower()] = value end
  return lower
end

local function count_of(tags)
  local count = 0
  for _ in pairs(tags) do count = count + 1 end
  return count
end

local function fault_of_tags(tags)
  local count = count_of(tags)
  if count > MOST_TAGS then
    return ("has %d tags: the service takes at most %d"):format(count, MOST_TAGS)
  end
  if count_of(by_lower_name(tags)) < count then
    return "has two tags whose names differ in case only: the service takes them for one"
  end
end

local function check_tags(tags)
  if type(tags) ~= "table" then return nil, TAGS .. ", not " .. kinds.shown(tags) end
  local canonical = {}
  for name, value in pairs(tags) do
    local fault = check_tag(name, value)
    if fault then return nil, fault end
    canonical[name] = value
  end
  local fault = fault_of_tags(canonical)
  if fault then return nil, fault end
  return canonical
end

-- Write a number of JSON as a text: decoded JSON has only floats.
local function text_of_number(number)
  return tostring(math.tointeger(number) or number)
end

-- Every tag is a text. Write numbers and booleans as texts; skip what else the service may send.
local function read_tags(member)
  local tags = {}
  if type(member) ~= "table" then return tags end
  for name, value in pairs(member) do
    local kind = type(value)
    if type(name) == "string" and (kind == "string" or kind == "number" or kind == "boolean") then
      tags[name] = kind == "number" and text_of_number(value) or tostring(value)
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
    wanted, actual = by_lower_name(wanted), by_lower_name(actual or {})
    return contains_all(wanted, actual) and contains_all(actual, wanted)
  end,
}

-- Users -------------------------------------------------------------------------------------------

--- A user of a tenant.
---@class azureml.User
---@field object_id string  the GUID of the user
---@field tenant_id? string  the GUID of the tenant
---@field mail? string  instead, the e-mail address

local GUID = "^%x%x%x%x%x%x%x%x%-%x%x%x%x%-%x%x%x%x%-%x%x%x%x%-%x%x%x%x%x%x%x%x%x%x%x%x$"
local MAIL = "^[^%s%c@]+@[^%s%c@]+$"
local USER = "must be an e-mail address or { object_id = GUID, tenant_id = GUID }"
local IDS = { "object_id", "tenant_id" }

local function check_ids(user)
  for name in pairs(user) do
    if name ~= IDS[1] and name ~= IDS[2] then
      return nil, ("has no field '%s' (known: %s)"):format(kinds.excerpt(tostring(name)),
        table.concat(IDS, ", "))
    end
  end
  for _, name in ipairs(IDS) do
    local id = user[name]
    if type(id) ~= "string" or not id:find(GUID) then
      return nil, ("needs both ids of the user: %s must be a GUID, %s"):format(name,
        id == nil and "and is missing" or "not " .. kinds.shown(id))
    end
  end
  return { object_id = user.object_id, tenant_id = user.tenant_id }
end

local function check_user(user)
  if is_text(user) and user:find(MAIL) then return { mail = user } end
  if type(user) ~= "table" then return nil, USER .. ", not " .. kinds.shown(user) end
  if user.mail ~= nil and next(user, next(user)) == nil then return check_user(user.mail) end
  return check_ids(user)
end

local function read_user(member)
  local object_id = read_text(json.get(member, "objectId"))
  if not object_id then return nil end
  return { object_id = object_id, tenant_id = read_text(json.get(member, "tenantId")) }
end

--- A user by object id and tenant id, or by e-mail address: { mail = ... } until the directory has
--- told the ids. A comparison leaves the tenant out: an object id is unique in all tenants.
kinds.user = {
  check = check_user,
  write = function(user) return { objectId = user.object_id, tenantId = user.tenant_id } end,
  read = read_user,
  same = function(wanted, actual)
    if actual == nil then return false end
    if wanted.mail then return wanted.mail == actual.mail end
    return kinds.same_word(wanted.object_id, actual.object_id)
  end,
}

-- Members that the table of fields does not know --------------------------------------------------

local DEEPEST, MOST_VALUES = 32, 10000      -- of a value that becomes JSON

local copy_value

local function copy_table(value, depth, budget)
  if depth > DEEPEST then return nil, "is nested too deeply, or contains itself" end
  local copy = json.is_array(value) and json.array {} or {}
  local is_list, count = json.is_array(value) or #value > 0, 0
  for name, item in pairs(value) do
    count = count + 1
    if type(name) ~= (is_list and "number" or "string") then
      return nil, "must have tables that are lists or have names only"
    end
    local copied, fault = copy_value(item, depth + 1, budget)
    if fault then return nil, fault end
    copy[name] = copied
  end
  if is_list and count ~= #copy then return nil, "must have lists without gaps" end
  return copy
end

-- Copy a value that becomes JSON, or return nil and a fault.
function copy_value(value, depth, budget)
  budget.left = budget.left - 1
  if budget.left < 0 then
    return nil, ("has more than %d values, or contains itself"):format(MOST_VALUES)
  end
  if type(value) == "table" then return copy_table(value, depth, budget) end
  if type(value) == "boolean" or value == json.null or is_text(value) then return value end
  if type(value) == "number" and value - value == 0 then return value end
  return nil, "must have values of JSON only, not " .. kinds.shown(value)
end

local function check_members(value)
  if type(value) ~= "table" then return nil, "must be a table, not " .. kinds.shown(value) end
  for name in pairs(value) do
    if type(name) ~= "string" then return nil, "must be members by name" end
  end
  return copy_value(value, 1, { left = MOST_VALUES })
end

-- Tell whether a JSON value has everything that another has.
local function is_within(wanted, actual)
  if type(wanted) ~= "table" then return wanted == actual end
  if type(actual) ~= "table" then return false end
  for name, value in pairs(wanted) do
    if not is_within(value, actual[name]) then return false end
  end
  return true
end

--- Members of a request by the service's own names.
kinds.members = {
  check = check_members, write = itself, read = reader "table", same = is_within,
}

--- Replace the values of a table by stars, for a message that shows no secrets.
---@param values table?
---@return table
function kinds.starred(values)
  local stars = {}
  for _, name in ipairs(tables.keys(values)) do stars[name] = "***" end
  return stars
end

return kinds
