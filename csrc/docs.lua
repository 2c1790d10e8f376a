-- docs.lua: write the documentation as Markdown: the pages of lua/azureml/guide with what tables of
-- the package know, the reference out of the comments, and the help of each command.
-- Usage: azureml csrc/docs.lua DIRECTORY

local cli = require "azureml.cli"
local codes = require "azureml.guide.codes"
local exit_codes = require "azureml.cli.exit_codes"
local full_parser = require "azureml.cli.full_parser"
local markdown = require "azureml.reference.markdown"
local reference = require "azureml.reference"
local surroundings = require "azureml.guide.surroundings"
local topics = require "azureml.console.topics"

local WIDTH = 80      -- columns of a command's help

-- The pages in the order of the index, with their titles and summaries. Each is a manual page, too;
-- the commands are in azureml(1).
local PAGES = {
  { "studio", "The studio", "a page in the browser" },
  { "fleets", "Fleets", "do one verb to many instances" },
  { "credentials", "Credentials", "sign in, and which role is needed" },
  { "errors", "Errors", "what errors have, their codes and what to do" },
  { "json", "Output as JSON", "the JSON that commands print, and their exit codes" },
  { "emulator", "The emulator", "run everything without an Azure account" },
  { "cookbook", "Cookbook", "scripts to copy" },
  { "commands", "Commands", "each command with its options" },
  { "reference", "Reference of the Lua modules", "the Lua modules and classes" },
}

local function read(path)
  local file <close> = assert(io.open(path))
  return file:read "a"
end

local function write(path, text)
  local file <close> = assert(io.open(path, "w"))
  assert(file:write(text))
end

local function cell(text)
  return (text:gsub("|", "\\|"):gsub("<", "\\<"))
end

local function rows(list, heads)
  local lines = { ("| %s | %s |"):format(heads[1], heads[2]), "|---|---|" }
  for _, row in ipairs(list) do
    lines[#lines + 1] = ("| `%s` | %s |"):format(row[1], cell(row[2]))
  end
  return table.concat(lines, "\n")
end

local function code_tables()
  local parts = {}
  for _, group in ipairs(codes.groups) do
    local lines = { "| code | what it means | what to do |", "|---|---|---|" }
    for _, row in ipairs(group) do
      lines[#lines + 1] = ("| `%s` | %s | %s |"):format(row[1], cell(row[2]),
        cell(codes.remedy(row)))
    end
    parts[#parts + 1] = ("### %s\n\n%s\n"):format(group.title, table.concat(lines, "\n"))
  end
  return table.concat(parts, "\n")
end

-- The members of an instance are the tables of the topic about output, but for the formats.
local function instance_tables()
  local parts, formats = {}, true
  for _, part in ipairs(topics.texts.output) do
    if type(part) == "table" then
      if not formats then parts[#parts + 1] = rows(part, { "member", "what it has" }) end
      formats = false
    end
  end
  return table.concat(parts, "\n\nThese members can also be set when an instance is created:\n\n")
end

local FILLED = {
  codes = code_tables,
  instance = instance_tables,
  ["exit-codes"] = function() return rows(exit_codes.meanings, { "code", "meaning" }) end,
  environment = function()
    return rows(surroundings.environment, { "variable", "what it says" })
  end,
}

local function commands()
  local parts = { "# Commands\n" }
  for _, name in ipairs(cli.names()) do
    local words = {}
    for word in name:gmatch "%S+" do words[#words + 1] = word end
    parts[#parts + 1] = ("## azureml %s\n\n```\n%s\n```\n"):format(name,
      full_parser.help(cli.resolve(words), WIDTH))
  end
  parts[#parts + 1] = "## Environment\n\n" .. FILLED.environment() .. "\n"
  return table.concat(parts, "\n")
end

local MADE = {
  commands = commands,
  reference = function()
    return "# Reference of the Lua modules\n\n" .. markdown.reference(reference.index())
  end,
}

local function text_of(name)
  if MADE[name] then return MADE[name]() end
  return (read("lua/azureml/guide/" .. name .. ".md"):gsub("<!%-%- ([%l-]+) %-%->", function(word)
    return FILLED[word]()
  end))
end

-- Make the source of a manual page: NAME, which apropos reads, then the page with its sections.
local function manual_of(page, text)
  local name = page[1] == "reference" and "azureml" or "azureml-" .. page[1]
  local body = text:gsub("^# [^\n]*\n", "")
  local form = "# NAME\n\n%s - %s\n\n# DESCRIPTION\n%s\n\n# SEE ALSO\n\nazureml(1)\n"
  return form:format(name, page[3], body)
end

local directory = assert(..., "usage: azureml csrc/docs.lua DIRECTORY")

local function path_of(name) return directory .. "/" .. name .. ".md" end

local list = {}
for i, page in ipairs(PAGES) do
  local text = text_of(page[1])
  write(path_of(page[1]), text)
  if page[1] ~= "commands" then write(path_of("man/" .. page[1]), manual_of(page, text)) end
  local summary = page[3] and ": " .. page[3] or ""
  list[i] = ("- [%s](%s.html)%s"):format(page[2], page[1], summary)
end
write(path_of "index", ("# azureml %s\n\n%s\n"):format(require("azureml").version,
  table.concat(list, "\n")))
