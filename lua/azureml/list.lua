--- A list of instances: an iterator with filters, read page by page, never partial.
local options = require "azureml.options"

---@class azureml.List
local List = {}
local metatable = { __name = "azureml.List", __index = List }

local list = {}

local function has_tags(vm, wanted)
  local tags = vm.tags
  for name, value in pairs(wanted) do
    if tags[name] ~= value then return false end
  end
  return true
end

-- "Mine": assigned to me, or created by me and assigned to nobody. Source: spec/contract/sdk-v1.md,
-- section 9.
local function is_mine(vm)
  return vm.owner ~= nil and vm.owner:lower() == vm.workspace:object_id():lower()
end

local passes_filter = {
  state = function(vm, wanted) return (vm.state or ""):lower() == wanted:lower() end,
  vm_size = function(vm, wanted) return (vm.vm_size or ""):lower() == wanted:lower() end,
  tags = has_tags,
  mine = function(vm, wanted) return not wanted or is_mine(vm) end,
  where = function(vm, holds) return holds(vm) end,
}

--- The filters by name, and what each takes.
list.filters = { state = "string", vm_size = "string", tags = "table", mine = "boolean", where = "callable" }

--- Does an instance pass every filter?
---@param vm azureml.Instance
---@param wanted table        filters
---@return boolean
function list.passes(vm, wanted)
  for name, value in pairs(wanted) do
    if not passes_filter[name](vm, value) then return false end
  end
  return true
end

--- A list of what an iterator gives and every filter lets pass.
---@param next_instance fun(): azureml.Instance?
---@param wanted? { state: string?, vm_size: string?, tags: table<string, string>?, mine: boolean?, where: (fun(vm): any)? }
---@param count_pages fun(): integer
---@return azureml.List
function list.new(next_instance, wanted, count_pages)
  wanted = options.check("list", wanted, list.filters)
  return setmetatable({ next_instance = next_instance, wanted = wanted, count_pages = count_pages }, metatable)
end

function metatable:__call()
  for vm in self.next_instance do
    if list.passes(vm, self.wanted) then return vm end
  end
end

--- All of them, as a sequence.
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

return list
