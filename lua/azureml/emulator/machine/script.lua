--- What becomes of a shell script or a command. The emulator runs nothing: it adds up what is slept, and looks how it says it ends. Good
--- enough for one who wants something that takes ten minutes, or fails.
local script = {}

local UNITS = { s = 1, m = 60, h = 3600, d = 86400 }

-- The commands of a text, comments aside.
local function commands_of(text)
  local list = {}
  for line in text:gmatch "[^\r\n]+" do
    for command in (line:gsub("^%s*#.*$", ""):gsub("&&", ";"):gsub("||", ";")):gmatch "[^;]+" do
      list[#list + 1] = command:match "^%s*(.-)%s*$"
    end
  end
  return list
end

--- How long it takes and how it ends: `sleep 90`, `sleep 5m`, `exit 3`, `false`; what comes after an exit is not reached.
---@param text string
---@return number seconds, integer code
function script.outcome(text)
  local seconds, code = 0, 0
  for _, command in ipairs(commands_of(text)) do
    local number, unit = command:match "^sleep%s+(%d+%.?%d*)([smhd]?)$"
    if number then seconds = seconds + tonumber(number) * UNITS[unit == "" and "s" or unit] end
    local exit = command:match "^exit%s+(%d+)$" or command == "exit" and "0" or command == "false" and "1"
    if exit then
      code = math.tointeger(tonumber(exit)) or 1
      break
    end
  end
  return seconds, code
end

return script
