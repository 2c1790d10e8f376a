--- Estimate how long a shell script or a command takes and how it ends. The emulator runs nothing:
--- it adds up the `sleep` commands and looks for `exit` and `false`. A test can thus write a script
--- that takes ten minutes, or fails.
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

--- Return how long a script takes and its exit code. Recognize `sleep 90`, `sleep 5m`, `exit 3` and
--- `false`; ignore commands after an exit.
---@param text string
---@return number seconds, integer code
function script.outcome(text)
  local seconds, code = 0, 0
  for _, command in ipairs(commands_of(text)) do
    local number, unit = command:match "^sleep%s+(%d+%.?%d*)([smhd]?)$"
    if number then seconds = seconds + tonumber(number) * UNITS[unit == "" and "s" or unit] end
    local exit = command:match "^exit%s+(%d+)$"
      or command == "exit" and "0"
      or command == "false" and "1"
    if exit then
      code = math.tointeger(tonumber(exit)) or 1
      break
    end
  end
  return seconds, code
end

return script
