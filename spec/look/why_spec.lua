local azureml = require "azureml"
local instance = require "azureml.instance"
local json = require "azureml.json"
local scripted = require "spec.scripted"
local world = require "spec.world"

describe("why an instance is as it is", function()
  local emulator, ws

  local function open(instances, seed) emulator, ws = world.open(instances, seed) end
  after_each(function() world.close(emulator, ws) end)

  local function text_of(name) return tostring(ws.instances:get(name):why()) end

  it("is that a user, a schedule or its idleness has stopped it", function()
    open { ann = { state = "Running", properties = { vmSize = "Standard_DS1_v2",
      idleTimeBeforeShutdown = "PT15M" } } }
    emulator:advance "2h"
    local text = text_of "ann"
    assert.matches("^ann is Stopped\n", text)
    assert.matches("last operation: Stop because it was idle at %d.*: Succeeded", text)
    assert.matches("next: azureml start ann; a longer idle time", text)
  end)

  it("is that its creation failed: its errors, the quota, and what to do", function()
    open({ ann = { state = "CreateFailed" } }, { quotas = { total = 3 } })
    local why = ws.instances:get("ann"):why()
    local text = tostring(why)
    assert.matches("^ann is CreateFailed\n", text)
    assert.matches("  state: it was not created, but its name is taken\n", text)
    assert.matches("    next: azureml delete ann, then create it again\n", text)
    assert.matches("quota: the quota has 0 cores left for standardDSv2Family, and the instance "
      .. "needs 4", text)
    assert.matches("or choose a size that fits: azureml sizes %-%-available", text)
    assert.same({ "locks: the service does not offer them here",
      "policies: the service does not offer them here" }, why.unseen)
  end)

  it("is that a setup script failed, and where its output is", function()
    open { ann = { state = "UserSetupFailed" } }
    assert.matches("below Logs/ann", text_of "ann")
  end)

  it("is that an operation is active", function()
    open { ann = "Stopped" }
    local op <close> = ws.instances:start "ann"
    assert.matches("state: an operation is active: Starting\n", text_of "ann")
    assert.is_truthy(op)
  end)

  it("is that the region is short of its size, with other sizes", function()
    open { ann = "Stopped" }
    local vm = ws.instances:get "ann"
    local why = vm:why(require("azureml.error").new { code = "AllocationFailed",
      message = "Allocation failed. We do not have sufficient capacity" })
    local text = tostring(why)
    assert.matches("capacity: the region is short of STANDARD_DS3_V2", text)
    assert.matches("or take a size of the same family: Standard_DS1_v2, ", text)
  end)

  it("is what a verb was refused for, with the commands that free space", function()
    open { ann = "Running" }
    emulator:fault { match = { verb = "stop" }, times = 1, answer = { status = 400, json = {
      error = { code = "BadRequest",
        message = "StopCompute is not allowed when ComputeInstance disk is full." } } } }
    local vm = ws.instances:get "ann"
    local _, err = azureml.try(vm.stop, vm)
    local why = vm:why(err)
    assert.equal("error", why.causes[1].about)
    assert.matches("disk is full", why.causes[1].text)
    local steps = table.concat(why.causes[1].next, "\n")
    for _, command in ipairs { "df %-h", "conda clean %-%-all", "docker system prune" } do
      assert.matches(command, steps)
    end
    assert.error_matches(function() vm:why "full" end, "an error object expected")
  end)
end)

