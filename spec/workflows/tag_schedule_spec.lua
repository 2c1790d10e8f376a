local run = require "spec.command_line"
local world = require "spec.world"

describe("the workflow tag_schedule", function()
  local emulator, ws

  -- The time of day some minutes ago.
  local function ago(minutes)
    return os.date("%H:%M", os.time() - 60 * minutes)
  end

  local function seeded(state, tags)
    tags.days = "all"
    return { state = state, tags = tags }
  end

  before_each(function()
    emulator, ws = world.open({
      ann = seeded("Running", { stop = ago(5) }),
      bob = seeded("Running", { stop = ago(40) }),
      cleo = seeded("Stopped", { start = ago(5), stop = ago(40) }),
      dan = seeded("Stopped", { start = "soon" }),
    }, { workspaces = {
      { name = "team", instances = { eve = seeded("Running", { stop = ago(10) }) } },
    } })
  end)
  after_each(function() world.close(emulator, ws) end)

  local function states()
    local texts = {}
    for _, place in ipairs(require("azureml").workspaces()) do
      for vm in place.instances:list() do texts[#texts + 1] = vm.name .. " " .. vm.state end
    end
    table.sort(texts)
    return table.concat(texts, ", ")
  end

  it("does what was due in the last quarter of an hour, in all workspaces", function()
    local out, err, code = run("run", "tag_schedule")
    assert.same({ "", 0 }, { err, code })
    assert.matches("start: 1 done\n", out)
    assert.matches("stop: 2 done\n", out)
    assert.matches("  team/eve: done\n", out)
    assert.equal("ann Stopped, bob Running, cleo Running, dan Stopped, eve Stopped", states())
  end)

  it("looks further back if it is told to", function()
    run("run", "tag_schedule", "60")
    assert.matches("bob Stopped", states())
  end)

  it("leaves instances alone on a day without work, unless they say days=all", function()
    local now = os.date "*t"
    local is_workday = now.wday >= 2 and now.wday <= 6
    emulator:seed_instance("fay", { state = "Running", tags = { stop = ago(5) } })
    run("run", "tag_schedule")
    assert.equal(is_workday and "Stopped" or "Running", ws.instances:get("fay").state)
  end)

  it("fails at the end if an instance could not be stopped", function()
    emulator:fault { match = { verb = "stop", name = "ann" }, times = 9, answer = { status = 400,
      json = { error = { code = "BadRequest", message = "the disk is full" } } } }
    local _, err, code = run("run", "tag_schedule")
    assert.equal(1, code)
    assert.matches("\nazureml: 1 have failed %(WorkflowFailed%)\n$", "\n" .. err)
    assert.matches("eve Stopped", states())
  end)
end)
