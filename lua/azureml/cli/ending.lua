--- Look, before a command ends what runs on instances, at what that is, and ask the user. A check
--- that fails is a note: it does not hold up the command.
local command = require "azureml.cli.command"
local errors = require "azureml.error"
local later = require "azureml.tool.later"
local activity = later "azureml.jupyter.activity"
local question = require "azureml.cli.question"
local screen = require "azureml.console.screen"
local tables = require "azureml.tool.tables"
local task = require "azureml.task"

local ending = {}

local SHOWN = 5              -- names listed in a sentence
local LOOK_TIMEOUT = 5       -- seconds of each request of a check

-- What would end ----------------------------------------------------------------------------------

-- Without a machine behind an instance, or without Jupyter on it, no kernel can run.
local NOTHING_RUNS = { NoMachine = true, NoAddress = true, NotRunning = true }

local function busy_kernels(instances, names)
  local vm = instances:get(names[1])
  local busy, err = errors.try(activity.names_of_busy, vm.jupyter.server, {
    timeout = LOOK_TIMEOUT,
  })
  if err and not NOTHING_RUNS[err.code] then errors.raise(err) end
  if not busy or #busy == 0 then return {} end
  return { ("%d busy kernel%s of '%s' (%s)"):format(#busy, #busy == 1 and "" or "s", vm.name,
    screen.one_line(tables.excerpt(busy, SHOWN))) }
end

---@class azureml.cli.EndingCheck
---@field about string           what it looks at, for the note of a failure: "busy kernels"
---@field of_many boolean?       it also looks when the command is for several instances
---@field off_terminal boolean?  it also looks where no question can be asked: the command is then
---  refused unless the user gives --yes
---@field find fun(instances: azureml.Instances, names: string[]): string[]      what would end, each
---  as a phrase: "2 busy kernels of 'ci-ann' (train.ipynb, ...)"

---@type azureml.cli.EndingCheck[]
local CHECKS = {
  { about = "busy kernels", find = busy_kernels },
}

-- Looking -----------------------------------------------------------------------------------------

local function applies(check, names, is_terminal)
  return (#names == 1 or check.of_many) and (is_terminal or check.off_terminal)
end

local function note(check, names, err)
  command.say(("azureml: note: cannot look for %s of %s: %s"):format(check.about,
    tables.excerpt(names, SHOWN), err.message))
end

--- Look, side by side, at what a command would end on instances. What cannot be seen is noted on
--- standard error.
---@param instances azureml.Instances
---@param names string[]
---@return string[] phrases
function ending.find(instances, names)
  local is_terminal, looks, found = question.is_terminal(), {}, {}
  for i, check in ipairs(CHECKS) do
    found[i] = {}
    if applies(check, names, is_terminal) then
      looks[#looks + 1] = function()
        local phrases, err = errors.try(check.find, instances, names)
        if err then note(check, names, err) end
        found[i] = phrases or {}
      end
    end
  end
  if #looks > 0 then task.parallel(table.unpack(looks)) end
  local all = {}
  for _, phrases in ipairs(found) do tables.append(all, phrases) end
  return all
end

-- Asking ------------------------------------------------------------------------------------------

--- Say what a command would end.
---@param verb string          "stop"
---@param phrases string[]
function ending.say(verb, phrases)
  for _, phrase in ipairs(phrases) do
    command.say(("azureml: this %s would end %s"):format(verb, phrase))
  end
end

--- Add the option --yes to a command that asks for nothing else.
function ending.option(parser)
  parser:flag("-y --yes", "do not ask before it ends busy kernels")
end

--- Tell whether a command may go on: it would end nothing, or the user agrees. Where no question
--- can be asked, it is refused.
---@param args table           with yes
---@param verb string          "stop"
---@param instances azureml.Instances
---@param names string[]
---@return boolean
---@raise an error object `WouldEnd` off a terminal
function ending.is_allowed(args, verb, instances, names)
  if args.yes then return true end
  local phrases = ending.find(instances, names)
  if #phrases == 0 then return true end
  if not question.is_terminal() then
    errors.raise { code = "WouldEnd",
      message = ("this %s would end %s"):format(verb, table.concat(phrases, "; ")),
      hint = "add --yes to end them" }
  end
  ending.say(verb, phrases)
  return question.is_confirmed(("%s nevertheless?"):format(verb:gsub("^%l", string.upper)))
end

return ending
