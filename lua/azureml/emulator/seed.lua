--- Read, check and sow a seed: the table that describes the world in which an emulator starts. It
--- comes from a script or from a file in Lua or in JSON. A message names the place of a fault, such
--- as "workspaces[2].instances.ci-ann.state". entra/people.lua adds the rules for people.
local errors = require "azureml.error"
local json = require "azureml.json"
local refusal = require "azureml.emulator.refusal"
local sizes = require "azureml.emulator.sizes"
local tables = require "azureml.tool.tables"

local seed = {}

-- Rules -------------------------------------------------------------------------------------------

-- A rule takes a value and its place, and returns what is wrong, or nil.

local function words(names)
  return table.concat(tables.keys(names), ", ")
end

local function of_type(kind, noun)
  return function(value, place)
    if type(value) ~= kind then
      return ("%s must be %s, not %s"):format(place, noun, type(value))
    end
  end
end

local function shown(value)
  return value == json.null and "null" or tostring(value)
end

local text, flag = of_type("string", "a text"), of_type("boolean", "true or false")
local number, any_table = of_type("number", "a number"), of_type("table", "a table")

local function count(value, place)
  if type(value) ~= "number" or not math.tointeger(value) or value < 0 then
    return ("%s must be a whole number from 0 on"):format(place)
  end
end

local GUID = "^%x%x%x%x%x%x%x%x%-%x%x%x%x%-%x%x%x%x%-%x%x%x%x%-%x%x%x%x%x%x%x%x%x%x%x%x$"

local function guid(value, place)
  if type(value) ~= "string" or not value:find(GUID) then
    local message = "%s must be a GUID such as 11111111-1111-1111-1111-111111111111, not %s"
    return message:format(place, shown(value))
  end
end

local function inside(place, key)
  if math.type(key) then return ("%s[%d]"):format(place, key) end
  return place == "" and key or place .. "." .. key
end

local function each(rule, kind, noun)
  return function(value, place)
    local wrong = any_table(value, place)
    if wrong then return wrong end
    for key, item in pairs(value) do
      if type(key) ~= kind then
        return ("%s must be %s"):format(place == "" and "a seed" or place, noun)
      end
      wrong = rule(item, inside(place, key))
      if wrong then return wrong end
    end
  end
end

local function list_of(rule) return each(rule, "number", "a list") end
local function map_of(rule) return each(rule, "string", "a table by name") end

local function record(rules, needed)
  return function(value, place)
    local what = place == "" and "a seed" or place
    local wrong = any_table(value, what)
    if wrong then return wrong end
    for key, item in pairs(value) do
      local rule = rules[key]
      if not rule then
        return ("%s has no field '%s' (known: %s)"):format(what, tostring(key), words(rules))
      end
      wrong = rule(item, inside(place, key))
      if wrong then return wrong end
    end
    for _, key in ipairs(needed or {}) do
      if value[key] == nil then return ("%s needs '%s'"):format(what, key) end
    end
  end
end

-- What a seed may hold ----------------------------------------------------------------------------

local STATES = {
  Steady = true, Creating = true, CreateFailed = true, Running = true, JobRunning = true,
  SettingUp = true, SetupFailed = true, Starting = true, Stopped = true, Stopping = true,
  Restarting = true, UserSettingUp = true, UserSetupFailed = true, Unusable = true, Unknown = true,
}

local function state(value, place)
  if type(value) ~= "string" or not STATES[value] then
    return ("%s is '%s', which is no state (known: %s)"):format(place, shown(value), words(STATES))
  end
end

local KINDS = { ComputeInstance = true, AmlCompute = true }

local function kind(value, place)
  if not KINDS[value] then
    local message = "%s is '%s', which is no kind of compute (known: %s)"
    return message:format(place, shown(value), words(KINDS))
  end
end

local function machine_kind(value, place)
  if value ~= "local" then return ("%s must be 'local', not %s"):format(place, shown(value)) end
end

-- Accept what a PUT can hold: plain data without functions and cycles.
local function plain(value, place)
  local wrong = any_table(value, place)
  if wrong then return wrong end
  local ok, why = pcall(json.encode, value)
  if not ok then return ("%s: %s"):format(place, (why:gsub("^bad argument #1: ", ""))) end
end

-- properties: the innermost object of a PUT.
local instance_record = record {
  state = state, vm_size = text, tags = map_of(text), description = text, kind = kind,
  properties = plain,
}

local function instance(value, place)
  if type(value) == "string" then return state(value, place) end
  return instance_record(value, place)
end

local instances = map_of(instance)

local quotas = record {
  total = count, family = count, gpu_family = count, clusters = count, families = map_of(count),
}

local COMPUTE_TYPES = { AmlCompute = true, ComputeInstance = true, MIR = true }

local function compute_type(value, place)
  if not COMPUTE_TYPES[value] then
    local message = "%s is '%s', which is no type of compute (known: %s)"
    return message:format(place, shown(value), words(COMPUTE_TYPES))
  end
end

local function size_name(value, place)
  if type(value) ~= "string" or not value:find "^%a[%w_-]*_%w[%w_-]*$" then
    return ("%s is '%s', which is no name such as Standard_B2s"):format(place, shown(value))
  end
end

local function above_zero(value, place)
  if type(value) ~= "number" or not math.tointeger(value) or value < 1 then
    return ("%s must be a whole number from 1 on"):format(place)
  end
end

local function price(value, place)
  if type(value) ~= "number" or not (value >= 0 and value < math.huge) then
    return ("%s must be a number from 0 on"):format(place)
  end
end

-- The fields are those of azureml.emulator.SizeSeed.
local size_record = record({
  name = size_name, vcpus = above_zero, gpus = count, memory_gb = price, disk_mb = count,
  price = price, family = text, compute_types = list_of(compute_type),
}, { "name", "vcpus" })

