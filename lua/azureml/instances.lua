--- The compute instances of a workspace: look at them, create, start, stop, restart and delete
--- them. A verb returns when the service has accepted it.
local later = require "azureml.tool.later"
local changing = later "azureml.change.changing"
local core = require "azureml.core"
local creating = later "azureml.change.creating"
local definition = later "azureml.definition"
local errors = later "azureml.error"
local fleet = later "azureml.fleet"
local instance = require "azureml.instance"
local list = later "azureml.list"
local notice = require "azureml.tool.notice"
local operation = later "azureml.operation"
local options = require "azureml.options"
local pace = require "azureml.pace"
local preflight = later "azureml.change.preflight"
local planning = later "azureml.change.planning"
local power_state = later "azureml.definition.power_state"
local progress = later "azureml.console.progress"
local recreating = later "azureml.change.recreating"
local resource = require "azureml.resource"
local sending = later "azureml.sending"
local tables = require "azureml.tool.tables"
local verbs = require "azureml.verbs"

--- The compute instances of a workspace.
---@class azureml.Instances
---@field start_all fun(self, settings: azureml.StartAllOptions): azureml.FleetResults
---  Start many instances side by side, and wait until each runs.
---@field stop_all fun(self, settings: azureml.FleetOptions): azureml.FleetResults
---  Stop many instances side by side, and wait until each is stopped.
---@field restart_all fun(self, settings: azureml.FleetOptions): azureml.FleetResults
---  Restart many instances side by side, and wait until each runs again.
---@field delete_all fun(self, settings: azureml.FleetOptions): azureml.FleetResults
---  Delete many instances side by side, and wait until each is gone.
---@field workspace azureml.Workspace  the workspace that has them
---@field asked number?       seconds that the service asked for before the next look, at the last
local Instances = {}
local metatable = { __name = "azureml.Instances", __index = Instances }

local instances = {}

--- Make the collection of a workspace.
---@param workspace azureml.Workspace
---@return azureml.Instances
function instances.new(workspace)
  return setmetatable({ workspace = workspace }, metatable)
end

local function check_name(verb, name)
  if type(name) ~= "string" then
    errors.mistake("bad argument #1 to '%s' (name expected, got %s)", verb, type(name))
  end
  if name == "" then errors.mistake("bad argument #1 to '%s' (the name is empty)", verb) end
  return name
end

local function raise_invalid(verb, name, fault)
  errors.raise { code = "InvalidReply",
    message = ("cannot %s %s: the reply %s"):format(verb, name, fault) }
end

-- Raise that a reply describes something else than a compute instance.
local function raise_no_instance(self, verb, name, document)
  local kind = instance.kind(document)
  if not kind then raise_invalid(verb, name, "does not describe a compute") end
  errors.raise {
    code = "AnotherComputeType",
    message = ("'%s' in workspace '%s' is a compute of type %s, not a compute instance"):format(
      name, self.workspace.name, kind),
  }
end

-- Return the instance. An error says for which verb it was looked at.
local function look_up(self, name, verb, api_version)
  self.asked = nil
  local document, asked = resource.read(self.workspace, verbs.get, {
    name = name, verb = verb, api_version = api_version, reader = instance.reader,
  })
  self.asked = asked
  if not document then raise_invalid(verb, name, "is not JSON") end
  if not instance.is_one(document) then raise_no_instance(self, verb, name, document) end
  return instance.of(self.workspace, document)
end

---@alias azureml.InstanceName string  the name of an instance of the workspace

--- How to do a verb to an instance.
---@class azureml.VerbOptions
---@field timeout? number  seconds that the call waits for its turn; 1,800
---@field no_wait? boolean  raise `Busy` instead of waiting for another operation
---@field show_output? boolean  print what the call waits for, to standard error
---@field progress? azureml.ProgressStyle  how show_output prints

--- How to start an instance.
---@class azureml.StartOptions: azureml.VerbOptions
---@field wait_for_capacity? boolean  while the region is full try again every 60 s, until the
---  timeout of the call or of op:wait

