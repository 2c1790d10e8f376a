local world = require "spec.world"

describe("the computes of a workspace", function()
  local emulator, ws

  before_each(function()
    emulator, ws = world.open { ann = "Running",
      cpu = { kind = "AmlCompute", properties = { vmSize = "Standard_D2_v2",
        scaleSettings = { minNodeCount = 1, maxNodeCount = 2 } } } }
  end)
  after_each(function() world.close(emulator, ws) end)

  local function told(wanted)
    local parts = {}
    for compute in ws:computes(wanted) do
      parts[#parts + 1] = ("%s %s %s"):format(compute.type, compute.name, compute.state)
    end
    table.sort(parts)
    return table.concat(parts, ", ")
  end

  it("are of every type", function()
    assert.equal("AmlCompute cpu Steady, ComputeInstance ann Running", told())
  end)

  it("are of the wanted type", function()
    assert.equal("AmlCompute cpu Steady", told { type = "amlcompute" })
    assert.equal("", told { type = "Kubernetes" })
    assert.error_matches(function() ws:computes { kind = "x" } end, "computes has no option 'kind'")
  end)
end)
