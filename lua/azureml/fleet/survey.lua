--- Look at many instances: each by a GET, or all by the workspace's list, whichever takes fewer
--- requests. When looks happen is lookout.lua's, what they mean judge.lua's.
local errors = require "azureml.error"
local resource = require "azureml.resource"
local tables = require "azureml.tool.tables"
local task = require "azureml.task"
local verbs = require "azureml.verbs"

-- Computes on a page, until the list was read: ARM's usual page. Source:
-- spec/contract/compute-rest.md, section 2.
local PAGE = 100

-- While the number of pages is not known a page must stand for so many GETs: a page of 100
-- instances has 220 KB, an instance 2.2 KB, and a list that turns out to be long is read in vain.
local GETS_PER_PAGE = 10

-- GETs side by side: they fill the connections to a service at 50 ms distance (csrc/loop.c opens up
-- to 128), and leave room for polls.
local AT_ONCE = 32

local survey = {}

---@class azureml.Survey
---@field instances azureml.Instances
---@field pages integer?          of the workspace's list; nil before it was read to its end
---@field least_pages integer     it has at least so many
local Survey = {}
Survey.__index = Survey

--- Make a survey of a workspace.
---@param instances azureml.Instances
---@param count integer       instances that are known to be there
---@param pages integer?      of the list, where the caller has read it
---@return azureml.Survey
function survey.new(instances, count, pages)
  local least_pages = math.max(1, math.ceil(count / PAGE))
  return setmetatable({ instances = instances, pages = pages, least_pages = least_pages }, Survey)
end

--- Return how many reads are left, as the service last said; nil where it does not count them.
---@return integer?
function Survey:reads_left()
  return resource.budget(self.instances.workspace, verbs.list)
end

--- Return the number of pages of the list, or the least that it can be.
---@return integer
function Survey:page_count()
  return self.pages or self.least_pages
end

--- Tell whether the list takes fewer requests than one for each of so many instances.
---@param count integer
---@return boolean
function Survey:is_list_shorter(count)
  if self.pages then return count > self.pages end
  return count > GETS_PER_PAGE * self.least_pages
end

local function key_of(name)
  return name:lower()      -- the service compares names without case
end

-- Read the list to its end; nil where it has more pages than that. With may_stop it is read until
-- all wanted instances were found.
local function read(listed, most_pages, wanted, may_stop)
  local states, found = {}, {}
  local missing = #tables.keys(wanted)      -- names that were not found yet
  for vm in listed do
    if listed:page_count() > most_pages then return nil end
    local key = key_of(vm.name)
    states[key] = vm.state
    if wanted[key] and not found[key] then found[key], missing = vm, missing - 1 end
    if may_stop and missing == 0 then return states, found, true end
  end
  return states, found, false
end

--- Look at all instances in one list. It is read whole before any of it counts: an instance that it
--- lacks is missing.
---@param names string[]        the instances that are wanted whole
---@param count integer         requests that the list stands for
---@param may_stop boolean?     true: `states` may lack other instances than the wanted ones
---@return table<string, string>? states          of all, by name in lower case; nil: see err
---@return table<string, azureml.Instance>|azureml.Error|nil found   the wanted ones, by name;
---  without states the error, or nil where the list has more pages than it is worth
function Survey:list(names, count, may_stop)
  local wanted = {}
  for _, name in ipairs(names) do wanted[key_of(name)] = true end
  local listed = self.instances:list()
  local most_pages = self.pages and math.huge or math.max(1, count // GETS_PER_PAGE)
  local states, found, is_part = errors.try(read, listed, most_pages, wanted, may_stop)
  if states then
    if not is_part then self.pages = listed:page_count() end
  elseif not found then
    self.least_pages = most_pages + 1
  end
  return states, found
end

local function look_at_each(self, names, visit)
  local indexes = {}
  for index = 1, #names do indexes[index] = index end
  task.each(indexes, function(index)
    local vm, err = errors.try(self.instances.find, self.instances, names[index])
    visit(index, vm, err)
  end, { limit = AT_ONCE })
end

--- Look at some instances.
---@param names string[]
---@param visit fun(index: integer, vm: azureml.Instance?, err: azureml.Error?)   called for each
---  name; with neither an instance nor an error where the instance is missing
function Survey:look(names, visit)
  if not self:is_list_shorter(#names) then return look_at_each(self, names, visit) end
  local states, found = self:list(names, #names, true)
  if not states and not found then return look_at_each(self, names, visit) end
  for index, name in ipairs(names) do
    if states then visit(index, found[key_of(name)]) else visit(index, nil, found) end
  end
end

return survey
