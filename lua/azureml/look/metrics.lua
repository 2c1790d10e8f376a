--- Read the load, the memory, the disks and the GPUs of an instance. One command prints all of them
--- on the machine. What it prints is not trusted: it is bounded, and refused when it is malformed.
local errors = require "azureml.error"
local later = require "azureml.tool.later"
local meters = later "azureml.console.meters"
local options = require "azureml.options"
local pace = require "azureml.pace"
local reader = require "azureml.look.metrics_reader"
local task = require "azureml.task"

---@class azureml.Disk            sizes in bytes
---@field mount string            "/"
---@field device string           "/dev/root"
---@field size integer  all of it
---@field used integer  what files hold
---@field available integer       to users; the system keeps a part for itself
---@field used_percent integer    of what users can use, as df shows it
---@field is_nearly_full boolean  files hardly fit any more
---@field steps string[]?         nearly full: what to do, with commands

---@class azureml.Gpu             sizes in bytes; a field that the GPU does not measure is nil
---@field index integer  0 is the first
---@field name string  its model
---@field used_percent number?  of its time
---@field memory_used integer?  what programs hold
---@field memory_size integer?  all of it
---@field temperature number?     degrees Celsius

---@class azureml.Memory          in bytes
---@field size integer  all of it
---@field used integer            what programs hold; caches do not count
---@field available integer  what programs can still get
---@field swap_size integer  all of it
---@field swap_used integer  what is on the disk

---@class azureml.Metrics         print it, or see its fields
---@field name string             of the instance
---@field cores integer  of its processors
---@field load_1 number           programs that run or want to run: the mean of a minute
---@field load_5 number           of five minutes
---@field load_15 number          of fifteen minutes
---@field uptime number           seconds since the machine was started
---@field memory azureml.Memory  main memory
---@field disks azureml.Disk[]    local ones, the fullest first
---@field gpus azureml.Gpu[]      empty without a GPU
---@field notes string[]          what could not be read, and why
local metatable = { __name = "azureml.Metrics" }

local metrics = {}

local TIMEOUT, GRACE = 30, 2     -- seconds
local KIB = 1024
local MOST = 64 * KIB            -- bytes of output
local LONGEST = 200              -- bytes of a message of the machine

-- The command -------------------------------------------------------------------------------------

-- Each line between "begin" and "end" begins with a word that says what it holds. What a profile of
-- the shell prints comes before them. df asks no file share: it would wait for one that is lost.
local SCRIPT = [[
echo begin
LC_ALL=C; export LC_ALL
failed() { printf 'failed %s: %s\n' "$1" "$(printf %s "$2" | head -n 1 | cut -c 1-150)"; }
printf 'cores %s\n' "$(getconf _NPROCESSORS_ONLN)"
sed 's/^/load /' /proc/loadavg
sed 's/^/uptime /' /proc/uptime
sed -n -E 's/^(MemTotal|MemAvailable|SwapTotal|SwapFree): +([0-9]+) kB$/memory \1 \2/p' \
  /proc/meminfo
for where in '-l -x tmpfs -x devtmpfs -x squashfs -x overlay' /; do
  disks=$(timeout 10 df -P -k $where 2>&1)
  code=$?
  printf '%s\n' "$disks" | sed 's/^/disk /'
  [ $code = 0 ] || failed df "it ended with exit code $code"
done
if command -v nvidia-smi >/dev/null 2>&1; then
  if gpus=$(timeout 10 nvidia-smi --format=csv,noheader,nounits \
    --query-gpu=index,utilization.gpu,memory.used,memory.total,temperature.gpu,name 2>&1)
  then printf '%s\n' "$gpus" | sed 's/^/gpu /'
  else failed nvidia-smi "$gpus"
  fi
fi
echo end
]]

--- The command that an instance runs.
---@type string[]
metrics.COMMAND = { "sh", "-c", SCRIPT }

-- Asking ------------------------------------------------------------------------------------------

--- Read the output of the command.
---@param output string
---@param instance string      the instance's name
---@return azureml.Metrics
---@raise an error object `MetricsMalformed`
function metrics.read(output, instance)
  local found, fault = reader.read(output)
  if found then
    found.name = instance
    return setmetatable(found, metatable)
  end
  errors.raise {
    code = "MetricsMalformed",
    message = ("'%s' printed something else than its metrics: %s"):format(instance, fault),
    hint = ("see what commands print there: azureml exec %s -- 'cat /proc/loadavg; df -P'"):format(
      instance),
  }
end

-- Return a function that takes pieces of output, and a function that returns what came. More than
-- the limit is dropped, and told.
local function bounded()
  local pieces, size = {}, 0
  return function(piece)
    size = size + #piece
    if size <= MOST then pieces[#pieces + 1] = piece end
  end, function() return table.concat(pieces), size > MOST end
end

local function raise_failed(vm, code, printed)
  local line = printed:match "[^\n]*%S[^\n]*" or ""
  errors.raise {
    code = "MetricsFailed",
    message = ("the metrics of '%s' cannot be read: the command ended with exit code %d%s"):format(
      vm.name, code, line ~= "" and ": " .. line:gsub("%c", " "):sub(1, LONGEST) or ""),
  }
end

--- How to read metrics.
---@class azureml.MetricsOptions
---@field timeout? number  seconds; 30
---@field key? string  the path of a private key, over SSH
---@field over? "ssh"|"jupyter"  the way to the instance
---@field start? boolean  start a stopped instance first

-- Run the command within its time limit, which does not count that an instance starts first. The
-- way to the instance gets a moment more than the command.
local function exec(vm, settings)
  local limit = settings.start and math.huge or settings.timeout + GRACE
  return task.limited(limit, function(err)
    err.message = ("the metrics of '%s' did not come within %s s"):format(vm.name,
      pace.text(settings.timeout))
    err.hint = "its shell or its Jupyter does not answer: give a longer timeout, or restart it"
  end, vm.exec, vm, metrics.COMMAND, settings)
end

local OPTIONS = { timeout = "number", key = "string", over = "string", start = "boolean" }

--- Read the metrics of an instance that runs.
---@param vm azureml.Instance
---@param settings? azureml.MetricsOptions
---@return azureml.Metrics
---@raise an error object: what vm:exec raises; `MetricsMalformed`, `MetricsFailed`
---@usage if vm:metrics().disks[1].is_nearly_full then print(vm:metrics()) end
function metrics.of(vm, settings)
  settings = options.check("metrics", settings, OPTIONS)
  local take, taken = bounded()
  local take_error, printed = bounded()
  local seconds = settings.timeout or TIMEOUT
  options.check_seconds("metrics: timeout", seconds)
  local _, code = exec(vm, {
    timeout = seconds, key = settings.key, over = settings.over,
    start = settings.start, on_output = take, on_errors = take_error,
  })
  if code ~= 0 then raise_failed(vm, code, (printed())) end
  local output, is_cut = taken()
  if is_cut then
    errors.raise { code = "MetricsMalformed",
      message = ("'%s' printed more than %d KiB in place of its metrics"):format(vm.name,
        MOST // KIB) }
  end
  return metrics.read(output, vm.name)
end

function metatable:__tostring()
  return table.concat(meters.details(self), "\n")
end

return metrics
