local door = require "spec.door"
local process = require "spec.process"

local VERSION = "?api-version=2024-05-01"
local SUBNETS = { "default", { name = "ml", address_prefix = "10.0.7.0/24" } }

local function open(more)
  local seed = { virtual_networks = {
    { name = "Hub", resource_group = "net", subnets = SUBNETS },
    { name = "far", resource_group = "net", location = "West Europe", subnets = { "default" } },
  } }
  for name, value in pairs(more or {}) do seed[name] = value end
  return door.open { seed = seed }
end

local function path(below)
  return ("/subscriptions/%s/resourceGroups/net/providers/Microsoft.Network/virtualNetworks/%s")
    :format(door.SUBSCRIPTION, below)
end

describe("a virtual network", function()
  it("is shown with its subnets", function()
    local at = open()
    local status, value = at:ask("GET", path "hub" .. VERSION)
    assert.same({ 200, path "Hub", "Hub", "eastus", { "10.0.0.0/16" }, 2 }, {
      status, value.id, value.name, value.location,
      value.properties.addressSpace.addressPrefixes, #value.properties.subnets })
  end)

  it("shows a subnet, whatever case its names are in", function()
    local at = open()
    local status, value = at:ask("GET", path "HUB/subnets/ML" .. VERSION)
    assert.same({ 200, path "Hub/subnets/ml", "ml", "10.0.7.0/24", "Succeeded" }, {
      status, value.id, value.name, value.properties.addressPrefix,
      value.properties.provisioningState })
    local _, first = at:ask("GET", path "hub/subnets/default" .. VERSION)
    assert.equal("10.0.0.0/24", first.properties.addressPrefix)
  end)

  for _, row in ipairs {
    { "hub/subnets/none", 404, "NotFound",
      "Resource " .. path "Hub/subnets/none" .. " not found." },
    { "none/subnets/default", 404, "ResourceNotFound",
      "The Resource 'Microsoft.Network/virtualNetworks/none' under resource group 'net' was not" },
    { "none", 404, "ResourceNotFound", "virtualNetworks/none" },
  } do
    it("that is not there is refused: " .. row[1], function()
      local status, value = open():ask("GET", path(row[1]) .. VERSION)
      assert.same({ row[2], row[3] }, { status, value.error.code })
      assert.is_truthy(value.error.message:find(row[4], 1, true), value.error.message)
    end)
  end

  it("of a group that is not there is refused by its group", function()
    local at = open()
    local elsewhere = path "hub":gsub("/net/", "/nowhere/")
    local status, value = at:ask("GET", elsewhere .. VERSION)
    assert.same({ 404, "ResourceGroupNotFound" }, { status, value.error.code })
  end)

  it("can be read alone, with any date as api-version", function()
    local at = open()
    assert.equal(200, (at:ask("GET", path "hub?api-version=2020-06-01")))
    assert.equal(400, (at:ask("GET", path "hub?api-version=latest")))
    assert.equal(405, (at:ask("PUT", path "hub" .. VERSION, {})))
  end)

  it("is read with a right of its own", function()
    local at = open { users = { { name = "eve" } }, role_assignments = {
      { principal = "eve", role = "AzureML Data Scientist" } } }
    at:use(at.emulator.directory:user "eve")
    local status, value = at:ask("GET", path "hub/subnets/ml" .. VERSION)
    assert.same({ 403, "AuthorizationFailed" }, { status, value.error.code })
    assert.is_truthy(value.error.message:find(
      "'Microsoft.Network/virtualNetworks/subnets/read'", 1, true))
  end)

  for id, says in pairs {
    [path "Hub/subnets/ml"] = 201, [path "hub/SUBNETS/default"] = 201,
    [path "unknown/subnets/default"] = 201,
    [path "Hub/subnets/none"] = "The subnet '" .. path "Hub/subnets/none" .. "'",
    [path "far/subnets/default"] = "The virtual network 'far' is in 'westeurope'",
  } do
    it("takes an instance, or not, into " .. id:match "virtualNetworks/(.*)", function()
      local at = open()
      local status, value = at:ask("PUT", at:path "computes/ci-ann",
        door.instance { subnet = { id = id } })
      if says == 201 then return assert.equal(201, status) end
      assert.same({ 400, "BadRequest" }, { status, value.error.code })
      assert.is_truthy(value.error.message:find(says, 1, true), value.error.message)
    end)
  end

  it("is there whatever its name in a world whose seed describes none", function()
    local at = door.open()
    local status, value = at:ask("GET", path "any/subnets/default" .. VERSION)
    assert.same({ 200, path "any/subnets/default" }, { status, value.id })
    assert.equal(404, (at:ask("GET", "/subscriptions/" .. door.SUBSCRIPTION
      .. "/resourceGroups/net?api-version=2021-04-01")))
  end)

  it("may be added later, and outlives its process", function()
    local directory = process.directory()
    local first = door.open { state = directory .. "/state" }
    first.emulator:add { virtual_networks = {
      { name = "late", resource_group = "net", subnets = { "a" } } } }
    first.emulator:close()
    local at = door.open { state = directory .. "/state" }
    assert.equal(200, (at:ask("GET", path "late/subnets/a" .. VERSION)))
    at.emulator:close()
    process.remove(directory)
  end)

  for _, row in ipairs {
    { { {} }, "virtual_networks[1] needs 'name'" },
    { { { name = "a", subnets = { 5 } } },
      "virtual_networks[1].subnets[1] must be a table, not number" },
    { { { name = "a", subnets = { { prefix = "x" } } } },
      "virtual_networks[1].subnets[1] has no field 'prefix'" },
    { { { name = "a", subscription_id = "x" } }, "subscription_id must be a GUID" },
  } do
    it("is refused in a seed: " .. row[2], function()
      local ok, err = pcall(door.open, { seed = { virtual_networks = row[1] } })
      assert.is_false(ok)
      assert.is_truthy(tostring(err):find(row[2], 1, true), tostring(err))
    end)
  end
end)

describe("a workspace's managed network", function()
  for given, mode in pairs {
    [true] = "AllowInternetOutbound", AllowOnlyApprovedOutbound = "AllowOnlyApprovedOutbound",
  } do
    it("is shown by its isolation mode: " .. mode, function()
      local at = door.open { seed = { workspaces = { { name = "own", managed_network = given } } } }
      local _, value = at:ask("GET", (at:path():gsub("emulator$", "own")))
      assert.equal(mode, value.properties.managedNetwork.isolationMode)
    end)
  end

  it("is refused in a seed with another mode", function()
    local ok, err = pcall(door.open, { seed = {
      workspaces = { { name = "own", managed_network = "Open" } } } })
    assert.is_false(ok)
    assert.is_truthy(tostring(err):find("workspaces[1].managed_network is 'Open', which is "
      .. "neither true, false nor an isolation mode", 1, true), tostring(err))
  end)
end)
