--- The fleet verbs: lua/azureml/fleet/init.lua.
local azureml = require "azureml"
local world = require "spec.world"

-- What became of each: "ann done, bob skipped (already Running)".
local function told(results)
  local parts = {}
  for i, result in ipairs(results) do
    local why = result.reason or result.error and result.error.code
    parts[i] = ("%s %s%s"):format(result.name, result.outcome, why and " (" .. why .. ")" or "")
  end
  return table.concat(parts, ", ")
end

describe("a fleet verb", function()
  local emulator, ws

  local function open(instances, seed)
    emulator, ws = world.open(instances, seed)
  end

  after_each(function()
    world.close(emulator, ws)
  end)

  local function states()
    local all = {}
    for vm in ws.instances:list() do all[vm.name] = vm.state end
    return all
  end

  local function failure_of(verb, given)
    local results, err = azureml.try(ws.instances[verb .. "_all"], ws.instances, given)
    assert.is_nil(results)
    return err
  end

  it("starts those that are named, side by side, and returns when they run", function()
    open { ann = "Stopped", bob = "Stopped", cleo = "Stopped" }
    local results = ws.instances:start_all { "bob", "ann" }
    assert.equal("bob done, ann done", told(results))
    assert.same({ ann = "Running", bob = "Running", cleo = "Stopped" }, states())
    assert.is_true(results.seconds < 200)      -- one start takes 150 s
    assert.equal("start: 2 done", tostring(results))
    assert.same({ done = 2, accepted = 0, skipped = 0, failed = 0, planned = 0 }, results.counts)
  end)

  it("takes instances and option 'names', too, and each name once", function()
    open { ann = "Running", bob = "Running" }
    local results = ws.instances:stop_all { names = { ws.instances:get "ann", "bob", "ANN" } }
    assert.equal("ann done, bob done", told(results))
    local counts = { create = 0, delete = 0, start = 0, stop = 2, restart = 0 }
    assert.same(counts, emulator:verb_counts())
  end)

  it("stops those that pass the filters, and says why it leaves others alone", function()
    local kept = { state = "Running", tags = { keep = "on" } }
    open { ann = "Running", bob = kept, cleo = "Stopped", dan = "JobRunning" }
    local results = ws.instances:stop_all { where = function(vm) return vm.tags.keep ~= "on" end }
    table.sort(results, function(a, b) return a.name < b.name end)
    assert.equal("ann done, cleo skipped (already Stopped), dan done", told(results))
    assert.equal("Running", states().bob)
    assert.equal(2, emulator:verb_counts().stop)
  end)

  it("does nothing for an empty list", function()
    open { ann = "Running" }
    assert.equal("stop: nothing to do", tostring(ws.instances:stop_all { names = {} }))
    assert.equal("stop: nothing to do", tostring(ws.instances:stop_all { state = "Unusable" }))
    assert.same({ ann = "Running" }, states())
  end)

  it("skips instances that are where the verb leads, and waits for another operation", function()
    open { ann = "Running", bob = "Stopped", cleo = "Stopped" }
    local other <close> = ws.instances:start "cleo"
    assert.equal("ann skipped (already Running)", told(ws.instances:start_all { "ann" }))
    assert.equal("bob skipped (already Stopped)", told(ws.instances:stop_all { "bob" }))
    assert.equal("cleo done", told(ws.instances:stop_all { "cleo" }))
    assert.same({ "Stopped", true }, { states().cleo, other:done() })
    local again <close> = ws.instances:start "cleo"
    assert.equal("cleo skipped (already Running)", told(ws.instances:start_all { "cleo" }))
    assert.is_truthy(again)
  end)

  it("looks at the instance where an answer was lost, and sends no verb twice", function()
    open { ann = "Stopped", bob = "Running", cleo = "Stopped" }
    emulator:fault { match = { verb = "start" }, answer = "close" }
    assert.equal("ann done, cleo done", told(ws.instances:start_all { "ann", "cleo" }))
    assert.equal("Running", states().ann)
    assert.equal(2, emulator:verb_counts().start)
    emulator:fault { match = { verb = "delete" }, answer = "reset" }
    assert.equal("bob done", told(ws.instances:delete_all { "bob" }))
    assert.is_nil(states().bob)
  end)

  it("tries all, then raises one error that lists each failure", function()
    open { ann = "Stopped", bob = "Stopped" }
    local failure = { operation = "Failed", code = "Broke", message = "it broke" }
    emulator:fault { match = { verb = "start", path = "/bob/" }, answer = failure }
    local err = failure_of("start", { "ann", "bob", "nobody" })
    assert.equal("SomeFailed", err.code)
    assert.matches("^spec/fleet_spec.lua:%d+: start: 2 of 3 failed %(SomeFailed%)", tostring(err))
    assert.matches(
      "\n  %- bob: cannot start bob: it broke %(Broke, HTTP 200, request %x+%-[%x-]+%)\n"
      .. "  %- nobody: cannot start nobody: [^\n]+ "
      .. "%(ResourceNotFound, HTTP 404, request %x[%x-]+%)\n"
      .. "    hint: check the name", tostring(err))
    assert.equal("ann done, bob failed (Broke), nobody failed (ResourceNotFound)",
      told(err.results))
    assert.equal("Running", states().ann)
  end)

  it("with keep_going raises none of them", function()
    open { ann = "Stopped" }
    local results = ws.instances:start_all { "ann", "nobody", "my_ci", keep_going = true }
    assert.equal("ann done, nobody failed (ResourceNotFound), my_ci failed (ResourceNotFound)",
      told(results))
  end)

  it("reaches an instance that exists, whatever its name is", function()
    open { ann = "Stopped", ["local"] = "Stopped", my_ci = "Stopped", ["ci-1"] = "Stopped" }
    local all = { "local", "my_ci", "ci-1" }
    assert.equal("local done, my_ci done, ci-1 done", told(ws.instances:start_all(all)))
    assert.equal("local done, my_ci done, ci-1 done",
      told(ws.instances:delete_all { names = all }))
    assert.same({ ann = "Stopped" }, states())
  end)

  it("tries again while the region is full, where start_all is asked to", function()
    open { ann = "Stopped", bob = "Stopped" }
    emulator:behave { full = true }
    local results
    azureml.parallel(function()
      results = ws.instances:start_all { "ann", "bob", wait_for_capacity = true, timeout = 1500 }
    end, function()
      azureml.sleep(250)
      emulator:behave { full = false }
    end)
    assert.equal("ann done, bob done", told(results))
    assert.same({ ann = "Running", bob = "Running" }, states())
    assert.is_true(emulator:verb_counts().start >= 6)
  end)

  it("does not wait for a try that its time does not suffice for", function()
    open { ann = "Stopped" }
    emulator:behave { full = true }
    local wish = { "ann", keep_going = true, wait_for_capacity = true, timeout = 180 }
    local results = ws.instances:start_all(wish)
    assert.equal("ann failed (AllocationFailed)", told(results))
    assert.equal(1, emulator:verb_counts().start)
    wish.timeout, wish.wait_for_capacity = nil, nil
    assert.equal("ann failed (AllocationFailed)", told(ws.instances:start_all(wish)))
    assert.equal(2, emulator:verb_counts().start)
  end)

  it("that waits for capacity may be interrupted, and sends nothing more", function()
    open { ann = "Stopped" }
    emulator:behave { full = true }
    local ok, err = pcall(azureml.within, 200, ws.instances.start_all, ws.instances,
      { "ann", wait_for_capacity = true })
    assert.is_false(ok)
    assert.equal("Timeout", err.code)
    assert.equal("start: 1 without a result", tostring(err.fleets[1]))
    local sent = emulator:verb_counts().start
    azureml.sleep(600)
    assert.equal(sent, emulator:verb_counts().start)
  end)

  it("dry_run looks and says what would be done", function()
    open { ann = "Running", bob = "Stopped" }
    local results = ws.instances:stop_all { "ann", "bob", dry_run = true }
    assert.equal("ann planned, bob skipped (already Stopped)", told(results))
    assert.equal("stop: 1 planned, 1 skipped", tostring(results))
    results = ws.instances:delete_all { all = true, dry_run = true }
    assert.equal(2, results.counts.planned)
    assert.same({ ann = "Running", bob = "Stopped" }, states())
  end)

  it("keeps to its limit", function()
    open { ann = "Stopped", bob = "Stopped", cleo = "Stopped" }
    local results = ws.instances:start_all { "ann", "bob", "cleo", limit = 1 }
    assert.equal(3, results.counts.done)
    assert.is_true(results.seconds >= 450)
  end)

  it("delete_all needs to be sure, unless it is given the exact list", function()
    open { ann = "Running", bob = "Stopped" }
    local ok, err = pcall(ws.instances.delete_all, ws.instances, { state = "Running" })
    assert.is_false(ok)
    assert.matches("deletes for good: say confirm = true, or name the instances", err)
    assert.equal("ann done", told(ws.instances:delete_all { state = "Running", confirm = true }))
    assert.equal("bob done", told(ws.instances:delete_all { "bob" }))
    assert.same({}, states())
  end)

  it("delete_all looks first: a wrong name is an error, and nothing is deleted", function()
    open { ann = "Running" }
    assert.equal("ResourceNotFound", failure_of("delete", { "ann", "nobody" }).code)
    assert.same({ ann = "Running" }, states())
    local results = ws.instances:delete_all { "ann", "nobody", keep_going = true }
    assert.equal("ann done, nobody failed (ResourceNotFound)", told(results))
  end)

  it("delete_all looks up many names in one list", function()
    local names, instances = {}, {}
    for i = 1, 12 do
      names[i] = ("ci%dx"):format(i)
      instances[names[i]] = "Stopped"
    end
    open(instances)
    local before = emulator:request_count()
    ws.instances:delete_all { names = names, dry_run = true }
    assert.is_true(emulator:request_count() - before <= 2)      -- a token, and the list
  end)

  it("restart_all fails for the stopped ones, and names start; by filters and by name", function()
    open { ann = "Running", bob = "Stopped", cleo = "Unusable" }
    local results = ws.instances:restart_all { all = true, keep_going = true }
    table.sort(results, function(a, b) return a.name < b.name end)
    assert.equal("ann done, bob failed (WrongState), cleo done", told(results))
    assert.equal("start it", results[2].error.hint)
    assert.equal(2, emulator:verb_counts().restart)
    results = ws.instances:restart_all { "bob", keep_going = true }
    assert.equal("bob failed (WrongState)", told(results))
    assert.matches("cannot restart bob: the instance is Stopped", results[1].error.message)
    local err = results[1].error
    assert.same({ "start it", "string" }, { err.hint, type(err.request_id) })
  end)

  it("a timeout covers the whole, and what goes on can be waited for", function()
    open { ann = "Stopped", bob = "Stopped" }
    local err = failure_of("start", { "ann", "bob", limit = 1, timeout = 20 })
    assert.equal("ann failed (Timeout), bob failed (Timeout)", told(err.results))
    assert.matches("start ann: not done after 20 s; it goes on at the service", tostring(err))
    assert.matches("start bob: not begun after 20 s", tostring(err))
    local op = err.results[1].error.operation
    assert.is_string(op:ticket())
    assert.equal("Running", op:wait().state)
    assert.equal("Stopped", states().bob)
  end)

  it("with wait = false returns when each was accepted or refused; the operations go on", function()
    open { ann = "Stopped", bob = "Stopped" }
    local results = ws.instances:start_all { "ann", "bob", "cleo", wait = false, keep_going = true }
    assert.equal("ann accepted, bob accepted, cleo failed (ResourceNotFound)", told(results))
    assert.equal("start: 2 accepted, 1 failed", tostring(results))
    assert.is_true(results.seconds < 10)
    assert.equal("Starting", states().ann)
    assert.equal("Running", results[1].operation:wait().state)
    assert.equal("Running", azureml.resume(results[2].operation:ticket()):wait().state)
  end)

  it("with wait = false looks at the instance where an answer was lost, and no longer", function()
    open { ann = "Stopped" }
    emulator:fault { match = { verb = "start" }, answer = "close" }
    local results = ws.instances:start_all { "ann", wait = false }
    assert.equal("ann accepted", told(results))
    assert.equal("Starting", states().ann)
  end)

  it("settles by the states of the instances, unless the service's word is enough", function()
    open { ann = "Stopped", bob = "Stopped" }
    local looks = 0
    emulator.log = function(request)
      local is_look = request.method == "GET" and request.target:find "/computes/%l+%?"
      if is_look then looks = looks + 1 end
    end
    ws.instances:start_all { "ann", settle = false }
    assert.equal(0, looks)
    ws.instances:start_all { "bob" }
    assert.equal(1, looks)
    assert.same({ ann = "Running", bob = "Running" }, states())
  end)

  it("asks after each only as often as the list says that it pays", function()
    local names, instances = {}, {}
    for i = 1, 100 do
      names[i] = ("ci%dx"):format(i)
      instances[names[i]] = "Stopped"
    end
    local polls, lists = 0, 0
    open(instances, { quotas = { total = 1e6, family = 1e6, clusters = 1e6 } })
    emulator.log = function(request)
      if request.target:find("OperationsStatus", 1, true) then polls = polls + 1 end
      if request.target:find("/computes?", 1, true) then lists = lists + 1 end
    end
    assert.equal(100, ws.instances:start_all { names = names }.counts.done)
    -- At each operation's own pace 1,900 would go out.
    assert.is_true(polls < 600, ("%d polls"):format(polls))
    assert.is_true(lists < 40, ("%d lists"):format(lists))
  end)

  it("is let go when another task fails, and goes on at the service", function()
    open { ann = "Stopped" }
    local function start() ws.instances:start_all { "ann" } end
    local ok, err = pcall(azureml.parallel, start, function()
      azureml.sleep(10)
      error("a mistake", 0)
    end)
    assert.same({ false, "a mistake" }, { ok, err })
    assert.equal("Starting", states().ann)
  end)

  it("may be used in tasks, side by side", function()
    open { ann = "Running", bob = "Stopped" }
    local a, b = azureml.parallel(function() return ws.instances:stop_all { "ann" } end,
      function() return ws.instances:start_all { "bob" } end)
    assert.equal("ann done, bob done", told(a) .. ", " .. told(b))
  end)

  local mistakes = {
    { "no table", "start_all: a table of names or options expected, got nil", nil },
    { "neither names nor filters",
      "stop_all: say which: names, filters %(state, tags, ...%), or all = true", {} },
    { "names and filters", "stop_all: either names, or filters, or all = true",
      { "ann", state = "Running" } },
    { "names twice", "stop_all: names stand either in front or in option 'names'",
      { "ann", names = { "bob" } } },
    { "an empty list of states", "stop_all: option 'state' is empty: say which, or leave it out",
      { state = {} } },
    { "empty tags", "stop_all: option 'tags' is empty: say which, or leave it out", { tags = {} } },
    { "an empty name", "stop_all: #2, '', is not a name", { "ann", "" } },
    { "a name that leads elsewhere", "stop_all: #1, '%.%.', is not a name", { ".." } },
    { "a wish for capacity of another verb", "stop_all has no option 'wait_for_capacity'",
      { "ann", wait_for_capacity = true } },
    { "an unknown option", "stop_all has no option 'tiemout' %(known: all, ",
      { "ann", tiemout = 3 } },
    { "a limit of 0", "stop_all: option 'limit' must be 1 or more, not 0", { "ann", limit = 0 } },
    { "a negative timeout", "stop_all: timeout must be a number of seconds",
      { "ann", timeout = -1 } },
    { "what is no name", "stop_all: #2 is neither a name nor an instance, but a number",
      { "ann", 5 } },
    { "no style of progress",
      "stop_all: option 'progress' must be one of auto, json, lines, quiet, not 'x'",
      { "ann", progress = "x" } },
  }
  for _, row in ipairs(mistakes) do
    it(row[1] .. " is the caller's mistake", function()
      open { ann = "Running" }
      local verb = row[2]:match "^%l+_all"
      local ok, err = pcall(function() ws.instances[verb](ws.instances, row[3]) end)
      assert.is_false(ok)
      assert.matches("^spec/fleet_spec.lua:%d+: " .. row[2], err)
    end)
  end

  it("in a workspace that was closed is the caller's mistake", function()
    open { ann = "Running" }
    local closed = azureml.workspace()
    closed:close()
    for _, f in ipairs { function() closed.instances:stop_all { "ann" } end,
      function() closed.instances:get "ann" end,
      function() closed.instances:list()() end, function() closed:watch()() end } do
      local ok, err = pcall(f)
      assert.is_false(ok)
      assert.matches("^spec/fleet_spec.lua:%d+: workspace emulator in emulator was closed$", err)
    end
  end)

  it("an instance of another workspace is the caller's mistake", function()
    open { ann = "Running" }
    local elsewhere <close> = azureml.workspace {
      subscription_id = ws.subscription_id, resource_group = ws.resource_group, name = "other",
    }
    local vm = ws.instances:get "ann"
    local ok, err = pcall(elsewhere.instances.stop_all, elsewhere.instances, { vm })
    assert.is_false(ok)
    assert.matches("'ann' is an instance of workspace emulator in emulator, "
      .. "not of workspace other in emulator", err)
  end)
end)
