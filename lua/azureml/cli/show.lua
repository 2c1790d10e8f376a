--- azureml show: print one instance, or several.
local command = require "azureml.cli.command"
local errors = require "azureml.error"

local show = {}

function show.configure(parser)
  command.names_option(parser)
  command.workspace_options(parser)
  command.output_option(parser)
end

-- Get the instances of names. Return those that exist, and the errors of the others with their
-- names.
local function find(instances, names)
  local list, missing = {}, {}
  for _, name in ipairs(names) do
    local vm, err = errors.try(instances.get, instances, name)
    if err and err.code ~= "ResourceNotFound" then error(err, 0) end
    list[#list + 1] = vm
    if err then missing[#missing + 1] = { name = name, error = err, message = err.message } end
  end
  return list, missing
end

-- Raise the error of the names that do not exist.
local function raise_missing(missing, count)
  if #missing == 1 then error(missing[1].error, 0) end
  errors.raise { code = "ResourceNotFound", details = missing,
    message = ("%d of %d instances do not exist"):format(#missing, count) }
end

function show.run(args)
  local instances = command.workspace(args).instances
  if #args.names == 1 then return command.print_instance(args, instances:get(args.names[1])) end
  local list, missing = find(instances, args.names)
  if #list > 0 then command.print_instances(args, list) end
  if #missing > 0 then raise_missing(missing, #args.names) end
end

return show
