--- The executable's own arguments, up to the command or script: which there are, what they mean, and
--- the text of --help.
local tables = require "azureml.tables"

local arguments = {}

local USAGE = "usage: azureml [options] [command or script [arguments]]"

arguments.usage = USAGE .. "\n'azureml --help' lists options and commands."

local SUMMARY = "Runs a command, or a Lua 5.4 script as lua5.4 does; without either, it is a "
  .. "prompt. Write ./NAME for a script that is called like a command."

local OPTIONS = {
  { "--emulator", "work with the emulator built in, not with Azure" },
  { "--speed N", "the emulator's clock runs N times as fast, a number above 0 (default: 60)" },
  { "--trace[=FILE]", "write a JSON line for each request, to standard error or to FILE" },
  { "-e TEXT", "run TEXT" },
  { "-l MODULE", "require MODULE into a global of its name" },
  { "-l NAME=MODULE", "require MODULE into the global NAME" },
  { "-i", "go on with the prompt" },
  { "-E", "ignore LUA_INIT, LUA_PATH and LUA_CPATH" },
  { "-W", "turn warnings on" },
  { "-v", "print Lua's version" },
  { "--version", "print azureml's version" },
  { "--help", "print this text" },
  { "--", "end the options" },
  { "-", "end the options; the script is standard input" },
}

local ENVIRONMENT = {
  { "LUA_INIT_5_4, LUA_INIT", "what runs before all else: a text, or @ and the name of a file; "
    .. "the first of the two that is set" },
  { "AZUREML_ARM_SUBSCRIPTION", "the workspace's subscription" },
  { "AZUREML_ARM_RESOURCEGROUP", "the workspace's resource group" },
  { "AZUREML_ARM_WORKSPACE_NAME", "the workspace" },
  { "AZURE_TENANT_ID", "the tenant of the application that signs in; without an application, "
    .. "the Azure CLI's login is used" },
  { "AZURE_CLIENT_ID", "that application" },
  { "AZURE_CLIENT_SECRET", "its secret" },
  { "AZUREML_EMULATOR", "the URL of an emulator to work with, not with Azure" },
  { "AZUREML_TRACE", "where to trace to, as --trace=FILE; - is standard error" },
}

local EXIT_CODES = "Exit codes: 0 done, 1 an error, 2 wrong usage, "
  .. "130 and 143 interrupted (SIGINT, SIGTERM)."

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
  if options.speed_given and not options.emulator then
    return nil, "'--speed' is the emulator's: it needs '--emulator'"
  end
  options.first = argv[i] and i
  return options
end

local function command_rows(commands)
  local rows = {}
  for i, name in ipairs(tables.keys(commands)) do rows[i] = { name, commands[name].summary or "" } end
  return rows
end

--- What --help prints.
---@param commands table<string, { summary: string }>
---@param width integer     columns
---@return string
function arguments.help(commands, width)
  local help = require "azureml.console.help"
  local function paragraph(text) return table.concat(help.wrap(text, width), "\n") end
  local rows = command_rows(commands)
  local parts = {
    USAGE,
    paragraph(SUMMARY),
    "Options:\n" .. help.list(OPTIONS, width),
    "Environment:\n" .. help.list(ENVIRONMENT, width),
    paragraph(EXIT_CODES),
  }
  if #rows > 0 then
    local title = "Commands ('azureml COMMAND --help' tells more):\n"
    parts[#parts + 1] = title .. help.list(rows, width)
  end
  return table.concat(parts, "\n\n")
end

return arguments
