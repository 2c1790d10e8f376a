--- Estimate how long a shell script or a command takes, what it writes and how it ends. The
--- emulator runs nothing: it adds up the `sleep` commands, looks for `exit` and `false`, and takes
--- the texts of `echo`. A test can thus write a script that takes ten minutes, or fails.
local script = {}

local UNITS = { s = 1, m = 60, h = 3600, d = 86400 }

-- Return the commands of a script, without comments.
local function commands_of(text)
  local list = {}
  for line in text:gmatch "[^\r\n]+" do
    local separated = line:gsub("^%s*#.*$", ""):gsub("&&", ";"):gsub("||", ";")
    for command in separated:gmatch "[^;]+" do
      list[#list + 1] = command:match "^%s*(.-)%s*$"
    end
  end
  return list
end

-- Return the seconds that a command sleeps.
local function slept_by(command)
  local number, unit = command:match "^sleep%s+(%d+%.?%d*)([smhd]?)$"
  return number and tonumber(number) * UNITS[unit == "" and "s" or unit] or 0
end

-- Return the exit code with which a command ends the script; nil: the script goes on.
local function exit_of(command)
  local exit = command:match "^exit%s+(%d+)$"
    or command == "exit" and "0"
    or command == "false" and "1"
  return exit and (math.tointeger(tonumber(exit)) or 1)
end

--- Return how long a script takes and its exit code. Recognize `sleep 90`, `sleep 5m`, `exit 3` and
--- `false`; ignore commands after an exit.
---@param text string
---@return number seconds, integer code
function script.outcome(text)
  local seconds = 0
  for _, command in ipairs(commands_of(text)) do
    seconds = seconds + slept_by(command)
    local code = exit_of(command)
    if code then return seconds, code end
  end
  return seconds, 0
end

-- Return the text that an `echo` writes; nil for another command.
local function echoed(command)
  if command == "echo" then return "" end
  local text = command:match "^echo%s+(.*)$"
  if not text or text:find "[$`|<>&\\*?]" then return nil end
  return (text:gsub("^([\"'])(.*)%1$", "%2"))
end

--- Return what a script has written after some seconds: the texts of its `echo` commands. Text that
--- a shell would expand, and output that goes elsewhere, is left out.
---@param text string
---@param seconds number
---@return string
function script.output(text, seconds)
  local lines, slept = {}, 0
  for _, command in ipairs(commands_of(text)) do
    slept = slept + slept_by(command)
    if slept > seconds or exit_of(command) then break end
    local line = echoed(command)
    if line then lines[#lines + 1] = line .. "\n" end
  end
  return table.concat(lines)
end

return script
