local azureml = require "azureml"
local show = require "azureml.emulator.show"
local world = require "spec.world"

describe("the list of the emulator", function()
  local emulator, ws

  before_each(function()
    emulator, ws = world.open { ann = "Running", bob = "Stopped" }
  end)
  after_each(function() world.close(emulator, ws) end)

  -- Compare each instance of the list with what GET shows.
  local function check()
    local listed = ws.instances:list():all()
    for _, vm in ipairs(listed) do assert.same(ws.instances:get(vm.name).raw, vm.raw) end
    return #listed
  end

  -- Count the instances that are shown anew for a list.
  local function shown()
    local count, compute = 0, show.compute
    show.compute = function(...)      -- luacheck: ignore
      count = count + 1
      return compute(...)
    end
    ws.instances:list():all()
    show.compute = compute      -- luacheck: ignore
    return count
  end

  it("keeps the text of an instance at rest, and no other", function()
    ws.instances:list():all()
    assert.equal(0, shown())
    local op = ws.instances:start "bob"
    assert.equal(1, shown())
    assert.equal(1, shown())
    op:wait()
    shown()
    assert.equal(0, shown())
  end)

  it("shows what GET shows, whatever happens to an instance", function()
    assert.equal(2, check())
    local op = ws.instances:start "bob"
    check()
    op:wait()
    check()
    ws.instances:update("bob", { tags = { team = "vision" }, description = "new" })
    check()
    ws.instances:update("bob", { idle_time_before_shutdown = "15m" })
    check()
    azureml.sleep(1800)      -- it stops when it was idle
    check()
    assert.equal("Stopped", ws.instances:get("bob").state)
    emulator:affect("ann", { unusable = true })
    check()
    ws.instances:delete("ann"):wait()
    assert.equal(1, check())
    ws.instances:create("ann", { schedules = { "stop daily 03:00 UTC" } }):wait()
    check()
    azureml.sleep(24 * 3600)
    check()
    assert.equal("Stopped", ws.instances:get("ann").state)
  end)

  it("shows each version of the service its own members", function()
    local texts = {}
    for _, version in ipairs { "2024-04-01", "2025-12-01", "2024-04-01" } do
      local path = require("azureml.resource").path(ws, require("azureml.verbs").list, {})
      texts[#texts + 1] = ws:client():request { path = path, api_version = version }.body
    end
    assert.equal(texts[1], texts[3])
  end)
end)
