local process = require "spec.process"
local run = require "spec.command_line"
local world = require "spec.world"

describe("azureml run", function()
  it("runs a workflow with its arguments, as a script of its own", function()
    local out, err, code = process.executable { "--emulator", "--speed", "5000", "run", "lifecycle",
      "team", "ci-mine" }
    assert.equal(0, code, err)
    assert.matches("^Creating ci%-mine in workspace team in emulator%.\n", out)
    assert.matches("ci%-mine is gone%.\n$", out)
  end)

  it("knows no other names than those of workflows", function()
    for _, name in ipairs { "nothing", "../console/prompt", "azureml.console.prompt", "" } do
      local out, err, code = run("run", name)
      assert.same({ "", 2 }, { out, code })
      assert.is_truthy(err:find(("there is no workflow '%s'"):format(name), 1, true))
    end
    assert.matches("did you mean nightly%?", (select(2, run("run", "nigthly"))))
  end)

  it("knows each workflow, which has less than 50 lines", function()
    local _, err = run("run", "")
    local listed = err:match "known: (.-)%)"
    local names = {}
    for path in process.run({ "ls", "lua/azureml/workflows" }):gmatch "([%w_]+)%.lua" do
      names[#names + 1] = path
      local lines = 0
      for _ in io.lines("lua/azureml/workflows/" .. path .. ".lua") do lines = lines + 1 end
      assert.is_true(lines < 50, path)
    end
    assert.equal(listed, table.concat(names, ", "))
  end)
end)

describe("the workflow", function()
  local emulator, ws

  after_each(function() world.close(emulator, ws) end)

  local function states()
    local all = {}
    for vm in ws.instances:list() do all[vm.name] = vm.state end
    return all
  end

  it("nightly stops what runs and has no tag keep=on", function()
    local kept = { state = "Running", tags = { keep = "on" } }
    emulator, ws = world.open { ann = "Running", bob = kept }
    assert.same({ "", "", 0 }, { run("run", "nightly") })
    assert.same({ ann = "Stopped", bob = "Running" }, states())
  end)

  it("morning starts what has the tag, waits for capacity, and prints where to work", function()
    local stopped = { state = "Stopped", tags = { morning = "on" } }
    emulator, ws = world.open { ann = stopped, bob = "Stopped", eve = stopped }
    emulator:fault { trouble = "capacity", match = { verb = "start" } }
    local out, err, code = run("run", "morning")
    assert.same({ "", 0 }, { err, code })
    assert.same({ ann = "Running", bob = "Stopped", eve = "Running" }, states())
    assert.matches("ann: Running, https://ann%.[%w.]+/lab\n", out)
    assert.matches("eve: Running, https://eve%.[%w.]+/lab\n", out)
  end)

  it("recreate_outdated recreates what is stopped and has an old image, after a yes", function()
    emulator, ws = world.open { ann = "Running", bob = "Stopped", eve = "Stopped" }
    local created = ws.instances:get("bob").created_on
    for _, name in ipairs { "ann", "bob" } do emulator:affect(name, { outdated = true }) end
    local out, err, code = run("run", "recreate_outdated")
    assert.same({ "", 0 }, { err, code })
    assert.matches("ann: Running, left alone\n", out)
    assert.matches("bob: outdated %(23%.12%.19%)\n", out)
    assert.equal(created, ws.instances:get("bob").created_on)
    out = run("run", "recreate_outdated", "yes")
    assert.matches("bob: recreated, now %d", out)
    assert.is_not.equal(created, ws.instances:get("bob").created_on)
  end)

  it("team creates an instance for each user, and prints what each must do", function()
    emulator, ws = world.open {}
    local ann, bob = "aaaaaaaa-1111-1111-1111-111111111111", "bbbbbbbb-1111-1111-1111-111111111111"
    local path = os.tmpname()
    process.write(path, ("# the team\n%s, ci-ann\n\n%s,ci-bob,Standard_D2s_v3\n"):format(ann, bob))
    for _ = 1, 2 do      -- again: nothing changes
      local out, err, code = run("run", "team", path, "99999999-1111-1111-1111-111111111111")
      assert.same({ "", 0 }, { err, code })
      assert.matches("ci%-ann: user aaaaaaaa%-[%x-]+ opens https://ci%-ann%S+ and signs in; to use "
        .. "SSH, the user adds a public key there\n", out)
    end
    assert.same({ ann, "STANDARD_DS3_V2" },
      { ws.instances:get("ci-ann").assigned_to, ws.instances:get("ci-ann").vm_size })
    assert.same({ bob, "STANDARD_D2S_V3" },
      { ws.instances:get("ci-bob").assigned_to, ws.instances:get("ci-bob").vm_size:upper() })
    assert.equal(2, emulator:verb_counts().create)
    process.write(path, "nobody\n")
    local ok, message = pcall(run, "run", "team", path, ann)
    os.remove(path)
    assert.is_false(ok)
    assert.matches(":1: write OBJECT_ID,NAME or OBJECT_ID,NAME,SIZE$", message)
  end)

  for _, name in ipairs { "nightly", "morning", "recreate_outdated" } do
    it(name .. " refuses arguments that it does not take", function()
      emulator, ws = world.open {}
      local out, err, code = run("run", name, "emulator", "a", "1", "extra")
      assert.same({ "", 2 }, { out, code })
      assert.matches("usage: azureml run " .. name, err)
    end)
  end
end)
