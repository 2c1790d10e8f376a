--- What there is: subscriptions, groups, workspaces, computes, operations, quotas. Names are compared without case and kept as they
--- were given. Each thing is a record, plain data that can be written down; what it is reached by, and what reaches it, hangs on its
--- metatable. Every change of a record goes through `save` and `drop`.
local billing = require "azureml.emulator.machine.billing"
local due = require "azureml.emulator.due"
local inferred = require "azureml.emulator.inferred"
local machine = require "azureml.emulator.machine"
local quotas = require "azureml.emulator.quotas"
local tables = require "azureml.tables"

local world = {}

local World = {}
World.__index = World

--- An empty world.
---@param given { clock: table, guid: function, quotas: table? }
---@return table
function world.new(given)
  local self = {
    clock = given.clock, guid = given.guid, subscriptions = {}, records = {}, watchers = {}, due = due.new(),
    regions = {}, used = {}, counted = {}, numbered = 0,
    behaviour = {}, quotas = setmetatable(given.quotas or {}, { __index = inferred.quotas }), page_size = inferred.page_size,
  }
  for kind in pairs(world.kinds) do self.records[kind] = {} end
  return setmetatable(self, World)
end

function World:now()
  return self.clock:now()
end

-- Kinds -------------------------------------------------------------------------------------------

-- What a record does not hold of itself: read like its fields, never written down with them.
local function link(record, links)
  return setmetatable(record, { __index = links })
end

--- The kinds of records, and what each has to do with the others. Whoever keeps a kind of his own adds it here.
---@class azureml.emulator.Kind
---@field key fun(record: table): string                           what a record is called among its kind
---@field enter fun(self: table, record: table)?                   it is new: reach it
---@field change fun(self: table, record: table)?                  it is new or has been changed
---@field leave fun(self: table, record: table)?                   it is no more
---@field happen fun(self: table, record: table, at: number)?      what was due on it is: see World.expect
---@type table<string, azureml.emulator.Kind>
world.kinds = { subscription = {}, group = {}, workspace = {}, compute = {}, job = {}, bill = {}, operation = {} }

local kinds = world.kinds

--- Make a change of a record known: that it is there, or that it is not as it was.
---@param kind string
---@param record table
---@return table record
function World:save(kind, record)
  local one = kinds[kind]
  local key = one.key(record)
  local old = self.records[kind][key]
  self.records[kind][key] = record
  if old ~= record then
    if old and one.leave then one.leave(self, old) end
    if one.enter then one.enter(self, record) end
  end
  if one.change then one.change(self, record) end
  for _, watch in ipairs(self.watchers) do watch(kind, key, record) end
  return record
end

--- Take a record away.
---@param kind string
---@param record table
function World:drop(kind, record)
  local one = kinds[kind]
  local key = one.key(record)
  if self.records[kind][key] ~= record then return end
  self.records[kind][key] = nil
  self:expect(kind, record, nil)
  if one.leave then one.leave(self, record) end
  for _, watch in ipairs(self.watchers) do watch(kind, key, nil) end
end

--- The record of a kind by its key; nil if there is none.
function World:record(kind, key)
  return self.records[kind][key]
end

--- Be told of every change.
---@param watch fun(kind: string?, key: string?, record: table?)      without record: it is no more; without kind: time has done something
function World:watch(watch)
  table.insert(self.watchers, watch)
end

--- Something is to happen to a record at a time, and at no other; nil: nothing is.
function World:expect(kind, record, at)
  self.due:set(record, at, kind)
end

--- Let happen what is due, one after the other, each at its time.
function World:settle()
  local now = self.clock:now()
  local record, at, kind = self.due:take(now)
  if not record then return end
  while record do
    kinds[kind].happen(self, record, at)
    record, at, kind = self.due:take(now)
  end
  for _, watch in ipairs(self.watchers) do watch() end
end

-- From outside in: what lies in another comes after it.
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

