local data_mounts = require "azureml.definition.data_mount"

describe("data mounts", function()
  local function list(...)
    local items = {}
    for i, name in ipairs { ... } do
      items[i] = { name = name, source = "azureml://" .. name, path = "/mnt/" .. name }
    end
    return assert(data_mounts.check(items))
  end

  local function read(states)
    local sent = data_mounts.write(list("a", "b", "c"))
    for i, state in ipairs(states) do sent[i].mountState = state end
    return data_mounts.read(sent)
  end

  it("that end are left out", function()
    local left = read { "Mounted", "Unmounted", "UnmountRequested" }
    assert.equal(1, #left)
    assert.equal("a", left[1].name)
    assert.is_true(data_mounts.same(list "a", left))
  end)

  it("that failed do not fit, and are mounted again", function()
    local left = read { "MountFailed", "Unmounted", "Unmounted" }
    assert.is_false(data_mounts.same(list "a", left))
    local actions = data_mounts.actions(list "a", left)
    assert.same({ "Unmount", "Mount" }, { actions[1].mountAction, actions[2].mountAction })
  end)

  it("change by the fewest actions", function()
    local actions = data_mounts.actions(list("a", "d"), read { "Mounted", "Mounted", "Unmounted" })
    assert.equal(2, #actions)
    assert.same({ "b", "Unmount" }, { actions[1].mountName, actions[1].mountAction })
    assert.same({ "d", "Mount" }, { actions[2].mountName, actions[2].mountAction })
    assert.equal("/mnt/d", actions[2].mountPath)
  end)

  it("of an instance may be given to another", function()
    assert.equal("a", data_mounts.check(read { "Mounted" })[1].name)
  end)

  for fault, items in pairs {
    ["mount 1: needs the field 'source'"] = { { name = "a" } },
    ["mount 1: name: must not be empty"] = { { name = "", source = "b" } },
    ["two mounts are called 'a'"] = { { name = "a", source = "b" }, { name = "a", source = "c" } },
    ["two mounts share '/x'"] = { { name = "a", source = "b", path = "/x" },
      { name = "b", source = "c", path = "/x" } },
    ["mode: must be 'ReadOnly' or 'ReadWrite', not 'rw'"] = { { name = "a", source = "b",
      mode = "rw" } },
  } do
    it("are refused: " .. fault, function()
      assert.is_truthy(select(2, data_mounts.check(items)):find(fault, 1, true))
    end)
  end
end)
