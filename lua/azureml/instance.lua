--- A compute instance, as the service last described it: typed fields over the service's reply,
--- and the verbs. The only file that reads `raw`.
local later = require "azureml.tool.later"
local activity = later "azureml.jupyter.activity"
local copying = later "azureml.jupyter.copying"
local cost = later "azureml.look.cost"
local definition = later "azureml.definition"
local errors = require "azureml.error"
local fields = require "azureml.definition.fields"
local jupyter = later "azureml.jupyter"
local json = require "azureml.json"
local logs = later "azureml.look.logs"
local metrics = later "azureml.look.metrics"
local options = require "azureml.options"
local packages = later "azureml.packages"
local queue = later "azureml.jobs.queue"
local python = later "azureml.remote.python"
local reach = later "azureml.ssh"
local remote = later "azureml.remote"
local scheduling = later "azureml.change.scheduling"
local shell = later "azureml.jupyter.terminal.shell"
local tables = require "azureml.tool.tables"
local upcoming = later "azureml.look.upcoming"
local why = later "azureml.look.why"

---@class azureml.Instance
---@field name string
---@field id string                    the ARM id
---@field state string  "Running", "Stopped" and so on; while the service creates it, the
---  provisioning state of the resource
---@field provisioning_state string
---@field location string
---@field vm_size string
---@field tags table<string, string>   never nil
---@field description string?
---@field identity { system_assigned: boolean, user_assigned: string[], principal_id: string? }?
---@field disable_local_auth boolean?
---@field ssh_public_access boolean?
---@field admin_user_ssh_public_key string?      some services do not return it
---@field subnet string?               the ARM id
---@field enable_node_public_ip boolean?
---@field application_sharing_policy string?     "Personal" or "Shared"
---@field authorization_type string?             "personal"
---@field assigned_user { object_id: string, tenant_id: string? }?
---@field setup_scripts table?                   as create takes them
---@field schedules table                        as create takes them; never nil
---@field idle_time_before_shutdown string?      ISO 8601
---@field custom_services table                  as create takes them; never nil
---@field data_mounts table          as create takes them, with state and error; never nil
---@field mlflow_autologger boolean?             only preview versions of the service return it
---@field enable_sso boolean?
---@field enable_root_access boolean?            only preview versions of the service return it
---@field enable_os_patching boolean?            only preview versions of the service return it
---@field release_quota_on_stop boolean?         only preview versions of the service return it
---@field owner string?                object id of the assigned user, or else of the creator
---@field created_by string?           object id
---@field assigned_to string?          object id
---@field created_on string?           ISO 8601
---@field modified_on string?
---@field applications table<string, string>     name in snake_case -> URL: jupyter, jupyter_lab
---@field ssh { enabled: boolean, user: string?, port: integer?, host: string?, command: string? }
---@field public_ip_address string?
---@field private_ip_address string?
---@field last_operation { name: string?, time: string?, status: string?, trigger: string? }
---@field created_by_name string?      where the service tells it
---@field image_version string?        of its operating system: "24.02.13"
---@field latest_image_version string?
---@field is_latest_image boolean?
---@field principals string[]         object ids of its managed identities
---@field next_start string?           when a schedule starts it next, in UTC; nil: none is known
---@field next_stop string?
---@field errors table                            its errors, as the service sends them
---@field workspace azureml.Workspace
---@field jupyter azureml.Jupyter      its own Jupyter: files, terminals, kernels, code
---@field raw table  the decoded reply, including members without a field here; null is cjson.null
local Instance = {}

local instance = {}
local getters = {}

local outer = json.getter

local function inner(...)
  return outer("properties", "properties", ...)
end

local function integer(number)
  return number and math.tointeger(number)
end

