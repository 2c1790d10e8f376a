--- Print logs for commands: whole, their last lines, or as they grow.
local command = require "azureml.cli.command"
local core = require "azureml.core"
local errors = require "azureml.error"
local later = require "azureml.tool.later"
local log = require "azureml.look.log"
local screen = require "azureml.console.screen"
local suggest = later "azureml.cli.suggest"

local log_output = {}

local STANDARD_OUTPUT = 1
local LONGEST = 32      -- bytes of a character or a colour that are held back until it is whole

-- Options -----------------------------------------------------------------------------------------

local function line_count(text)
  local number = math.tointeger(tonumber(text))
  if number and number >= 0 then return number end
  return nil, ("'%s' is not a number of lines, 0 or more"):format(text)
end

local function check(args)
  if args.list and (args.follow or args.tail or args.file) then
    command.misused "--list goes with neither a file, --follow nor --tail"
  end
  if not args.list and (args.output or args.columns or args.query or args.sort) then
    command.misused "-o, --columns, --query and --sort go with --list"
  end
  if args.timeout and not args.follow then command.misused "--timeout goes with --follow" end
end

--- Add the options that say what of the logs is printed: a file, --follow, --tail, --list.
---@param parser table
---@param default string      what is printed without a file
function log_output.options(parser, default)
  parser:argument("file", ("the log's name (default: %s)"):format(default)):args "?":argname "FILE"
  parser:flag("-f --follow", "go on with what is written to it")
  parser:option("--tail", "begin with the last N lines"):argname "N":convert(line_count)
  parser:option("--timeout", "stop following after SECONDS"):argname "SECONDS"
    :convert(command.seconds)
  parser:flag("--list", "list the logs, and print none")
  command.check(parser, check)      -- before the output has its default
  command.output_option(parser)
end

-- Text --------------------------------------------------------------------------------------------

local KEPT = { ["\n"] = true, ["\t"] = true, ["\r"] = true }

local function replace(char)
  return KEPT[char] and char or "\u{FFFD}"
end

-- Make text safe for a terminal. Colours stay; nothing else moves the cursor or changes the screen.
local function safe(text)
  local parts, position = {}, 1
  while true do
    local first, last = text:find("\27%[[%d;]*m", position)
    parts[#parts + 1] = screen.replace_unsafe(text:sub(position, (first or 0) - 1), replace)
    if not first then return table.concat(parts) end
    parts[#parts + 1] = text:sub(first, last)
    position = last + 1
  end
end

local function write(text)
  local is_written, reason = io.stdout:write(text)
  if is_written then is_written, reason = io.stdout:flush() end
  if is_written then return end
  errors.raise { code = "OutputFailed",
    message = "standard output cannot be written: " .. tostring(reason) }
end

-- Return how many bytes of a text end in the middle of a character or of a colour.
local function unfinished(text)
  local escape = text:match "\27%[?[%d;]*$"
  if escape then return #escape end
  local character = text:match "[\xC2-\xF4][\x80-\xBF]*$" or ""
  return utf8.len(character) and 0 or #character
end

-- Return a function that prints pieces of text on a terminal, and one that ends the last line and
-- the colours. What is unfinished at the end of a piece is held back until the next one.
local function terminal_writer()
  local rest, is_line_open, is_coloured = "", false, false
  return function(text)
    text = rest .. text
    local held = unfinished(text)
    if held > LONGEST then held = 0 end
    rest = text:sub(#text - held + 1)
    text = text:sub(1, #text - held)
    if text == "" then return end
    local colour = text:match ".*\27%[([%d;]*)m"      -- the last one
    if colour then is_coloured = not colour:find "^0?$" end
    is_line_open = text:sub(-1) ~= "\n"
    write(safe(text))
  end, function()
    if rest ~= "" or is_line_open then write(safe(rest) .. "\27[0m\n")
    elseif is_coloured then write "\27[0m"
    end
  end
end

-- Elsewhere a log is printed byte by byte.
local function writer()
  if core.terminal_width(STANDARD_OUTPUT) then return terminal_writer() end
  return write, function() end
end

-- Return a variable to be closed that calls a function, also when an error or the user ends what
-- goes on: that error is the one to see.
local function at_end(finish)
  return setmetatable({}, { __close = function(_, err)
    if err == nil then finish() else pcall(finish) end
  end })
end

-- Logs --------------------------------------------------------------------------------------------

local function named(all, name)
  local names = {}
  for i, item in ipairs(all) do
    if item.name == name then return item end
    names[i] = item.name
  end
  errors.raise { code = "NoLogs",
    message = suggest.unknown("there is no log", name, names):gsub("[^\x20-\x7e]", "?") }
end

local COLUMNS = {
  { title = "Name", key = "name" }, { title = "Size", key = "size" },
  { title = "Modified", key = "modified" },
}

--- Print a list of logs.
---@param args table
---@param all azureml.Log[]
function log_output.list(args, all)
  command.print_list(args, all, COLUMNS, log.summary, { name = true, path = true, size = true,
    modified = true })
end

--- Choose the logs to print: the one that the user names, or else those of the command.
---@param args table
---@param all azureml.Log[]
---@param chosen azureml.Log[]
---@return azureml.Log[]
---@raise an error object `NoLogs` for a name that there is not
function log_output.choose(args, all, chosen)
  return args.file and { named(all, args.file) } or chosen
end

--- Print logs. With --follow the last of them is followed.
---@param args table
---@param chosen azureml.Log[]
function log_output.print(args, chosen)
  for i, item in ipairs(chosen) do
    if #chosen > 1 then
      write(("%s==> %s <==\n"):format(i > 1 and "\n" or "", screen.one_line(item.name)))
    end
    local put, finish = writer()
    local _ <close> = at_end(finish)
    local settings = { tail = args.tail }
    if args.follow and i == #chosen then
      settings.timeout = args.timeout
      item:follow(put, settings)
    else
      item:each(put, settings)
    end
  end
end

return log_output