--- How to resize an instance.
---@class azureml.ResizeOptions: azureml.VerbOptions
---@field stop? boolean  stop a running instance first

--- What an instance is created with.
---@class azureml.CreateOptions: azureml.InstanceOptions

--- What an instance should be, and what may be done for it.
---@class azureml.EnsureOptions: azureml.InstanceOptions
---@field change_tags? boolean  replace the whole definition for different tags or another
---  description
---@field stop? boolean  stop the instance before a resize
---@field timeout? number  seconds for the changes, which come before the call returns; 1,800

--- What to change, and how. The fields that can be changed are idle_time_before_shutdown,
--- schedules, custom_services, data_mounts, enable_sso, vm_size, tags and description.
---@class azureml.UpdateOptions: azureml.InstanceOptions
---@field stop? boolean  stop the instance before a resize
---@field timeout? number  seconds; 1,800

local VERB_OPTIONS = {
  timeout = "number", no_wait = "boolean", show_output = "boolean", progress = "string",
}
local START_OPTIONS = tables.merge(VERB_OPTIONS, { wait_for_capacity = "boolean" })

local RESIZE_OPTIONS = tables.merge(VERB_OPTIONS, { stop = "boolean" })
local OPTIONS = { start = START_OPTIONS, resize = RESIZE_OPTIONS }

-- Send a verb to an instance, by its name or as an object. A name is looked at first. An object is
-- not: the instance is looked at when the service refuses the verb.
local function send(self, verb, subject, settings, more)
  settings = options.check(verb, settings, OPTIONS[verb] or VERB_OPTIONS)
  local timeout = settings.timeout or pace.wait_timeout
  options.check_seconds(verb .. ": timeout", timeout)
  local style = progress.style(verb, settings)
  local vm = type(subject) == "table" and subject or nil
  local name = vm and vm.name or check_name(verb, subject)
  local seen = not vm and verb ~= "create" and look_up(self, name, verb) or nil
  local reporter = progress.reporter(verb, name, style)
  local ok, result = pcall(sending.run, tables.merge({
    collection = self, verb = verb, name = name, vm = seen, before = seen or vm,
    deadline = core.now() + timeout, timeout = timeout, no_wait = settings.no_wait,
    wait_for_capacity = settings.wait_for_capacity, reporter = reporter,
  }, more))
  if reporter then reporter.leave() end
  if ok then return result end
  notice.tell("refused", self.workspace, verb, name, result)
  error(result, 0)
end

--- Send a verb, for the files of this package.
---@package
---@param verb string
---@param subject string|azureml.Instance
---@param settings table?        of the caller
---@param more table?            further fields of azureml.Sending
---@return azureml.Operation
function Instances:send(verb, subject, settings, more)
  return send(self, verb, subject, settings, more)
end

--- Look at an instance.
---@param name azureml.InstanceName
---@param api_version? string     default: the workspace's
---@return azureml.Instance
---@raise an error object: `ResourceNotFound` when it is not there, `AnotherComputeType`
function Instances:get(name, api_version)
  check_name("get", name)
  return look_up(self, name, "get", api_version)
end

--- Look whether an instance is there.
---@param name azureml.InstanceName
---@param api_version? string     default: the workspace's
---@return azureml.Instance?      nil when it is not there
---@raise an error object for everything else, another type of compute of that name included
function Instances:find(name, api_version)
  check_name("find", name)
  local vm, err = errors.try(look_up, self, name, "get", api_version)
  if vm then return vm end
  if not resource.is_missing(err) then error(err, 0) end
  notice.tell("missed", self.workspace, name)
  return nil
end

--- Create an instance. Its name must be free in the whole region. Before anything is sent, the
--- options, the name, the size, the quota and the network are checked as `check` does.
---@param name string   3 to 24 letters, digits and '-': spec/contract/compute-rest.md, section 8.1
---@param settings? azureml.CreateOptions
---@return azureml.Operation      `warnings` has what the checks warn of
---@raise an error object: all that is wrong with the name and the options, before anything is
---  changed; `InstanceExists`; what the service refuses; from wait, `NotAsAsked` with `instance`
---@usage local vm = ws.instances:create("ci-ann", { vm_size = "STANDARD_DS3_V2" }):wait()
function Instances:create(name, settings)
  return creating.create(self, check_name("create", name), settings)
