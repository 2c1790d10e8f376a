--- Write the metrics of instances for people: all of one instance, or a row for each of many.
local counts = require "azureml.tool.count"
local screen = require "azureml.console.screen"

local YELLOW, RED = 33, 31

---@class azureml.Reading         what is known of an instance
---@field name string
---@field metrics azureml.Metrics?
---@field why string?             there are no metrics, for this reason

local meters = {}

-- Texts -------------------------------------------------------------------------------------------

local UNITS = { { 1 << 40, "TiB" }, { 1 << 30, "GiB" }, { 1 << 20, "MiB" }, { 1 << 10, "KiB" } }

--- Return a number of bytes for people: "3.2 GiB".
---@param bytes number
---@return string
function meters.size(bytes)
  for _, unit in ipairs(UNITS) do
    if bytes >= unit[1] then
      local value = bytes / unit[1]
      return (value < 99.95 and "%.1f %s" or "%.0f %s"):format(value, unit[2])
    end
  end
  return ("%d bytes"):format(bytes)
end

local function load_text(metrics)
  return ("%.2f %.2f %.2f"):format(metrics.load_1, metrics.load_5, metrics.load_15)
end

local function share(used, size)
  return size > 0 and math.floor(used * 100 / size + 0.5) or 0
end

local function memory_text(memory)
  return ("%s of %s"):format(meters.size(memory.used), meters.size(memory.size))
end

local function gpu_text(gpu)
  local parts = {}
  if gpu.used_percent then parts[#parts + 1] = ("%.0f %%"):format(gpu.used_percent) end
  if gpu.memory_used and gpu.memory_size then
    parts[#parts + 1] = ("%s of %s"):format(meters.size(gpu.memory_used),
      meters.size(gpu.memory_size))
  end
  if gpu.temperature then parts[#parts + 1] = ("%.0f °C"):format(gpu.temperature) end
  return #parts > 0 and table.concat(parts, ", ") or "not measured"
end

local function full_text(disk)
  return ("%s is %d %% full, %s left"):format(disk.mount, disk.used_percent,
    meters.size(disk.available))
end

-- One instance ------------------------------------------------------------------------------------

local function disk_line(disk)
  return ("  disk %s: %d %% of %s, %s left%s"):format(disk.mount, disk.used_percent,
    meters.size(disk.used + disk.available), meters.size(disk.available),
    disk.is_nearly_full and ": nearly full" or "")
end

--- Return all metrics of an instance as lines, without anything that moves a cursor.
---@param metrics azureml.Metrics
---@return string[]
function meters.details(metrics)
  local memory = metrics.memory
  local lines = {
    ("%s: up for %s"):format(metrics.name, screen.duration(metrics.uptime)),
    ("  load: %s on %s"):format(load_text(metrics), counts.of(metrics.cores, "core")),
    ("  memory: %s, %d %%"):format(memory_text(memory), share(memory.used, memory.size)),
  }
  if memory.swap_used > 0 then
    lines[#lines + 1] = ("  swap: %s of %s"):format(meters.size(memory.swap_used),
      meters.size(memory.swap_size))
  end
  for _, gpu in ipairs(metrics.gpus) do
    lines[#lines + 1] = ("  GPU %d, %s: %s"):format(gpu.index, gpu.name, gpu_text(gpu))
  end
  for _, disk in ipairs(metrics.disks) do
    lines[#lines + 1] = disk_line(disk)
    for _, step in ipairs(disk.steps or {}) do lines[#lines + 1] = "    next: " .. step end
  end
  for _, note in ipairs(metrics.notes) do lines[#lines + 1] = "  not read: " .. note end
  for i, line in ipairs(lines) do lines[i] = screen.one_line(line) end
  return lines
end

-- Many instances ----------------------------------------------------------------------------------

--- Tell whether a disk of an instance is nearly full.
---@param reading azureml.Reading
---@return boolean
function meters.is_nearly_full(reading)
  local disk = reading.metrics and reading.metrics.disks[1]
  return disk ~= nil and disk.is_nearly_full
end

local function is_busy(reading)
  local metrics = reading.metrics
  if not metrics then return false end
  local memory = metrics.memory
  return metrics.load_1 > metrics.cores or share(memory.used, memory.size) >= 90
end

--- Return the colour of an instance's row: red when a disk is nearly full or it was not read,
--- yellow when it is busy.
---@param reading azureml.Reading
---@return integer?      an ANSI colour
function meters.colour(reading)
  if reading.why or meters.is_nearly_full(reading) then return RED end
  return is_busy(reading) and YELLOW or nil
end

-- Make the key of a column from a function of the metrics.
local function of_metrics(f)
  return function(reading) return reading.metrics and f(reading.metrics) end
end

-- Return the busiest GPU of an instance, and how many there are: "87 %, 1.0 GiB of 16 GiB (2)"
local function gpus_text(metrics)
  local busiest = metrics.gpus[1]
  if not busiest then return nil end
  for _, gpu in ipairs(metrics.gpus) do
    if (gpu.used_percent or 0) > (busiest.used_percent or 0) then busiest = gpu end
  end
  local many = #metrics.gpus > 1 and (" (%d)"):format(#metrics.gpus) or ""
  return gpu_text(busiest) .. many
end

local function fullest_text(metrics)
  local disk = metrics.disks[1]
  if not disk then return nil end
  local mark = disk.is_nearly_full and "!" or ""
  return ("%s %d %%%s"):format(disk.mount, disk.used_percent, mark)
end

--- The columns of a table of readings.
---@type table[]
meters.COLUMNS = {
  { title = "Name", key = "name", colour = meters.colour },
  { title = "Load", key = of_metrics(load_text), field = "load_1" },
  { title = "Cores", key = of_metrics(function(metrics) return metrics.cores end),
    field = "cores" },
  { title = "Memory", field = "memory",
    key = of_metrics(function(metrics) return memory_text(metrics.memory) end) },
  { title = "Fullest disk", key = of_metrics(fullest_text), field = "disks" },
  { title = "GPU", key = of_metrics(gpus_text), field = "gpus" },
}

--- Return a line for each disk that is nearly full, with what frees space.
---@param readings azureml.Reading[]
---@return string[]
function meters.warnings(readings)
  local lines = {}
  for _, reading in ipairs(readings) do
    for _, disk in ipairs(reading.metrics and reading.metrics.disks or {}) do
      if disk.is_nearly_full then
        lines[#lines + 1] = ("%s: %s"):format(reading.name, full_text(disk))
        for _, step in ipairs(disk.steps) do lines[#lines + 1] = "  next: " .. step end
      end
    end
  end
  return lines
end

return meters
