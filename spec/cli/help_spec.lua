local run = require "spec.command_line"
local shown_commands = require "spec.shown_commands"
local topics = require "azureml.console.topics"

describe("azureml help", function()
  it("is --help without a word, and a command's --help with one", function()
    local out, err, code = run "help"
    assert.same({ "", 0 }, { err, code })
    assert.matches("\nOptions:\n", out)
    assert.matches("\n  stop +stop compute instances", out)
    assert.equal((run("stop", "--help")), (run("help", "stop")))
  end)

  for _, topic in ipairs(topics.names) do
    it("tells about " .. topic .. " within the width", function()
      local out, err, code = run("help", topic)
      assert.same({ "", 0 }, { err, code })
      for line in out:gmatch "[^\n]+" do assert.is_true(#line <= 80, line) end
    end)
  end

  it("names each format that -o knows, and each field of an instance", function()
    local out = run("help", "output")
    for _, name in ipairs(require("azureml.cli.output").formats) do
      assert.matches("\n  " .. name .. " ", out)
    end
    for name in pairs(require("azureml.instance.fields").getters) do
      assert.is_truthy(out:find(name, 1, true), name)
    end
  end)

  it("shows examples that the commands take", function()
    local count = 0
    for _, part in ipairs(topics.texts.examples) do
      for _, row in ipairs(type(part) == "table" and part or {}) do
        for line in row[1]:gmatch "azureml ([^;]+)" do
          assert.is_nil(shown_commands.fault_of(line) or nil)
          count = count + 1
        end
      end
    end
    assert.is_true(count >= 10)
  end)

  it("explains the code of an error, however it is written", function()
    local out, err, code = run("help", "notasasked")
    assert.same({ "", 0 }, { err, code })
    assert.matches("^NotAsAsked: .* differs .*What%s+to%s+do: ", out)
    assert.matches("'azureml list' shows what there is", (run("help", "ResourceNotFound")))
  end)

  it("suggests a word for a mistyped one", function()
    local out, err, code = run("help", "stpo")
    assert.same({ "", 2 }, { out, code })
    assert.matches("^azureml: help: there is no command, topic or error code 'stpo'; did you mean "
      .. "stop%?\n", err)
    assert.matches("did you mean QuotaExceeded%?", (select(2, run("help", "QuotaExceded"))))
  end)
end)
