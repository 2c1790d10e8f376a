--- Be the computer behind an instance: its directories, its servers, what runs on it. Turning it on
--- and off takes time; the host is told when that is done.
local core = require "azureml.core"
local jupyter = require "azureml.emulator.machine.host.jupyter"
local openssh = require "azureml.emulator.machine.host.openssh"
local tables = require "azureml.tool.tables"
local task = require "azureml.task"

local computer = {}

local ATTEMPTS = 5      -- ports that are tried
local PAUSE = 1         -- seconds before a server that has ended by itself is started again

---@class azureml.emulator.Computer
---@field state "off"|"starting"|"on"|"stopping"
---@field failure string?      why it could not be turned on
local Computer = {}
Computer.__index = Computer

-- Directories -------------------------------------------------------------------------------------

local Place = {}
Place.__index = Place

--- Return the environment of what runs on the computer.
---@param more table<string, string>?
---@return table<string, string>
function Place:environment(more)
  return tables.merge({
    PATH = self.path, HOME = self.home, USER = self.user, LOGNAME = self.user,
    SHELL = self.shell, LANG = "C.UTF-8", PIP_CONFIG_FILE = "/dev/null",
    AZUREML_INSTANCE = self.name,
  }, more)
end

local PATH = "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin"

local function place_of(host, compute)
  local user, id, shell = core.user()
  local directory = ("%s/%d-%s"):format(host.directory, compute.number, compute.name)
  local home = directory .. "/home"
  return setmetatable({
    directory = directory, home = home, etc = directory .. "/etc", logs = directory .. "/logs",
    jobs = directory .. "/jobs", code = home .. "/cloudfiles/code",
    run = ("%s/%d"):format(host.run, compute.number), path = home .. "/.local/bin:" .. PATH,
    share = host:share(compute.workspace), base_url = host:path(compute) .. "/",
    user = user, is_root = id == 0, shell = shell, name = compute.name,
  }, Place)
end

-- The file share of the workspace is the same on all its instances.
local function make_directories(place)
  for _, path in ipairs {
    place.etc, place.logs, place.jobs, place.run, place.home .. "/cloudfiles",
    place.share .. "/Users/" .. place.user, place.share .. "/Logs",
  } do
    assert(core.make_private(path))
  end
  if not io.open(place.code) then core.link(place.share, place.code) end
end

-- Servers -----------------------------------------------------------------------------------------

local changed

local starts = { ssh = openssh.start, jupyter = jupyter.start }

local function start_server(self, name)
  local ok, started = pcall(starts[name], self.compute, self.place, function(server)
    changed(self, name, server)
  end)
  if ok then
    self.servers[name] = started
  else
    self.failure = tostring(started)
    self:turn_off()
  end
end

local function all_ready(self)
  for _, server in pairs(self.servers) do
    if not server.is_ready then return false end
  end
  return next(self.servers) ~= nil
end

local function settle(self)
  if self.state == "starting" and all_ready(self) then self.state = "on"
  elseif self.state == "stopping" and not next(self.servers) and not next(self.errands) then
    self.state = "off"
  else
    return
  end
  self.host:changed(self)
end

local function start_again(self, name)
  self.timers[name] = task.at(PAUSE, function()
    self.timers[name] = nil
    start_server(self, name)
  end)
end

-- Follow a server that is ready or has ended.
function changed(self, name, server)
  if server.is_gone then
    self.servers[name] = nil
    self.host:cut(server.socket)
    if self.state == "starting" and server.address_was_taken and self.attempts < ATTEMPTS then
      self.attempts = self.attempts + 1
      self.host:reseat(self.compute)
      start_server(self, name)
    elseif self.state == "starting" and name == "ssh" and self.compute.public_ip == false then
      -- Port 22 of a private address is for root. The instance runs without SSH.
      self.host.log("azureml: %s has no SSH server: %s", self.compute.name, server.failure)
    elseif self.state == "starting" then
      self.failure = server.failure or name .. ": it has ended"
      self:turn_off()
    elseif self.state == "on" then
      start_again(self, name)
    end
  end
  settle(self)
end

-- Public ------------------------------------------------------------------------------------------

--- Make the computer of an instance, turned off.
---@param host table
---@param compute table
---@return azureml.emulator.Computer
function computer.new(host, compute)
  return setmetatable({
    host = host, compute = compute, place = place_of(host, compute), state = "off",
    servers = {}, errands = {}, timers = {}, attempts = 0,
  }, Computer)
end

--- Turn the computer on. The host is told when its servers are ready, or when that has failed.
function Computer:turn_on()
  if self.state ~= "off" then return end
  self.state, self.failure, self.attempts = "starting", nil, 0
  make_directories(self.place)
  start_server(self, "jupyter")
  if self.state == "starting" and openssh.serves(self.compute) then start_server(self, "ssh") end
end

--- Turn the computer off. The host is told when nothing runs on it any more.
function Computer:turn_off()
  if self.state == "off" or self.state == "stopping" then return end
  self.state = "stopping"
  for _, timer in pairs(self.timers) do task.cancel(timer) end
  self.timers = {}
  for _, server in pairs(self.servers) do server:stop() end
  for _, errand in pairs(self.errands) do errand:stop() end
  settle(self)
end

--- Keep a program that runs on the computer: it is stopped when the computer is turned off.
---@param key any
---@param running table?      nil: it has ended
function Computer:keep(key, running)
  self.errands[key] = running
  settle(self)
end

--- Kill all that runs on the computer, without a wait.
function Computer:kill()
  for _, server in pairs(self.servers) do server.process:kill() end
  for _, errand in pairs(self.errands) do errand:kill() end
end

--- Kill all that runs on the computer, and wait for that a moment.
function Computer:close()
  for _, timer in pairs(self.timers) do task.cancel(timer) end
  for _, server in pairs(self.servers) do server:close() end
  for _, errand in pairs(self.errands) do errand:close() end
  self.servers, self.errands, self.timers, self.state = {}, {}, {}, "off"
end

--- Remove the computer's directory. It is turned off.
---@return boolean? ok, string? reason
function Computer:remove()
  core.remove_tree(self.place.run)
  return core.remove_tree(self.place.directory)
end

return computer
