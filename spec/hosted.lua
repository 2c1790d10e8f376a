--- Open an emulator with real machines, for the specs of spec/machine: OpenSSH and Jupyter of this
--- computer serve the instances. Verbs take as long as the computer needs.
local azureml = require "azureml"
local process = require "spec.process"
local programs = require "azureml.tool.process"
local surroundings = require "spec.surroundings"

local hosted = {}

local Hosted = {}
Hosted.__index = Hosted

-- The emulator's own durations take no time worth mentioning.
hosted.SPEED = 1000000

--- Open an emulator and its workspace, with a home of their own and a key pair there.
---@param seed table?         of the emulator
---@param settings table?     more of emulator.start
function hosted.open(seed, settings)
  local self = setmetatable({ home = process.directory() }, Hosted)
  self.variables = surroundings {
    HOME = self.home, XDG_STATE_HOME = false, XDG_CACHE_HOME = false, SSH_AUTH_SOCK = false,
    AZUREML_EMULATOR = false,
  }
  assert(os.execute(("mkdir -m 700 '%s/.ssh' && ssh-keygen -q -t rsa -b 2048 -N '' "
    .. "-f '%s/.ssh/id_rsa'"):format(self.home, self.home)))
  self.public_key = self:read ".ssh/id_rsa.pub"
  local all = { machine = "local", speed = hosted.SPEED, seed = seed }
  for name, value in pairs(settings or {}) do all[name] = value end
  self.emulator = require("azureml.emulator").start(all)
  self.workspace = azureml.workspace()
  return self
end

--- Create an instance with SSH and wait until it runs.
function Hosted:create(name, settings)
  local all = { ssh_public_access = true, admin_user_ssh_public_key = self.public_key }
  for field, value in pairs(settings or {}) do all[field] = value end
  return self.workspace.instances:create(name, all):wait()
end

--- Read a file below the home directory.
function Hosted:read(name)
  local file <close> = assert(io.open(self.home .. "/" .. name))
  return file:read "a"
end

--- Run a program while the emulator serves; return its output, its errors and its exit code.
function Hosted:run(argv, input)
  local running <close> = programs.start {
    argv = argv, input = input,
    environment = {
      PATH = os.getenv "PATH", HOME = self.home, LANG = "C.UTF-8", TERM = "dumb",
      AZUREML_EMULATOR = self.emulator.url,
    },
  }
  assert(running:wait(60), "a program did not end: " .. argv[1])
  return running:text "output", running:text "errors", running.status
end

--- Run the executable against the emulator.
function Hosted:azureml(...)
  return self:run { process.executable_path, ... }
end

--- Send a request with curl; return the status and the answer with its head.
---@param url string
---@param token string?
---@param ... string      further words for curl
function Hosted:fetch(url, token, ...)
  local argv = { "curl", "-s", "-i", "-m", "20", ... }
  if token then table.move({ "-H", "Authorization: Bearer " .. token }, 1, 2, #argv + 1, argv) end
  argv[#argv + 1] = url
  local text = self:run(argv)
  return tonumber(text:match "^HTTP/1.1 (%d+)"), text
end

--- Return the processes whose command line has a text.
function hosted.processes(text)
  local list = {}
  for _, name in ipairs(require("azureml.core").entries "/proc") do
    local file = name:find "^%d+$" and io.open(("/proc/%s/cmdline"):format(name))
    local line = file and file:read "a" or ""
    if file then file:close() end
    if line:find(text, 1, true) then list[#list + 1] = line:gsub("%z", " ") end
  end
  return list
end

function Hosted:close()
  if self.workspace then self.workspace:close() end
  if self.emulator then self.emulator:close() end
  self.variables:close()
  process.remove(self.home)
end

Hosted.__close = Hosted.close

return hosted
