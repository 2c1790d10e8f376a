--- The commands that `az ml compute` and `az ml computetarget` have in common. They differ in the
--- members that they print, and in whether delete asks.
local command = require "azureml.cli.command"
local core = require "azureml.core"
local flags = require "azureml.cli.az.flags"
local view = require "azureml.cli.view"
local output = require "azureml.cli.output"

local verbs = {}

local COLUMNS = {
  { title = "Name", key = "name" },
  { title = "Compute type", key = function() return "computeinstance" end, field = "type" },
  { title = "State", key = "state", colour = command.state_colour },
  { title = "Instance type", key = "vm_size", field = "size" },
}

--- Print one instance.
---@param args table
---@param vm azureml.Instance
---@param members fun(vm: azureml.Instance): table
function verbs.print(args, vm, members)
  local is_table = args.output == "table"
  output.print(args, view.new {
    items = { vm }, columns = COLUMNS, record = members, is_object = not is_table or nil,
  })
end

--- Wait for an operation and print its instance, unless the user does not want to wait.
---@param args table
---@param op azureml.Operation
---@param members fun(vm: azureml.Instance): table
function verbs.finish(args, op, members)
  if args.no_wait then
    if not args.only_show_errors then command.say_accepted(op) end
    return op:leave()
  end
  local vm = op:wait { progress = args.progress }
  if vm then verbs.print(args, vm, members) end
end

--- Make start, stop or restart.
---@param verb string
---@param members fun(vm: azureml.Instance): table
---@return azureml.Command
function verbs.power(verb, members)
  return {
    summary = verb .. " a compute instance",
    configure = function(parser)
      flags.name(parser)
      flags.no_wait(parser)
      flags.globals(parser)
    end,
    run = function(args)
      local instances = command.workspace(args).instances
      verbs.finish(args, instances[verb](instances, args.name), members)
    end,
  }
end

--- Make show.
---@param members fun(vm: azureml.Instance): table
---@return azureml.Command
function verbs.show(members)
  return {
    summary = "show a compute instance",
    configure = function(parser)
      flags.name(parser)
      flags.globals(parser)
    end,
    run = function(args)
      verbs.print(args, command.workspace(args).instances:get(args.name), members)
    end,
  }
end

--- Print a list of instances.
---@param args table
---@param list azureml.Instance[]
---@param members fun(vm: azureml.Instance): table
function verbs.print_list(args, list, members)
  output.print(args, view.new { items = list, columns = COLUMNS, record = members })
end

local STANDARD_INPUT = 0

local function is_confirmed(name)
  if not core.terminal_width(STANDARD_INPUT) then
    command.misused "it asks for confirmation, and standard input is not a terminal: add --yes"
  end
  io.stderr:write("Are you sure you want to delete the compute '", name, "'? (y/n): ")
  return (io.read() or ""):lower():find "^y" ~= nil
end

--- Make delete.
---@param asks boolean      ask for confirmation, unless the user gives --yes
---@return azureml.Command
function verbs.delete(asks)
  return {
    summary = "delete a compute instance" .. (asks and ", after a question" or "; it asks nothing"),
    configure = function(parser)
      flags.name(parser)
      flags.no_wait(parser)
      if asks then parser:flag("-y --yes", "do not ask for confirmation") end
      flags.globals(parser)
    end,
    run = function(args)
      if asks and not args.yes and not is_confirmed(args.name) then return 1 end
      verbs.finish(args, command.workspace(args).instances:delete(args.name))
    end,
  }
end

return verbs
