local run = require "spec.command_line"
local world = require "spec.world"

describe("the workflow report", function()
  it("tells who has what, how long and how much, over all workspaces", function()
    local emulator, ws = world.open({ ann = "Stopped" }, { workspaces = {
      { name = "team", resource_group = "west", instances = { bob = "Stopped" } },
    } })
    ws.instances:start("ann"):wait()
    local owner = ws.instances:get("ann").owner:sub(1, 13):gsub("%p", "%%%0")
    local out, err, code = run("run", "report")
    assert.same({ "", 0 }, { err, code })
    assert.matches("^Owner +Workspace +Name +State +Runs +So far +Month\n", out)
    assert.matches(owner .. "  emulator +ann +Running +0.00 h +0.00 +213.89\n", out)
    assert.matches(owner .. "  team +bob +Stopped +%- +0.00 +0.00\n", out)
    for line in out:match("^(.-)\n\n"):gmatch "[^\n]+" do assert.is_true(#line <= 80, line) end
    assert.matches(": 2 instances, 0.00 so far, 213.89 in a month\n", out)
    assert.matches("disk, address and load balancer are not included\n$", out)
    out = run("run", "report", "west")
    assert.is_nil(out:find("ann", 1, true))
    world.close(emulator, ws)
  end)
end)
