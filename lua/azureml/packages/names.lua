--- Check the names that are passed to the programs of an instance: packages, environments, kernels.
--- They are words of a command line and never a shell's text; none of them may become an option.
local errors = require "azureml.error"
local options = require "azureml.options"

local names = {}

local LONGEST = 255

local function check_word(owner, what, word)
  if type(word) ~= "string" then
    errors.mistake("%s: %s must be a text, not %s", owner, what, type(word))
  end
  if word == "" or word:find "%c" or word:find "^%s" then
    options.refuse("%s: '%s' is not %s", owner, word:gsub("%c", "?"), what)
  end
  if word:find "^%-" then
    options.refuse("%s: '%s' begins like an option; %s does not", owner, word, what)
  end
  return word
end

--- Check the names of packages: the items of a table that also holds options.
---@param owner string          "pip_install"
---@param list table
---@return string[]
function names.packages(owner, list)
  local packages = {}
  for index, word in ipairs(list) do
    packages[index] = check_word(owner, "a package such as 'pandas==2.2'", word)
  end
  return packages
end

--- Check the name of an environment that is created.
---@param owner string
---@param name any
---@return string
function names.environment(owner, name)
  check_word(owner, "the name of an environment", name)
  if #name <= LONGEST and name:find "^[%w_][%w_.-]*$" then return name end
  options.refuse("%s: '%s' is not the name of an environment: letters, digits, '.', '_' and '-'",
    owner, name:sub(1, 60))
end

--- Check the name of a kernel. Jupyter keeps it in small letters.
---@param owner string
---@param name any
---@return string
function names.kernel(owner, name)
  check_word(owner, "the name of a kernel", name)
  if #name <= LONGEST and name:find "^[%w_.-]+$" and name:find "%w" then return name:lower() end
  options.refuse("%s: '%s' is not the name of a kernel: letters, digits, '.', '_' and '-'", owner,
    name:sub(1, 60))
end

--- Check a name or a path of an environment that exists.
---@param owner string
---@param name any
---@return string
function names.place(owner, name)
  return check_word(owner, "the name or the path of an environment", name)
end

--- Check a text that a person reads, such as the name of a kernel in menus.
---@param owner string
---@param text any
---@return string
function names.title(owner, text)
  return check_word(owner, "a name for people", text)
end

--- Take the options out of a table that also lists packages.
---@param owner string
---@param values table
---@param known table<string, string>
---@return string[] packages, table settings
function names.split(owner, values, known)
  if type(values) == "string" then values = { values } end
  if type(values) ~= "table" then
    errors.mistake("bad argument #1 to '%s' (a list of packages expected, got %s)", owner,
      type(values))
  end
  local settings = {}
  for key, value in pairs(values) do
    if math.type(key) ~= "integer" then settings[key] = value end
  end
  options.check(owner, settings, known)
  local packages = names.packages(owner, values)
  return packages, settings
end

return names
