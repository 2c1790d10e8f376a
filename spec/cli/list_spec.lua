local json = require "azureml.json"
local run = require "spec.command_line"
local world = require "spec.world"

describe("azureml list", function()
  local emulator, ws

  before_each(function()
    emulator, ws = world.open {
      ann = { state = "Running", tags = { team = "vision", keep = "on" } },
      bob = "Stopped",
    }
  end)
  after_each(function() world.close(emulator, ws) end)

  it("prints name, state, size and tags", function()
    local out, err, code = run "list"
    assert.same({ "", 0 }, { err, code })
    assert.matches("^Name +State +Size +Age +Tags", out)
    assert.matches("ann +Running +%S+ +[%w ]- +keep=on team=vision", out)
    assert.matches("bob +Stopped", out)
  end)

  for _, row in ipairs {
    { { "--state", "stopped" }, "bob" }, { { "--tags", "team=vision" }, "ann" },
    { { "--tags", "team=vision", "keep=off" }, "" },
    { { "--mine" }, "ann bob" },
  } do
    it(("with %s gives '%s'"):format(table.concat(row[1], " "), row[2]), function()
      local names = {}
      for i, one in ipairs(json.decode((run("list", "-o", "json", table.unpack(row[1]))))) do
        names[i] = one.name
      end
      table.sort(names)
      assert.equal(row[2], table.concat(names, " "))
    end)
  end

  it("remembers names for completion when it has all of them", function()
    local command, calls = require "azureml.cli.command", {}
    local remember = command.remember_names
    command.remember_names = function(vms) calls[#calls + 1] = #vms end
    run "list"
    run("list", "--like", "a*")
    run("list", "bob")
    run("list", "--all-workspaces")
    command.remember_names = remember
    assert.same({ 2 }, calls)
  end)

  it("prints an empty array of JSON where there is nothing", function()
    assert.equal("[]\n", (run("list", "--state", "Unusable", "-o", "json")))
  end)

  it("fails rather than print a part", function()
    for i = 1, 5 do emulator:seed_instance("more" .. i, "Stopped") end
    emulator:set_page_size(2)
    local refusal = { status = 400, json = { error = { code = "A", message = "a" } } }
    emulator:fault { match = { method = "GET" }, after = 2, times = 9, answer = refusal }
    local out, err, code = run "list"
    assert.same({ "", 1 }, { out, code })
    assert.matches("^azureml: .*%(A, HTTP 400", err)
  end)

  it("streams JSON, and does not close a list that it could not read to its end", function()
    for i = 1, 5 do emulator:seed_instance("more" .. i, "Stopped") end
    emulator:set_page_size(2)
    local streamed = run("list", "-o", "json")
    assert.equal(7, #json.decode(streamed))
    assert.equal((run("list", "-o", "json", "--sort", "name")), streamed)
    assert.equal((run("list", "-o", "json", "--sort", "name", "--columns", "name,tags.team")),
      (run("list", "-o", "json", "--columns", "name,tags.team")))
    local refusal = { status = 400, json = { error = { code = "A", message = "a" } } }
    emulator:fault { match = { method = "GET" }, after = 2, times = 9, answer = refusal }
    local out, _, code = run("list", "-o", "json")
    assert.equal(1, code)
    assert.is_nil((json.decode(out)))
    assert.matches("^%[{.*}$", out)
  end)

  it("streams JSON of all workspaces, with the place of each instance", function()
    local out, err, code = run("list", "-o", "json", "--all-workspaces")
    assert.same({ "", 0 }, { err, code })
    assert.matches('"workspace":', out)
    assert.equal(2, #json.decode(out))
  end)
end)