--- Visit all that there is, so that `restore` can bring it back.
---@param visit fun(kind: string, key: string, record: table)
function World:each(visit)
  for _, kind in ipairs(kinds_in_order()) do
    for key, record in pairs(self.records[kind]) do visit(kind, key, record) end
  end
end

--- Bring back what was visited, in an empty world.
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

function kinds.workspace.key(record) return place(record.subscription_id, record.group_name, record.name) end

function kinds.workspace.enter(self, record)
  local group = self:group(self:subscription(record.subscription_id), record.group_name)
  link(record, {
    group = group, place = kinds.workspace.key(record), contents = { by_name = {}, order = {}, holes = 0 }, jobs = {},
  })
  record.contents.link = { __index = {
    workspace = record, behaviour = self.behaviour,
    lack_of_quota = function(compute) return self:lack_of_quota(compute) end,
  } }
  group.workspaces[record.name:lower()] = record
end

function kinds.workspace.leave(self, record)
  for _, compute in ipairs(self:computes(record)) do self:drop("compute", compute) end
  for _, job in ipairs(record.jobs) do self:drop("job", job) end
  record.group.workspaces[record.name:lower()] = nil
end

--- A subscription; nil if there is none of that id.
function World:subscription(id)
  return self.subscriptions[id:lower()]
end

--- A resource group.
function World:group(subscription, name)
  return subscription.groups[name:lower()]
end

--- A workspace.
function World:workspace(group, name)
  return group.workspaces[name:lower()]
end

--- Make sure that a workspace is there, with all it lies in.
---@param names { subscription_id: string, resource_group: string, workspace_name: string, location: string?, managed_network: boolean? }
---@return table workspace
function World:ensure_workspace(names)
  local subscription = self:subscription(names.subscription_id) or self:save("subscription", { id = names.subscription_id })
  local group = self:group(subscription, names.resource_group)
    or self:save("group", { subscription_id = subscription.id, name = names.resource_group })
  return self:workspace(group, names.workspace_name) or self:save("workspace", {
    subscription_id = subscription.id, group_name = group.name, name = names.workspace_name, location = names.location or "eastus",
    id = self.guid(), created = self:now(), managed_network = names.managed_network or nil,
  })
end

--- Take a workspace away, with all that is in it.
function World:forget_workspace(names)
  local subscription = self:subscription(names.subscription_id)
  local group = subscription and self:group(subscription, names.resource_group)
  local workspace = group and self:workspace(group, names.workspace_name)
  if workspace then self:drop("workspace", workspace) end
end

--- Whether a workspace is in a region.
function World:has_location(location)
  for _, workspace in pairs(self.records.workspace) do
    if workspace.location == location then return true end
  end
  return false
end

