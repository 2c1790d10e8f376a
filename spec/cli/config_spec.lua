local json = require "azureml.json"
local process = require "spec.process"
local run = require "spec.command_line"
local surroundings = require "spec.surroundings"
local world = require "spec.world"

describe("azureml config", function()
  local directory, variables

  before_each(function()
    directory = process.directory()
    variables = surroundings { XDG_CONFIG_HOME = directory }
  end)
  after_each(function()
    variables:close()
    process.remove(directory)
  end)

  it("sets, gets, lists and removes defaults", function()
    assert.same({ "", "", 0 }, { run("config", "set", "workspace=team", "group=ml") })
    assert.equal("team\n", (run("config", "get", "workspace")))
    assert.same({ "", "", 1 }, { run("config", "get", "output") })
    local out = run "config"
    assert.matches("^Name +Value +Meaning\ngroup +ml +", out)
    assert.same({ "", "", 0 }, { run("config", "set", "group=") })
    local rows = json.decode((run("config", "list", "-o", "json")))
    assert.same({ "group", nil }, { rows[1].name, rows[1].value })
  end)

  for _, row in ipairs {
    { { "set" }, "the argument NAME=VALUE is missing" },
    { { "set", "x" }, "'x' is not NAME=VALUE" },
    { { "set", "worksp=x" }, "there is no default 'worksp'; did you mean workspace?" },
    { { "set", "output=xml" }, "output: there is no 'xml'" },
    { { "set", "subscription=abc" }, "'abc' cannot be a subscription_id: it is a GUID such as" },
    { { "set", "workspace=a/b" }, "'a/b' cannot be a workspace name" },
    { { "get", "grup" }, "there is no default 'grup'; did you mean group?" },
  } do
    it("refuses " .. table.concat(row[1], " "), function()
      local out, err, code = run("config", table.unpack(row[1]))
      assert.same({ "", 2 }, { out, code })
      assert.is_truthy(err:find(row[2], 1, true), err)
    end)
  end

  it("sets the format of results, which -o overrides", function()
    local emulator, ws = world.open { ann = "Stopped" }
    run("config", "set", "output=name")
    local out = run "list"
    local table_out = run("list", "-o", "tsv", "--columns", "state")
    world.close(emulator, ws)
    assert.same({ "ann\n", "Stopped\n" }, { out, table_out })
  end)
end)
