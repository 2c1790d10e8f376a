-- Check the commands that a text shows: each exists, and takes the options that stand behind it.
local cli = require "azureml.cli"

local shown_commands = {}

--- Split a line into words as a shell does, with single quotes.
---@param line string
---@return string[]
function shown_commands.words_of(line)
  local words = {}
  local function protect_blanks(quoted) return (quoted:gsub(" ", "\0")) end
  for word in line:gsub("'([^']*)'", protect_blanks):gmatch "[^ ]+" do
    words[#words + 1] = word:gsub("%z", " ")
  end
  return words
end

--- Return what is wrong with a command line; nil if it is right, false if it runs a script or shows
--- the executable's own options.
---@param line string      without "azureml"
---@return string|false|nil
function shown_commands.fault_of(line)
  local words = shown_commands.words_of((line:gsub("%s+#.*", ""):gsub("%s+[|>;&].*", "")))
  local name, first = words[1], 2
  if not cli.commands[name] then return false end
  if cli.commands[name].is_group then
    if not words[2] then return nil end
    name, first = name .. " " .. words[2], 3
  end
  local ok, why = cli.parser(name):pparse { table.unpack(words, first) }
  if not ok then return ("azureml %s: %s"):format(line, why) end
end

--- Check all commands of a Markdown text: the lines that begin with "$ azureml".
---@param text string
---@return integer count, string[] faults
function shown_commands.check(text)
  local count, faults = 0, {}
  for line in text:gmatch "%$ azureml (%l[^\n]*)" do
    local fault = shown_commands.fault_of(line)
    if fault ~= false then count = count + 1 end
    faults[#faults + 1] = fault or nil
  end
  return count, faults
end

return shown_commands