end

--- Report what would be refused if an instance were created; send nothing that changes anything.
---@param name string
---@param settings? azureml.CreateOptions
---@return azureml.Report         print it; or see ok() and findings, each with field, level, text
---@raise an error object if the service cannot be asked
---@usage print(ws.instances:check("ci-ann", { vm_size = "STANDARD_NC6S_V3" }))
function Instances:check(name, settings)
  check_name("check", name)
  local wanted, findings = definition.check("check", settings, self.workspace.subscription_id)
  return preflight.report(self, name, wanted, findings)
end

--- Take an instance that is there, else create it. What differs and has a verb is changed, and the
--- instance is started unless it runs. Another operation is waited for first.
---@param name azureml.InstanceName
---@param settings? azureml.EnsureOptions
---@return azureml.Operation      `changes` lists what was changed: field, from, to
---@raise an error object: `DoesNotFit` with what differs and cannot be changed, before anything is
---  changed; `NotChanged` when the service ignored a change; `WrongState` when it cannot be started
function Instances:ensure(name, settings)
  return creating.ensure(self, check_name("ensure", name), settings)
end

--- Change an instance. An absent option is left alone, false switches off, {} means none.
---@param subject azureml.InstanceName|azureml.Instance  its name or itself
---@param settings azureml.UpdateOptions
---@return azureml.Instance       as it is now; an instance in hand is refreshed, even if it fails
---@raise an error object: `DoesNotFit` with each field that cannot be changed, before anything is
---  changed; `NotChanged` when the service ignored a change; what the service refuses, with
---  `changes` that lists what was changed before
---@usage ws.instances:update("ci-ann", { idle_time_before_shutdown = false })
function Instances:update(subject, settings)
  return changing.update(self, subject, settings)
end

--- Give an instance another size. The instance must be stopped, and stays stopped. An instance that
--- has the size is a success.
---@param subject azureml.InstanceName|azureml.Instance  its name or itself
---@param size azureml.SizeName   one that the service allows for this instance
---@param settings? azureml.ResizeOptions
---@return azureml.Operation
---@raise an error object: `WrongState` when it runs and `stop` is not true; `DoesNotFit` that lists
---  allowed sizes; what the service refuses
function Instances:resize(subject, size, settings)
  return changing.resize(self, subject, size, options.check("resize", settings, RESIZE_OPTIONS))
end

--- Compare instances with what is wanted of them; change nothing.
---@param wanted table<string, azureml.WantedInstance>  by name
---@param settings? azureml.PlanOptions
---@return azureml.Plan      print it; a list of items with name, action ("create", "change",
---  "recreate", "delete", "nothing"), changes (field, from, to), reasons and, of a creation,
---  findings (level, text: what the service would refuse); differs()
---@raise an error object for a definition that cannot be
---@usage print(ws.instances:plan { ["ci-ann"] = { idle_time_before_shutdown = "1h" } })
function Instances:plan(wanted, settings)
  return planning.plan(self, wanted, settings)
end

--- Make instances what is wanted of them, side by side. Instances that are not named stay as they
--- are.
---@param wanted table<string, azureml.WantedInstance>|azureml.Plan  as for plan
---@param settings? azureml.ApplyOptions
---@return azureml.PlanResult[] results
---@raise an error object before anything is changed: `NotConfirmed`, `DoesNotFit`, what the service
---  would refuse of a creation; `SomeFailed` with `results`
function Instances:apply(wanted, settings)
  return planning.apply(self, wanted, settings)
end

