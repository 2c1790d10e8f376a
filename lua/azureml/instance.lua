--- A compute instance, as the service last described it: typed fields over the service's reply,
--- and the verbs. It reads the usual fields; azureml.instance.fields reads the others.
local later = require "azureml.tool.later"
local activity = later "azureml.jupyter.activity"
local copying = later "azureml.jupyter.copying"
local cost = later "azureml.look.cost"
local definition = later "azureml.definition"
local documents = require "azureml.tool.document"
local errors = later "azureml.error"
local fields = later "azureml.instance.fields"
local jupyter = later "azureml.jupyter"
local json = require "azureml.json"
local logs = later "azureml.look.logs"
local metrics = later "azureml.look.metrics"
local notice = require "azureml.tool.notice"
local options = require "azureml.options"
local packages = later "azureml.packages"
local queue = later "azureml.jobs.queue"
local python = later "azureml.remote.python"
local reach = later "azureml.ssh"
local remote = later "azureml.remote"
local scheduling = later "azureml.change.scheduling"
local shell = later "azureml.jupyter.terminal.shell"
local tables = require "azureml.tool.tables"
local why = later "azureml.look.why"

--- How to reach an instance by SSH.
---@class azureml.Ssh
---@field enabled boolean  whether it can be reached
---@field user? string  the login's name
---@field port? integer  of the SSH server
---@field host? string  a public or a private address
---@field command? string  for a shell: "ssh azureuser@20.1.2.3 -p 50000"

--- The last operation on an instance, as the service tells it.
---@class azureml.LastOperation
---@field name? string  "Create", "Start" and so on
---@field time? string  ISO 8601
---@field status? string  "InProgress", "Succeeded" or "Failed"
---@field trigger? string  "User", "Schedule" or "IdleShutdown"

--- A compute instance, as the service described it at the last request.
---@class azureml.Instance
---@field start fun(self, settings?: azureml.StartOptions): azureml.Operation
---  Start the instance. A running instance is a success.
---@field stop fun(self, settings?: azureml.VerbOptions): azureml.Operation
---  Stop the instance: its hours end, its disk and its quota stay.
---@field restart fun(self, settings?: azureml.VerbOptions): azureml.Operation
---  Restart the instance, which must run.
---@field exec fun(self, command: string|string[], settings?: azureml.ExecOptions):
---  string, integer, string  Run a command on the instance over SSH. Return its output, its exit
---  code and its errors.
---@field forward fun(self, port: integer, remote_port?: integer,
---  settings?: azureml.ForwardOptions): azureml.ssh.Forwarding  Forward a port of this machine's
---  loopback to a port of the instance, until it is closed.
---@field python fun(self, list: azureml.PythonOptions): string, integer, string
---  Run a Python script of this machine on the instance, or code.
---@field pip_install fun(self, list: azureml.PipInstallOptions): table
---  Install Python packages. Return installed, changed and output.
---@field pip_uninstall fun(self, list: azureml.PipOptions): table
---  Uninstall Python packages. Return uninstalled, changed and output.
---@field pip_list fun(self, settings?: azureml.PipOptions): table[]
---  List the Python packages of an environment: name, version.
---@field r_install fun(self, list: azureml.RInstallOptions): table
---  Install R packages. Return installed, changed and output.
---@field environments fun(self, settings?: azureml.StepOptions): azureml.Environment[]
---  List the environments of the instance: conda's, and those below ~/.virtualenvs.
---@field create_environment fun(self, settings: azureml.EnvironmentOptions): azureml.Environment
---  Create an environment, or take it if it is there: packages and the kernel are added then.
---@field delete_environment fun(self, name: string, settings?: azureml.StepOptions): boolean
---  Delete an environment, and the user's kernels that run in it.
---@field name string                  its name, which is unique in the region
---@field id string                    the ARM id
---@field state string  "Running", "Stopped" and so on; while the service creates it, the
---  provisioning state of the resource
---@field provisioning_state string  of the resource
---@field location string  the region
---@field vm_size string  the size of its virtual machine
---@field tags table<string, string>   texts by name; never nil
---@field description string?  a text for people
---@field identity azureml.Identities?  its managed identities
---@field disable_local_auth boolean?  only Microsoft Entra signs users in
---@field ssh_public_access boolean?  it can be reached by SSH
---@field admin_user_ssh_public_key string?      some services do not return it
---@field subnet string?               the ARM id
---@field enable_node_public_ip boolean?  it has a public address
---@field application_sharing_policy string?     "Personal" or "Shared"
---@field authorization_type string?             "personal"
---@field assigned_user azureml.User?  for whom it was created
---@field setup_scripts azureml.SetupScripts?   as create takes them
---@field schedules azureml.Schedule[]  as create takes them; never nil
---@field idle_time_before_shutdown string?      ISO 8601
---@field custom_services azureml.CustomService[]  as create takes them; never nil
---@field data_mounts azureml.DataMount[]  as create takes them, with state and error; never nil
---@field mlflow_autologger boolean?             only preview versions of the service return it
---@field enable_sso boolean?  its user's sign-in serves the tools on it
---@field enable_root_access boolean?            only preview versions of the service return it
---@field enable_os_patching boolean?            only preview versions of the service return it
---@field release_quota_on_stop boolean?         only preview versions of the service return it
---@field owner string?                object id of the assigned user, or else of the creator
---@field created_by string?           object id
---@field assigned_to string?          object id
---@field created_on string?           ISO 8601
---@field modified_on string?  ISO 8601
---@field applications table<string, string>     name in snake_case -> URL: jupyter, jupyter_lab
---@field ssh azureml.Ssh  how to reach it by SSH
---@field public_ip_address string?  where it has one
---@field private_ip_address string?  within its network
---@field last_operation azureml.LastOperation  what the service did with it last
---@field created_by_name string?      where the service tells it
---@field image_version string?        of its operating system: "24.02.13"
---@field latest_image_version string?  the newest that there is
---@field is_latest_image boolean?  its operating system is the newest
---@field principals string[]         object ids of its managed identities
---@field next_start string?           when a schedule starts it next, in UTC; nil: none is known
---@field next_stop string?  when a schedule stops it next
---@field errors table                            its errors, as the service sends them
---@field workspace azureml.Workspace  the workspace that has it
---@field jupyter azureml.Jupyter      its own Jupyter: files, terminals, kernels, code
---@field raw table  the decoded reply, including members without a field here; null is cjson.null
local Instance = {}

