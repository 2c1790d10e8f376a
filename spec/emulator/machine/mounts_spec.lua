local inferred = require "azureml.emulator.inferred"
local json = require "azureml.json"
local mounts = require "azureml.emulator.machine.mounts"
local refusal = require "azureml.emulator.refusal"

local MOUNTING = inferred.durations.mounting

local function mount(name, more)
  local one = {
    mountName = name, mountAction = "Mount", source = "azureml://x", mountPath = "/mnt/" .. name,
  }
  for member, value in pairs(more or {}) do one[member] = value end
  return one
end

describe("data mounts", function()
  it("are known by their names: a second one of a name takes the place of the first", function()
    local one = {}
    mounts.apply(one, mounts.read { mount "a", mount "b" }, "ann", 0)
    mounts.apply(
      one,
      mounts.read { mount("a", { source = "azureml://y", mountMode = "readwrite" }) },
      "bob", 100)
    local shown = mounts.show(one, 100 + MOUNTING)
    assert.equal(2, #shown)
    assert.same(
      { "a", "azureml://y", "ReadWrite", "bob", "Mounted", "URI" },
      {
        shown[1].mountName, shown[1].source, shown[1].mountMode, shown[1].createdBy,
        shown[1].mountState, shown[1].sourceType,
      })
    assert.is_string(shown[1].mountedOn)
  end)

  it("keep what they were of when they are unmounted", function()
    local one = {}
    mounts.apply(one, mounts.read { mount "a" }, "ann", 0)
    mounts.apply(one, mounts.read { { mountName = "a", mountAction = "Unmount" } }, "ann", 100)
    local shown = mounts.show(one, 100)[1]
    assert.same(
      { "UnmountRequested", "azureml://x", "/mnt/a" },
      { shown.mountState, shown.source, shown.mountPath })
    assert.is_nil(mounts.show(one, 100 + MOUNTING)[1].mountedOn)
  end)

  it("leave their path to another once they are unmounted", function()
    local one = {}
    mounts.apply(one, mounts.read { mount "a" }, "ann", 0)
    mounts.apply(
      one,
      mounts.read {
        { mountName = "a", mountAction = "Unmount" },
        mount("b", { mountPath = "/mnt/a" }),
      },
      "ann", 100)
    assert.equal("Mounted", mounts.show(one, 200)[2].mountState)
  end)

  it("are null where there never was one", function()
    assert.equal(json.null, mounts.show({}, 0))
  end)

  for says, given in pairs {
    ["'the body' must be a list"] = { a = 1 },
    ["'mountName' is required"] = { {} },
    ["'source' is required"] = { { mountName = "a" } },
    ["one of Mount, Unmount"] = { mount("a", { mountAction = "Mend" }) },
    ["one of ReadOnly, ReadWrite"] = { mount("a", { mountMode = "w" }) },
    ["one of Dataset, Datastore, URI"] = { mount("a", { sourceType = "Disk" }) },
    ["'each data mount' must be an object"] = { "a" },
  } do
    it("are refused where " .. says, function()
      local ok, raised = pcall(mounts.read, given)
      assert.is_true(not ok and refusal.is(raised), tostring(raised))
      assert.is_truthy(raised.message:find(says, 1, true), raised.message)
    end)
  end
end)