--- Delete an instance and create it again, with changes. See azureml.Instance.recreate.
---@param subject azureml.InstanceName|azureml.Instance  its name or itself
---@param changes? azureml.InstanceOptions   in place of what it has now
---@return azureml.Recreation
function Instances:recreate(subject, changes)
  local name = type(subject) == "table" and subject.name or check_name("recreate", subject)
  return recreating.recreate(self, name, changes)
end

--- Wait until an instance's state does not change by itself.
---@package
---@param vm azureml.Instance
---@param deadline number          on core.now()'s clock
---@param api_version? string
---@return azureml.Instance
function Instances:settled(vm, deadline, api_version)
  return sending.settled(self, vm, deadline, api_version)
end

--- Start a stopped instance. An instance that runs already is a success. While another operation
--- is active the call waits for its turn.
---@param subject azureml.InstanceName|azureml.Instance  a name, which is looked at first; or an
---  instance
---@param settings? azureml.StartOptions
---@return azureml.Operation
---@raise an error object: `ResourceNotFound`, `Busy`, `WrongState`, `Timeout`; what the service
---  refuses
function Instances:start(subject, settings)
  return send(self, "start", subject, settings)
end

--- Stop an instance: its hours end, its disk and its quota stay. A stopped instance is a success.
---@param subject azureml.InstanceName|azureml.Instance  as for start
---@param settings? azureml.VerbOptions
---@return azureml.Operation
function Instances:stop(subject, settings)
  return send(self, "stop", subject, settings)
end

--- Restart an instance that runs; also the remedy for an unusable one. A stopped instance is an
--- error `WrongState`: start it.
---@param subject azureml.InstanceName|azureml.Instance  as for start
---@param settings? azureml.VerbOptions
---@return azureml.Operation
function Instances:restart(subject, settings)
  return send(self, "restart", subject, settings)
end

--- Delete an instance, with its disk. A name is looked at first: nothing but a compute instance is
--- deleted, and a wrong name is an error.
---@param subject azureml.InstanceName|azureml.Instance  an instance in hand is not looked at again
---@param settings? azureml.VerbOptions
---@return azureml.Operation
function Instances:delete(subject, settings)
  return send(self, "delete", subject, settings)
end

-- start_all, stop_all, restart_all and delete_all: do the verb to many, side by side, and return
-- when all have ended.
--
-- Selection: names or instances in front, or in option `names`; or filters (state, vm_size, tags,
-- mine, where: fun(vm), all of which must hold); or all = true. A script whose list came out empty
-- says names = list, and nothing is done.
--
-- One name and many behave alike. start of a running instance and stop of a stopped one is a
-- success ("skipped"). A verb that the service refuses in the instance's state fails with
-- `WrongState`. While another operation is active on an instance its verb waits for its turn,
-- within the timeout.
--
-- Options: limit integer (instances at work at once; 10,000); timeout number (seconds for the
-- whole; 1,800); dry_run (only say what would be done); wait (true: until each has ended; false:
-- until the service has accepted or refused each; the results have the operations, which go on);
-- no_wait (fail with `Busy` instead of waiting for another operation); wait_for_capacity
-- (start_all: while the region is full try again every 60 s, within the timeout); settle (true:
-- look at the states afterwards, as op:wait() does; false: the service's word that it succeeded is
-- enough); show_output (progress, to standard error) or progress string; confirm = true (delete_all
-- by filters, or all, is refused without it); keep_going; approve fun(names: string[]) (called with
-- the names before anything is sent: what it raises ends the call).
--
-- All are tried, whatever happens to some. Without keep_going a name that a look beforehand does
-- not find is raised before anything is begun; and at the end one error `SomeFailed` lists each
-- failure by name, with `results`. With keep_going no instance's failure is raised: the results
-- have it. An interrupt carries the results that are known so far in `fleets`.
for _, verb in ipairs { "start", "stop", "restart", "delete" } do
  ---@param settings table
  ---@return azureml.FleetResults     one result for each instance: done, skipped (and why), failed
  ---  (and the error)
  ---@raise an error object `SomeFailed`; whatever listing them raises
  ---@usage ws.instances:stop_all { where = function(vm) return vm.tags.keep ~= "on" end }
  Instances[verb .. "_all"] = function(self, settings)
    return fleet.run(self, verb, settings)
  end
