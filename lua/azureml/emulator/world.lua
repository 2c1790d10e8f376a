--- Hold the state of the emulated service: subscriptions, groups, workspaces, computes, operations,
--- quotas. Names are compared without case and kept as they were given. Each thing is a record of
--- plain data that can be written to a file (state_file.lua). Links from a record to other things
--- are in its metatable. Every change of a record goes through `save` and `drop`.
local billing = require "azureml.emulator.machine.billing"
local due = require "azureml.emulator.due"
local inferred = require "azureml.emulator.inferred"
local machine = require "azureml.emulator.machine"
local quotas = require "azureml.emulator.quotas"
local sizes = require "azureml.emulator.sizes"
local tables = require "azureml.tool.tables"

local world = {}

local World = {}
World.__index = World

--- Make an empty world.
---@param context { clock: table, guid: function, quotas: table?, sizes: table?, host: table? }
---  host: runs real computers behind instances (machine/host/)
---@return table
function world.new(context)
  local self = {
    clock = context.clock,
    guid = context.guid,
    host = context.host,
    subscriptions = {},
    records = {},
    watchers = {},
    due = due.new(),
    regions = {},
    used = {},
    counted = {},
    numbered = 0,
    behaviour = {},
    quotas = setmetatable(context.quotas or {}, { __index = inferred.quotas }),
    sizes = context.sizes or sizes.recorded,
    page_size = inferred.page_size,
  }
  for kind in pairs(world.kinds) do self.records[kind] = {} end
  return setmetatable(self, World)
end

--- Return the time of the world's clock, in seconds since 1970.
---@return number
function World:now()
  return self.clock:now()
end

-- Kinds -------------------------------------------------------------------------------------------

-- Give a record links: they are read like its fields and are never written to the file.
local function link(record, links)
  return setmetatable(record, { __index = links })
end

--- The kinds of records and what each of them does with a change. Other files add their own kinds.
---@class azureml.emulator.Kind
---@field key fun(record: table): string
---  returns the name of a record, unique in its kind
---@field enter fun(self: table, record: table)?
---  links a new record to the world
---@field change fun(self: table, record: table)?
---  follows the save of a new or changed record
---@field leave fun(self: table, record: table)?
---  unlinks a removed record
---@field happen fun(self: table, record: table, time: number)?
---  lets the event happen that World.expect scheduled
---@type table<string, azureml.emulator.Kind>
world.kinds = {
  subscription = {}, group = {}, workspace = {}, compute = {}, job = {}, bill = {}, operation = {},
}

local kinds = world.kinds

--- Save a record that is new or changed, and tell the watchers.
---@param kind_name string
---@param record table
---@return table record
function World:save(kind_name, record)
  local kind = kinds[kind_name]
  local key = kind.key(record)
  local old = self.records[kind_name][key]
  self.records[kind_name][key] = record
  if old ~= record then
    if old and kind.leave then kind.leave(self, old) end
    if kind.enter then kind.enter(self, record) end
  end
  if kind.change then kind.change(self, record) end
  for _, watch in ipairs(self.watchers) do watch(kind_name, key, record) end
  return record
end

--- Remove a record, and tell the watchers.
---@param kind_name string
---@param record table
function World:drop(kind_name, record)
  local kind = kinds[kind_name]
  local key = kind.key(record)
  if self.records[kind_name][key] ~= record then return end
  self.records[kind_name][key] = nil
  self:expect(kind_name, record, nil)
  if kind.leave then kind.leave(self, record) end
  for _, watch in ipairs(self.watchers) do watch(kind_name, key, nil) end
end

--- Return the record of a kind by its key; nil if it does not exist.
function World:record(kind, key)
  return self.records[kind][key]
end

--- Add a watcher: a function that is called after every change.
---@param watch fun(kind: string?, key: string?, record: table?)
---  without record: the record was removed; without kind: scheduled events have happened
function World:watch(watch)
  table.insert(self.watchers, watch)
end

--- Schedule the next event of a record, in place of its earlier one; nil cancels it.
---@param kind_name string
---@param record table
---@param time number?
function World:expect(kind_name, record, time)
  self.due:set(record, time, kind_name)
end

--- Let all events happen that are due, one after the other, each at its time.
function World:settle()
  local now = self.clock:now()
  local record, time, kind_name = self.due:take(now)
  if not record then return end
  while record do
    kinds[kind_name].happen(self, record, time)
    record, time, kind_name = self.due:take(now)
  end
  for _, watch in ipairs(self.watchers) do watch() end
end

