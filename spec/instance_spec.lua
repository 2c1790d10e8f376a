local documents = require "azureml.tool.document"
local instance = require "azureml.instance"
local json = require "azureml.json"
local world = require "spec.world"

describe("an instance", function()
  local recorded = world.json_file "spec/fixtures/recordings/compute-instance-get-2024-04-01.json"

  local function of(inner, outer)
    local raw = { name = "ci-ann", properties = {
      computeType = "ComputeInstance", provisioningState = "Succeeded", properties = inner,
    } }
    for name, value in pairs(outer or {}) do raw[name] = value end
    return instance.new({}, raw)
  end

  it("of the live service's answer has every field typed", function()
    local body = json.get(recorded, "response", "body")
    if type(body) == "string" then body = json.decode(body) end
    local vm = instance.new({}, body)
    assert.is_true(instance.is_one(documents.of(body)))
    assert.equal("Running", vm.state)
    assert.equal("Succeeded", vm.provisioning_state)
    assert.equal("integer", math.type(vm.ssh.port))
    assert.is_false(vm.ssh.enabled)
    assert.is_nil(vm.ssh.command)
    assert.matches("^https://.*/tree/$", vm.applications.jupyter)
    assert.matches("^https://.*/lab$", vm.applications.jupyter_lab)
    assert.equal(body, vm.raw)
  end)

  it("without an inner state shows what the service says of the resource", function()
    assert.equal("Creating",
      instance.new({}, { properties = { provisioningState = "Creating" } }).state)
    assert.is_nil(instance.new({}, {}).state)
  end)

  it("has tags, schedules and errors in any case", function()
    local vm = of({ errors = json.null }, { tags = json.null })
    assert.same({}, vm.tags)
    assert.equal("[]", json.encode(vm.schedules))
    assert.equal("[]", json.encode(vm.errors))
  end)

  it("has no null in any field, and only texts as tags", function()
    local vm = of({
      state = json.null, vmSize = json.null, schedules = { computeStartStop = { json.null } },
      errors = { json.null, { error = { code = "A", target = json.null } } },
      applications = { json.null, { displayName = json.null, endpointUri = "u" },
        { displayName = "Jupyter", endpointUri = json.null } },
      sshSettings = { sshPublicAccess = "Enabled", adminUserName = json.null },
        lastOperation = { operationName = json.null },
    }, { id = json.null, location = json.null, tags = { keep = json.null, team = "vision", size = 5,
      on = true } })
    local function walk(value, path)
      assert.is_true(value ~= json.null, path)
      if type(value) ~= "table" then return end
      for key, item in pairs(value) do walk(item, path .. "." .. key) end
    end
    walk(instance.summary(vm), "vm")
    assert.same({ team = "vision", size = "5", on = "true" }, vm.tags)
    assert.same({}, vm.schedules)
    assert.same({ { error = { code = "A" } } }, vm.errors)
    assert.same({}, vm.applications)
    assert.equal(json.null, vm.raw.tags.keep)
  end)

  for _, strange in ipairs { 5, "x", true, json.null } do
    it("survives members of another kind: " .. tostring(strange), function()
      local vm = of({ schedules = { computeStartStop = strange }, errors = strange,
        applications = strange, sshSettings = strange,
        lastOperation = strange }, { tags = strange })
      assert.same({ {}, {}, {}, {}, {}, false }, { vm.tags, vm.schedules, vm.errors,
        vm.applications, vm.last_operation, vm.ssh.enabled })
    end)
  end

  it("gathers what went wrong with the resource and with the machine", function()
    local vm = of { errors = { { error = { code = "B" } } } }
    vm.raw.properties.provisioningErrors = { { error = { code = "A" } } }
    assert.same({ "A", "B" }, { vm.errors[1].error.code, vm.errors[2].error.code })
  end)

  it("belongs to the user it is assigned to, else to its creator", function()
    assert.equal("me", of({ createdBy = { userId = "me" } }).owner)
    local hers = of { createdBy = { userId = "me" }, personalComputeInstanceSettings = {
      assignedUser = { objectId = "her" },
    } }
    assert.equal("her", hers.owner)
  end)

  for _, row in ipairs {
    { "by its public address and the service's port",
      { publicIpAddress = "203.0.113.1", privateIpAddress = "10.0.0.4" },
      "ssh azureuser@203.0.113.1 -p 50000" },
    { "in a virtual network by the private one, port 22",
      { publicIpAddress = json.null, privateIpAddress = "10.0.0.4" },
      "ssh azureuser@10.0.0.4 -p 22" },
    { "not at all while it has no address", {}, nil },
  } do
    it("is reached by SSH " .. row[1], function()
      local vm = of {
        connectivityEndpoints = row[2], sshSettings = {
          sshPublicAccess = "Enabled", adminUserName = "azureuser", sshPort = 50000.0,
        },
      }
      assert.equal(row[3], vm.ssh.command)
    end)
  end

  it("tells its last operation, and by what it came about", function()
    local vm = of { lastOperation = {
      operationName = "Stop", operationStatus = "Succeeded", operationTrigger = "IdleShutdown",
    } }
    assert.same({ name = "Stop", status = "Succeeded", trigger = "IdleShutdown" },
      vm.last_operation)
    assert.same({}, of({ lastOperation = json.null }).last_operation)
  end)

  it("tells members without a field", function()
    local vm = of { newSetting = { a = 1, b = json.null }, count = 5.0, gone = json.null }
    assert.same({ a = 1 }, vm:member "newSetting")
    assert.equal("integer", math.type(vm:member "count"))
    assert.is_nil(vm:member "gone")
    assert.is_nil(vm:member "other")
    assert.matches("bad argument #1 to 'member'", select(2, pcall(vm.member, vm, 5)))
  end)

  it("has whole numbers as tags without a fraction", function()
    local vm = of({}, { tags = json.decode '{ "a": 5, "b": 0.5, "c": true }' })
    assert.same({ a = "5", b = "0.5", c = "true" }, vm.tags)
  end)

  it("reads as name, state and size", function()
    assert.equal("ci-ann: Stopped, STANDARD_DS3_V2",
      tostring(of { state = "Stopped", vmSize = "STANDARD_DS3_V2" }))
  end)

  it("tells another type of compute apart", function()
    local function is_one(raw) return instance.is_one(documents.of(raw)) end
    assert.is_false(is_one { properties = { computeType = "AmlCompute" } })
    assert.is_false(is_one(json.null))
    assert.is_false(is_one { properties = { computeType = 5 } })
    assert.is_true(is_one { properties = { computeType = "computeinstance" } })
  end)

  it("says how a verb is called that was not", function()
    local vm = of {}
    assert.error_matches(function() vm.start() end,
      "call it with a colon: vm:start%(%.%.%.%)")
  end)

  it("names the known fields for a mistyped one, and refuses to be changed", function()
    local vm = of {}
    local _, err = pcall(function() return vm.stat end)
    assert.matches("^spec/instance_spec.lua:%d+: an instance has no field 'stat' %(known: ", err)
    assert.matches("state, subnet, tags, vm_size%)$", err)
    _, err = pcall(function() vm.state = "Running" end)
    assert.matches("^spec/instance_spec.lua:%d+: the field 'state' of an instance cannot be set",
      err)
    assert.is_nil(vm.description)
  end)

  it("is walked and written by its fields", function()
    local vm = of({ vmSize = "S" }, { name = "ann" })
    local seen = {}
    for name, value in pairs(vm) do seen[name] = value end
    assert.equal("S", seen.vm_size)
    assert.is_nil(seen.raw)
    local decoded = json.decode(json.encode { vm })
    assert.same({ "ann", "S" }, { decoded[1].name, decoded[1].vm_size })
  end)

  it("lists an error once that the service sends twice", function()
    local fault = { error = { code = "A", message = "m" } }
    local vm = of({ errors = { fault } })
    vm.raw.properties.provisioningErrors = { fault }
    assert.equal(1, #vm.errors)
  end)
end)