end

-- Refuse a ticket whose operation was sent to another endpoint than the one in use.
local function check_endpoint(self, ticket)
  local endpoint = self.workspace:client():endpoint()
  if not ticket.endpoint or ticket.endpoint == endpoint then return end
  errors.raise { code = "AnotherEndpoint",
    message = ("%s %s was sent to %s, and this is %s"):format(ticket.verb, ticket.name,
      ticket.endpoint, endpoint),
    hint = "choose the cloud or the emulator that it was sent to" }
end

-- Check that the service has accepted an operation whose process exited before the answer: the
-- instance's state shows it. A create is proved by an instance of that name.
local function check_accepted(self, entry)
  if entry.is_accepted then return end
  local vm = self:find(entry.name)
  if not vm and entry.verb == "delete" then return end
  if vm and (entry.verb == "create" or power_state.shows(entry.verb, vm.state)) then return end
  entry:ended()
  errors.raise { code = "NotTakenOn",
    message = ("%s %s: nothing shows that the service has accepted it"):format(entry.verb,
      entry.name),
    hint = "look at the instance's state; then ask for it again if you still want it" }
end

-- Return the journal's entry of a ticket. An entry keeps its file; a ticket gets a new entry.
local function entry_of(self, ticket, handle)
  if ticket.file then return ticket end
  local entry = self.workspace:intend(ticket.verb, ticket.name, ticket.request_id,
    { then_stop = ticket.then_stop == true or nil, then_mount = ticket.then_mount })
  if entry then entry:accepted(handle) end
  return entry
end

--- Go on with an operation that another process began.
---@package
---@param ticket table        what a ticket says, or a journal's entry
---@return azureml.Operation
---@raise an error object: `InvalidTicket`, `AnotherEndpoint`; `NotTakenOn` where a process ended
---  before the answer and the instance's state does not show that the verb was accepted
function Instances:resume(ticket)
  if ticket.verb == "recreate" then return recreating.resume(self, ticket) end
  local row, name, progress_made = verbs[ticket.verb], ticket.name, ticket.progress
  if not row or not row.aim then
    errors.raise { code = "InvalidTicket",
      message = ("the ticket is damaged: there is no verb '%s'"):format(ticket.verb) }
  end
  check_name("resume", name)
  check_endpoint(self, ticket)
  local what = { label = ticket.verb .. " " .. name, request_id = ticket.request_id or ticket.id }
  if not progress_made then check_accepted(self, ticket) end
  local handle = progress_made
    and resource.resume(self.workspace, row, { name = name }, what, progress_made) or nil
  return operation.new {
    verb = ticket.verb, name = name, workspace = self.workspace, handle = handle,
    then_stop = ticket.then_stop == true or nil, then_mount = ticket.then_mount,
    entry = entry_of(self, ticket, handle),
  }
end

--- Iterate over the instances of the workspace; other types of compute are left out. Single-pass;
--- the first request goes out at first use.
---@param wanted? azureml.ListOptions
---@return azureml.List          an iterator, with all()
---@raise an error object rather than ending early: no list is partial
---@usage for vm in ws.instances:list { state = "Running" } do print(vm) end
function Instances:list(wanted)
  local what = { label = "list the computes of " .. self.workspace.name, reader = instance.reader }
  local computes, count_pages = resource.list(self.workspace, verbs.list, {}, what)
  local began = core.now()
  local function next_instance()
    for document in computes do
      if instance.is_one(document) then return instance.of(self.workspace, document) end
    end
    notice.tell("listed", self.workspace, began)
  end
  local function check_size(size) preflight.check_size(self.workspace, size) end
  return list.new(next_instance, wanted, check_size, count_pages)
end

options.check_colon(Instances, metatable, "ws.instances")

function metatable:__tostring()
  return "instances of " .. tostring(self.workspace)
end

return instances