-- List the kinds so that containers come before what they contain.
local function kinds_in_order()
  local list = { "subscription", "group", "workspace", "compute" }
  for _, kind in ipairs(list) do list[kind] = true end
  for _, kind in ipairs(tables.keys(kinds)) do
    if not list[kind] then list[#list + 1] = kind end
  end
  return list
end

local function sorted_keys(records)
  return tables.keys(records, function(a, b)
    local number_a, number_b = records[a].number or 0, records[b].number or 0
    if number_a ~= number_b then return number_a < number_b end
    return a < b
  end)
end

--- Visit all records, in an order in which `restore` can add them.
---@param visit fun(kind: string, key: string, record: table)
function World:each(visit)
  for _, kind in ipairs(kinds_in_order()) do
    for key, record in pairs(self.records[kind]) do visit(kind, key, record) end
  end
end

--- Add the records that `each` visited to an empty world.
---@param records table<string, table<string, table>>      kind -> key -> record
function World:restore(records)
  for _, kind in ipairs(kinds_in_order()) do
    for _, key in ipairs(sorted_keys(records[kind])) do self:save(kind, records[kind][key]) end
  end
end

-- Places ------------------------------------------------------------------------------------------

local function place(...)
  return table.concat({ ... }, "/"):lower()
end

function kinds.subscription.key(record) return place(record.id) end

function kinds.subscription.enter(self, record)
  link(record, { groups = {} })
  self.subscriptions[record.id:lower()] = record
end

function kinds.group.key(record) return place(record.subscription_id, record.name) end

function kinds.group.enter(self, record)
  local subscription = self:subscription(record.subscription_id)
  link(record, { subscription = subscription, workspaces = {} })
  subscription.groups[record.name:lower()] = record
end

function kinds.workspace.key(record)
  return place(record.subscription_id, record.group_name, record.name)
end

function kinds.workspace.enter(self, record)
  local group = self:group(self:subscription(record.subscription_id), record.group_name)
  link(record, {
    group = group,
    place = kinds.workspace.key(record),
    contents = { by_name = {}, order = {}, holes = 0 },
    jobs = {},
  })
  record.contents.link = { __index = {
    workspace = record,
    behaviour = self.behaviour,
    sizes = self.sizes,
    host = self.host,
    lack_of_quota = function(compute) return self:lack_of_quota(compute) end,
  } }
  group.workspaces[record.name:lower()] = record
end

function kinds.workspace.leave(self, record)
  for _, compute in ipairs(self:computes(record)) do self:drop("compute", compute) end
  for _, job in ipairs(record.jobs) do self:drop("job", job) end
  for _, environment in pairs(tables.copy(self.records.environment)) do
    if environment.place == record.place then self:drop("environment", environment) end
  end
  record.group.workspaces[record.name:lower()] = nil
end

--- Return a subscription; nil if it does not exist.
function World:subscription(id)
  return self.subscriptions[id:lower()]
end

--- Return a resource group; nil if it does not exist.
function World:group(subscription, name)
  return subscription.groups[name:lower()]
end

--- Return a workspace; nil if it does not exist.
function World:workspace(group, name)
  return group.workspaces[name:lower()]
end

--- Return a resource group. Create it and its subscription if they do not exist.
---@param subscription_id string
---@param name string
---@return table group
function World:ensure_group(subscription_id, name)
  local subscription = self:subscription(subscription_id)
    or self:save("subscription", { id = subscription_id })
  return self:group(subscription, name)
    or self:save("group", { subscription_id = subscription.id, name = name })
end

--- Return a workspace. Create it, its group and its subscription if they do not exist.
---@param names table
---  subscription_id, resource_group, workspace_name string; location string? ("eastus");
---  managed_network string|boolean? (its isolation mode, or true)
---@return table workspace
function World:ensure_workspace(names)
  local group = self:ensure_group(names.subscription_id, names.resource_group)
  return self:workspace(group, names.workspace_name) or self:save("workspace", {
    subscription_id = group.subscription.id,
    group_name = group.name,
    name = names.workspace_name,
    location = names.location or "eastus",
    id = self.guid(),
    created = self:now(),
    managed_network = names.managed_network or nil,
  })
end

--- Remove a workspace with everything in it.
function World:forget_workspace(names)
  local subscription = self:subscription(names.subscription_id)
  local group = subscription and self:group(subscription, names.resource_group)
  local workspace = group and self:workspace(group, names.workspace_name)
  if workspace then self:drop("workspace", workspace) end
end

--- Tell whether a region has a workspace.
function World:has_location(location)
  for _, workspace in pairs(self.records.workspace) do
    if workspace.location == location then return true end
  end
  return false
end

--- List the workspaces of a subscription, or of one of its groups, by name.
---@param subscription table
---@param group table?
---@return table[]
function World:workspaces(subscription, group)
  local list = {}
  for _, each in pairs(group and { group } or subscription.groups) do
    for _, workspace in pairs(each.workspaces) do list[#list + 1] = workspace end
  end
  table.sort(list, function(a, b) return a.name:lower() < b.name:lower() end)
  return list
end

-- Quota -------------------------------------------------------------------------------------------

--- Return the quota of a family, in cores.
function World:family_limit(family)
  local own = self.quotas.families and self.quotas.families[family.name]
  return own or family.gpu and self.quotas.gpu_family or self.quotas.family
end

local function used_in(self, subscription, location)
  local key = place(subscription.id, location)
  self.used[key] = self.used[key] or { clusters = 0, total = 0, families = {} }
  return self.used[key]
end

local function count(self, compute, cores, family)
  local used = used_in(self, compute.workspace.group.subscription, compute.workspace.location)
  used.total = used.total + cores
  if not family then return end
  local sum = (used.families[family] or 0) + cores
  used.families[family] = sum ~= 0 and sum or nil
end

-- Replace what a compute counts in the usage. A count is stored as one text to save memory:
-- "4 standardDSv2Family".
local function count_again(self, compute, cores, family)
  local was = self.counted[compute]
  local is = cores and ("%d %s"):format(cores, family or "")
  if was == is then return end
  if was then
    local old_cores, old_family = was:match "^(%d+) (.*)$"
    count(self, compute, -math.tointeger(old_cores), old_family ~= "" and old_family or nil)
  end
  if is then count(self, compute, cores, family) end
  self.counted[compute] = is
end

--- Return what a subscription uses in a region, stopped instances included. Callers only read it.
---@return { clusters: integer, total: integer, families: table<string, integer> }
function World:usage(subscription, location)
  self:settle()
  return used_in(self, subscription, location)
end

--- Return the quota error of a start without a request; nil if the quota suffices. It is called
--- while events are settled, so it counts what has happened so far and does not settle again.
function World:lack_of_quota(compute)
  local moment = setmetatable({}, { __index = self })      -- this world without settling
  function moment.usage(_, ...) return used_in(self, ...) end
  function moment.computes(_, workspace) return workspace.contents.order end
  return quotas.lack(moment, compute)
end

-- Computes ----------------------------------------------------------------------------------------

function kinds.compute.key(record) return record.place .. "/" .. record.name:lower() end

local function by_name_in(self, location)
  self.regions[location] = self.regions[location] or {}
  return self.regions[location]
end

function kinds.compute.enter(self, record)
  local workspace = self.records.workspace[record.place]
  local contents, name = workspace.contents, record.name:lower()
  setmetatable(record, contents.link)
  self.numbered = math.max(self.numbered, record.number)
  contents.by_name[name] = record
  contents.order[#contents.order + 1] = record
  -- The names of instances are unique in a region, the names of clusters in a workspace.
  if not record.kind then by_name_in(self, workspace.location)[name] = record end
  local used = used_in(self, workspace.group.subscription, workspace.location)
  used.clusters = used.clusters + 1
end

-- Record the result of jobs that have ended on an instance.
local function close_jobs(self, record)
  for _, ended in ipairs(record.ended or {}) do
    local job = self:job(record.workspace, ended.id)
    if job then
      job.status, job.began, job.ended = ended.status, ended.began, ended.at
      job.reason, job.exit_code = ended.reason, ended.exit_code
      self:save("job", job)
    end
  end
  record.ended = nil
end

function kinds.compute.change(self, record)
  count_again(self, record, quotas.cores_of(record))
  self:expect("compute", record, machine.next_change(record))
  close_jobs(self, record)
end

-- Empty a compute's place in the order, found by its number. `close_holes` removes the empty places
-- when the list is read.
local function leave_order(contents, record)
  local low, high = 1, #contents.order
  while low < high do
    local middle = (low + high) // 2
    if contents.order[middle].number < record.number then low = middle + 1 else high = middle end
  end
  contents.order[low] = { number = record.number, gone = true }
  contents.holes = contents.holes + 1
end

-- Keep what a removed compute has cost.
local function keep_bill(self, record)
  local workspace = record.workspace
  local bill = billing.of(record, self:now())
  self:save("bill", {
    id = ("%s#%d"):format(kinds.compute.key(record), record.number),
    subscription_id = workspace.group.subscription.id,
    workspace = workspace.name,
    name = record.name,
    seconds = bill.seconds,
    sizes = bill.sizes,
    cost = bill.cost,
  })
end

function kinds.compute.leave(self, record)
  local workspace, name = record.workspace, record.name:lower()
  workspace.contents.by_name[name] = nil
  leave_order(workspace.contents, record)
  if not record.kind then by_name_in(self, workspace.location)[name] = nil end
  keep_bill(self, record)
  count_again(self, record, nil)
  local used = used_in(self, workspace.group.subscription, workspace.location)
  used.clusters = used.clusters - 1
end

-- Let a transition or a scheduled event happen; remove a compute whose deletion has ended.
function kinds.compute.happen(self, record, time)
  if machine.is_gone(record, time) then return self:drop("compute", record) end
  kinds.compute.change(self, record)
end

local function close_holes(contents)
  local kept = {}
  for _, record in ipairs(contents.order) do
    if not record.gone then kept[#kept + 1] = record end
  end
  contents.order, contents.holes = kept, 0
end

--- List the computes of a workspace in the order of their creation. Callers only read the list.
---@return table[]
function World:computes(workspace)
  self:settle()
  local contents = workspace.contents
  if contents.holes > 0 then close_holes(contents) end
  return contents.order
end

--- Return a compute; nil if it does not exist.
function World:compute(workspace, name)
  self:settle()
  return workspace.contents.by_name[name:lower()]
end

--- Return a new number for a compute or a job. Lists are ordered by it.
function World:next_number()
  self.numbered = self.numbered + 1
  return self.numbered
end

--- Link a compute to its workspace before it is added.
function World.link(_, workspace, compute)
  setmetatable(compute, workspace.contents.link)
end

--- Add a compute. The caller has checked that its name is free; `save` makes later changes known.
function World:add_compute(workspace, compute)
  compute.place, compute.number = workspace.place, compute.number or self:next_number()
  return self:save("compute", compute)
end

--- Tell whether an instance's name is taken in a region. Names are unique there, across all
--- subscriptions.
function World:is_taken(location, name)
  self:settle()
  return by_name_in(self, location)[name:lower()] ~= nil
end

-- Jobs and bills ----------------------------------------------------------------------------------

function kinds.job.key(record) return record.place .. "/jobs/" .. record.name:lower() end

function kinds.job.enter(self, record)
  self.numbered = math.max(self.numbered, record.number)
  table.insert(self.records.workspace[record.place].jobs, record)
end

--- Return a job; nil if it does not exist.
function World:job(workspace, name)
  self:settle()
  return self.records.job[workspace.place .. "/jobs/" .. name:lower()]
end

--- List the jobs of a workspace in the order of their creation. Callers only read the list.
---@return table[]
function World:jobs(workspace)
  self:settle()
  return workspace.jobs
end

function kinds.bill.key(record) return record.id end

local function bill_before(a, b)
  if a.workspace ~= b.workspace then return a.workspace < b.workspace end
  if a.name ~= b.name then return a.name < b.name end
  return a.cost > b.cost
end

--- Return what each compute has run so far and what it costs, removed computes included.
---@return table[]
---  each { subscription_id: string, workspace: string, name: string, seconds: number, sizes: table,
---  cost: number, gone: boolean }
function World:bills()
  self:settle()
  local now, list = self:now(), {}
  for _, record in pairs(self.records.compute) do
    local bill, workspace = billing.of(record, now), record.workspace
    bill.subscription_id, bill.workspace = workspace.group.subscription.id, workspace.name
    bill.name, bill.gone = record.name, false
    list[#list + 1] = bill
  end
  for _, bill in pairs(self.records.bill) do
    list[#list + 1] = {
      subscription_id = bill.subscription_id, workspace = bill.workspace, name = bill.name,
      seconds = bill.seconds, sizes = bill.sizes, cost = bill.cost, gone = true,
    }
  end
  table.sort(list, bill_before)
  return list
end

--- Find an instance by its name alone, in any region; nil if it does not exist.
function World:instance_named(name)
  self:settle()
  for _, names in pairs(self.regions) do
    if names[name:lower()] then return names[name:lower()] end
  end
end

-- Operations --------------------------------------------------------------------------------------

function kinds.operation.key(record) return record.id end

function kinds.operation.enter(self, record)
  self:expect("operation", record, record.due + inferred.operation_kept)
end

function kinds.operation.happen(self, record) self:drop("operation", record) end

--- Return an operation by its id; nil if it does not exist or ended long ago.
function World:operation(id)
  self:settle()
  return self.records.operation[id]
end

return world
