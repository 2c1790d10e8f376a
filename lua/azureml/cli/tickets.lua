--- Read tickets that a command with --no-wait has printed, from a file or standard input. A ticket
--- is private, so it does not stand among the arguments of a command.
local command = require "azureml.cli.command"
local json = require "azureml.json"

local tickets = {}

--- Add the option --ticket to a parser.
function tickets.option(parser)
  parser:option("--ticket", "go on with the operation of a ticket, which --no-wait -o json printed "
    .. "into FILE; - is standard input"):argname "FILE"
end

local function read(path)
  if path == "-" then return io.read "a" end
  local file, message = io.open(path)
  if not file then command.misused("--ticket: %s", message) end
  local opened <close> = file
  return opened:read "a"
end

local function add(list, value)
  if type(value) ~= "table" then return end
  if value.azureml_ticket then list[#list + 1] = json.encode(value) end
  if type(value.ticket) == "string" then list[#list + 1] = value.ticket end
  for _, item in ipairs(value) do add(list, item) end
end

--- Read the tickets of a file: tickets alone, or the JSON of a command's results.
---@param path string        "-": standard input
---@return string[]
---@raise an error object `Usage` when the file has no ticket
function tickets.read(path)
  local text, list = read(path), {}
  local whole = json.decode_exact(text)
  if whole then add(list, whole) end
  if not whole then
    for line in text:gmatch "[^\n]+" do add(list, json.decode_exact(line)) end
  end
  if #list == 0 then command.misused("--ticket: there is no ticket in %s", path) end
  return list
end

return tickets
