local azureml = require "azureml"
local world = require "spec.world"

describe("the instances of all workspaces", function()
  local emulator, ws, all

  local function open(instances, workspaces)
    emulator, ws = world.open(instances, { workspaces = workspaces })
    all = azureml.instances()
  end
  after_each(function() world.finish(all, ws, emulator) end)

  local TWO = {
    { name = "team", instances = { ann = "Running", bob = "Stopped" } },
    { name = "far", resource_group = "west", location = "westeurope",
      instances = { ann = "Running", cleo = { state = "Running", tags = { keep = "on" } } } },
  }

  local function names(list)
    local found = {}
    for vm in list do found[#found + 1] = vm.workspace.name .. "/" .. vm.name end
    table.sort(found)
    return found
  end

  local function told(results)
    local parts = {}
    for i, result in ipairs(results) do
      local why = result.reason or result.error and result.error.code
      parts[i] = ("%s/%s %s%s"):format(result.workspace or "", result.name, result.outcome,
        why and " (" .. why .. ")" or "")
    end
    table.sort(parts)
    return table.concat(parts, ", ")
  end

  -- Let one workspace refuse its lists.
  local function refuse(name)
    emulator:fault { match = { method = "GET", path = "/workspaces/" .. name .. "/computes" },
      times = 100, answer = { status = 403, json = { error = { code = "AuthorizationFailed",
        message = "no" } } } }
  end

  it("are listed with the filters of a list", function()
    open({ dan = "Stopped" }, TWO)
    assert.same({ "emulator/dan", "far/ann", "far/cleo", "team/ann", "team/bob" },
      names(all:list()))
    assert.same({ "far/ann", "far/cleo", "team/ann" }, names(all:list { state = "Running" }))
    assert.same({ "far/cleo" }, names(all:list { tags = { keep = "on" } }))
    local west <close> = azureml.instances { resource_group = "west" }
    assert.equal(2, #west:list():all())
  end)

  it("of 200 workspaces stay within one bucket of reads", function()
    local many = {}
    for i = 1, 200 do
      many[i] = { name = ("team%03d"):format(i), instances = { ["ci-" .. i] = "Running" } }
    end
    open({}, many)
    local before = emulator:request_count()
    assert.equal(200, #all:list():all())
    assert.is_true(emulator:request_count() - before <= 250)
  end)

  it("are all listed although a workspace refuses, which is the error at the end", function()
    open({ dan = "Stopped" }, TWO)
    refuse "team"
    local found, list = {}, all:list()
    local _, err = azureml.try(function()
      for vm in list do found[#found + 1] = vm.name end
    end)
    table.sort(found)
    assert.same({ "ann", "cleo", "dan" }, found)
    assert.equal("SomeFailed", err.code)
    assert.matches("list instances: 1 of 3 workspaces refused", err.message)
    assert.equal("team", err.details[1].name)
    assert.equal("AuthorizationFailed", err.details[1].error.code)
  end)

  it("are not there with a size that no region offers", function()
    open({}, TWO)
    local _, err = azureml.try(function() return all:list({ vm_size = "Standard_X" }):all() end)
    assert.equal("InvalidArgument", err.code)
    assert.same({}, all:list({ vm_size = "Standard_NC6" }):all())
  end)

  it("are stopped by filters, side by side", function()
    open({ dan = "Running" }, TWO)
    local results = all:stop_all { where = function(vm) return vm.tags.keep ~= "on" end }
    assert.equal("emulator/dan done, far/ann done, team/ann done, team/bob skipped (already "
      .. "Stopped)", told(results))
    assert.equal("stop: 3 done, 1 skipped", tostring(results))
    assert.is_true(results.seconds < 200)      -- one stop takes 90 s
    assert.same({ "far/cleo" }, names(all:list { state = "Running" }))
  end)

  it("are found by name in any workspace, and not guessed where two have the name", function()
    open({}, TWO)
    local results = all:start_all { "bob", "TEAM/bob", "far/ann", keep_going = true }
    assert.equal("far/ann skipped (already Running), team/bob done", told(results))
    results = all:stop_all { "ann", "nobody", "cleo", keep_going = true }
    assert.equal("/ann failed (AmbiguousName), /nobody failed (ResourceNotFound), far/cleo done",
      told(results))
    assert.matches("say which: .*far/ann", results[1].error.hint)
  end)

  it("are stopped where they can be: a workspace that refuses is a failure at the end", function()
    open({ dan = "Running" }, TWO)
    refuse "team"
    local _, err = azureml.try(all.stop_all, all, { all = true })
    assert.equal("SomeFailed", err.code)
    assert.equal("emulator/dan done, far/ann done, far/cleo done, team/team/* failed "
      .. "(AuthorizationFailed)", told(err.results))
    assert.matches("team/%*: ", tostring(err))
  end)

  it("keep to a limit over all workspaces", function()
    open({ dan = "Running" }, TWO)
    local results = all:stop_all { all = true, limit = 1 }
    assert.equal(4, results.counts.done)
    assert.is_true(results.seconds > 300)      -- four stops, one after the other
  end)

  it("are only planned in a dry run, and not deleted by filters without a word", function()
    open({ dan = "Running" }, TWO)
    assert.equal("delete: 5 planned", tostring(all:delete_all { all = true, dry_run = true }))
    assert.error_matches(function() all:delete_all { state = "Running" } end, "confirm = true")
    assert.equal("delete: 1 done", tostring(all:delete_all { "team/bob" }))
    assert.equal(4, #all:list():all())
  end)

  it("are refused with a mistake in the options", function()
    open({}, TWO)
    assert.error_matches(function() all:stop_all { stat = "Running" } end,
      "stop_all has no option 'stat'")
    assert.error_matches(function() all:stop_all {} end, "say which")
    assert.error_matches(function() all:stop_all { 7 } end, "a name or an instance expected")
    assert.error_matches(function() azureml.instances { name = "team" } end,
      "instances has no option 'name'")
  end)
end)
