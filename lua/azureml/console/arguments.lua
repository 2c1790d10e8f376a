--- The executable's own arguments, up to the command or script: which there are, what they mean, and how that is told.
local tables = require "azureml.tables"

local arguments = {}

local USAGE = "usage: azureml [options] [command or script [arguments]]"

arguments.usage = USAGE .. "\n'azureml --help' lists options and commands."

local HELP = USAGE .. [[


Runs a command, or a Lua 5.4 script as lua5.4 does; without either, it is a prompt.
Write ./NAME for a script that is called like a command.

Options:
  --emulator      work with the emulator built in, not with Azure
  --speed N       its clock runs N times as fast (60)
  --trace[=FILE]  a JSON line for each request, on standard error or to FILE
  -e TEXT         run TEXT
  -l MODULE       require MODULE into a global of its name
  -l NAME=MODULE  require MODULE into global NAME
  -i              go on with the prompt
  -E              ignore LUA_INIT, LUA_PATH and LUA_CPATH
  -W              turn warnings on
  -v              tell Lua's version
  --version       tell azureml's version
  --help          this text
  --              end of the options
  -               end of the options; the script is standard input

Environment:
  LUA_INIT_5_4, else LUA_INIT: run before all else: a text, or @ and the name of a file
  AZUREML_ARM_SUBSCRIPTION, AZUREML_ARM_RESOURCEGROUP, AZUREML_ARM_WORKSPACE_NAME: the workspace
  AZURE_TENANT_ID, AZURE_CLIENT_ID, AZURE_CLIENT_SECRET: the application that asks; else the Azure CLI's login
  AZUREML_EMULATOR: the URL of an emulator to work with, not with Azure
  AZUREML_TRACE: where to trace to, as --trace=FILE; - is standard error

Exit codes: 0 done, 1 an error, 2 wrong usage, 130 and 143 interrupted (SIGINT, SIGTERM).
]]

---@class azureml.Arguments
---@field steps { option: string, value: string }[]   -e, -l and -W, in order
---@field first integer?       the index of the command or script
---@field ended boolean?       there was a `--` before it
---@field e boolean?           and i, v, E, emulator, help, version: the option was given
---@field speed number
---@field trace string?        where to; "-": standard error

local function flag(name)
  return function(options) options[name] = true end
end

local function step(name)
  return function(options, value)
    options[name] = true
    table.insert(options.steps, { option = name, value = value })
  end
end

local function set_speed(options, value)
  local speed = tonumber(value)
  if not speed or not (speed > 0 and speed < math.huge) then
    return ("'--speed' needs a number above 0, such as 60, not '%s'"):format(value)
  end
  options.speed, options.speed_given = speed, true
end

local flags = {
  ["-E"] = flag "E", ["-i"] = flag "i", ["-v"] = flag "v", ["-W"] = step "W",
  ["--emulator"] = flag "emulator", ["--help"] = flag "help", ["--version"] = flag "version",
}

-- With or without a value, which then stands in the same word.
local optional = {
  ["--trace"] = function(options, value) options.trace = value or "-" end,
}

local valued = { ["-e"] = step "e", ["-l"] = step "l", ["--speed"] = set_speed }

-- -eTEXT and --speed=N: a value in the same word.
local function split(word)
  local name, value = word:match "^(%-%-[^=]+)=(.*)$"
  if not name and not word:find "^%-%-" then name, value = word:match "^(%-.)(.+)$" end
  if name and (valued[name] or optional[name]) then return name, value end
  return word, nil
end

-- One option; gives the index after it, or nil and what is wrong.
local function read_option(options, argv, i)
  local name, value = split(argv[i])
  if flags[name] then
    flags[name](options)
    return i + 1
  end
  if optional[name] then
    optional[name](options, value)
    return i + 1
  end
  if not valued[name] then return nil, ("unrecognized option '%s'"):format(argv[i]) end
  if not value then
    i = i + 1
    value = argv[i]
    if not value or value:sub(1, 1) == "-" then return nil, ("'%s' needs argument"):format(name) end
  end
  local wrong = valued[name](options, value)
  if wrong then return nil, wrong end
  return i + 1
end

--- Read the options.
---@param argv string[]
---@return azureml.Arguments?     nil when they are wrong
---@return string? message        what is wrong
function arguments.parse(argv)
  local options, i = { steps = {}, speed = 60 }, 1
  while argv[i] and argv[i]:find "^%-." do
    if argv[i] == "--" then
      options.ended = true
      i = i + 1
      break
    end
    local after, wrong = read_option(options, argv, i)
    if not after then return nil, wrong end
    i = after
  end
  if options.speed_given and not options.emulator then return nil, "'--speed' is the emulator's: it needs '--emulator'" end
  options.first = argv[i] and i
  return options
end

--- What --help prints.
---@param commands table<string, { summary: string }>
---@return string
function arguments.help(commands)
  local lines, names, width = {}, tables.keys(commands), 0
  for _, name in ipairs(names) do width = math.max(width, #name) end
  for i, name in ipairs(names) do
    lines[i] = ("  %s%s  %s"):format(name, (" "):rep(width - #name), commands[name].summary or "")
  end
  if #lines == 0 then return HELP end
  return HELP .. "\nCommands ('azureml COMMAND --help' tells more):\n" .. table.concat(lines, "\n")
end

return arguments
