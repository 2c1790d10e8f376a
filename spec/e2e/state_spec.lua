-- The emulator's state over kills: what was acknowledged before is there afterwards, wherever the
-- kill fell.
local azureml = require "azureml"
local door = require "spec.door"
local json = require "azureml.json"
local process = require "spec.process"

local WORKSPACE = "/subscriptions/" .. door.SUBSCRIPTION
  .. "/resourceGroups/emulator/providers/Microsoft.MachineLearningServices/workspaces/emulator/"
local TASKS, ROUNDS = 12, 6

describe("an emulator that is killed", function()
  local directory, path

  before_each(function()
    directory = process.directory()
    path = directory .. "/state"
    process.write(directory .. "/seed.json",
      '{ "quotas": { "total": 1000000, "family": 1000000, "clusters": 1000000 } }')
  end)
  after_each(function() process.remove(directory) end)

  local function serve()
    return process.served_emulator { speed = 100000,
      options = { "--state", path, "--seed", directory .. "/seed.json" } }
  end

  local function open(running)
    local asked <close> = azureml.client { endpoint = running.url }
    local names = asked:request({ path = "/emulator/settings" }).json
    return azureml.client {
      endpoint = running.url, scope = "https://management.azure.com/.default",
      api_version = "2024-04-01", retry = { tries = 0 },
      credential = azureml.credential.client_secret {
        authority = running.url, tenant_id = names.tenant_id, client_id = names.client_id,
        client_secret = names.client_secret,
      },
    }
  end

  -- known: the expected tag of each compute by name: false when it was deleted, nil when it is not
  -- known. A verb that is refused because another is still at work has changed nothing.
  local function ask(client, known, name, request, becomes)
    local before = known[name]
    known[name] = nil
    request.path = WORKSPACE .. "computes/" .. name
    local _, err = azureml.try(client.request, client, request)
    if err and err.status ~= 409 then error(err, 0) end
    if err then known[name] = before else known[name] = becomes end
  end

  local function put(client, known, name, tag)
    local body = door.instance()
    body.tags = { round = tag }
    ask(client, known, name, { method = "PUT", body = body }, tag)
  end

  local function delete(client, known, name)
    ask(client, known, name, { method = "DELETE", query = { underlyingResourceAction = "Delete" } },
      false)
  end

  -- Until one acknowledgement too many; then all that are in flight fail.
  local function load(client, running, known, number)
    local left, tasks = math.random(1, 150), {}
    local function acknowledged()
      left = left - 1
      if left == 0 then os.execute("kill -9 " .. running.pid) end
    end
    for i = 1, TASKS do
      tasks[i] = function()
        for j = 1, 1000 do
          local name = ("r%dt%dn%dx"):format(number, i, j)
          put(client, known, name, name)
          acknowledged()
          if j % 3 == 0 then put(client, known, name, "changed")
          elseif j % 7 == 0 then delete(client, known, name) end
          acknowledged()
        end
      end
    end
    local ok, why = azureml.try(azureml.parallel, table.unpack(tasks))
    assert.is_nil(ok)
    assert.is_nil(why.status, tostring(why))
  end

  local function check(client, known)
    local found = {}
    for one in client:pages { path = WORKSPACE .. "computes" } do found[one.name] = one end
    local missing = {}
    for name, tag in pairs(known) do
      local one = found[name]
      local state = one and json.get(one, "properties", "properties", "state")
      if tag and (not one or one.tags.round ~= tag) then
        missing[#missing + 1] = name .. " is not as it was acknowledged"
      end
      if tag == false and one and state ~= "Deleting" then
        missing[#missing + 1] = name .. " is not deleted"
      end
    end
    assert.same({}, missing)
    return found
  end

  it("has lost nothing that it acknowledged", function()
    local known = {}
    for number = 1, ROUNDS do
      local running <close> = serve()
      local client <close> = open(running)
      check(client, known)
      load(client, running, known, number)
    end
    local running <close> = serve()
    local client <close> = open(running)
    check(client, known)
    local count = 0
    for _ in pairs(known) do count = count + 1 end
    assert.is_true(count > 0)
  end)

  it("says in one sentence that its state is in use, or damaged, and exits with 1", function()
    local running <close> = serve()
    local _, errors, code = process.executable { "emulator", "--state", path }
    local in_use = "azureml: the state in %s cannot be used: another emulator uses it "
      .. "(StateFailed)\n"
    assert.same({ 1, in_use:format(path) }, { code, errors })
    running:close()
    process.write(path, "once upon a time\n")
    _, errors, code = process.executable { "emulator", "--state", path }
    assert.equal(1, code)
    local unusable = "azureml: the state in %s cannot be used: it is not an emulator's state"
    assert.is_truthy(errors:find(unusable:format(path), 1, true), errors)
    assert.is_truthy(errors:find("move the file away to start with a new state", 1, true), errors)
  end)
end)
