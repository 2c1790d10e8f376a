-- ours.lua: the benchmark's jobs as a user would write them; floor.c sends the same requests.
--
--     azureml ours.lua URL cold
--     azureml ours.lua URL get COUNT AT_ONCE
--     azureml ours.lua URL list
--     azureml ours.lua URL start COUNT
--     azureml ours.lua URL pending COUNT         tells what is resident and how busy we are while they wait
local azureml = require "azureml"

local url, job, count, at_once = ...

local ws = azureml.workspace {
  subscription_id = "34adfa4f-cedf-4dc0-ba29-b6d1a69ab345", resource_group = "bench", name = "bench",
  cloud = { authority = url, resource_manager = url, scope = "https://management.azure.com/.default" },
  credential = azureml.credential.client_secret {
    authority = url, tenant_id = "34adfa4f-cedf-4dc0-ba29-000000000000", client_id = "10a1b2c3-0003-4000-8000-000000000003",
    client_secret = "not-a-secret",
  },
}

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

function jobs.start()
  azureml.each(names(), function(name) ws.instances:start(name):wait() end, { limit = tonumber(count) })
end

local function resident()
  local file <close> = assert(io.open "/proc/self/statm")
  return select(2, file:read("n", "n")) * 4096
end

function jobs.pending()
  local started, seconds = {}, 3
  azureml.each(names(), function(name) started[#started + 1] = ws.instances:start(name) end, { limit = 32 })
  collectgarbage()
  local cpu = os.clock()
  azureml.sleep(seconds)
  print(azureml.json.encode { busy = (os.clock() - cpu) / seconds, resident = resident() })
  for _, operation in ipairs(started) do operation:close() end
end

jobs[job]()
