--- azureml kernel: list the kernels that an instance's Jupyter can start, and remove them.
local command = require "azureml.cli.command"
local errors = require "azureml.error"
local installing = require "azureml.cli.installing"

local kernel = { subcommands = {} }

local list = { summary = "list the kernels that Jupyter can start" }
kernel.subcommands.list = list

local COLUMNS = {
  { title = "Kernel", key = "name" }, { title = "Title", key = "display_name" },
  { title = "Language", key = "language" },
  { title = "Default", key = function(spec) return spec.is_default and "yes" or nil end,
    field = "is_default" },
}

local FIELDS = {
  name = true, display_name = true, language = true, is_default = true, argv = true,
}

function list.configure(parser)
  installing.name_argument(parser)
  installing.options(parser)
end

function list.run(args)
  local vm = installing.instance(args, "jupyter")
  command.print_list(args, vm.jupyter:kernelspecs(), COLUMNS, nil, FIELDS)
end

local remove = { summary = "remove kernels from the list; those that run go on" }
kernel.subcommands.remove = remove

function remove.configure(parser)
  installing.name_argument(parser)
  parser:argument("kernels", "the kernels' names"):args "+":argname "KERNEL"
  installing.options(parser, "none")
end

function remove.run(args)
  local vm, missing = installing.instance(args, "jupyter"), {}
  for _, name in ipairs(args.kernels) do
    local removed = vm.jupyter:remove_kernel(name, {
      over = args.over, key = args.key, timeout = args.timeout,
    })
    if removed then command.say(name .. ": removed") else missing[#missing + 1] = name end
  end
  if #missing == 0 then return 0 end
  errors.raise { code = "NotFound",
    message = ("'%s' has no kernel '%s'"):format(vm.name, table.concat(missing, "', '")),
    hint = ("'azureml kernel list %s' shows what it has"):format(vm.name) }
end

return kernel
