--- Run a real computer behind each instance of an emulator: Debian's OpenSSH and Jupyter servers on
--- loopback, as the current user. The host follows the world: it turns computers on and off as the
--- instances' states demand, and the world waits with the end of a verb until that is done.
local computer = require "azureml.emulator.machine.host.computer"
local core = require "azureml.core"
local errors = require "azureml.error"
local front = require "azureml.emulator.machine.host.front"
local jupyter = require "azureml.emulator.machine.host.jupyter"
local machine = require "azureml.emulator.machine"
local openssh = require "azureml.emulator.machine.host.openssh"
local operations = require "azureml.emulator.operations"
local queue = require "azureml.emulator.machine.queue"
local task = require "azureml.task"
local work = require "azureml.emulator.machine.host.work"

local host = {}

local Host = {}
Host.__index = Host

-- Directories -------------------------------------------------------------------------------------

-- Sockets have short paths: at most 107 bytes.
local RUN = "/tmp/azureml-machines-%d-"
local RUN_NAME = "^azureml%-machines%-(%d+)%-%w+$"

-- Remove what emulators left behind that were killed. A directory of another user is left alone.
local function remove_leftovers()
  for _, name in ipairs(core.entries "/tmp") do
    local pid = math.tointeger(tonumber(name:match(RUN_NAME)))
    if pid and not core.process_exists(pid) and core.names_in("/tmp/" .. name) then
      core.remove_tree("/tmp/" .. name)
    end
  end
end

local function make_run_directory()
  remove_leftovers()
  local directory, why = core.temporary_directory(RUN:format(core.process_id()))
  if not directory then
    errors.raise { code = "MachineFailed", message = "no directory in /tmp: " .. why }
  end
  return directory
end

-- Where computers are -----------------------------------------------------------------------------

--- Return the path of an instance on the front.
function Host:path(compute)
  return ("/instances/%s/%s"):format(compute.workspace.location, compute.name)
end

--- Return the URL below which an instance's applications are.
function Host:address(compute)
  return self.front.url .. self:path(compute)
end

--- Return the directory of a workspace's file share.
function Host:share(workspace)
  return ("%s/share-%s"):format(self.directory, workspace.id)
end

--- Return the path of a job's log. It outlives the instance that the job ran on.
---@param workspace table
---@param job table      the job's record
---@return string
function Host:log_of(workspace, job)
  return ("%s/jobs-%s/%d-%s/user_logs/std_log.txt"):format(self.directory, workspace.id, job.number,
    job.name)
end

-- The address at which an instance without a public one is reached: one for each, on loopback.
local function private_address(number)
  return ("127.%d.%d.%d"):format(64 + (number >> 16 & 63), number >> 8 & 255, number & 255)
end

local function key_of(compute)
  return compute.place .. "/" .. compute.name:lower()
end

-- Give an instance the address, port and user that the service's answers name.
local function seat(self, compute)
  if compute.seat then return end
  compute.seat = {
    user = self.user, address = "127.0.0.1", port = openssh.free_port(),
    private_address = private_address(compute.number),
  }
end

--- Give an instance another port, because a program has taken its port.
function Host:reseat(compute)
  compute.seat.port = openssh.free_port()
  self.world:save("compute", compute)
end

--- Return the computer of an instance; nil if there is none yet.
function Host:computer(compute)
  return self.computers[key_of(compute)]
end

--- Close the connections to a server that has ended.
function Host:cut(socket)
  if socket then self.front:cut(socket) end
end

-- Following the world -----------------------------------------------------------------------------

local ON = { Running = true, JobRunning = true, SettingUp = true, UserSettingUp = true }

-- Tell whether an instance's computer is to be on.
local function wants_on(self, compute, state)
  local held = compute.held
  if held == "stop" or held == "delete" then return false end
  if held == "restart" then return self.restarted[compute] == compute.last.at end
  if held then return state ~= "Creating" end
  if state == "Resizing" then      -- as before
    local its = self:computer(compute)
    return its ~= nil and its.state == "on"
  end
  return ON[state] == true
end

-- End the verb that the world holds.
local function release(self, compute, fault)
  local due = machine.release(compute, self.world:now(), fault)
  operations.close(self.world, compute, due, fault)
  self.world:save("compute", compute)
end

local function not_started(why)
  return { code = "ComputeInstanceFailed", message = "The computer did not start: " .. why }
end

