local door = require "spec.door"
local inferred = require "azureml.emulator.inferred"
local json = require "azureml.json"

local function code_of(value) return json.get(value, "error", "code") end

local function with(instances, more)
  local given = { seed = { instances = instances } }
  for name, value in pairs(more or {}) do given.seed[name] = value end
  return door.open(given)
end

local function state_of(at, name)
  local _, value = at:ask("GET", at:path("computes/" .. name))
  return json.get(value, "properties", "properties", "state")
end

describe("the emulator's computes", function()
  describe("are listed", function()
    it("by pages with a link to the next, in the order of their creation", function()
      local at = door.open()
      at.emulator:set_page_size(2)
      for _, name in ipairs { "ci-c", "ci-a", "ci-b", "ci-e", "ci-d" } do
        at.emulator:seed_instance(name, "Running")
      end
      local names, target = {}, at:path "computes"
      while target do
        local status, page = at:ask("GET", target)
        assert.equal(200, status)
        assert.is_true(#page.value <= 2)
        for _, compute in ipairs(page.value) do names[#names + 1] = compute.name end
        target = json.get(page, "nextLink") and page.nextLink:gsub("^http://[^/]+", "")
      end
      assert.same({ "ci-c", "ci-a", "ci-b", "ci-e", "ci-d" }, names)
    end)

    it("as an empty list where there is none", function()
      local at = door.open()
      local _, _, _, body = at:ask("GET", at:path "computes")
      assert.equal('{"value":[]}', body)
    end)

    for _, skip in ipairs { "x", "p-1", "p1e9", "-5", "p99999999999999999999", "%00", "p1%20" } do
      it("whatever $skip holds: " .. skip, function()
        local at = with { ["ci-ann"] = "Running" }
        local status, page = at:ask("GET", at:path "computes?$skip=" .. skip)
        assert.equal(200, status)
        assert.is_true(#page.value <= 1)
        assert.is_nil(page.nextLink)
      end)
    end
  end)

  it("are found by their names without case, and shown as they were given", function()
    local at = with { ["Ci-Ann"] = "Running" }
    local status, value = at:ask("GET",
      at:path "COMPUTES/ci-ANN":gsub("resourceGroups", "RESOURCEGROUPS"))
    assert.same({ 200, "Ci-Ann" }, { status, value.name })
    status, value = at:ask("GET", at:path "computes/ci-bob")
    assert.same({ 404, "ResourceNotFound" }, { status, code_of(value) })
  end)

  describe("are created", function()
    it("by a PUT that is accepted, then seen on their way, and run in the end", function()
      local at = door.open()
      local status, value, headers = at:ask("PUT", at:path "computes/ci-ann", door.instance())
      assert.same({ 201, "Creating" }, { status, value.properties.provisioningState })
      assert.is_nil(headers.Location)
      assert.is_nil(headers["Retry-After"])
      assert.equal("Creating", state_of(at, "ci-ann"))
      assert.equal("InProgress", select(2, at:follow(headers)).status)
      at.emulator:advance(inferred.durations.creating)
      assert.equal("SettingUp", state_of(at, "ci-ann"))
      at.emulator:advance(inferred.durations.setting_up)
      assert.equal("Running", state_of(at, "ci-ann"))
      assert.equal("Succeeded", select(2, at:follow(headers)).status)
    end)

    it("in order, or not at all: a name that is taken in the region, whatever workspace", function()
      local at = with { ["ci-ann"] = "Running" }
      local elsewhere = "99999999-1111-1111-1111-111111111111"
      at.emulator:ensure_workspace {
        subscription_id = elsewhere, resource_group = "g", workspace_name = "other",
      }
      local status, value = at:ask("PUT",
        "/subscriptions/" .. elsewhere .. "/resourceGroups/g/providers/"
        .. "Microsoft.MachineLearningServices/workspaces/other/computes/CI-ANN", door.instance())
      assert.equal(inferred.name_taken.status, status)
      assert.equal(inferred.name_taken.code, code_of(value))
    end)

    it("over one that is there without changing more than tags and description", function()
      local at = with {
        ["ci-ann"] = { state = "Stopped", vm_size = "Standard_DS3_v2", tags = { a = "1" } },
      }
      local body = door.instance { vmSize = "STANDARD_NC6", idleTimeBeforeShutdown = "PT30M" }
      body.tags, body.properties.description = { b = "2" }, "new"
      local status, value, headers = at:ask("PUT", at:path "computes/ci-ann", body)
      assert.same({ 200, nil }, { status, headers["Azure-AsyncOperation"] })
      local inner = value.properties.properties
      assert.same({ { b = "2" }, "new", "STANDARD_DS3_V2", "Stopped", nil },
        { value.tags, value.properties.description, inner.vmSize, inner.state,
          inner.idleTimeBeforeShutdown })
    end)

    it("over one that is there without changing tags, where the service ignores them", function()
      local at = with { ["ci-ann"] = { tags = { a = "1" }, description = "old" } }
      at.emulator:behave { tags = "ignore" }
      local body = door.instance()
      body.tags, body.properties.description = { b = "2" }, "new"
      local status, value = at:ask("PUT", at:path "computes/ci-ann", body)
      assert.same({ 200, { a = "1" }, "old" },
        { status, value.tags, value.properties.description })
      local _, again = at:ask("GET", at:path "computes/ci-ann")
      assert.same({ { a = "1" }, "old" }, { again.tags, again.properties.description })
      at.emulator:behave { tags = "replace" }
      _, value = at:ask("PUT", at:path "computes/ci-ann", body)
      assert.same({ { b = "2" }, "new" }, { value.tags, value.properties.description })
    end)

    it("with what the caller asked for", function()
      local at = door.open()
      local body = door.instance {
        sshSettings = { sshPublicAccess = "Enabled", adminPublicKey = "ssh-rsa AAAAB3Nza me" },
        applicationSharingPolicy = "Personal",
        idleTimeBeforeShutdown = "PT30M", enableNodePublicIp = false,
        subnet = { id = "/subscriptions/s" },
      }
      body.tags = { team = "vision" }
      assert.equal(201, (at:ask("PUT", at:path "computes/ci-ann?api-version=2025-12-01", body)))
      local _, value = at:ask("GET", at:path "computes/ci-ann")
      local inner = value.properties.properties
      assert.same({ team = "vision" }, value.tags)
      assert.same(
        { "Enabled", "ssh-rsa AAAAB3Nza me", "Personal", "PT30M", false, "/subscriptions/s" }, {
        inner.sshSettings.sshPublicAccess, inner.sshSettings.adminPublicKey,
        inner.applicationSharingPolicy,
        inner.idleTimeBeforeShutdown, inner.enableNodePublicIp, inner.subnet.id,
      })
      assert.equal(json.null, inner.connectivityEndpoints.publicIpAddress)
    end)

    it("within the quota of the family, of the region, and of computes", function()
      for _, row in ipairs {
        { { family = 4 }, "a Standard DSv2 family vCPU quota of 4" },
        { { total = 4 }, "a total vCPU quota of 4" },
        { { clusters = 1 }, "its limit of 1 computes" },
      } do
        local at = with({ ["ci-ann"] = "Stopped" }, { quotas = row[1] })      -- stopped ones count
        local status, value = at:ask("PUT", at:path "computes/ci-bob", door.instance())
        assert.same({ 400, "BadRequest" }, { status, code_of(value) })
        assert.is_truthy(value.error.message:find(row[2], 1, true), value.error.message)
      end
    end)
  end)

  describe("have verbs", function()
    for _, row in ipairs {
      { "stop", "Running", "Stopping", "Stopped" }, { "start", "Stopped", "Starting", "Running" },
      { "restart", "Running", "Restarting", "Running" },
      { "restart", "Unusable", "Restarting", "Running" },
    } do
      it(("%s from %s"):format(row[1], row[2]), function()
        local at = with { ["ci-ann"] = row[2] }
        local status, _, headers, body = at:ask("POST", at:path("computes/ci-ann/" .. row[1]))
        assert.same({ 202, "" }, { status, body })
        assert.equal(row[3], state_of(at, "ci-ann"))
        local busy, why = at:ask("POST", at:path "computes/ci-ann/restart")
        assert.same({ inferred.busy.status, inferred.busy.code }, { busy, code_of(why) })
        at.emulator:advance "30m"
        assert.equal(row[4], state_of(at, "ci-ann"))
        assert.equal("Succeeded", select(2, at:follow(headers)).status)
      end)
    end

    for _, row in ipairs {
      { "stop", "Stopped" }, { "restart", "Stopped" }, { "stop", "CreateFailed" },
    } do
      it(("refuse %s from %s"):format(row[1], row[2]), function()
        local at = with { ["ci-ann"] = row[2] }
        local status, value = at:ask("POST", at:path("computes/ci-ann/" .. row[1]))
        assert.equal(inferred.stop_stopped.status, status)
        assert.is_truthy(value.error.message:find(row[2], 1, true))
      end)
    end

    it("start of what runs: accepted, and failed by the operation", function()
      local at = with { ["ci-ann"] = "Running" }
      local status, _, headers = at:ask("POST", at:path "computes/ci-ann/start")
      assert.equal(202, status)
      local said, value = at:follow(headers)
      assert.same({ 200, "Failed", "StartComputeInstanceOnlyAllowedInStoppedState" },
        { said, value.status, code_of(value) })
    end)

    it("of one that is not there: 404", function()
      local at = door.open()
      for _, verb in ipairs { "start", "stop", "restart" } do
        local status, value = at:ask("POST", at:path("computes/ci-ann/" .. verb))
        assert.same({ 404, "ResourceNotFound" }, { status, code_of(value) })
      end
    end)
  end)

  describe("are deleted", function()
    for _, word in ipairs { "Delete", "delete", "DELETE" } do
      it("with underlyingResourceAction=" .. word, function()
        local at = with { ["ci-ann"] = "Running" }
        local status, _, headers = at:ask("DELETE",
          at:path("computes/ci-ann?underlyingResourceAction=" .. word))
        assert.equal(202, status)
        assert.equal("Deleting", state_of(at, "ci-ann"))
        at.emulator:advance "30m"
        assert.equal(404, (at:ask("GET", at:path "computes/ci-ann")))
        assert.equal("Succeeded", select(2, at:follow(headers)).status)
        -- its name is free again
        assert.equal(201, (at:ask("PUT", at:path "computes/ci-ann", door.instance())))
      end)
    end

    it("only with an action, and not detached", function()
      local at = with { ["ci-ann"] = "Running" }
      assert.equal(400, (at:ask("DELETE", at:path "computes/ci-ann")))
      local status, value = at:ask("DELETE",
        at:path "computes/ci-ann?underlyingResourceAction=Detach")
      assert.same({ inferred.detach.status, inferred.detach.code }, { status, code_of(value) })
    end)

    it("where there is none: 204", function()
      local at = door.open()
      assert.equal(204,
        (at:ask("DELETE", at:path "computes/ci-ann?underlyingResourceAction=Delete")))
      assert.equal(200,
        (at:ask("DELETE",
          at:path "computes/ci-ann?underlyingResourceAction=Delete&api-version=2021-01-01")))
    end)
  end)

  describe("tell of operations", function()
    it("only to who has the signature", function()
      local at = with { ["ci-ann"] = "Running" }
      local _, _, headers = at:ask("POST", at:path "computes/ci-ann/stop")
      local target = headers["Azure-AsyncOperation"]:gsub("^http://[^/]+", "")
      assert.equal(403, (at:ask("GET", (target:gsub("&s=..", "&s=zz")))))
      assert.equal(404,
        (at:ask("GET",
          (target:gsub("computeOperationsStatus/%x+", "computeOperationsStatus/00000000")))))
      assert.equal(200, (at:ask("GET", target)))
    end)

    it("that were planned to fail, with code and message", function()
      local at = with { ["ci-ann"] = "Running" }
      at.emulator:fault {
        match = { verb = "stop" },
        answer = { operation = "Canceled", code = "OperationPreempted", message = "another" },
      }
      local _, _, headers = at:ask("POST", at:path "computes/ci-ann/stop")
      at.emulator:advance "30m"
      local _, value = at:follow(headers)
      assert.same({ "Canceled", { code = "OperationPreempted", message = "another" } },
        { value.status, value.error })
      assert.equal("Running", state_of(at, "ci-ann"))
    end)

    it("with a pace where the clock is sped up", function()
      local at = door.open { manual = false, speed = 100 }
      local _, _, headers = at:ask("PUT", at:path "computes/ci-ann", door.instance())
      assert.equal(("%d"):format(inferred.poll_after * 10), headers["retry-after-ms"])
    end)

    it("and a look has that pace too, until the state is settled", function()
      local function asked_at(speed, wait)
        local at = door.open { manual = false, speed = speed }
        at:ask("PUT", at:path "computes/ci-ann", door.instance())
        if wait then at.emulator.world.clock:advance(wait) end
        local _, _, headers = at:ask("GET", at:path "computes/ci-ann")
        return headers["retry-after-ms"]
      end
      assert.equal(("%d"):format(inferred.poll_after * 10), asked_at(100))
      assert.is_nil(asked_at(100, 86400))
      assert.is_nil(asked_at(1))
    end)
  end)

  describe("say whether a name is free", function()
    for _, row in ipairs {
      { "ci-new", true }, { "ci-ann", false, "AlreadyExists" }, { "my-1", false, "Invalid" },
      { "c1", false, "Invalid" },
    } do
      it(row[1], function()
        local at = with { ["ci-ann"] = "Running" }
        local status, value = at:ask("POST", at:path "checkComputeNameAvailability", {
          Name = row[1], Type = "ComputeInstance",
        })
        assert.same({ 200, row[2], row[3] }, { status, value.nameAvailable, value.reason })
      end)
    end
  end)
end)