local ISOLATION = { AllowInternetOutbound = true, AllowOnlyApprovedOutbound = true }

local function managed_network(value, place)
  if type(value) == "boolean" or ISOLATION[value] then return nil end
  local message = "%s is '%s', which is neither true, false nor an isolation mode (known: %s)"
  return message:format(place, shown(value), words(ISOLATION))
end

local workspace_record = record({
  subscription_id = guid, resource_group = text, name = text, location = text,
  managed_network = managed_network, instances = instances,
}, { "name" })

--- The rules of a seed's fields, by name. Other files add rules for their fields.
---@type table<string, fun(value: any, place: string): string?>
seed.rules = {
  subscription_id = guid,
  resource_group = text,
  workspace_name = text,
  location = text,
  tenant_id = guid,
  client_id = guid,
  client_secret = text,
  token_lifetime = number,
  machine = machine_kind,
  quotas = quotas,
  sizes = list_of(size_record),
  instances = instances,
  workspaces = list_of(workspace_record),
}

--- The kinds of rules.
seed.rule = {
  text = text, flag = flag, number = number, guid = guid, count = count, list_of = list_of,
  map_of = map_of, record = record,
}

-- Return the first instance whose size is not in a catalogue.
local function fault_of_sizes(given, catalogue, place)
  for _, name in ipairs(tables.keys(given)) do
    local vm_size = type(given[name]) == "table" and given[name].vm_size
    if vm_size and not catalogue:find(vm_size) then
      local message = "%s.%s.vm_size is '%s', which is no size that is offered here"
      return message:format(place, name, vm_size)
    end
  end
end

--- Return what is wrong with a seed; nil if it is valid.
---@param value any
---@return string?
function seed.fault_of(value)
  local wrong = record(seed.rules)(value, "")
  if wrong then return wrong end
  local catalogue = value.sizes and sizes.new(value.sizes) or sizes.recorded
  wrong = fault_of_sizes(value.instances, catalogue, "instances")
  for index, workspace in ipairs(value.workspaces or {}) do
    local place = ("workspaces[%d].instances"):format(index)
    wrong = wrong or fault_of_sizes(workspace.instances, catalogue, place)
  end
  return wrong
end

-- Sowing ------------------------------------------------------------------------------------------

--- Return the names and ids of a seed, with defaults for those that it leaves out.
---@param seed_table table
---@param defaults table<string, string>
---@return table<string, string>
function seed.names(seed_table, defaults)
  local names = {}
  for name, value in pairs(defaults) do names[name] = seed_table[name] or value end
  return names
end

local function sow_instance(emulator, workspace, name, instance_seed)
  local location = workspace.location
  if emulator.world:is_taken(location, name) then
    error(("the name is taken in %s"):format(location), 0)
  end
  emulator:seed_instance(name, instance_seed, workspace)
end

-- Sow instances in the order of their names, so that lists are the same each time.
local function sow_instances(emulator, workspace, instances_given, place)
  for _, name in ipairs(tables.keys(instances_given)) do
    local ok, why = pcall(sow_instance, emulator, workspace, name, instances_given[name])
    if not ok and errors.is_interrupted(why) then error(why, 0) end
    if not ok then
      local reason = refusal.is(why) and why.message or why
      local message = ("the seed: %s.%s: %s"):format(place, name, reason)
      errors.raise { code = "SeedInvalid", message = message }
    end
  end
end

--- Sow a seed that was checked: create its workspaces and instances.
---@param emulator azureml.Emulator
---@param seed_table table
function seed.sow(emulator, seed_table)
  local names = emulator:settings()
  sow_instances(emulator, emulator.world:ensure_workspace(names), seed_table.instances, "instances")
  for index, workspace in ipairs(seed_table.workspaces or {}) do
    local created = emulator.world:ensure_workspace {
      subscription_id = workspace.subscription_id or names.subscription_id,
      resource_group = workspace.resource_group or names.resource_group,
      workspace_name = workspace.name,
      location = workspace.location or names.location,
      managed_network = workspace.managed_network,
    }
    local place = ("workspaces[%d].instances"):format(index)
    sow_instances(emulator, created, workspace.instances, place)
  end
end

-- Files -------------------------------------------------------------------------------------------

local function fail(path, why)
  errors.raise { code = "SeedInvalid", message = ("the seed %s: %s"):format(path, why) }
end

-- Run a seed in Lua and return its value. Globals that it sets stay its own.
local function run(path, content)
  local chunk, fault = load(content, "@" .. path, "t", setmetatable({}, { __index = _G }))
  if not chunk then return nil, fault end
  local ok, value = pcall(chunk)
  if ok then return value end
  if errors.is_interrupted(value) then error(value, 0) end
  return nil, tostring(value)
end

-- Decode a seed. JSON begins with a brace, which a chunk of Lua cannot.
local function value_of(path, content)
  content = content:gsub("^\xEF\xBB\xBF", "")
  local value, why
  if content:find "^%s*{" then
    value, why = json.decode_exact(content)
  else
    value, why = run(path, content)
  end
  if value == nil then fail(path, why or "it returns nothing") end
  return value
end

--- Read a seed from a file: JSON, or a Lua script that returns the seed. The script has the
--- standard library.
---@param path string
---@return table
---@raise an error object `SeedInvalid` that names the file and the place
function seed.read(path)
  local file, unread = io.open(path, "rb")
  if not file then fail(path, (unread:gsub("^.*: ", ""))) end
  local content, why = file:read "a"
  file:close()
  if not content then fail(path, why) end
  local value = value_of(path, content)
  local wrong = seed.fault_of(value)
  if wrong then fail(path, wrong) end
  return value
end

return seed