local SCRIPTS = { create = { "creation", "startup" }, start = { "startup" } }

local function has_scripts(compute, names)
  for _, name in ipairs(names or {}) do
    if (compute.scripts or {})[name] then return true end
  end
  return false
end

-- Go on with a verb that ends in a running instance: its computer is on.
local function finish_start(self, compute, its, state)
  local names = SCRIPTS[compute.held]
  if not has_scripts(compute, names) then return release(self, compute) end
  local run = compute.last.at
  if state ~= "UserSettingUp" or self.set_up[compute] == run then return end
  self.set_up[compute] = run
  work.set_up(its, names, function(fault)
    local is_current = compute.held and compute.last.at == run
    if is_current and its.state == "on" then release(self, compute, fault) end
  end)
end

local function end_job(self, compute, job, status, facts)
  self.jobs[job] = nil
  if not queue.find(compute, job.id) then return end
  if job.cancelled then status, facts = "Canceled", nil end
  queue.finish(compute, job.id, self.world:now(), status, facts)
  machine.plan(compute, self.world:now())
  self.world:save("compute", compute)
end

-- Start the jobs that have begun and stop those that were cancelled. A job that another process
-- began was lost with it.
local function look_at_jobs(self, compute, its)
  for _, job in ipairs { table.unpack(compute.jobs or {}) } do
    local running = self.jobs[job]
    if job.began and not running then
      local record = self.world:job(compute.workspace, job.id)
      local ok, started = false, nil
      if record and not job.runs_in then
        job.runs_in = self.id
        self.world:save("compute", compute)
        ok, started = pcall(work.run_job, its, record, function(status, facts)
          end_job(self, compute, job, status, facts)
        end)
        if not ok and errors.is_interrupted(started) then error(started, 0) end
        if not ok then self.log("azureml: %s cannot run: %s", job.id, tostring(started)) end
      end
      if ok then
        self.jobs[job] = started
      else
        end_job(self, compute, job, "Failed", { reason = "lost" })
      end
    elseif running and job.cancelled then
      running:stop()
    end
  end
end

local function computer_of(self, compute)
  local key = key_of(compute)
  if not self.computers[key] then self.computers[key] = computer.new(self, compute) end
  return self.computers[key]
end

-- Turn an instance's computer off, and go on with what waits for that.
local function keep_off(self, compute, its)
  its:turn_off()
  if its.state ~= "off" then return end
  if compute.held == "stop" or compute.held == "delete" then return release(self, compute) end
  if compute.held == "restart" then
    self.restarted[compute] = compute.last.at
    self:changed(its)
  end
end

-- Tell that a computer could not be turned on.
local function report_failure(self, compute, its)
  local why = its.failure
  its.failure = nil
  if compute.held then return release(self, compute, not_started(why)) end
  self.log("azureml: %s: %s", compute.name, why)
end

-- Turn an instance's computer on, and go on with what waits for that.
local function keep_on(self, compute, its, state)
  if its.failure and its.state == "off" then return report_failure(self, compute, its) end
  its:turn_on()
  if its.state ~= "on" then return end
  if compute.held then return finish_start(self, compute, its, state) end
  look_at_jobs(self, compute, its)
end

-- Do the next thing that an instance's state demands.
local function look(self, compute)
  if compute.kind or self.is_closed then return end
  local state = machine.state(compute, self.world:now())
  local wants = wants_on(self, compute, state)
  local its = self:computer(compute) or (wants or compute.held) and computer_of(self, compute)
  if not its then return end
  if wants then keep_on(self, compute, its, state) else keep_off(self, compute, its) end
end

-- Remove what belongs to a deleted instance.
local function discard(self, key)
  local its = self.computers[key]
  if not its then return end
  its.is_deleted = true
  its:turn_off()
  if its.state ~= "off" then return end
  self.computers[key] = nil
  local ok, why = its:remove()
  if not ok then
    self.log("azureml: the directory of %s cannot be removed: %s", its.compute.name, why)
  end
end

-- Look at an instance later in this turn of the loop: a change may be half done now.
local function look_soon(self, key)
  self.changes[key] = true
  if self.soon or self.is_closed then return end
  self.soon = task.at(0, function()
    self.soon = nil
    self:turn()
  end)
end

--- Follow a computer that was turned on or off.
function Host:changed(its)
  look_soon(self, key_of(its.compute))
end

