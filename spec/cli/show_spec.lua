local json = require "azureml.json"
local process = require "spec.process"
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

  it("prints several, by position or -n, each once", function()
    local out, err, code = run("show", "ann", "-n", "ann", "-o", "jsonl")
    assert.same({ 0, "" }, { code, err })
    assert.equal(1, select(2, out:gsub("\n", "")))
    ws.instances:create("bob", {}):wait()
    out = run("show", "ann", "-n", "bob", "-o", "csv", "--columns", "name,state", "--sort", "state")
    assert.equal("name,state\nbob,Running\nann,Stopped\n", out)
  end)

  it("sends one request besides the token's", function()
    local requests, tokens = emulator:request_count(), emulator:token_count()
    run("show", "ann")
    assert.same({ requests + 2, tokens + 1 }, { emulator:request_count(), emulator:token_count() })
  end)

  it("loads only what it needs", function()
    local script = [[
      require "azureml.emulator"
      local own = package.loaded
      require("azureml.config").use_emulator()
      require("azureml.cli").main { "list", "-o", "none" }
      local seen = {}
      for name in pairs(own) do seen[name] = true end
      for _, name in ipairs { "azureml.cli.filters", "azureml.cli.show" } do own[name] = nil end
      require("azureml.cli").main { "show", "nobody", "-o", "json" }
      for name in pairs(own) do if not seen[name] then print(name) end end]]
    local out = process.executable({ "-e", script })
    local names = {}
    for name in out:gmatch "[^\n]+" do names[#names + 1] = name end
    table.sort(names)
    assert.same({ "azureml.cli.complaint", "azureml.cli.exit_codes", "azureml.cli.show",
      "azureml.credential_hints", "azureml.entra_hints", "azureml.hints" }, names)
  end)

  it("needs a name", function()
    local _, err, code = run "show"
    assert.equal(2, code)
    assert.equal("azureml: show: which instance? Give a name\n"
      .. "  hint: 'azureml show --help' lists its options\n", err)
  end)

  it("prints the instances that are there before the error about the others", function()
    local out, err, code = run("show", "ann", "nobody", "-o", "name")
    assert.same({ "ann\n", 3 }, { out, code })
    assert.matches("cannot get nobody: ", err)
  end)
end)