-- Return the names of a path such as "properties.description".
local function names_in(path)
  local names = {}
  for name in path:gmatch "[^.]+" do names[#names + 1] = name end
  return table.unpack(names)
end

-- Tell whether the member of a list is empty: absent, [], or an object around an empty list.
local function is_empty(value)
  if type(value) ~= "table" then return value == nil end
  local name, content = next(value)
  if name == nil then return true end
  local is_around = type(name) == "string" and next(value, name) == nil
  return is_around and type(content) == "table" and next(content) == nil
end

-- Return a function that reads a field of definition/fields.lua by its kind. An absent member and
-- an empty list need no kind, so that the large kinds are rarely loaded.
local function reader_of(row)
  local kind, member = row.kind, outer(names_in(row.path))
  return function(raw)
    local value = member(raw)
    if row.is_list and is_empty(value) then return json.array {} end
    if value == nil and row.name ~= "tags" then return nil end
    return kind.read(value)
  end
end

for _, row in ipairs(fields) do
  if row.path then getters[row.name] = reader_of(row) end
end

getters.name = outer "name"
getters.id = outer "id"
getters.location = outer "location"
getters.provisioning_state = outer("properties", "provisioningState")
getters.created_on = outer("properties", "createdOn")
getters.modified_on = outer("properties", "modifiedOn")
getters.created_by = inner("createdBy", "userId")
getters.assigned_to = inner("personalComputeInstanceSettings", "assignedUser", "objectId")
getters.created_by_name = inner("createdBy", "userName")
getters.image_version = inner("osImageMetadata", "currentImageVersion")
getters.latest_image_version = inner("osImageMetadata", "latestImageVersion")
getters.is_latest_image = inner("osImageMetadata", "isLatestOsImageVersion")
getters.public_ip_address = inner("connectivityEndpoints", "publicIpAddress")
getters.private_ip_address = inner("connectivityEndpoints", "privateIpAddress")

-- The members of the reply that the other fields are made from.
local sent = {
  compute_type = outer("properties", "computeType"),
  provisioning_errors = outer("properties", "provisioningErrors"),
  state = inner "state",
  errors = inner "errors",
  applications = inner "applications",
  ssh_settings = inner "sshSettings",
  last_operation = inner "lastOperation",
}

function getters.state(raw)
  return sent.state(raw) or getters.provisioning_state(raw)
end

function getters.owner(raw)
  return getters.assigned_to(raw) or getters.created_by(raw)
end

-- Return the table that a member holds, without nulls; an empty table if the service sent something
-- else.
local function table_in(member, raw)
  local value = json.without_nulls(member(raw))
  return type(value) == "table" and value or {}
end

-- List each error once: the service repeats a provisioning error among the instance's errors.
function getters.errors(raw)
  local all, seen = json.array {}, {}
  for _, list in ipairs {
    table_in(sent.provisioning_errors, raw), table_in(sent.errors, raw),
  } do
    for _, item in ipairs(list) do
      local key = json.encode(item)
      if not seen[key] then all[#all + 1] = item end
      seen[key] = true
    end
  end
  return all
end

function getters.applications(raw)
  local found = {}
  for _, application in ipairs(table_in(sent.applications, raw)) do
    local name = json.get(application, "displayName")
    if name then found[name:lower():gsub("[^%w]+", "_")] = json.get(application, "endpointUri") end
  end
  return found
end

-- Return how to reach the instance by SSH: the public address and the port that the service names;
-- within a virtual network the private address and port 22.
function getters.ssh(raw)
  local settings = sent.ssh_settings(raw)
  local public, private = getters.public_ip_address(raw), getters.private_ip_address(raw)
  local ssh = {
    enabled = json.get(settings, "sshPublicAccess") == "Enabled",
    user = json.get(settings, "adminUserName"),
    port = public and integer(json.get(settings, "sshPort")) or private and 22 or nil,
    host = public or private,
  }
  if ssh.enabled and ssh.user and ssh.host and ssh.port then
    ssh.command = ("ssh %s@%s -p %d"):format(ssh.user, ssh.host, ssh.port)
  end
  return ssh
end

-- Return the object ids of its managed identities, the system-assigned one first.
function getters.principals(raw)
  local list = json.array { json.get(raw, "identity", "principalId") }
  local assigned = json.without_nulls(json.get(raw, "identity", "userAssignedIdentities"))
  for _, id in ipairs(tables.keys(assigned)) do
    list[#list + 1] = json.get(assigned, id, "principalId")
  end
  return list
end

function getters.last_operation(raw)
  local operation = sent.last_operation(raw)
  return {
    name = json.get(operation, "operationName"), time = json.get(operation, "operationTime"),
    status = json.get(operation, "operationStatus"),
    trigger = json.get(operation, "operationTrigger"),
  }
end

-- The next times of its schedules are those of a field: they change with the clock alone.
local function next_time(raw, action)
  local schedules = getters.schedules(raw)
  return #schedules > 0 and upcoming.time(schedules, action) or nil
end

function getters.next_start(raw) return next_time(raw, "start") end
function getters.next_stop(raw) return next_time(raw, "stop") end

local metatable = { __name = "azureml.Instance" }

local function names_of_fields()
  return table.concat(tables.keys(getters), ", ")
end

-- Make the object for the instance's Jupyter at its first use. No request is sent.
local function open_jupyter(vm)
  local opened = jupyter.new(vm)
  rawset(vm, "jupyter", opened)
  return opened
end

-- Refuse a mistyped field: it would read as nil, which looks like an absent value.
function metatable.__index(vm, name)
  local getter = getters[name]
  if getter then return getter(rawget(vm, "raw")) end
  if name == "jupyter" then return open_jupyter(vm) end
  local method = Instance[name]
  if method or name == "workspace" or name == "raw" then return method end
  errors.mistake("an instance has no field '%s' (known: %s)", tostring(name), names_of_fields())
end

function metatable.__newindex(_, name)
  errors.mistake("the field '%s' of an instance cannot be set: the verbs change an instance",
    tostring(name))
end

function metatable.__tostring(vm)
  return ("%s: %s, %s"):format(vm.name, tostring(vm.state), tostring(vm.vm_size))
end

--- Return the fields of an instance as a table, for the prompt and for commands.
---@param vm azureml.Instance
---@return table
function instance.summary(vm)
  local summary = {}
  for name, getter in pairs(getters) do summary[name] = getter(vm.raw) end
  return summary
end

--- Iterate over the fields that have a value.
function metatable.__pairs(vm)
  return next, instance.summary(vm), nil
end

metatable.__render, metatable.__json = instance.summary, instance.summary
-- For completion at the prompt.
metatable.__methods, metatable.__fields = Instance, tables.merge(getters, { jupyter = true })

--- The functions that read the fields, by name.
---@type table<string, function>
instance.fields = getters

--- Make an instance from a reply.
---@param workspace azureml.Workspace
---@param raw table          the decoded reply
---@return azureml.Instance
function instance.new(workspace, raw)
  return setmetatable({ workspace = workspace, raw = raw }, metatable)
end

-- The members of a script's definition that the service may keep to itself.
local function hides_script(scripts)
  for _, name in ipairs { "creation_script", "startup_script" } do
    local script = scripts and scripts[name]
    if script and not (script.path or script.text or script.url) then return true end
  end
  return false
end

local services = inner "customServices"

-- Tell whether a custom service has an environment variable, such as a licence, without its value.
local function hides_variable(raw)
  for _, service in ipairs(table_in(services, raw)) do
    local variables = json.get(service, "environmentVariables")
    for _, variable in pairs(type(variables) == "table" and variables or {}) do
      if json.get(variable, "value") == nil then return true end
    end
  end
  return false
end

--- List the fields that an instance has, and whose values the service does not return: keys,
--- licences, inline scripts.
---@param vm azureml.Instance
---@return string[]
function instance.unreadable(vm)
  local list = {}
  if vm.ssh_public_access and not vm.admin_user_ssh_public_key then
    list[#list + 1] = "admin_user_ssh_public_key"
  end
  if hides_script(vm.setup_scripts) then list[#list + 1] = "setup_scripts" end
  if hides_variable(vm.raw) then list[#list + 1] = "custom_services" end
  return list
end

--- Return the type of a decoded compute, as the service spells it; nil if the reply has none.
---@param raw table
---@return string?
function instance.kind(raw)
  local kind = sent.compute_type(raw)
  return type(kind) == "string" and kind or nil
end

--- Tell whether a decoded compute is a compute instance. The service may write its type in any
--- case.
---@param raw table
---@return boolean
function instance.is_one(raw)
  local kind = instance.kind(raw)
  return kind ~= nil and kind:lower() == "computeinstance"
end

--- Get the instance from the service again and update its fields.
---@return azureml.Instance       the same object
---@raise an error object if it no longer exists
function Instance:refresh()
  self.raw = self.workspace.instances:get(self.name).raw
  return self
end

--- Return a member of `properties.properties` by the service's name, also one without a field here.
---@param name string
---@return any         nil if it is absent or null
---@usage print(vm:member "osImageMetadata")
function Instance:member(name)
  if type(name) ~= "string" then
    errors.mistake("bad argument #1 to 'member' (name expected, got %s)", type(name))
  end
  local value = json.without_nulls(inner(name)(self.raw))
  return type(value) == "number" and integer(value) or value
end

-- Define vm:start(), vm:stop() and vm:restart(); each takes the options of the collection's verb.
for _, verb in ipairs { "start", "stop", "restart" } do
  Instance[verb] = function(self, settings)
    return self.workspace.instances[verb](self.workspace.instances, self, settings)
  end
end

--- Change the instance: see azureml.Instances.update.
---@param settings table          fields as for create, those that can be changed
---@return azureml.Instance       the same object, refreshed
---@usage vm:update { idle_time_before_shutdown = "1h" }
function Instance:update(settings)
  return self.workspace.instances:update(self, settings)
end

--- Give the instance another size: see azureml.Instances.resize.
---@param size string
---@param settings? table
---@return azureml.Operation
function Instance:resize(size, settings)
  return self.workspace.instances:resize(self, size, settings)
end

--- Explain the state of the instance: errors, last operation, setup script, quota, locks, policies,
--- each with what to do next.
---@param err? azureml.Error     of a verb that failed: it is explained first
---@return azureml.Why           print it; or see causes, each with about, text and next
---@usage print(vm:why())
function Instance:why(err)
  return why.of(self, err)
end

--- Read the queue of the instance: the jobs that run on it, and those that wait in order. The list
--- of the workspace's jobs is read to its end.
---@return azureml.JobQueue      running, waiting (each a list of jobs), slots; position(job)
---@usage print(vm:queue())
function Instance:queue()
  return queue.of(self)
end

--- Estimate what the instance costs: an hour, since it runs, and in a month with its schedules.
---@param settings? { now: number? }      seconds since 1970; default: the clock of this machine
---@return azureml.Cost          see look/cost.lua; its field `note` says what is left out
function Instance:cost(settings)
  return cost.of(self, settings)
end

--- List the logs of the instance's setup scripts, the oldest first. They lie on the workspace's
--- file share, which Jupyter shows while the instance runs.
---@param settings? { wait: boolean?, timeout: number?, on_state: fun(state: string)? }
---  wait: wait first until the instance has started, at most timeout seconds; on_state is told the
---  states meanwhile
---@return azureml.Log[]       each with name, size, modified, read(), each(f) and follow(f)
---@raise an error object: `NotRunning`, which says where the logs are; `NotYours`, `NoLogs`
---@usage for _, log in ipairs(vm:logs()) do print(log.name, log:read { tail = 5 }) end
function Instance:logs(settings)
  return logs.of(self, settings)
end

--- Read the load, the memory, the disks and the GPUs of the instance, by one command there.
---@param settings? { timeout: number?, key: string?, over: string?, start: boolean? }
---  timeout in seconds, 30; the others as for exec
---@return azureml.Metrics       print it; or see its fields, which look/metrics.lua names
---@raise an error object: what exec raises; `MetricsMalformed`, `MetricsFailed`
---@usage print(vm:metrics())
function Instance:metrics(settings)
  return metrics.of(self, settings)
end

--- Tell when the instance was last used: by a terminal or a kernel of its Jupyter, or by a job.
--- What is done by SSH, or in an application other than Jupyter, is not seen.
---@param settings? { timeout: number? }      seconds of each request
---@return azureml.Activity      last, idle (seconds), is_busy, busy (the kernels that compute)
---@raise an error object, also if the instance does not run or is another user's
---@usage local activity = vm:activity()
---  if not activity.is_busy and activity.idle > 7200 then vm:stop() end
function Instance:activity(settings)
  return activity.of(self.jupyter.server, options.check("activity", settings, {
    timeout = "number",
  }))
end

--- Open a shell on the instance in this terminal, through its Jupyter. Return when the shell ends,
--- or the user detaches with ~. at the start of a line: then it goes on there.
---@param settings? { attach: string? }      the name of an open terminal: vm.jupyter:terminals()
---@return { ended: string, name: string }      ended: "exited", "detached" or "hung up"
---@raise an error object, also if this is no terminal or the instance does not run
---@usage vm:shell()
function Instance:shell(settings)
  return shell.run(self.jupyter.server, settings)
end

--- Add a schedule; the others stay.
---@param value table|string      as an item of the option `schedules` of create
---@return azureml.Instance       the same object, refreshed
---@raise an error object: what is wrong with the schedule; a fifth schedule
---@usage vm:add_schedule "stop weekdays 18:00 Europe/Amsterdam"
function Instance:add_schedule(value)
  return scheduling.add(self, value)
end

--- Remove a schedule.
---@param position integer        in vm.schedules
---@return azureml.Instance       the same object, refreshed
function Instance:remove_schedule(position)
  return scheduling.remove(self, position)
end

--- Enable a schedule.
---@param position integer        in vm.schedules
---@return azureml.Instance       the same object, refreshed
function Instance:enable_schedule(position)
  return scheduling.enable(self, position)
end

--- Disable a schedule: it stays, and does not fire.
---@param position integer        in vm.schedules
---@return azureml.Instance       the same object, refreshed
function Instance:disable_schedule(position)
  return scheduling.disable(self, position)
end

--- Skip the next stop by schedule. The start time of the schedules moves behind it; later stops
--- stay as they are, so there is nothing to restore.
---@return azureml.Firing         the stop that is skipped
---@raise an error object if no enabled schedule stops the instance
function Instance:skip_next_stop()
  return scheduling.skip_next_stop(self)
end

--- Return a table that creates the same instance: options for azureml.Instances.create. What the
--- service takes by default is left out, and so is what it does not return: see `unreadable`.
---@return table
---@raise an error object if the instance cannot be read
---@usage ws.instances:create("ci-copy", vm:export())
function Instance:export()
  return definition.of(self.workspace.instances:get(self.name, definition.newest))
end

--- Delete the instance and create it again under its name, with changes. All that is on its disk is
--- lost; the file share of the workspace stays. The definition is saved on this machine before the
--- delete, so that another process can go on: 'azureml operations wait'.
---@param changes? table         options of azureml.Instances.create, in place of what it has now
---@return azureml.Recreation    accepted when the delete is; the wait creates it again
---@raise an error object before anything is deleted: `NotRecreatable` when the instance is another
---  user's and no assigned_user is given, or has what cannot be read back (keys, licences, inline
---  scripts) and is not given again; what `check` would refuse
---@usage vm:recreate({ vm_size = "STANDARD_DS12_V2" }):wait()
function Instance:recreate(changes)
  return self.workspace.instances:recreate(self, changes)
end

--- Delete the instance and its disk. Return when the service has accepted the request.
---@param settings? table        as for azureml.Instances.delete
---@return azureml.Operation
function Instance:delete(settings)
  return self.workspace.instances:delete(self, settings)
end

--- Copy a file or a directory with all that is in it, by SSH where that is on, else by Jupyter. The
--- path on the instance begins with ":". Over SSH it is relative to the home directory there; over
--- Jupyter to its root, the workspace's files at ~/cloudfiles/code. A path that begins with
--- "cloudfiles/code/" means the same over both.
---@param from string
---@param to string
---@param settings? table
---  over string? ("ssh" or "jupyter"); timeout number? (seconds); start boolean? (start a stopped
---  instance first); over SSH also key string? (a private key's path), preserve boolean? (times and
---  modes); over Jupyter also on_progress fun(progress)? (called with name, bytes, total, files;
---  resumed: bytes of an earlier copy that broke off)
---@return azureml.Copied?      over Jupyter: files, bytes, skipped (hidden files are left out, and
---  those whose names would disturb a screen)
---@raise an error object: `CopyFailed`, `FileNotFound`, what ssh or Jupyter could not do, `Timeout`
---@usage vm:copy("train.py", ":cloudfiles/code/Users/ann/")
---@usage vm:copy(":cloudfiles/code/results", ".")
function Instance:copy(from, to, settings)
  return copying.copy(self, from, to, settings)
end

-- Define methods by functions of other modules, which explain them.
for name, module in pairs {
  exec = remote, forward = reach,
  pip_install = packages, pip_uninstall = packages, pip_list = packages, r_install = packages,
  environments = packages, create_environment = packages, delete_environment = packages,
} do
  Instance[name] = function(self, ...) return module[name](self, ...) end
end

function Instance:python(...) return python.run(self, ...) end

options.check_colon(Instance, metatable, "vm")

return instance
