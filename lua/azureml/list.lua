--- A list of instances: an iterator with filters. It reads page by page and never ends early.
local core = require "azureml.core"
local duration = require "azureml.definition.duration"
local errors = require "azureml.error"
local moment = require "azureml.tool.moment"
local options = require "azureml.options"
local power_state = require "azureml.definition.power_state"
local single_pass = require "azureml.tool.single_pass"

--- Which instances: all filters must hold.
---@class azureml.ListOptions
---@field state? azureml.State|azureml.State[]  the state, or one of several: one that runs a
---  job is JobRunning, not Running
---@field vm_size? azureml.SizeName  the size of its virtual machine
---@field tags? table<string, string>  it has all these tags
---@field mine? boolean  it is assigned to the caller, or created by the caller and not assigned
---@field created_by_me? boolean  the caller has created it
---@field like? string  a pattern of names: "ci-*"
---@field older_than? string|number  it was created at least so long ago: "8h", or seconds
---@field running_for? string|number  it runs at least so long: "8h", or seconds
---@field idle_stop? boolean  whether it stops when it is idle
---@field where? fun(vm: azureml.Instance): any  a test that it passes

--- A list of instances: an iterator, read page by page.
---@class azureml.List
---@operator call: azureml.Instance?
---@overload fun(): azureml.Instance?
local List = {}
local metatable = { __name = "azureml.List", __methods = List }

local list = {}

local function has_tags(vm, wanted)
  local tags = vm.tags
  for name, value in pairs(wanted) do
    if tags[name] ~= value then return false end
  end
  return true
end

-- Tell whether an instance is the user's own: assigned to the user, or created by the user and not
-- assigned. Source: spec/contract/sdk-v1.md, section 9.
local function is_mine(vm)
  return vm.owner ~= nil and vm.owner:lower() == vm.workspace:object_id():lower()
end

local function has_state(vm, wanted)
  local state = (vm.state or ""):lower()
  for _, word in ipairs(type(wanted) == "table" and wanted or { wanted }) do
    if state == word:lower() then return true end
  end
  return false
end

-- Tell whether a name fits a pattern: `*` stands for any characters, `?` for a character.
local function is_like(vm, pattern)
  local escaped = pattern:lower():gsub("[%^%$%(%)%%%.%[%]%+%-]", "%%%0")
  return vm.name:lower():find("^" .. escaped:gsub("%*", ".*"):gsub("%?", ".") .. "$") ~= nil
end

-- Return the seconds of a number, or of a duration such as "8h"; nil for anything else.
local function seconds_of(value)
  if type(value) == "number" then return value >= 0 and value or nil end
  local minutes = type(value) == "string" and duration.minutes(value)
  return minutes and minutes * 60
end

-- Tell whether a moment is known and lies at least so far back.
local function is_ago(time, span)
  local seconds = moment.read(time)
  return seconds ~= nil and core.time() - seconds >= seconds_of(span)
end

-- Tell whether an instance has run at least so long: no later operation has ended.
local function has_run_for(vm, span)
  local is_known = vm.last_operation.status == "Succeeded"
  return is_known and power_state.is_running(vm.state) and is_ago(vm.last_operation.time, span)
end

local function is_created_by_me(vm)
  return vm.created_by ~= nil and vm.created_by:lower() == vm.workspace:object_id():lower()
end

local passes_filter = {
  state = has_state,
  like = is_like,
  created_by_me = function(vm, wanted) return not wanted or is_created_by_me(vm) end,
  older_than = function(vm, span) return is_ago(vm.created_on, span) end,
  running_for = has_run_for,
  idle_stop = function(vm, wanted) return (vm.idle_time_before_shutdown ~= nil) == wanted end,
  vm_size = function(vm, wanted) return (vm.vm_size or ""):lower() == wanted:lower() end,
  tags = has_tags,
  mine = function(vm, wanted) return not wanted or is_mine(vm) end,
  where = function(vm, predicate) return predicate(vm) end,
}

--- The filters by name, with the type of each value.
list.filters = {
  state = "any", vm_size = "string", tags = "table", mine = "boolean", where = "callable",
  like = "string", created_by_me = "boolean", older_than = "any", running_for = "any",
  idle_stop = "boolean",
}

-- Refuse a mistyped state: it would match nothing, which looks like "nothing to do".
local function check_states(owner, wanted)
  if type(wanted) ~= "string" and type(wanted) ~= "table" then
    errors.mistake("%s: option 'state' must be a string or a list of strings, not %s", owner,
      type(wanted))
  end
  for _, word in ipairs(type(wanted) == "table" and wanted or { wanted }) do
    if type(word) ~= "string" or not power_state.canonical(word) then
      options.refuse("%s: there is no state '%s'; the states are %s", owner,
        tostring(word):sub(1, 60), table.concat(power_state.names, ", "))
    end
  end
end

--- Check filters.
---@param owner string        "list", for the message
---@param wanted table?
---@return table wanted
---@raise a mistake for an unknown filter; an error object `InvalidArgument` for an unknown state
function list.check(owner, wanted)
  wanted = options.check(owner, wanted, list.filters)
  if wanted.state ~= nil then check_states(owner, wanted.state) end
  for _, name in ipairs { "older_than", "running_for" } do
    if wanted[name] ~= nil and not seconds_of(wanted[name]) then
      options.refuse("%s: option '%s' must be a number of seconds or a duration such as '30m', "
        .. "'8h' or '2d', not '%s'", owner, name, tostring(wanted[name]):sub(1, 60))
    end
  end
  for name, value in pairs(wanted.tags or {}) do
    if type(name) ~= "string" or type(value) ~= "string" then
      errors.mistake("%s: option 'tags' must hold texts by name, as { team = 'vision' }", owner)
    end
  end
  return wanted
end

--- Tell whether an instance passes every filter.
---@param vm azureml.Instance
---@param wanted table        filters
---@return boolean
function list.passes(vm, wanted)
  for name, value in pairs(wanted) do
    if not passes_filter[name](vm, value) then return false end
  end
  return true
end

--- Make a list of the instances of an iterator that pass every filter.
---@param next_instance fun(): azureml.Instance?
---@param wanted? azureml.ListOptions
---@param check_size? fun(size: string)      raises for a size that does not exist; called at the
---  end of a list in which no instance has the size of the filter
---@param count_pages fun(): integer        returns the number of pages that were read so far
---@return azureml.List
function list.new(next_instance, wanted, check_size, count_pages)
  wanted = list.check("list", wanted)
  return setmetatable({
    next_instance = next_instance, wanted = wanted, has_filter = next(wanted) ~= nil,
    check_size = check_size, count_pages = count_pages,
  }, metatable)
end

local function note_size(self, vm)
  local size = self.wanted.vm_size
  if size and passes_filter.vm_size(vm, size) then self.has_size = true end
end

function metatable:__call()
  for vm in self.next_instance do
    if not self.has_filter then return vm end
    note_size(self, vm)
    if list.passes(vm, self.wanted) then return vm end
  end
  local check, size = self.check_size, self.wanted.vm_size
  self.check_size = nil
  if check and size and not self.has_size then check(size) end
end

--- Read the rest of the list into a sequence.
---@return azureml.Instance[]
function List:all()
  local all = {}
  for vm in self do all[#all + 1] = vm end
  return all
end

--- Return the number of pages that were read so far.
---@return integer
function List:page_count()
  return self.count_pages()
end

single_pass.add_to(metatable, List, "instances", "vm")
options.check_colon(List, metatable, "list")

return list
