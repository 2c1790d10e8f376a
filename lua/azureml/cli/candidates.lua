--- Find the candidates for the last word of a command line: commands, options, values, names.
local cache = require "azureml.cli.cache"
local errors = require "azureml.error"

local candidates = {}

-- The executable's own options that take a value: what it is.
local OWN_VALUED = {
  ["-e"] = "text", ["-l"] = "text", ["--speed"] = "text", ["--record"] = "file",
  ["--prometheus"] = "file", ["--summary"] = "file",
}
local OWN_OPTIONS = {
  ["--emulator"] = "use the built-in emulator", ["--speed"] = "the speed of the emulator's clock",
  ["--trace"] = "write a line for each request", ["--help"] = "show the help",
  ["--record"] = "write requests and replies", ["--version"] = "print the version",
  ["--prometheus"] = "write metrics of the run", ["--summary"] = "write a summary of the run",
}

local function add(list, word, text)
  list[#list + 1] = { word = word, text = text or "" }
end

-- Keep the candidates that begin with what was typed, in any case, sorted.
local function finish(list, prefix)
  local kept, wanted = {}, prefix:lower()
  for _, item in ipairs(list) do
    if item.word:sub(1, #wanted):lower() == wanted then kept[#kept + 1] = item end
  end
  table.sort(kept, function(a, b) return a.word < b.word end)
  return kept
end

-- Return the begin of a description, without what stands in parentheses.
local function first_line(text)
  local line = (text or ""):gsub("%s+", " "):gsub("%s?%b()", "")
  return line:match "^(.-)[;:.]" or line
end

-- Commands ----------------------------------------------------------------------------------------

local function of_commands(commands)
  local list = {}
  for name, command in pairs(commands) do add(list, name, command.summary) end
  return list
end

-- Return the index of the command's name among the words; nil when none was typed before the last
-- word.
local function index_of_command(words)
  local i = 1
  while i < #words do
    if words[i]:sub(1, 1) ~= "-" then return i end
    i = i + (OWN_VALUED[words[i]] and 2 or 1)
  end
end

local function of_first_word(word, commands)
  if word:sub(1, 1) ~= "-" then return of_commands(commands) end
  local list = {}
  for name, text in pairs(OWN_OPTIONS) do add(list, name, text) end
  return list
end

-- Options and values ------------------------------------------------------------------------------

local function find_option(parser, name)
  for _, option in ipairs(parser._options) do
    for _, alias in ipairs(option._public_aliases) do
      if alias == name then return option end
    end
  end
end

local function of_options(parser)
  local list = {}
  for _, option in ipairs(parser._options) do
    for _, alias in ipairs(option._public_aliases) do
      local is_hidden = option._hidden
      if not is_hidden and (alias:find "^%-%-" or #option._public_aliases == 1) then
        add(list, alias, first_line(option._description))
      end
    end
  end
  return list
end

-- Return the values of an option or argument, which says them in `azureml_values`: a list, or
-- "names" or "sizes", which come from the cache.
local function of_values(element)
  local values, list = element and element.azureml_values, {}
  if type(values) == "string" then values = cache.read(values) end
  for _, value in ipairs(values or {}) do add(list, value) end
  return list
end

-- Return the option whose value the last word is; nil for none.
local function open_option(parser, words)
  local option = find_option(parser, words[#words - 1] or "")
  return option and option._maxargs > 0 and option or nil
end

-- "--output=js" is completed as the value of --output.
local function split_equals(words)
  local option, value = words[#words]:match "^(%-%-[%w-]+)=(.*)$"
  if not option then return words, "" end
  local split = table.move(words, 1, #words - 1, 1, {})
  split[#split + 1], split[#split + 2] = option, value
  return split, option .. "="
end

local function with_prefix(list, prefix)
  for _, item in ipairs(list) do item.word = prefix .. item.word end
  return list
end

-- bash makes words of their own of "=".
local function without_equals(words)
  local kept = {}
  for i, word in ipairs(words) do
    if word ~= "=" or i == #words then kept[#kept + 1] = word end
  end
  if kept[#kept] == "=" then kept[#kept] = "" end
  return kept
end

local function of_command(cli, words)
  local call = cli.resolve(words)
  local subcommands = call.command.subcommands
  if subcommands then return finish(of_commands(subcommands), words[#words]) end
  local parser = cli.parser(call.name)
  local typed, prefix = split_equals(words)
  local last = typed[#typed]
  local option = open_option(parser, typed)
  if option then return with_prefix(finish(of_values(option), last), prefix) end
  if last:sub(1, 1) == "-" then return finish(of_options(parser), last) end
  return finish(of_values(parser._arguments[1]), last)
end

-- While a subcommand is typed, its group is to be completed.
local function without_last_word(cli, words)
  local row = cli.commands[words[1]]
  if not (row.is_group and #words == 2) then return nil end
  local group = require("azureml.cli." .. words[1]:gsub("-", "_"))
  return finish(of_commands(group.subcommands), words[2])
end

--- Return the candidates for the last word.
---@param words string[]      behind `azureml`; the last one, which may be empty, is completed
---@return { word: string, text: string }[]      sorted; empty: complete files
function candidates.of(words)
  local cli = require "azureml.cli"
  words = without_equals(words)
  if #words == 0 then words = { "" } end
  local index = index_of_command(words)
  if not index and OWN_VALUED[words[#words - 1]] == "file" then return {} end
  if not index then return finish(of_first_word(words[#words], cli.commands), words[#words]) end
  local rest = { table.unpack(words, index) }
  if not cli.commands[rest[1]] then return {} end
  local of_group = without_last_word(cli, rest)
  if of_group then return of_group end
  return errors.try(of_command, cli, rest) or {}
end

return candidates
