local json = require "azureml.json"
local opened_studio = require "spec.opened_studio"

-- Wait until the state of the page fulfils a condition; return it.
local function wait_for(opened, what, is_so)
  return opened.wait(what, function()
    local state = opened:get "state"
    return is_so(state) and state
  end)
end

local function row_of(state, name)
  for _, row in ipairs(state.rows) do
    if row.name == name then return row end
  end
end

describe("the studio's actions", function()
  it("tell what the list shows, for the user and the prices of the region", function()
    opened_studio.with({ ["ci-a"] = { state = "Running", tags = { team = "x" } },
      ["ci-b"] = "Stopped" }, nil, function(opened)
      local state = opened:get "state"
      assert.equal("emulator", state.facts.workspace)
      assert.same({}, state.facts.missing_rights)
      local row = row_of(state, "ci-a")
      assert.equal("running", row.tone)
      assert.equal(4, row.vcpus)
      assert.equal(0.293, row.price)
      assert.is_true(row.is_usable and row.is_created_by_me and row.is_billed)
      assert.equal("x", row.tags.team)
      assert.equal(2, #row.applications)
      assert.same({}, row_of(state, "ci-b").applications)
    end)
  end)

  it("send a verb to many, and follow each to its end", function()
    opened_studio.with({ ["ci-a"] = "Stopped", ["ci-b"] = "Stopped" }, nil, function(opened)
      local stream <close> = opened:events()
      opened:get "state"
      local begun = opened:post("verb", { verb = "start", names = { "ci-a", "ci-b" } })
      assert.equal(2, #begun.operations)
      opened.await(stream, '"state":"accepted"')
      opened.await(stream, '"state":"Starting"')
      local state = wait_for(opened, "the start", function(state)
        return row_of(state, "ci-a").state == "Running" and row_of(state, "ci-b").state == "Running"
      end)
      assert.equal(2, #state.operations)
    end)
  end)

  it("keep what the service refuses, until it is dismissed", function()
    opened_studio.with({ ["ci-a"] = "Stopped" }, nil, function(opened, emulator)
      emulator:fault { match = { verb = "start" }, answer = { status = 403,
        headers = { ["x-ms-request-id"] = "r1" },
        json = { error = { code = "AuthorizationFailed", message = "not you" } } } }
      opened:get "state"
      local id = opened:post("verb", { verb = "start", names = { "ci-a" } }).operations[1]
      local state = wait_for(opened, "the refusal", function(state)
        return state.operations[1] and state.operations[1].state == "failed"
      end)
      local err = state.operations[1].error
      assert.equal("AuthorizationFailed", err.code)
      assert.truthy(err.message:find("not you", 1, true))
      assert.truthy(err.request_id)
      opened:post("dismiss", { ids = { id } })
      assert.same({}, opened:get("state").operations)
    end)
  end)

  it("refuse wrong arguments", function()
    opened_studio.with({ ["ci-a"] = "Running" }, nil, function(opened)
      for name, body in pairs {
        verb = { verb = "explode", names = { "ci-a" } }, update = { name = "ci-a" },
        resize = { name = "ci-a" }, preview = { schedules = 3 },
        create = { name = "ci-b", settings = { generate_ssh_key = "/tmp/x" } },
        check = { name = "ci-b", settings = { ssh_key_file = "/etc/passwd" } },
      } do
        assert.equal("InvalidArgument", opened:post(name, body).error.code, name)
      end
      assert.equal("InvalidArgument", opened:post("verb", { verb = "stop", names = {} }).error.code)
      assert.equal("ResourceNotFound", opened:get("instance?name=ci-none").error.code)
    end)
  end)

  it("describe an instance, and change it", function()
    opened_studio.with({ ["ci-a"] = "Running" }, nil, function(opened, _, ws)
      local shown = opened:get "instance?name=ci-a"
      assert.equal("eastus", shown.facts.location)
      assert.equal(4, shown.size.vcpus)
      assert.equal(0.293, shown.cost.price)
      assert.same({}, opened:post("update", { name = "ci-a", settings = {
        idle_time_before_shutdown = "30m", tags = { team = "y" } } }))
      assert.same({}, opened:post("schedules", { name = "ci-a",
        schedules = { "stop weekdays 18:00 Europe/Amsterdam" } }))
      assert.same({}, opened:post("services", { name = "ci-a", add = { name = "rstudio",
        image = "rstudio:1", endpoints = { { target = 8787, published = 8787 } } } }))
      local vm = ws.instances:get("ci-a", require("azureml.definition").newest)
      assert.equal("PT30M", vm.idle_time_before_shutdown)
      assert.equal("y", vm.tags.team)
      assert.equal("rstudio", vm.custom_services[1].name)
      shown = opened:get "instance?name=ci-a"
      assert.equal("stops Monday to Friday at 18:00 (Europe/Berlin)", shown.schedules[1].words)
      assert.equal(3, #shown.schedules[1].firings)
      local first = shown.schedules[1].firings[1].utc
      assert.same({}, opened:post("skip", { name = "ci-a" }))
      assert.is_true(opened:get("instance?name=ci-a").schedules[1].firings[1].utc > first)
      opened:post("services", { name = "ci-a", remove = "rstudio" })
      assert.same({}, opened:get("instance?name=ci-a").services)
    end)
  end)

  it("keep the schedules that the page did not touch, and see a change behind its back", function()
    opened_studio.with({ ["ci-a"] = "Running" }, nil, function(opened, _, ws)
      opened:post("schedules", { name = "ci-a", schedules = { "stop weekdays 18:00",
        "start weekdays 08:00" } })
      local seen = opened:get("instance?name=ci-a").schedules
      assert.same({}, opened:post("schedules", { name = "ci-a", schedules = {
        { position = 2, words = seen[2].words, status = "disabled" } } }))
      local left = ws.instances:get("ci-a", require("azureml.definition").newest).schedules
      assert.equal(1, #left)
      assert.equal("disabled", left[1].status)
      assert.equal("ChangedMeanwhile", opened:post("schedules", { name = "ci-a", schedules = {
        { position = 2, words = seen[2].words } } }).error.code)
    end)
  end)

  it("say what schedules would do, or what is wrong with them", function()
    opened_studio.with({}, nil, function(opened)
      local shown = opened:post("preview", { schedules = { "start mon 08:00 Europe/Amsterdam",
        "stop never" } }).schedules
      assert.equal("starts Monday at 08:00 (Europe/Berlin)", shown[1].words)
      assert.equal(3, #shown[1].firings)
      assert.truthy(shown[2].fault)
    end)
  end)

  it("check a new instance, and write it for other tools", function()
    opened_studio.with({ ["ci-a"] = "Running" }, nil, function(opened)
      assert.is_false(opened:get("name?name=1").ok)
      assert.is_false(opened:get("name?name=ci-a").ok)
      assert.is_true(opened:get("name?name=ci-new").ok)
      local report = opened:post("check", { name = "ci-new", settings = {
        vm_size = "STANDARD_DS3_V2", tags = { team = "a b" }, enable_sso = false,
        schedules = { "stop daily 18:00" } } })
      assert.is_true(report.ok)
      assert.equal(0.293, report.price)
      assert.truthy(report.recipe.lua:find('ws.instances:create("ci-new"', 1, true))
      for _, words in ipairs { "azureml create ci-new", "--tags 'team=a b'", "--sso off",
        "--schedule 'stop daily 18:00'" } do
        local line = report.recipe.command:gsub(" \\\n *", " ")
        assert.truthy(line:find(words, 1, true), words)
      end
      assert.truthy(json.decode(report.recipe.template).resources)
      report = opened:post("check", { name = "ci-new", settings = { vm_size = "NONE",
        enable_node_public_ip = false } })
      assert.is_false(report.ok)
      assert.is_true(#report.findings >= 2)
    end)
  end)

  it("create an instance, and follow it", function()
    opened_studio.with({}, nil, function(opened)
      local key = opened:post "key"
      assert.truthy(key.private:find("BEGIN PRIVATE KEY", 1, true))
      local stream <close> = opened:events()
      assert.truthy(opened:post("create", { name = "ci-new", settings = {
        ssh_public_access = true, admin_user_ssh_public_key = key.public } }).operation)
      wait_for(opened, "the creation", function(state)
        local row = row_of(state, "ci-new")
        return row and row.state == "Running" and state.operations[1].state == "done"
      end)
      assert.equal("InstanceExists", opened:post("create", { name = "ci-new",
        settings = {} }).error.code)
      assert.truthy(opened:get("instance?name=ci-new").ssh.command)
      assert.is_nil(stream.heard:find("PRIVATE", 1, true))
    end)
  end)

  it("list the sizes with price and quota", function()
    opened_studio.with({}, nil, function(opened)
      local sizes = opened:get("sizes").sizes
      assert.is_true(#sizes > 20)
      assert.truthy(sizes[1].price and sizes[1].cores_left and sizes[1].vcpus)
    end)
  end)

  it("tell of jobs, which a stop would end, and of states that were seen", function()
    opened_studio.with({ ["ci-a"] = "Running", ["ci-b"] = "Running" }, nil, function(opened, _, ws)
      ws.jobs:submit { command = "sleep 600", environment = { image = "python" }, compute = "ci-a" }
      local jobs = opened:get "jobs?name=ci-a"
      assert.equal("sleep 600", (jobs.running[1] or jobs.waiting[1]).command)
      assert.same({}, opened:post("ending", { names = { "ci-b" } }).jobs)
      opened:get "state"
      local stream <close> = opened:events()
      opened:post("verb", { verb = "stop", names = { "ci-b" } })
      wait_for(opened, "the stop", function(state)
        return row_of(state, "ci-b").state == "Stopped"
      end)
      local events = opened:get("instance?name=ci-b").events
      assert.equal("Stopped", events[1].state)
      assert.is_not_nil(stream)
    end)
  end)
end)
