-- client.lua NUMBER MANY JOB: do a job while the NUMBER-th allocation fails, and all after it until
-- MANY have failed. Prints how many allocations the job made.
local oom = require "oom"
local azureml = require "azureml"

local number, many, job = math.tointeger(arg[1]), math.tointeger(arg[2]), arg[3]

local SECRET = {
  tenant_id = "00000000-0000-0000-0000-000000000001", client_id = "someone", client_secret = "s",
}

local jobs = {}

function jobs.get()
  azureml.workspace { poll_interval = 0.01 }:get()
end

function jobs.create()
  local instances = azureml.workspace({ poll_interval = 0.01 }).instances
  instances:create(("oom%dx%d"):format(number, many), { vm_size = "Standard_DS3_v2" }):wait()
end

-- What needs nothing but memory.
function jobs.open()
  local c = azureml.credential
  local chain = c.chain { c.client_secret(SECRET), c.azure_cli(), c.managed_identity() }
  local person = c.device_code()
  local client = azureml.client {
    endpoint = "https://management.azure.com", credential = chain, user_agent = "oom/1",
    ca_file = "/nonexistent", proxy = "http://127.0.0.1:1", allow_hosts = { "a.test", "b.test" },
    tenant_id = SECRET.tenant_id, cookies = true,
  }
  client:close()
  person:close()
  chain:close()
end

oom.fail(number, many)
local ok, failure = pcall(jobs[job])
local count = oom.stop()
print(count)
if not ok then
  io.stderr:write(tostring(failure), "\n")
  os.exit(1, true)
end
