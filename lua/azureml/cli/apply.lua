--- azureml apply: make instances what a file says.
local command = require "azureml.cli.command"
local ending = require "azureml.cli.ending"
local errors = require "azureml.error"
local exit_codes = require "azureml.cli.exit_codes"
local plan = require "azureml.cli.plan"
local planning = require "azureml.change.planning"
local question = require "azureml.cli.question"
local report = require "azureml.cli.report"

local apply = {}

function apply.configure(parser)
  plan.options(parser)
  question.option(parser)
  command.timeout_option(parser)
  command.verbose_option(parser)
  command.progress_option(parser)
  command.output_option(parser)
end

local DESTROYS = { delete = true, recreate = true }

-- Tell whether an item of a plan stops its instance, or deletes it.
local function is_ending(args, item)
  if DESTROYS[item.action] then return true end
  for _, change in ipairs(item.changes) do
    if change.field == "vm_size" and args.stop then return true end
    if change.field == "state" and change.to == "Stopped" then return true end
  end
  return false
end

-- Tell whether the user agrees that the plan ends what runs on instances.
local function may_end(args, instances, made)
  local results, is_any = {}, false
  for i, item in ipairs(made) do
    local ends = is_ending(args, item)
    results[i] = { name = item.name, outcome = ends and "planned" or "skipped" }
    is_any = is_any or ends
  end
  if not is_any then return true end
  return ending.is_allowed_in_all(args, "apply", instances, function() return results end)
end

-- Ask about what the plan destroys. Return false when the user says no.
local function is_allowed(args, instances, made)
  local names = made:destroyed()
  if args.yes then return true end
  if not may_end(args, instances, made) then return false end
  if #names == 0 then return true end
  question.check_terminal()
  for _, item in ipairs(made) do
    if item.action ~= "nothing" then
      command.say(("%s: %s"):format(item.name, item.action))
      for _, line in ipairs(planning.lines(item)) do command.say("  " .. line) end
    end
  end
  return question.is_confirmed(("Delete %s, with all that is on the disk?"):format(
    table.concat(names, ", ")))
end

-- Make one instance what is wanted; raise its own error. The user has allowed to delete only what
-- the plan deletes.
local function apply_one(args, instances, item, definition)
  local is_destroyed = item.action == "delete" or item.action == "recreate"
  local _, err = errors.try(instances.apply, instances, { [item.name] = definition }, {
    confirm = is_destroyed, change_tags = args.change_tags, stop = args.stop,
    timeout = args.timeout,
  })
  if err then errors.raise(err.code == "SomeFailed" and err.details[1].error or err) end
end

function apply.run(args)
  local made, instances, definitions = plan.make(args)
  local items = {}
  for _, item in ipairs(made) do
    if item.action ~= "nothing" or item.is_moving then items[#items + 1] = item end
  end
  if #items == 0 then
    command.say "nothing differs"
    return exit_codes.OK
  end
  if not is_allowed(args, instances, made) then return exit_codes.FAILED end
  planning.check_allowed(made, { confirm = true })      -- before anything is changed
  return report.run(args, "apply", items, function(item)
    apply_one(args, instances, item, definitions[item.name])
  end)
end

return apply
