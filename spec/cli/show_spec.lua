local json = require "azureml.json"
local run = require "spec.command_line"
local world = require "spec.world"

describe("azureml show", function()
  local emulator, ws

  before_each(function()
    emulator, ws = world.open { ann = { state = "Stopped", tags = { team = "vision" } } }
  end)
  after_each(function() world.close(emulator, ws) end)

  it("prints a field a line, sorted, without what is empty", function()
    local out, err, code = run("show", "-n", "ann")
    assert.same({ "", 0 }, { err, code })
    assert.matches("\nstate +Stopped\n", out)
    assert.matches('\ntags +{"team":"vision"}\n', out)
    assert.is_nil(out:find "\nerrors")
    local names = {}
    for name in out:gmatch "\n([%l_]+) " do names[#names + 1] = name end
    local sorted = { table.unpack(names) }
    table.sort(sorted)
    assert.same(sorted, names)
  end)

  it("prints JSON with -o json", function()
    local out = run("show", "-n", "ann", "-o", "json")
    local value = json.decode(out)
    assert.same({ "ann", "Stopped", "vision" }, { value.name, value.state, value.tags.team })
    assert.matches('"errors":%[%]', out)
  end)

  it("fails for one that is not there, and says so without a place in a script", function()
    local out, err, code = run("show", "-n", "bob")
    assert.same({ "", 3 }, { out, code })
    assert.matches("^azureml: cannot get bob: .*ResourceNotFound", err)
    assert.matches("hint: check the name; 'azureml list' shows what there is", err)
  end)

  it("needs a name", function()
    local _, err, code = run "show"
    assert.equal(2, code)
    assert.equal("azureml: show: which instance? Give a name\n"
      .. "  hint: 'azureml show --help' lists its options\n", err)
  end)
end)
