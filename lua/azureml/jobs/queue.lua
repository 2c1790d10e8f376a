--- The queue of an instance: the jobs that run on it and those that wait, in order.
--- Source: spec/contract/compute-rest.md, section 13.
local sizes = require "azureml.look.sizes"
local status = require "azureml.jobs.status"

--- The jobs that run on an instance, and those that wait.
---@class azureml.JobQueue
---@field name string                   of the instance
---@field state string                  of the instance
---@field slots integer?                how many jobs run at once; nil: the size is not known
---@field running azureml.Job[]         the oldest first
---@field waiting azureml.Job[]         the next one first: the index is the position
local Queue = {}
local metatable = { __name = "azureml.JobQueue", __index = Queue, __methods = Queue }

local queue = {}

local PER_CORE = 2

-- Return how many jobs an instance runs at once.
local function slots_of(vm)
  local size = sizes.find(vm.workspace, vm.vm_size)
  return size and PER_CORE * size.vcpus or nil
end

--- Read the queue of an instance. The whole list of jobs is read: the service has no list by
--- compute.
---@param vm azureml.Instance
---@return azureml.JobQueue
function queue.of(vm)
  local self = { name = vm.name, state = vm.state, running = {}, waiting = {} }
  local active = vm.workspace.jobs:list { compute = vm, status = status.ACTIVE }:all()
  for i = #active, 1, -1 do      -- the service lists the newest job first
    local job = active[i]
    local part = status.is_waiting(job.status) and self.waiting or self.running
    part[#part + 1] = job
  end
  self.slots = slots_of(vm)
  return setmetatable(self, metatable)
end

--- Return the position of a job among those that wait; 0: it runs; nil: it is not in the queue.
---@param subject string|azureml.Job      the job or its name
---@return integer?
function Queue:position(subject)
  local name = type(subject) == "table" and subject.name or subject
  for i, job in ipairs(self.waiting) do
    if job.name == name then return i end
  end
  for _, job in ipairs(self.running) do
    if job.name == name then return 0 end
  end
end

function metatable:__tostring()
  return ("%s: %d running%s, %d waiting"):format(self.name, #self.running,
    self.slots and (" of %d"):format(self.slots) or "", #self.waiting)
end

return queue
