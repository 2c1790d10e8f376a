--- Write a timer and a service for systemd.
local errors = require "azureml.error"
local reports = require "azureml.engine.reports"
local times = require "azureml.engine.times"

local systemd = {}

local USUAL_PROGRAM = "/usr/local/bin/azureml"

-- Write a word of a command line or of Environment=: systemd expands % and $ in it.
local function quoted(word)
  if word:find "[%c]" then
    errors.raise { code = "Usage",
      message = ("systemd takes no control characters: %q"):format(word) }
  end
  return '"' .. word:gsub('[\\"]', "\\%0"):gsub("%%", "%%%%") .. '"'
end

local function command_line(job)
  local words = { quoted(job.program or USUAL_PROGRAM) }
  local function add(word) words[#words + 1] = quoted((word:gsub("%$", "$$"))) end
  for _, word in ipairs(reports.words(job)) do add(word) end
  if job.script then words[#words + 1] = quoted("/etc/azureml/" .. job.script.name) end
  for _, word in ipairs(job.arguments) do add(word) end
  return table.concat(words, " ")
end

local SERVICE = [[
# @INSTALLATION@
[Unit]
Description=azureml: @NAME@
Wants=network-online.target
After=network-online.target

[Service]
Type=oneshot
ExecStart=@COMMAND@
@ENVIRONMENT@
# Secrets stand in this file, which only root may read: AZURE_CLIENT_SECRET=...
EnvironmentFile=-/etc/azureml/@NAME@.env
TimeoutStartSec=@TIMEOUT@
DynamicUser=yes
@FOLDERS@StateDirectory=@NAME@
CacheDirectory=@NAME@
CapabilityBoundingSet=
LockPersonality=yes
MemoryDenyWriteExecute=yes
NoNewPrivileges=yes
PrivateDevices=yes
ProtectClock=yes
ProtectControlGroups=yes
ProtectHome=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectProc=invisible
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
RestrictNamespaces=yes
RestrictRealtime=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
UMask=0077
]]

local TIMER = [[
[Unit]
Description=azureml: @NAME@

[Timer]
OnCalendar=@CALENDAR@
Persistent=yes

[Install]
WantedBy=timers.target
]]

-- Say how the files are put in place.
local function installation(job)
  local script = job.script and ("copy %s to /etc/azureml; "):format(job.script.name) or ""
  return ("To install: %scopy NAME.service and NAME.timer to /etc/systemd/system;\n"
    .. "# then: systemctl enable --now NAME.timer"):format(script):gsub("NAME", job.name)
end

local function environment(job)
  local lines = {
    "Environment=" .. quoted("XDG_STATE_HOME=/var/lib/" .. job.name),
    "Environment=" .. quoted("XDG_CACHE_HOME=/var/cache/" .. job.name),
  }
  local function add(name, value)
    if value then lines[#lines + 1] = "Environment=" .. quoted(name .. "=" .. value) end
  end
  for _, variable in ipairs(job.environment) do add(variable.name, variable.value) end
  add("AZURE_TENANT_ID", job.tenant_id)
  add("AZURE_CLIENT_ID", job.client_id)
  return table.concat(lines, "\n")
end

-- Let the service write into the folders of its reports.
local function folders(job)
  local lines = reports.folders(job)
  if #lines == 0 then return "" end
  for i, folder in ipairs(lines) do lines[i] = "ReadWritePaths=" .. quoted(folder) .. "\n" end
  return "# Any user must be able to write there: chmod 1777.\n" .. table.concat(lines)
end

--- Write a job for systemd: a service and a timer, and the script if there is one.
---@param job azureml.engine.Job
---@return azureml.engine.File[]
function systemd.files(job)
  local parts = {
    INSTALLATION = installation(job), NAME = job.name, COMMAND = command_line(job),
    ENVIRONMENT = environment(job), TIMEOUT = job.timeout, CALENDAR = times.calendar(job.times),
    FOLDERS = folders(job),
  }
  return {
    { name = job.name .. ".service", text = (SERVICE:gsub("@(%u+)@", parts)) },
    { name = job.name .. ".timer", text = (TIMER:gsub("@(%u+)@", parts)) },
    job.script,
  }
end

return systemd
