--- Return the words of a command line without what could be secret: code, the arguments of scripts,
--- commands for instances, tickets.
local words = {}

local HIDDEN = "***"

-- The commands whose words name instances, places and times only, but for the code of --where. Of
-- other commands only the names of options are shown.
local PLAIN = {}

for name in ([[
  audit cost delete doctor list queue resize restart show sizes start stop top usage version watch
  whoami why
]]):gmatch "%S+" do PLAIN[name] = true end

-- Append the executable's own options, without the code of -e.
local function add_options(shown, argv, last)
  for index = 1, last do
    local is_code = argv[index - 1] == "-e"
    shown[index] = is_code and HIDDEN or argv[index]:gsub("^%-e.+$", "-e" .. HIDDEN)
  end
end

-- Return an option without its value, as in --name=VALUE and -nVALUE; another word is hidden.
local function option_alone(word)
  local option = word:match "^%-%-[%w-]+" or word:match "^%-%a"
  if not option then return HIDDEN end
  if option == word then return word end
  return option .. (option:find "^%-%-" and "=" or "") .. HIDDEN
end

-- Return whether a word of a plain command is code.
local function is_code(argv, index)
  return argv[index - 1] == "--where" or argv[index]:find "^%-%-where=" ~= nil
end

-- Return whether a command's first word is shown: the name of a workflow, or the subcommand of a
-- group, such as `wait` of `operations`.
local function is_first_shown(row, group, word)
  if group == "run" then return row ~= nil and not word:find "^%-" end
  if not (row and row.is_group) then return false end
  return require("azureml.cli." .. group:gsub("-", "_")).subcommands[word] ~= nil
end

--- Return the words of a command line that is refused: options without their values.
---@param argv string[]           without the program
---@return string[]
function words.options(argv)
  local shown = {}
  for index, word in ipairs(argv) do shown[index] = option_alone(word) end
  return shown
end

--- Return the words of a command line, in which "***" stands for what could be secret.
---@param argv string[]           without the program
---@param first integer?          the index of the command or script; nil: there is none
---@param commands table<string, { is_group: boolean? }>      the commands by name; {} where the
---  word is a script
---@return string[]
function words.shown(argv, first, commands)
  local shown, main = {}, first and argv[first]
  add_options(shown, argv, (first or #argv + 1) - 1)
  if not main then return shown end
  local row = commands[main]
  shown[first] = main
  for index = first + 1, #argv do
    local word = argv[index]
    local is_shown = row and PLAIN[main] and not is_code(argv, index)
      or index == first + 1 and is_first_shown(row, main, word)
    shown[index] = is_shown and word or option_alone(word)
  end
  return shown
end

return words
