local azureml = require "azureml"
local json = require "azureml.json"
local world = require "spec.world"

describe("a look before a creation", function()
  local emulator, ws, requests

  before_each(function()
    requests = {}
    emulator, ws = world.open { ann = "Running" }
    emulator.log = function(request) requests[#requests + 1] = request end
  end)
  after_each(function() world.close(emulator, ws) end)

  local function set_quota(cores)
    emulator.world.quotas.families = { standardDSv2Family = cores }
  end

  local function texts(report, level)
    local list = {}
    for _, finding in ipairs(report.findings) do
      if finding.level == level then list[#list + 1] = finding.text end
    end
    return table.concat(list, "\n")
  end

  it("finds nothing where all is well, and says that it can be created", function()
    local report = ws.instances:check("ci-new", { idle_time_before_shutdown = "30m" })
    assert.is_true(report:ok())
    assert.equal("ci-new: can be created", tostring(report))
    assert.equal('{"findings":[],"name":"ci-new","ok":true}', json.encode(report))
  end)

  it("notes that rights are not checked where they do not come as a list", function()
    emulator:fault { match = { path = "/permissions" }, answer = { status = 200, json = {} } }
    local report = ws.instances:check "ci-new"
    assert.is_true(report:ok())
    assert.matches("whether your roles allow it was not checked", texts(report, "note"))
  end)

  it("tells all that is wrong at once, and changes nothing", function()
    local report = ws.instances:check("9bad-", {
      vm_size = "STANDARD_NOPE", idle_time_before_shutdown = "1m", tags = { 1 },
      assigned_user_object_id = "x",
    })
    assert.is_false(report:ok())
    local found = texts(report, "error")
    for _, text in ipairs {
      "'9bad%-' cannot be an instance's name", "tags: must be texts by name",
      "idle_time_before_shutdown: must be whole minutes from 15 minutes",
      "assigned_user: needs both ids",
      "vm_size 'STANDARD_NOPE' is not offered to compute instances in eastus; alike: ",
    } do
      assert.matches(text, found)
    end
    for _, request in ipairs(requests) do assert.is_not.equal("PUT", request.method) end
  end)

  it("leaves a subnet in a subscription that the caller cannot see to the service", function()
    local subnet = "/subscriptions/99999999-9999-9999-9999-999999999999/resourceGroups/hub/"
      .. "providers/Microsoft.Network/virtualNetworks/v/subnets/s"
    local report = ws.instances:check("ci-new", { subnet = subnet })
    assert.is_true(report:ok())
    assert.matches("the subnet was not checked: .*99999999", texts(report, "note"))
    assert.equal(subnet, ws.instances:create("ci-new", { subnet = subnet }):wait().subnet)
  end)

  it("tells a thing once", function()
    local report = ws.instances:check("9bad-", { idle_time_before_shutdown = "1m" })
    assert.equal(2, #report.findings)      -- no word on the name again, nor that nothing stops it
    report = ws.instances:check("ann", { idle_time_before_shutdown = "1h" })
    assert.equal(1, #report.findings)
  end)

  it("warns of what costs money or does not work", function()
    local warned = texts(ws.instances:check("ci-new", { ssh_public_access = true }), "warning")
    assert.matches("nothing stops the instance", warned)
    assert.matches("SSH is on without admin_user_ssh_public_key", warned)
    warned = texts(ws.instances:check("ci-new", {
      idle_time_before_shutdown = "1h", identity = "SystemAssigned",
      custom_services = { { name = "a", image = "b" } },
    }), "warning")
    assert.matches("a custom service that runs keeps the instance from being idle", warned)
    assert.matches("holds the role Contributor", warned)
    assert.is_nil(warned:find "nothing stops")
  end)

  it("knows the names that are taken", function()
    local report = ws.instances:check("ann", {})
    assert.matches("an instance of this name exists %(Running, ", texts(report, "error"))
  end)

  it("compares the quota with numbers", function()
    set_quota(5)
    local report = ws.instances:check("ci-new", { vm_size = "STANDARD_DS3_V2" })
    assert.matches("the quota standardDSv2Family has 4 of 5 cores in use, and the instance needs 4",
      texts(report, "error"))
  end)

  it("looks at the quota again before it refuses by what was seen earlier", function()
    set_quota(5)
    assert.is_false(ws.instances:check("ci-new", {}):ok())
    set_quota(100)
    assert.is_true(ws.instances:check("ci-new", {}):ok())
  end)

  it("asks the service in two round trips, and once for many creations", function()
    ws.instances:check("ci-one", {})
    local first = #requests
    ws.instances:check("ci-two", {})
    assert.equal(2, #requests - first)      -- whether the instance is there, and the name is free
    azureml.each({ "ci-a", "ci-b", "ci-c" }, function(name) ws.instances:check(name, {}) end)
    assert.equal(2 + 6, #requests - first)
  end)

  it("refuses networks that the workspace does not allow", function()
    local report = ws.instances:check("ci-new", { enable_node_public_ip = false })
    assert.matches("needs a subnet, or a workspace with a managed network", texts(report, "error"))
  end)

  it("knows the caller's rights", function()
    emulator:add { users = { { name = "eve@contoso.com" } },
      role_assignments = { { principal = "eve@contoso.com", role = "Reader" } } }
    local eve <close> = azureml.workspace { subscription_id = ws.subscription_id,
      resource_group = ws.resource_group, name = ws.name,
      credential = emulator:credential "eve@contoso.com" }
    local report = eve.instances:check("ci-new", {})
    assert.matches("your roles in workspace 'emulator' do not allow the action Microsoft%.Machine"
      .. "LearningServices/workspaces/computes/write", texts(report, "error"))
    local _, err = azureml.try(eve.instances.create, eve.instances, "ci-new", {})
    assert.equal("AuthorizationFailed", err.code)
    assert.matches("^ask an owner of /subscriptions/.+/workspaces/emulator for a role that has "
      .. "Microsoft.+: AzureML Compute Operator, .+ the smallest custom role is {\"Actions\":",
      err.hint)
  end)

  it("skips a check that the caller may not make, with a note", function()
    for _, path in ipairs { "/usages", "/vmSizes", "/checkComputeNameAvailability" } do
      emulator:fault { match = { path = path }, answer = {
        status = 403, json = { error = { code = "AuthorizationFailed", message = "no" } },
      } }
    end
    local report = ws.instances:check("ci-new", {})
    assert.is_true(report:ok())
    local notes = texts(report, "note")
    assert.matches("whether the name is free in the region was not checked: ", notes)
    assert.matches("whether the region offers the size was not checked: ", notes)
    assert.matches("the quota was not checked: ", notes)
  end)

  it("is made by create, which sends nothing after an error", function()
    set_quota(5)
    local _, err = azureml.try(ws.instances.create, ws.instances, "ci-new", {})
    assert.equal("QuotaExceeded", err.code)
    assert.matches("^cannot create 'ci%-new': the quota standardDSv2Family has", err.message)
    assert.is_nil(ws.instances:find "ci-new")
  end)
end)
