local machine = require "azureml.emulator.machine"
local world = require "azureml.emulator.world"

local NAMES = {
  subscription_id = "S-1", resource_group = "Group", workspace_name = "Team", location = "eastus",
}

local function open(quotas)
  local now = { 0 }
  local number = 0
  local function guid()
    number = number + 1
    return "guid-" .. number
  end
  local one = world.new {
    clock = { now = function() return now[1] end }, guid = guid, quotas = quotas,
  }
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
    assert.equal(workspace, one:ensure_workspace {
      subscription_id = "s-1", resource_group = "group", workspace_name = "TEAM",
    })
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
    one:save("job", {
      place = workspace.place, number = 5, name = "train", compute = "ci-ann", properties = {},
      created = 0,
    })
    assert.equal("ci-ann", one:job(workspace, "TRAIN").compute)
    one:forget_workspace(NAMES)
    assert.is_nil(one:job(workspace, "train"))
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
    one:save("compute", compute)
    assert.equal(compute, one:compute(workspace, "ci-ann"))
    now[1] = begun.due
    assert.is_nil(one:compute(workspace, "ci-ann"))
    assert.same({}, one:computes(workspace))
    assert.is_false(one:is_taken("eastus", "ci-ann"))
  end)

  it("lists computes in the order of their creation, whatever has gone in between", function()
    local one, workspace = open()
    local all = {}
    for i = 1, 50 do all[i] = add(one, workspace, "ci-" .. i) end
    for i = 1, 50, 2 do one:drop("compute", all[i]) end
    add(one, workspace, "ci-1")
    local names = {}
    for i, compute in ipairs(one:computes(workspace)) do names[i] = compute.name end
    assert.equal(26, #names)
    assert.same({ "ci-2", "ci-4", "ci-50", "ci-1" }, { names[1], names[2], names[25], names[26] })
  end)

  it("tells of every change: what is new, what is another, what is "
    .. "no more, and what time did", function()
    local one, workspace, now = open()
    local told = {}
    one:watch(function(kind, key, record)
      told[#told + 1] = kind and kind .. " " .. key .. (record and "" or " gone") or "time"
    end)
    local compute = add(one, workspace, "Ann")
    machine.begin(compute, "delete", 0)
    one:save("compute", compute)
    now[1] = 1000
    one:settle()
    one:settle()
    local key = "compute s-1/group/team/ann"
    -- what it cost stays
    assert.same({ key, key, "bill s-1/group/team/ann#1", key .. " gone", "time" }, told)
    assert.is_nil(one:record("compute", "s-1/group/team/ann"))
  end)

  it("holds plain data: what a record is reached by is read from "
    .. "it, and not written with it", function()
    local one, workspace = open()
    local compute = add(one, workspace, "ann")
    assert.equal(workspace, compute.workspace)
    assert.equal("S-1", compute.workspace.group.subscription.id)
    assert.is_nil(rawget(compute, "workspace"))
    assert.equal('{"created":0,"group_name":"Group","id":"guid-1","location":"eastus",'
      .. '"name":"Team","subscription_id":"S-1"}', require("azureml.json").encode(workspace))
  end)

  it("forgets an operation a day after it was over", function()
    local one, _, now = open()
    one:save("operation", { id = "op", due = 100 })
    now[1] = 100 + 24 * 3600 - 1
    assert.equal("op", one:operation("op").id)
    now[1] = 100 + 24 * 3600
    assert.is_nil(one:operation "op")
  end)

  it("finds one among ten thousand without looking at the others", function()
    local one, workspace = open()
    for i = 1, 10000 do add(one, workspace, "ci-" .. i) end
    local steps = 0
    debug.sethook(function() steps = steps + 1 end, "", 100)
    local found, taken = one:compute(workspace, "CI-5000"), one:is_taken("eastus", "ci-5000")
    local used = one:usage(one:subscription "S-1", "eastus")
    debug.sethook()
    assert.same({ "ci-5000", true, 40000 }, { found.name, taken, used.total })
    assert.is_true(steps < 10, steps)
  end)

  it("counts what is used by subscription, region and family", function()
    local one, workspace = open()
    add(one, workspace, "ci-a")
    add(one, workspace, "ci-b", "Standard_F4s_v2")
    local other = one:ensure_workspace {
      subscription_id = "S-2", resource_group = "g", workspace_name = "w",
    }
    add(one, other, "ci-c")
    assert.same(
      { clusters = 2, total = 8, families = { standardDSv2Family = 4, standardFSv2Family = 4 } },
      one:usage(one:subscription "S-1", "eastus"))
    local grown = one:compute(workspace, "ci-a")
    grown.vm_size = "Standard_F2s_v2"
    one:save("compute", grown)
    one:drop("compute", one:compute(workspace, "ci-b"))
    assert.same({ clusters = 1, total = 2, families = { standardFSv2Family = 2 } },
      one:usage(one:subscription "S-1", "eastus"))
    assert.same({ clusters = 0, total = 0, families = {} },
      one:usage(one:subscription "S-1", "westus"))
  end)

  it("has limits by family, of its own or as everybody's", function()
    local one = open { families = { standardDSv2Family = 6 }, family = 50 }
    assert.equal(6, one:family_limit { name = "standardDSv2Family" })
    assert.equal(50, one:family_limit { name = "standardFSv2Family" })
    assert.equal(0, one:family_limit { name = "standardNCFamily", gpu = true })
  end)
end)
