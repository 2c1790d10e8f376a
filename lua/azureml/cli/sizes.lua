--- azureml sizes: list the sizes that a region offers to compute instances.
local columns = require "azureml.cli.cost_columns"
local command = require "azureml.cli.command"

local sizes = {}

-- Return a converter of an option's value to a number, 0 or more.
local function number_of(option)
  return function(text)
    local number = tonumber(text)
    if number and number >= 0 and number < math.huge then return number end
    return nil, ("%s needs a number, 0 or more, not '%s'"):format(option, text)
  end
end

local LIMITS = {
  { "--min-gpus", "only sizes with at least N GPUs", "N" },
  { "--max-gpus", "only sizes with at most N GPUs; 0: without", "N" },
  { "--min-vcpus", "only sizes with at least N cores", "N" },
  { "--max-vcpus", "only sizes with at most N cores", "N" },
  { "--min-memory", "only sizes with at least GB of memory", "GB" },
  { "--max-price", "only sizes that cost at most PRICE an hour", "PRICE" },
}

function sizes.configure(parser)
  for _, row in ipairs(LIMITS) do
    parser:option(row[1], row[2]):argname(row[3]):convert(number_of(row[1]))
  end
  parser:option("--family", "only sizes whose family has this text in its name"):argname "TEXT"
  parser:flag("--available", "only sizes for which the quota suffices")
  parser:flag("--quota", "show for how many more instances the quota suffices")
  parser:option("--location", "another region than the workspace's: westeurope"):argname "REGION"
  command.workspace_options(parser)
  command.output_option(parser)
end

local COLUMNS = {
  { title = "Name", key = "name" },
  { title = "vCPUs", key = "vcpus" },
  { title = "GPUs", key = "gpus" },
  { title = "Memory GB", key = "memory_gb" },
  { title = "Hour", field = "price",
    key = function(size)
      return size.price and ("%s %s"):format(columns.amount(size.price), size.currency or "")
    end },
}

local QUOTA_COLUMNS = {
  { title = "Cores left", key = "cores_left" },
  { title = "Instances left", key = "instances_left" },
}

-- Return a size without the service's own text, which `raw` holds.
local function record_of(size)
  local record = {}
  for name, value in pairs(size) do record[name] = value end
  record.raw = nil
  return record
end

function sizes.run(args)
  local has_quota = args.quota or args.available
  local wanted = {
    min_gpus = args.min_gpus, max_gpus = args.max_gpus, min_vcpus = args.min_vcpus,
    max_vcpus = args.max_vcpus, min_memory_gb = args.min_memory, max_price = args.max_price,
    family = args.family, available = args.available, quota = args.quota, location = args.location,
  }
  local is_whole = next(wanted) == nil
  local list = command.workspace(args):vm_sizes(wanted)
  if is_whole then command.remember_sizes(list) end
  local shown = table.move(COLUMNS, 1, #COLUMNS, 1, {})
  if has_quota then table.move(QUOTA_COLUMNS, 1, #QUOTA_COLUMNS, #shown + 1, shown) end
  command.print_list(args, list, shown, record_of)
end

return sizes
