--- Tell why ssh or scp failed, from what it printed.
local errors = require "azureml.error"
local target = require "azureml.ssh.target"

local failure = {}

--- The exit code of ssh for its own failures.
failure.CODE = 255

local NETWORK = { "Connection refused", "Connection timed out", "timed out", "No route to host",
  "Network is unreachable", "Could not resolve", "Connection reset", "Connection closed",
  "kex_exchange_identification", "closed by remote host", "Broken pipe", "not responding",
  "Connection to .* closed" }

-- Each row: the code, texts of ssh, and the hint. The first row that fits counts.
local ROWS = {
  { "PortTaken", { "bind .*: Address already in use", "bind .*: Permission denied",
      "cannot listen to port" },
    "choose another local port" },
  { "HostKeyChanged", { "REMOTE HOST IDENTIFICATION HAS CHANGED", "Host key verification failed" },
    "the instance has another host key than before. After a recreate azureml expects that; here it "
      .. "was not recreated, so another computer may answer: do not go on" },
  { "KeyUnprotected", { "UNPROTECTED PRIVATE KEY FILE", "bad permissions" },
    "only its owner may read a private key: run chmod 600 on it" },
  { "KeyRefused", { "Permission denied", "Too many authentication failures", "account is locked" },
    "the private key does not fit the instance, or has a passphrase that no agent has unlocked: "
      .. "name the right one with --key FILE" },
  { "Unreachable", NETWORK,
    "a firewall may keep this computer out: the instance's port must be open to it" },
}

-- Messages of ssh's own that say nothing about the cause.
local function is_noise(line)
  return line:find "^debug%d:" or line:find "^Warning: Permanently added" or line:find "^%s*$"
    or line:find "^Authenticated to" or line:find "^OpenSSH_" or line:find "^Transferred:"
    or line:find "^Bytes per second"
end

local function last_line(text)
  local last
  for line in text:gmatch "[^\r\n]+" do
    if not is_noise(line) then last = line end
  end
  return last
end

-- Return the row of what ssh printed, and the line that shows it.
local function row_of(text)
  for _, row in ipairs(ROWS) do
    for _, pattern in ipairs(row[2]) do
      for line in text:gmatch "[^\r\n]+" do
        if line:find(pattern) then return row, line end
      end
    end
  end
end

--- Tell whether text that a program printed is a message of ssh about a failure.
---@param text string
---@return boolean
function failure.is_own(text)
  return row_of(text) ~= nil
end

--- Make the error object of a failure.
---@param where azureml.ssh.Target
---@param what string          "connect to", "copy to or from"
---@param text string          what the program printed to standard error
---@return azureml.Error
function failure.of(where, what, text)
  local row, line = row_of(text)
  local hint = row and row[3]
  if row and row[1] == "Unreachable" then hint = target.network(where.vm) or hint end
  return errors.new {
    code = row and row[1] or "SshFailed",
    message = ("cannot %s '%s' (%s port %d): %s"):format(what, where.name, where.host, where.port,
      line and line:gsub("^[@%s]+", ""):gsub("[%s@]+$", "") or last_line(text)
        or "ssh gave no reason"),
    hint = hint,
  }
end

return failure
