--- Parse the executable's own arguments, those before the command or script, and make the text of
--- --help. Commands parse their own arguments: see azureml.cli.
local tables = require "azureml.tool.tables"

local arguments = {}

local USAGE = "usage: azureml [options] [command or script [arguments]]"

--- The hint of a usage error.
arguments.hint = "'azureml --help' lists options and commands"

local SUMMARY = "Run a command or a Lua 5.4 script. Without either, start a prompt. "
  .. "If a script has the name of a command, write ./NAME to run the script."

local OPTIONS = {
  { "--emulator", "use the built-in emulator instead of Azure" },
  { "--speed N", "run the emulator's clock N times as fast; N is a number above 0 (default: 60)" },
  { "--trace[=FILE]", "write a JSON line for each request to FILE (default: standard error)" },
  { "--record FILE", "write requests and replies to FILE, without secrets; 'azureml emulator "
    .. "--replay FILE' serves them" },
  { "--prometheus FILE", "write metrics of the run to FILE at its end, for node_exporter" },
  { "--summary FILE", "write a summary of the run to FILE at its end, as JSON" },
  { "-e TEXT", "run TEXT as Lua code" },
  { "-l MODULE", "load MODULE into a global variable of the same name" },
  { "-l NAME=MODULE", "load MODULE into the global variable NAME" },
  { "-i", "start the prompt after the command, script or -e" },
  { "-E", "ignore LUA_INIT, LUA_PATH and LUA_CPATH" },
  { "-W", "turn warnings on" },
  { "-v", "print Lua's version" },
  { "--version", "print the versions of azureml and of the libraries that it runs on" },
  { "-h, --help", "show this help" },
  { "--", "end the options" },
  { "-", "end the options and read the script from standard input" },
}

local TOPICS = "'azureml help TOPIC' tells about names, output, query, environment, files, "
  .. "examples, errors and exit-codes; 'azureml help CODE' explains an error. Exit codes in short: "
  .. "0 is success, 1 failure, 2 wrong usage, 3 not found, 4 sign-in needed, 5 timed out, 130 and "
  .. "143 interrupted (SIGINT, SIGTERM)."

---@class azureml.Arguments
---@field steps { option: string, value: string }[]   -e, -l and -W, in order
---@field first integer?       the index of the command or script
---@field ended boolean?       true when `--` ended the options
---@field e boolean?           true when -e was given; the same for i, v, E, emulator, help, version
---@field speed number         of the emulator's clock
---@field trace string?        the trace's file; "-" is standard error
---@field record string?       the recording's file
---@field prometheus string?   the file of the metrics
---@field summary string?      the file of the summary

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

-- Return a function that sets a file. A second one would take the place of the first.
local function set_file(name)
  return function(options, value)
    if options[name] then return ("'--%s' is given twice"):format(name) end
    options[name] = value
  end
end

-- Return a function that sets the file of a report, which is replaced as a whole.
local function set_report(name)
  local set = set_file(name)
  return function(options, value)
    if value == "-" or value == "" then
      return ("'--%s' needs the name of a file, not '%s'"):format(name, value)
    end
    return set(options, value)
  end
end

local flags = {
  ["-E"] = flag "E", ["-i"] = flag "i", ["-v"] = flag "v", ["-W"] = step "W",
  ["-h"] = flag "help", ["--help"] = flag "help", ["--emulator"] = flag "emulator",
  ["--version"] = flag "version",
}

-- Options with an optional value. The value stands in the same word: --trace=FILE.
local optional = {
  ["--trace"] = function(options, value) options.trace = value or "-" end,
}

local valued = {
  ["-e"] = step "e", ["-l"] = step "l", ["--speed"] = set_speed,
  ["--record"] = set_file "record",
  ["--prometheus"] = set_report "prometheus", ["--summary"] = set_report "summary",
}

-- Split a word such as -eTEXT or --speed=N into the option's name and its value.
local function split(word)
  local name, value = word:match "^(%-%-[^=]+)=(.*)$"
  if not name and not word:find "^%-%-" then name, value = word:match "^(%-.)(.+)$" end
  if name and (valued[name] or optional[name]) then return name, value end
  return word, nil
end

-- Return the message about a word that is not an option.
local function unrecognized(word)
  local names = {}
  for _, known in ipairs { flags, optional, valued } do tables.append(names, tables.keys(known)) end
  local near = require("azureml.cli.suggest").text(word, names)
  return ("unrecognized option '%s'%s"):format(word, near)
end

-- Read one option. Return the index of the next word, and a message when the option is wrong.
local function read_option(options, argv, index)
  local name, value = split(argv[index])
  if flags[name] then
    flags[name](options)
    return index + 1
  end
  if optional[name] then
    optional[name](options, value)
    return index + 1
  end
  if not valued[name] then return index + 1, unrecognized(argv[index]) end
  if not value then
    index = index + 1
    value = argv[index]
    if not value or value:sub(1, 1) == "-" then
      return index, ("'%s' needs an argument"):format(name)
    end
  end
  return index + 1, valued[name](options, value)
end

-- Return a message when options do not go together. Drop both reports if they name the same file.
local function misfit(options)
  if options.speed_given and not options.emulator then
    return "'--speed' sets the emulator's clock: it needs '--emulator'"
  end
  if options.summary and options.summary == options.prometheus then
    options.summary, options.prometheus = nil, nil
    return "'--prometheus' and '--summary' need different files"
  end
end

--- Read the options.
---@param argv string[]
---@return azureml.Arguments?     nil when an option is wrong
---@return string? message        what is wrong first
---@return azureml.Arguments?     the other options, when one is wrong
function arguments.parse(argv)
  local options, index, message = { steps = {}, speed = 60 }, 1, nil
  while argv[index] and argv[index]:find "^%-." do
    if argv[index] == "--" then
      options.ended = true
      index = index + 1
      break
    end
    local next_index, fault = read_option(options, argv, index)
    index, message = next_index, message or fault
  end
  message = misfit(options) or message
  if message then return nil, message, options end
  options.first = argv[index] and index
  return options
end

--- Tell whether a word is an option of the executable, which stands before the command.
---@param name string
---@return boolean
function arguments.knows(name)
  return flags[name] ~= nil or optional[name] ~= nil or valued[name] ~= nil
end

local function command_rows(commands)
  local rows = {}
  for i, name in ipairs(tables.keys(commands)) do
    rows[i] = { name, commands[name].summary or "" }
  end
  return rows
end

local function usual_variables()
  local rows = {}
  for _, row in ipairs(require("azureml.guide.surroundings").environment) do
    if row.is_usual then rows[#rows + 1] = row end
  end
  return rows
end

--- Return the text that --help prints.
---@param commands table<string, { summary: string }>      by name
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
    "Environment:\n" .. help.list(usual_variables(), width),
    paragraph(TOPICS),
  }
  if #rows > 0 then
    local title = "Commands (for more, run 'azureml COMMAND --help'):\n"
    parts[#parts + 1] = title .. help.list(rows, width)
  end
  return table.concat(parts, "\n\n")
end

return arguments
