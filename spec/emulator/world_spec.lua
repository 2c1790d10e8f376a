local machine = require "azureml.emulator.machine"
local world = require "azureml.emulator.world"

local NAMES = { subscription_id = "S-1", resource_group = "Group", workspace_name = "Team", location = "eastus" }

local function open(quotas)
  local now = { 0 }
  local number = 0
  local function guid()
    number = number + 1
    return "guid-" .. number
  end
  local one = world.new { clock = { now = function() return now[1] end }, guid = guid, quotas = quotas }
  return one, one:ensure_workspace(NAMES), now
end

local function add(one, workspace, name, size)
  local compute = { name = name, vm_size = size or "Standard_DS3_v2" }
  machine.settle(compute, "Running", 0)
  return one:add_compute(workspace, compute)
end

describe("the emulator's world", function()
  it("finds what is there without case, and makes it once", function()
    local one, workspace = open()
    local subscription = one:subscription "s-1"
    local group = one:group(subscription, "GROUP")
    assert.equal("Group", group.name)
    assert.equal(workspace, one:workspace(group, "team"))
    assert.equal(workspace, one:ensure_workspace { subscription_id = "s-1", resource_group = "group", workspace_name = "TEAM" })
    assert.is_nil(one:subscription "s-2")
    assert.is_nil(one:group(subscription, "other"))
  end)

  it("lists the workspaces of a subscription or of a group, by name", function()
    local one = open()
    one:ensure_workspace { subscription_id = "S-1", resource_group = "A", workspace_name = "zoo" }
    one:ensure_workspace { subscription_id = "S-1", resource_group = "A", workspace_name = "Ape" }
    local subscription = one:subscription "S-1"
    local function names(list)
      local found = {}
      for i, workspace in ipairs(list) do found[i] = workspace.name end
      return found
    end
    assert.same({ "Ape", "Team", "zoo" }, names(one:workspaces(subscription)))
    assert.same({ "Ape", "zoo" }, names(one:workspaces(subscription, one:group(subscription, "a"))))
  end)

  it("forgets a workspace with all that is in it", function()
    local one, workspace = open()
    add(one, workspace, "ci-ann")
    one:forget_workspace(NAMES)
    assert.is_false(one:is_taken("eastus", "ci-ann"))
    assert.is_nil(one:workspace(one:group(one:subscription "S-1", "Group"), "Team"))
    one:forget_workspace { subscription_id = "none", resource_group = "x", workspace_name = "y" }
  end)

  it("keeps names unique in a region, and frees them when the machine has gone", function()
    local one, workspace, now = open()
    local compute = add(one, workspace, "Ci-Ann")
    assert.is_true(one:is_taken("eastus", "ci-ANN"))
    assert.is_false(one:is_taken("westus", "ci-ann"))
    local begun = machine.begin(compute, "delete", 0)
    assert.equal(compute, one:compute(workspace, "ci-ann"))
    now[1] = begun.due
    assert.is_nil(one:compute(workspace, "ci-ann"))
    assert.same({}, one:computes(workspace))
    assert.is_false(one:is_taken("eastus", "ci-ann"))
  end)

  it("counts what is used by subscription, region and family", function()
    local one, workspace = open()
    add(one, workspace, "ci-a")
    add(one, workspace, "ci-b", "Standard_F4s_v2")
    local other = one:ensure_workspace { subscription_id = "S-2", resource_group = "g", workspace_name = "w" }
    add(one, other, "ci-c")
    assert.same({ clusters = 2, total = 8, families = { standardDSv2Family = 4, standardFSv2Family = 4 } },
      one:usage(one:subscription "S-1", "eastus"))
    assert.same({ clusters = 0, total = 0, families = {} }, one:usage(one:subscription "S-1", "westus"))
  end)

  it("has limits by family, of its own or as everybody's", function()
    local one = open { families = { standardDSv2Family = 6 }, family = 50 }
    assert.equal(6, one:family_limit { name = "standardDSv2Family" })
    assert.equal(50, one:family_limit { name = "standardFSv2Family" })
    assert.equal(0, one:family_limit { name = "standardNCFamily", gpu = true })
  end)
end)
