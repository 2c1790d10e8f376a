-- ours.lua: the benchmark's jobs as a user would write them; floor.c sends the same requests.
--
--     azureml spec/bench/ours.lua URL cold
--     azureml spec/bench/ours.lua URL get COUNT AT_ONCE
--     azureml spec/bench/ours.lua URL list
--     azureml spec/bench/ours.lua URL start COUNT
--     azureml spec/bench/ours.lua URL settle COUNT
--     azureml spec/bench/ours.lua URL pending COUNT
--     azureml spec/bench/ours.lua URL decode COUNT
--
-- pending prints the resident memory and the share of a processor that COUNT waiting operations
-- use. decode prints the time to decode one instance, measured on COUNT pages.
local azureml = require "azureml"

local url, job, count, at_once = ...

local ws = require "spec.bench.place"(url)

local function names()
  local list = {}
  for i = 1, tonumber(count) do list[i] = ("ci%06d"):format(i - 1) end
  return list
end

local jobs = {}

function jobs.cold()
  print(ws.instances:get "ci000000")
end

function jobs.get()
  local running = 0
  local function look(name)
    if ws.instances:get(name).state == "Running" then running = running + 1 end
  end
  if at_once == "1" then
    for _, name in ipairs(names()) do look(name) end
  else
    azureml.each(names(), look, { limit = tonumber(at_once) })
  end
  assert(running == tonumber(count))
end

function jobs.list()
  for vm in ws.instances:list() do print(vm) end
end

-- Start all instances and wait until the service reports the end, as floor.c does. Do not read the
-- instances' states afterwards.
local function start_all()
  ws.instances:start_all { names = names(), settle = false }
end

jobs.start = start_all

function jobs.settle()
  ws.instances:start_all { names = names() }
end

local function resident()
  local file <close> = assert(io.open "/proc/self/statm")
  return select(2, file:read("n", "n")) * 4096
end

-- Return the share of a processor that this process uses over some seconds.
local function busy_for(seconds)
  local before = os.clock()
  azureml.sleep(seconds)
  return (os.clock() - before) / seconds
end

function jobs.pending()
  azureml.parallel(start_all, function()
    repeat until busy_for(0.5) < 0.02      -- all have been accepted
    collectgarbage()
    print(azureml.json.encode { busy = busy_for(3), resident = resident() })
    os.exit(0)
  end)
end

function jobs.decode()
  local path = require("azureml.resource").path(ws, require "azureml.verbs".list, {})
  local page = ws:client():request { path = path }.body
  local instances, began = #azureml.json.decode(page).value, os.clock()
  for _ = 1, tonumber(count) do azureml.json.decode(page) end
  print(azureml.json.encode { seconds = (os.clock() - began) / tonumber(count) / instances })
end

jobs[job]()
