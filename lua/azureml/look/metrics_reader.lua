--- Read what an instance prints of its load, memory, disks and GPUs. Trust nothing in it: bound
--- lines and names, check numbers, and refuse an unknown line.
local disk_space = require "azureml.look.disk_space"
local json = require "azureml.json"

local metrics_reader = {}

-- A reader raises a Fault for a line that is malformed.
local Fault = {}

local function refuse(what)
  error(setmetatable({ what = what }, Fault), 0)
end

local KIB = 1024
local LARGEST = 1 << 53          -- a larger number is no longer exact
local MOST_ROWS = 256            -- disks, GPUs, notes
local LONGEST = 200              -- bytes of a name

local function number(word, what)
  local value = word and word:find "^%d+%.?%d*$" and tonumber(word)
  if not value or value > LARGEST then refuse(what) end
  return value
end

local function whole(word, what)
  return math.tointeger(number(word, what)) or refuse(what)
end

-- Return a number of kibibytes in bytes.
local function kibibytes(word, what)
  local value = whole(word, what)
  if value > LARGEST // KIB then refuse(what) end
  return value * KIB
end

-- Return a name with a "?" for each byte that does not belong to UTF-8.
local function name(word, what)
  if #word == 0 or #word > LONGEST or word:find "%c" then refuse(what) end
  return utf8.len(word) and word or (word:gsub("[\128-\255]", "?"))
end

local function add(list, item, what)
  if #list >= MOST_ROWS then refuse("more than " .. MOST_ROWS .. " lines of " .. what) end
  list[#list + 1] = item
end

-- Return the numbers of a text: as many as are wanted.
local function numbers(line, count, what)
  local list = {}
  for word in line:gmatch "%S+" do
    if #list == count then break end
    list[#list + 1] = number(word, what)
  end
  if #list < count then refuse(what) end
  return table.unpack(list)
end

-- Return the share of a disk that is used as df shows it: rounded up.
local function percent(used, available)
  local size = used + available
  return size > 0 and math.ceil(used * 100 / size) or 0
end

-- Read a line of df: device, size, used, available, capacity, mount. A device may hold spaces.
local function read_disk(self, line)
  local device, size, used, available, mount =
    line:match "^(.-) +(%d+) +(%d+) +(%-?%d+) +[%d-]+%%? (.+)$"
  if not device then
    local is_message = line:find "^Filesystem " or line:find "^df: "
    return is_message or refuse "a line of df"
  end
  device, mount = name(device, "a disk's device"), name(mount, "a disk's mount point")
  if self.mounts[mount] or not device:find "^/" and mount ~= "/" then return end
  self.mounts[mount] = true
  if available:find "^%-" then available = "0" end      -- only the system may write there
  local disk = {
    device = device, mount = mount, size = kibibytes(size, "a disk's size"),
    used = kibibytes(used, "a disk's use"), available = kibibytes(available, "a disk's space"),
  }
  disk.used_percent = percent(disk.used, disk.available)
  disk.is_nearly_full = disk.used_percent >= disk_space.NEARLY_FULL
  disk.steps = disk.is_nearly_full and disk_space.steps(mount) or nil
  add(self.disks, disk, "disks")
end

-- Return a number of nvidia-smi; nil for "[N/A]" and "[Not Supported]".
local function measured(word)
  if word:find "^%[.*%]$" then return nil end
  return number(word, "a number of nvidia-smi")
end

local MIB = 1024 * 1024

local function mebibytes(word)
  local value = measured(word)
  return value and math.floor(value) * MIB
end

local function read_gpu(self, line)
  local index, used, memory_used, memory_size, temperature, model =
    line:match "^(%d+), ([^,]+), ([^,]+), ([^,]+), ([^,]+), (.+)$"
  if not index then
    if line == "" then return end      -- no GPU
    refuse "a line of nvidia-smi"
  end
  add(self.gpus, {
    index = whole(index, "a GPU's index"), name = name(model, "a GPU's name"),
    used_percent = measured(used), memory_used = mebibytes(memory_used),
    memory_size = mebibytes(memory_size), temperature = measured(temperature),
  }, "GPUs")
end

-- word -> a function that reads the rest of the line
local READERS = {
  cores = function(self, line) self.cores = whole(line, "the number of cores") end,
  load = function(self, line)
    self.load_1, self.load_5, self.load_15 = numbers(line, 3, "the load")
  end,
  uptime = function(self, line) self.uptime = numbers(line, 1, "the uptime") end,
  memory = function(self, line)
    local key, size = line:match "^(%a+) (%d+)$"
    if not key then refuse "the memory" end
    self.memory[key] = kibibytes(size, "the memory")
  end,
  disk = read_disk,
  gpu = read_gpu,
  failed = function(self, line)
    add(self.notes, name(line:gsub("%c", " "), "a note"), "notes")
  end,
}

local function read_line(self, line)
  local word, rest = line:match "^(%l+) ?(.*)$"
  local reader = READERS[word]
  if not reader then refuse "an unknown line" end
  reader(self, rest)
end

-- Return the memory by its parts. An old kernel does not tell what is available.
local function memory_of(read)
  local size, available = read.MemTotal, read.MemAvailable
  if not size or not available or available > size then refuse "the memory" end
  local swap = read.SwapTotal or 0
  return {
    size = size, available = available, used = size - available,
    swap_size = swap, swap_used = math.max(0, swap - (read.SwapFree or swap)),
  }
end

local function fuller(a, b)
  if a.used_percent ~= b.used_percent then return a.used_percent > b.used_percent end
  return a.mount < b.mount
end

local function read(output)
  local body = ("\n" .. output):match "\nbegin\n(.*\n)end\n$"
  if not body then refuse "the beginning or the end is missing" end
  local self = {
    memory = {}, disks = json.array {}, gpus = json.array {}, notes = json.array {}, mounts = {},
  }
  for line in body:gmatch "([^\n]*)\n" do read_line(self, line) end
  for _, field in ipairs { "cores", "load_1", "uptime" } do
    if not self[field] then refuse("no " .. field) end
  end
  self.memory, self.mounts = memory_of(self.memory), nil
  table.sort(self.disks, fuller)
  return self
end

--- Read the output of the command of metrics.lua.
---@param output string
---@return azureml.Metrics? fields, string? fault      fault: what is malformed
function metrics_reader.read(output)
  local ok, result = pcall(read, output)
  if ok then return result end
  if getmetatable(result) ~= Fault then error(result, 0) end
  return nil, result.what
end

return metrics_reader