-- Wake up when the world changes next without a request.
local function sleep(self)
  if self.timer then task.cancel(self.timer) end
  local world, now = self.world, self.world:now()
  local time = world.due:next()
  for key in pairs(self.computers) do
    local compute = world:record("compute", key)
    local step = compute and compute.held and machine.next_step(compute, now)
    if step and (not time or step < time) then time = step end
  end
  local seconds = time and world.clock:in_real_time(math.max(0, time - now))
  self.timer = seconds and task.at(math.min(seconds, 3600) + 0.001, function()
    self.timer = nil
    self:turn(true)
  end) or nil
end

local function look_at_key(self, key)
  local compute, its = self.world:record("compute", key), self.computers[key]
  if its and compute ~= its.compute then discard(self, key) end
  if compute and (not its or not its.is_deleted) then look(self, compute) end
end

--- Look at the instances that have changed; with `all` at every instance.
---@param all boolean?
function Host:turn(all)
  if self.is_closed then return end
  self.world:settle()
  local changes = self.changes
  self.changes = {}
  if all then
    for key in pairs(self.computers) do changes[key] = true end
  end
  for key in pairs(changes) do
    local ok, raised = pcall(look_at_key, self, key)
    if not ok then
      if errors.is_interrupted(raised) then error(raised, 0) end
      self.log("azureml: %s: %s", key, tostring(raised))
    end
  end
  sleep(self)
  task.look_again(self)
end

-- Public ------------------------------------------------------------------------------------------

local PACKAGES = { { openssh, "openssh-server" }, { jupyter, "jupyter-server" } }

-- Refuse to start without the programs.
local function check_programs()
  local missing = {}
  for _, item in ipairs(PACKAGES) do
    local file = io.open(item[1].program)
    if file then file:close() else missing[#missing + 1] = item[2] end
  end
  if #missing == 0 then return end
  local packages = table.concat(missing, " ")
  errors.raise {
    code = "MachineMissing",
    message = "machines on this computer need Debian's packages " .. packages,
    hint = "run apt-get install " .. packages .. " python3-ipykernel python3-venv as root",
  }
end

--- Make a host.
---@param state string?                    the path of the emulator's state file: the computers'
---  directories are kept beside it
---@param log fun(message: string, ...)    reports what no answer can
---@return table
---@raise an error object `MachineMissing` without the programs
function host.new(state, log)
  check_programs()
  local user = core.user()
  if not user then
    errors.raise { code = "MachineFailed",
      message = "the system's list of users has no entry for this user, which sshd needs" }
  end
  local run = make_run_directory()
  local directory = state and state .. ".machines" or run
  if directory:sub(1, 1) ~= "/" then directory = assert(core.directory()) .. "/" .. directory end
  local ok, why = core.make_private(directory)
  if not ok then
    errors.raise { code = "MachineFailed", message = ("%s: %s"):format(directory, why) }
  end
  local weak = { __mode = "k" }
  return setmetatable({
    run = run, directory = directory, user = user, log = log, id = core.guid(),
    computers = {}, changes = {}, jobs = {},
    restarted = setmetatable({}, weak), set_up = setmetatable({}, weak),
  }, Host)
end

--- Follow the world of an emulator, which is still empty.
---@param emulator azureml.Emulator
function Host:follow(emulator)
  self.world = emulator.world
  self.front = front.start(self)
  self.front.emulator = emulator
  self.world:watch(function(kind, key, compute)
    if kind and kind ~= "compute" then return end
    if compute and not compute.kind then seat(self, compute) end
    if key then return look_soon(self, key) end
    for each in pairs(self.computers) do look_soon(self, each) end
  end)
end

--- Wait until the computers of all running instances are on.
---@param seconds number
function Host:wait_ready(seconds)
  local deadline = core.now() + seconds
  task.wait_until(self, function()
    for _, its in pairs(self.computers) do
      if its.state == "starting" then return false end
    end
    return not self.soon
  end, deadline)
end

--- End everything, and remove what the emulator does not keep.
function Host:close()
  if self.is_closed then return end
  self.is_closed = true
  if self.timer then task.cancel(self.timer) end
  if self.soon then task.cancel(self.soon) end
  if self.front then self.front:close() end
  for _, its in pairs(self.computers) do its:kill() end
  for _, its in pairs(self.computers) do its:close() end
  self.computers = {}
  core.remove_tree(self.run)
end

return host