describe("why, with locks, policies and wrapped errors", function()
  local ID = "/subscriptions/1/resourceGroups/ml/providers/x/workspaces/team/computes/ann"
  local server, client

  local function vm_with(inner, answers)
    server = scripted(function(request)
      for part, value in pairs(answers or {}) do
        if request.target:find(part, 1, true) then
          if type(value) == "number" then return { status = value, body = "no" } end
          return { status = 200, body = json.encode { value = json.array(value) } }
        end
      end
      return { status = 200, body = '{"value":[]}' }
    end)
    client = azureml.client { endpoint = server.url, api_version = "2025-12-01" }
    local ws = azureml.workspace { client = client, resource_group = "ml", name = "team",
      subscription_id = "11111111-1111-1111-1111-111111111111" }
    local properties = { state = "Running", vmSize = "Standard_X1" }
    for name, value in pairs(inner) do properties[name] = value end
    return instance.new(ws, { id = ID, name = "ann", properties = {
      computeType = "ComputeInstance", properties = properties } })
  end
  after_each(function()
    client:close()
    server:close()
  end)

  local function causes_of(vm, about)
    local texts = {}
    for _, cause in ipairs(vm:why().causes) do
      if cause.about == about then
        texts[#texts + 1] = cause.text .. " | " .. table.concat(cause.next, " | ")
      end
    end
    return table.concat(texts, "\n")
  end

  it("names the locks of the instance and of its network's group", function()
    local vm = vm_with({ subnet = { id = "/subscriptions/1/resourceGroups/net/providers/"
      .. "Microsoft.Network/virtualNetworks/v/subnets/s" } }, {
      ["/computes/ann/providers/Microsoft.Authorization/locks"] = {
        { name = "keep", id = "/l/keep", properties = { level = "ReadOnly" } } },
      ["resourceGroups/net/providers/Microsoft.Authorization/locks"] = {
        { name = "net", id = "/l/net", properties = { level = "CanNotDelete" } } },
    })
    assert.equal("the lock 'keep' on the instance: it can be neither started, stopped, changed nor "
      .. "deleted | an owner removes it: az lock delete --ids /l/keep\n"
      .. "the lock 'net' on the resource group of its network: it cannot be deleted | an owner "
      .. "removes it: az lock delete --ids /l/net", causes_of(vm, "lock"))
  end)

  it("says what it could not look at", function()
    local vm = vm_with({}, { policyStates = 403 })
    local why = vm:why()
    assert.equal(1, #why.unseen)
    assert.matches("^policies: cannot list the policies", why.unseen[1])
    assert.matches("not looked at: policies: ", tostring(why))
  end)

  it("is not told where the service is down", function()
    local vm = vm_with({}, { ["Microsoft.Authorization"] = 501 })
    local _, err = azureml.try(vm.why, vm)
    assert.equal(501, err.status)
  end)

  it("names the policies that it violates", function()
    local vm = vm_with({}, { policyStates = { { policyDefinitionName = "no-ssh" } } })
    assert.matches("^it violates the policy 'no%-ssh' | ", causes_of(vm, "policy"))
  end)

  it("unwraps an error that comes as JSON in another one", function()
    local vm = vm_with { errors = { { code = "BadRequest", message = json.encode {
      error = { code = "SetupScriptsError", message = "setup.sh: exit status 3" } } } } }
    assert.equal("setup.sh: exit status 3 (SetupScriptsError) | read the script's output in the "
      .. "workspace's file share, below Logs/ann ('azureml logs ann' names the share); correct the "
      .. "script, then create the instance again", causes_of(vm, "error"))
  end)

  it("names the policies in an error", function()
    local vm = vm_with { errors = { { code = "RequestDisallowedByPolicy", message = "disallowed",
      additionalInfo = { { type = "PolicyViolation",
        info = { policyDefinitionDisplayName = "No public addresses" } } } } } }
    assert.matches("^the policy 'No public addresses' forbids it", causes_of(vm, "policy"))
  end)

  it("tells that a custom application keeps it awake", function()
    local vm = vm_with { idleTimeBeforeShutdown = "PT1H", customServices = { { name = "rstudio",
      image = { type = "docker", reference = "x" } } } }
    assert.matches("never idle", causes_of(vm, "idle shutdown"))
  end)

  it("tells which operation failed, and how to try it again", function()
    local vm = vm_with { state = "Stopped", lastOperation = { operationName = "Start",
      operationTime = "2026-11-28T12:00:00Z", operationStatus = "StartFailed",
      operationTrigger = "Schedule" } }
    assert.equal("Start by a schedule at 2026-11-28T12:00:00Z: StartFailed | azureml start ann "
      .. "tries it again", causes_of(vm, "last operation"))
  end)
end)
