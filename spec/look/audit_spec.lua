local audit = require "azureml.look.audit"
local azureml = require "azureml"
local instance = require "azureml.instance"
local json = require "azureml.json"
local scripted = require "spec.scripted"
local world = require "spec.world"

describe("an audit", function()
  local server, client, ws, roles

  before_each(function()
    roles = {}
    server = scripted(function(request)
      local principal = request.target:match "principalId%%20eq%%20%%27([%w-]+)%%27"
      local value = roles[principal]
      if type(value) == "number" then return { status = value, body = "no" } end
      return { status = 200, body = json.encode { value = json.array(value or {}) } }
    end)
    client = azureml.client { endpoint = server.url, api_version = "2025-12-01" }
    ws = azureml.workspace { client = client, resource_group = "ml", name = "team",
      subscription_id = "11111111-1111-1111-1111-111111111111" }
  end)
  after_each(function()
    client:close()
    server:close()
  end)

  local function vm(name, inner, outer)
    local properties = { idleTimeBeforeShutdown = "PT1H",
      osImageMetadata = { isLatestOsImageVersion = true } }
    for key, value in pairs(inner or {}) do properties[key] = value end
    local raw = { name = name, properties = { computeType = "ComputeInstance",
      disableLocalAuth = true, properties = properties } }
    for key, value in pairs(outer or {}) do
      if key == "disableLocalAuth" then raw.properties[key] = value else raw[key] = value end
    end
    return instance.new(ws, raw)
  end

  local function found(one, rules)
    local report = azureml.audit({ one }, { rules = rules })
    local texts = {}
    for i, finding in ipairs(report.findings) do
      texts[i] = ("%s %s: %s"):format(finding.name, finding.rule, finding.text)
    end
    return table.concat(texts, "\n"), report
  end

  it("finds nothing where all is well", function()
    local text, report = found(vm "ann")
    assert.equal("", text)
    assert.equal(1, report.count)
    assert.equal("[]", json.encode(report.findings))
    assert.equal(0, #server.requests)
  end)

  for name, row in pairs {
    ["a missing idle stop"] = { vm = { { idleTimeBeforeShutdown = json.null } },
      "ann idle-stop: it does not stop when it is idle" },
    ["local authentication"] = { vm = { {}, { disableLocalAuth = false } },
      "ann local-auth: local authentication is on" },
    ["an outdated image"] = { vm = { { osImageMetadata = { currentImageVersion = "24.01.01",
      latestImageVersion = "24.06.10", isLatestOsImageVersion = false } } },
      "ann image: its image 24.01.01 is outdated: 24.06.10 is the latest" },
    ["open SSH"] = { vm = { { sshSettings = { sshPublicAccess = "Enabled", sshPort = 50000 },
      connectivityEndpoints = { publicIpAddress = "20.1.2.3" } } },
      "ann ssh: SSH is open to the world at 20.1.2.3, port 50000" },
    ["no open SSH in a network"] = { vm = { { sshSettings = { sshPublicAccess = "Enabled" },
      subnet = { id = "/s" }, connectivityEndpoints = { publicIpAddress = "20.1.2.3" } } }, "" },
    ["an identity without a role"] = { vm = { {}, { identity = { type = "SystemAssigned",
      principalId = "p-1" } } }, "ann identity: its identity p-1 has no role in the workspace" },
  } do
    it("finds " .. name, function()
      assert.equal(row[1], (found(vm("ann", row.vm[1], row.vm[2]))))
    end)
  end

  it("asks once for the roles of an identity that instances share", function()
    roles["p-2"] = { { id = "/a" } }
    local identity = { type = "UserAssigned", userAssignedIdentities = {
      ["/i/one"] = { principalId = "p-2" } } }
    local report = azureml.audit {
      vm("ann", nil, { identity = identity }), vm("bob", nil, { identity = identity }),
    }
    assert.equal(0, #report.findings)
    assert.equal(1, #server.requests)
    assert.matches("/workspaces/team/providers/Microsoft.Authorization/roleAssignments%?",
      server.requests[1].target)
  end)

  it("says which rule it could not apply, once", function()
    roles["p-1"], roles["p-3"] = 403, 403
    local report = azureml.audit {
      vm("ann", nil, { identity = { principalId = "p-1" } }),
      vm("ann", nil, { identity = { principalId = "p-1" } }),
    }
    assert.equal(1, #report.unseen)
    assert.matches("^identity: cannot list the roles of the identity of ann", report.unseen[1])
  end)

  it("applies the rules that the caller names", function()
    local text = found(vm("ann", { idleTimeBeforeShutdown = json.null },
      { disableLocalAuth = false }), { "local-auth" })
    assert.equal("ann local-auth: local authentication is on", text)
    local _, err = azureml.try(azureml.audit, {}, { rules = { "rust" } })
    assert.equal("InvalidArgument", err.code)
    assert.matches("there is no rule 'rust' %(known: idle%-stop, local%-auth, image,", err.message)
    assert.error_matches(function() azureml.audit(7) end, "a list of instances expected")
    assert.equal(5, #audit.rules)
  end)

  it("reads a list of the service, over all workspaces too", function()
    local emulator, home = world.open({ ann = "Running" },
      { workspaces = { { name = "far", instances = { bob = "Stopped" } } } })
    local all <close> = azureml.instances()
    local seen = {}
    for _, finding in ipairs(azureml.audit(all:list(), { rules = { "idle-stop" } }).findings) do
      seen[#seen + 1] = finding.workspace .. "/" .. finding.name
    end
    table.sort(seen)
    assert.same({ "emulator/ann", "far/bob" }, seen)
    world.finish(home, emulator)
  end)
end)
