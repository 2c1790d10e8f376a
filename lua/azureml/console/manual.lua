--- Make the manual page from the same tables as --help. `make man` writes it to a file.
local arguments = require "azureml.console.arguments"
local cli = require "azureml.cli"
local topics = require "azureml.console.topics"

local manual = {}

local WIDTH = 72      -- columns of verbatim text: man indents it by 7 columns and shows 80

local function escape(text)
  text = text:gsub("\\", "\\e"):gsub("%-", "\\-")
  return (text:gsub("\n([.'])", "\n\\&%1"):gsub("^([.'])", "\\&%1"))
end

local function verbatim(text)
  return (".nf\n%s\n.fi"):format(escape((text:gsub("%s+$", ""))))
end

-- Make a command's section: its summary, its usage, then the rest of its help.
local function command_section(name)
  local parser = cli.parser(name, WIDTH)
  local usage = parser:get_usage():gsub("^Usage: ", "")
  local help = parser:get_help()
  local options = help:match "\n(Arguments:.*)$" or help:match "\n(Options:.*)$" or ""
  local summary = escape(parser._description)
  return (".SS azureml %s\n%s.\n.PP\n%s\n.PP\n%s"):format(
    escape(name), summary, verbatim(usage), verbatim(options))
end

--- Return the manual page.
---@return string      in roff
function manual.page()
  local version = require("azureml.core").version
  local parts = {
    (".TH AZUREML 1 \"\" \"azureml %s\" \"User Commands\""):format(version),
    ".SH NAME\nazureml \\- create and manage Azure Machine Learning compute instances, in Lua",
    ".SH SYNOPSIS\n" .. verbatim "azureml [options] [command or script [arguments]]",
    ".SH DESCRIPTION\n" .. verbatim(arguments.help(cli.commands, WIDTH)),
    ".SH COMMANDS",
  }
  for _, name in ipairs(cli.names()) do parts[#parts + 1] = command_section(name) end
  for _, name in ipairs(topics.names) do
    local title = topics.titles[name] or name
    parts[#parts + 1] = (".SH %s\n%s"):format(title:upper(), verbatim(topics.text(name, WIDTH)))
  end
  parts[#parts + 1] = ".SH SEE ALSO\nlua5.4(1), az(1)"
  return table.concat(parts, "\n") .. "\n"
end

return manual
