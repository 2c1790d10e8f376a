--- azureml help: print the help of a command, about a topic, or of an error's code.
local codes = require "azureml.guide.codes"
local command = require "azureml.cli.command"
local help = require "azureml.console.help"
local suggest = require "azureml.cli.suggest"
local tables = require "azureml.tool.tables"
local topics = require "azureml.console.topics"

local help_command = {}

local STANDARD_OUTPUT = 1

function help_command.configure(parser)
  local argument = parser:argument("words", "a command; the code of an error, such as NotFound; or "
    .. "a topic: " .. table.concat(topics.names, ", "))
  argument:args "*":argname "COMMAND"
  argument.azureml_values = tables.append(tables.keys(require("azureml.cli").commands),
    topics.names)
end

-- Explain an error's code.
local function explain(code, width)
  local text = ("%s: %s. What to do: %s."):format(code[1], code[2], codes.remedy(code))
  return table.concat(help.wrap(text, width), "\n")
end

local function text_of(words, width)
  local cli = require "azureml.cli"
  local word = words[1]
  if not word then return require("azureml.console.arguments").help(cli.commands, width) end
  if topics.texts[word] and words[2] then
    command.misused("'%s' is a topic: it stands alone, without '%s'", word, words[2])
  end
  if topics.texts[word] then return topics.text(word, width) end
  if cli.commands[word] then return cli.help(words, width) end
  local code = codes.find(word)
  if code then return explain(code, width) end
  local known = tables.append(tables.keys(cli.commands), topics.names)
  for _, group in ipairs(codes.groups) do
    for _, row in ipairs(group) do known[#known + 1] = row[1] end
  end
  command.misused("%s", ("there is no command, topic or error code '%s'%s"):format(word,
    suggest.text(word, known)))
end

function help_command.run(args)
  print(text_of(args.words, help.width(STANDARD_OUTPUT)))
end

return help_command