local instance = {}

-- Most scripts ask for these fields alone. A member that is a text is the value of its field.
local USUAL = {
  name = "name", id = "id", provisioning_state = "properties.provisioningState",
  created_on = "properties.createdOn", state = "properties.properties.state",
  vm_size = "properties.properties.vmSize",
}
local TYPE = "properties.computeType"

-- The other members are decoded when a script asks for them.
local chosen = tables.values(USUAL)
table.move({ TYPE, "tags" }, 1, 2, #chosen + 1, chosen)
instance.reader = documents.reader(chosen)

-- Return the place of a member that the reader finds.
local function place_of(path)
  return instance.reader.places[path]
end

local usual_places = {}
for name, path in pairs(USUAL) do usual_places[name] = place_of(path) end

local metatable = { __name = "azureml.Instance" }
local texts, type_place = documents.texts, place_of(TYPE)
local compute_type = instance.reader:member(TYPE)

local function names_of_fields()
  return table.concat(tables.keys(fields.getters), ", ")
end

-- Make the object for the instance's Jupyter at its first use. No request is sent.
local function open_jupyter(vm)
  local opened = jupyter.new(vm)
  rawset(vm, "jupyter", opened)
  return opened
end

-- Refuse a mistyped field: it would read as nil, which looks like an absent value. A usual field is
-- read without its getter: vm.vm_size takes 1,300 instructions instead of 2,600.
function metatable.__index(vm, name)
  local place = usual_places[name]
  local value = place and texts(vm.document, place)
  if value then return value end
  local getter = fields.getters[name]
  if getter then return getter(vm.document) end
  if name == "raw" then return documents.raw(vm.document) end
  if name == "jupyter" then return open_jupyter(vm) end
  local method = Instance[name]
  if method or name == "workspace" then return method end
  errors.mistake("an instance has no field '%s' (known: %s)", tostring(name), names_of_fields())
end

function metatable.__newindex(_, name)
  errors.mistake("the field '%s' of an instance cannot be set: the verbs change an instance",
    tostring(name))
end

local name_place, state_place, size_place = usual_places.name, usual_places.state,
  usual_places.vm_size

-- Read the three texts at once where they are texts, for 3,600 instructions instead of 7,300.
function metatable.__tostring(vm)
  local name, state, size = texts(vm.document, name_place, state_place, size_place)
  if not (name and state and size) then
    name, state, size = tostring(vm.name), tostring(vm.state), tostring(vm.vm_size)
  end
  return name .. ": " .. state .. ", " .. size
end

--- Return the fields of an instance as a table, for the prompt and for commands.
---@param vm azureml.Instance
---@return table
function instance.summary(vm)
  return fields.summary(vm.document)
end

--- Iterate over the fields that have a value.
function metatable.__pairs(vm)
  return next, instance.summary(vm), nil
end

metatable.__render, metatable.__json = instance.summary, instance.summary

--- The names of the fields, for completion at the prompt. azureml.instance.fields adds its own.
---@type table<string, boolean>
instance.field_names = { jupyter = true }
metatable.__methods, metatable.__fields = Instance, instance.field_names

--- Make an instance of a document that `instance.reader` has read.
---@param workspace azureml.Workspace
---@param document azureml.Document
---@return azureml.Instance
function instance.of(workspace, document)
  local vm = setmetatable({ workspace = workspace, document = document }, metatable)
  notice.tell("saw", vm)
  return vm
end

--- Make an instance of a decoded reply.
---@param workspace azureml.Workspace
---@param raw table
---@return azureml.Instance
function instance.new(workspace, raw)
  return instance.of(workspace, documents.of(raw))
end

--- Return the type of a compute, as the service spells it; nil if the reply has none.
---@param document azureml.Document
---@return string?
function instance.kind(document)
  local kind = compute_type(document)
  return type(kind) == "string" and kind or nil
end

--- Tell whether a compute is a compute instance. The service may write its type in any case.
---@param document azureml.Document
---@return boolean
function instance.is_one(document)
  if documents.says(document, type_place, "ComputeInstance") then return true end
  local kind = compute_type(document)
  return type(kind) == "string" and kind:lower() == "computeinstance"
end

--- Get the instance from the service again and update its fields.
---@return azureml.Instance       the same object
---@raise an error object if it no longer exists
function Instance:refresh()
  local now = self.workspace.instances:get(self.name)
  rawset(self, "document", now.document)
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
  local value = json.without_nulls(json.get(self.raw, "properties", "properties", name))
  return type(value) == "number" and math.tointeger(value) or value
end

-- Define vm:start(), vm:stop() and vm:restart(); each takes the options of the collection's verb.
for _, verb in ipairs { "start", "stop", "restart" } do
  Instance[verb] = function(self, settings)
    return self.workspace.instances[verb](self.workspace.instances, self, settings)
  end
end

--- Change the instance: see azureml.Instances.update.
---@param settings azureml.UpdateOptions
---@return azureml.Instance       the same object, refreshed
---@usage vm:update { idle_time_before_shutdown = "1h" }
function Instance:update(settings)
  return self.workspace.instances:update(self, settings)
end

--- Give the instance another size: see azureml.Instances.resize.
---@param size azureml.SizeName
---@param settings? azureml.ResizeOptions
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
---@param settings? azureml.CostOptions
---@return azureml.Cost          see look/cost.lua; its field `note` says what is left out
function Instance:cost(settings)
  return cost.of(self, settings)
end

--- List the logs of the instance's setup scripts, the oldest first. They lie on the workspace's
--- file share, which Jupyter shows while the instance runs.
---@param settings? azureml.LogsOptions
---@return azureml.Log[]       each with name, size, modified, read(), each(f) and follow(f)
---@raise an error object: `NotRunning`, which says where the logs are; `NotYours`, `NoLogs`
---@usage for _, log in ipairs(vm:logs()) do print(log.name, log:read { tail = 5 }) end
function Instance:logs(settings)
  return logs.of(self, settings)
end

--- Read the load, the memory, the disks and the GPUs of the instance, by one command there.
---@param settings? azureml.MetricsOptions
---@return azureml.Metrics       print it; or see its fields, which look/metrics.lua names
---@raise an error object: what exec raises; `MetricsMalformed`, `MetricsFailed`
---@usage print(vm:metrics())
function Instance:metrics(settings)
  return metrics.of(self, settings)
end

--- Tell when the instance was last used: by a terminal or a kernel of its Jupyter, or by a job.
--- What is done by SSH, or in an application other than Jupyter, is not seen.
---@param settings? azureml.ActivityOptions
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
---@param settings? azureml.ShellOptions
---@return azureml.ShellEnd
---@raise an error object, also if this is no terminal or the instance does not run
---@usage vm:shell()
function Instance:shell(settings)
  return shell.run(self.jupyter.server, settings)
end

--- Add a schedule; the others stay.
---@param value azureml.Schedule|string      as an item of the option `schedules` of create
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
---@return azureml.InstanceOptions
---@raise an error object if the instance cannot be read
---@usage ws.instances:create("ci-copy", vm:export())
function Instance:export()
  return definition.of(self.workspace.instances:get(self.name, definition.newest))
end

--- Delete the instance and create it again under its name, with changes. All that is on its disk is
--- lost; the file share of the workspace stays. The definition is saved on this machine before the
--- delete, so that another process can go on: 'azureml operations wait'.
---@param changes? azureml.InstanceOptions   in place of what it has now
---@return azureml.Recreation    accepted when the delete is; the wait creates it again
---@raise an error object before anything is deleted: `NotRecreatable` when the instance is another
---  user's and no assigned_user is given, or has what cannot be read back (keys, licences, inline
---  scripts) and is not given again; what `check` would refuse
---@usage vm:recreate({ vm_size = "STANDARD_DS12_V2" }):wait()
function Instance:recreate(changes)
  return self.workspace.instances:recreate(self, changes)
end

--- Delete the instance and its disk. Return when the service has accepted the request.
---@param settings? azureml.VerbOptions
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
---@param settings? azureml.CopyOptions
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