--- All workspaces of a subscription, or of one group of it, by name.
function World:workspaces(subscription, group)
  local list = {}
  for _, one in pairs(group and { group } or subscription.groups) do
    for _, workspace in pairs(one.workspaces) do list[#list + 1] = workspace end
  end
  table.sort(list, function(a, b) return a.name:lower() < b.name:lower() end)
  return list
end

-- Quota -------------------------------------------------------------------------------------------

--- The limit of a family, in cores.
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

-- What is counted of it now, and no more what was. A count is one text, to be small: "4 standardDSv2Family".
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

--- What a subscription uses in a region: stopped instances count. To be read, not to be changed.
---@return { clusters: integer, total: integer, families: table<string, integer> }
function World:usage(subscription, location)
  self:settle()
  return used_in(self, subscription, location)
end

--- What a start that happens by itself fails with for lack of quota; nil where there is enough. It is asked while time is being settled:
--- what is due later has not happened.
function World:lack_of_quota(compute)
  local moment = setmetatable({}, { __index = self })
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
  if not record.kind then by_name_in(self, workspace.location)[name] = record end      -- a cluster's is its workspace's alone
  local used = used_in(self, workspace.group.subscription, workspace.location)
  used.clusters = used.clusters + 1
end

-- Jobs that are over on an instance are told so.
local function close_jobs(self, record)
  for _, ended in ipairs(record.ended or {}) do
    local job = self:job(record.workspace, ended.id)
    if job then
      job.status, job.began, job.ended = ended.status, ended.began, ended.at
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

-- Its place in the order is found by its number, and left empty until somebody reads the list.
local function leave_order(contents, record)
  local low, high = 1, #contents.order
  while low < high do
    local middle = (low + high) // 2
    if contents.order[middle].number < record.number then low = middle + 1 else high = middle end
  end
  contents.order[low] = { number = record.number, gone = true }
  contents.holes = contents.holes + 1
end

-- What it cost stays when it has gone.
local function keep_bill(self, record)
  local workspace = record.workspace
  local bill = billing.of(record, self:now())
  self:save("bill", {
    id = ("%s#%d"):format(kinds.compute.key(record), record.number), subscription_id = workspace.group.subscription.id,
    workspace = workspace.name, name = record.name, seconds = bill.seconds, sizes = bill.sizes, cost = bill.cost,
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

-- A transition, or what happens by itself: what has been deleted goes.
function kinds.compute.happen(self, record, at)
  if machine.is_gone(record, at) then return self:drop("compute", record) end
  kinds.compute.change(self, record)
end

local function close_holes(contents)
  local kept = {}
  for _, record in ipairs(contents.order) do
    if not record.gone then kept[#kept + 1] = record end
  end
  contents.order, contents.holes = kept, 0
end

--- The computes of a workspace, in the order they were created. To be read, not to be changed.
---@return table[]
function World:computes(workspace)
  self:settle()
  local contents = workspace.contents
  if contents.holes > 0 then close_holes(contents) end
  return contents.order
end

--- A compute; nil if there is none of that name.
function World:compute(workspace, name)
  self:settle()
  return workspace.contents.by_name[name:lower()]
end

--- A number that no compute has: they are listed by it.
function World:next_number()
  self.numbered = self.numbered + 1
  return self.numbered
end

--- Add a compute; the caller has checked that its name is free. Later changes of it are made known by `save`.
function World:add_compute(workspace, compute)
  compute.place, compute.number = workspace.place, compute.number or self:next_number()
  return self:save("compute", compute)
end

--- Whether a name is taken in a region, in whatever subscription: names are unique there.
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

--- A job; nil if there is none of that name.
function World:job(workspace, name)
  self:settle()
  return self.records.job[workspace.place .. "/jobs/" .. name:lower()]
end

--- The jobs of a workspace, in the order they came. To be read, not to be changed.
---@return table[]
function World:jobs(workspace)
  self:settle()
  return workspace.jobs
end

function kinds.bill.key(record) return record.id end

--- What each compute has run so far and what it costs, those that have gone included.
---@return { subscription_id: string, workspace: string, name: string, seconds: number, sizes: table, cost: number, gone: boolean }[]
function World:bills()
  self:settle()
  local now, list = self:now(), {}
  for _, record in pairs(self.records.compute) do
    local bill, workspace = billing.of(record, now), record.workspace
    bill.subscription_id, bill.workspace, bill.name, bill.gone = workspace.group.subscription.id, workspace.name, record.name, false
    list[#list + 1] = bill
  end
  for _, bill in pairs(self.records.bill) do
    list[#list + 1] = {
      subscription_id = bill.subscription_id, workspace = bill.workspace, name = bill.name, seconds = bill.seconds, sizes = bill.sizes,
      cost = bill.cost, gone = true,
    }
  end
  table.sort(list, function(a, b)
    if a.workspace ~= b.workspace then return a.workspace < b.workspace end
    if a.name ~= b.name then return a.name < b.name end
    return a.cost > b.cost
  end)
  return list
end

--- An instance by its name alone, which is unique in its region; nil if no region has one.
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

--- An operation by its id; nil if there is none, or it is long over.
function World:operation(id)
  self:settle()
  return self.records.operation[id]
end

return world
