-- sweep.lua BUILD: run each job of client.lua once for each of its allocations, which fails in that
-- run. A run must end with success, or with an error and exit code 1: not by a signal, not with a
-- sanitizer's report, not too late. lua-cjson ends the process by itself when it has no memory;
-- those runs are counted apart. `make oom` calls this; spec/README.md names the variables.
package.path = "./?.lua;" .. package.path
local process = require "spec.process"
local run = require "spec.oom.run"

local PARALLEL = 2
local BATCH = 20          -- runs by one emulator: its quota holds so many instances

local function variable(name, otherwise)
  local value = os.getenv(name)
  return value and value ~= "" and value or otherwise
end

local settings = {
  build = assert(arg[1], "sweep.lua needs the build directory"),
  home = process.directory(),
  runner = variable "OOM_RUNNER",
}
local first = math.tointeger(variable("OOM_FIRST", 1))
local stride = math.tointeger(variable("OOM_STRIDE", 1))

io.stdout:setvbuf "line"

local function note(tally, number, how, output)
  tally[how] = tally[how] + 1
  if how == "fault" then print(("FAULT in run %d: %s"):format(number, output)) end
  if how == "error" and variable "OOM_VERBOSE" then io.write(number, ": ", output) end
end

-- Do some runs by one emulator. Return the number of the next run; nil: no allocation is left.
local function batch(job, number, tally)
  local emulator <close> = process.served_emulator { speed = 10000 }
  settings.url = emulator.url
  for _ = 1, BATCH, PARALLEL do
    local files, is_last = {}, false
    for i = 1, PARALLEL do files[i] = run.start(job, number + (i - 1) * stride, settings) end
    for i = 1, PARALLEL do
      local failed = number + (i - 1) * stride
      local how, count, output = run.finish(files[i])
      if how == "success" and count and count < failed then is_last = true
      else note(tally, failed, how, output) end
      tally.most = math.max(tally.most, count or 0)
    end
    if is_last then return nil end
    number = number + PARALLEL * stride
  end
  return number
end

-- Without a failed allocation the job must succeed.
local function check(job)
  local emulator <close> = process.served_emulator { speed = 10000 }
  settings.url = emulator.url
  local how, _, output = run.finish(run.start(job, 0, settings))
  assert(how == "success", output)
end

local function sweep(job)
  local tally = { success = 0, error = 0, cjson = 0, fault = 0, most = 0 }
  local number = first
  check(job)
  repeat number = batch(job, number, tally) until not number
  print(("%s, %d in a row: %d allocations; %d runs succeeded, %d ended with an error, "
    .. "%d by lua-cjson, %d at fault"):format(job, settings.many, tally.most, tally.success,
    tally.error, tally.cjson, tally.fault))
  return tally.fault
end

local faults = 0
for many in variable("OOM_MANY", "1 2"):gmatch "%d+" do
  settings.many = math.tointeger(many)
  for job in variable("OOM_JOBS", "open get create"):gmatch "%a+" do
    faults = faults + sweep(job)
  end
end
process.remove(settings.home)
os.exit(faults == 0, true)
