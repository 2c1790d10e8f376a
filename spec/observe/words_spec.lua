local words = require "azureml.observe.words"

local COMMANDS = require("azureml.cli").commands

local function shown(argv, first, commands)
  return table.concat(words.shown(argv, first, commands or COMMANDS), " ")
end

describe("the words of a command line", function()
  it("are whole for commands that only name instances", function()
    assert.equal("--emulator stop --where tags.keep~=1 --state Running",
      shown({ "--emulator", "stop", "--where", "tags.keep~=1", "--state", "Running" }, 2))
    assert.equal("run nightly team", shown({ "run", "nightly", "team" }, 1))
  end)

  it("hide code", function()
    assert.equal("-e *** -e*** -i",
      shown { [0] = "azureml", "-e", "password='x'", "-epassword='y'", "-i" })
  end)

  it("hide the arguments of scripts, also of one that is called as a command", function()
    assert.equal("./list *** --token=*** -p*** -x", shown({ "./list", "s3cret", "--token=s3cret",
      "-ps3cret", "-x" }, 1))
    assert.equal("list ***", shown({ "list", "s3cret" }, 1, {}))
  end)

  it("hide values and commands for instances, and show options and subcommands", function()
    assert.equal("exec *** *** *** ***", shown({ "exec", "ci-ann", "--", "echo", "s3cret" }, 1))
    assert.equal("create *** --tags ***", shown({ "create", "ci-ann", "--tags", "a=b" }, 1))
    assert.equal("operations wait ***", shown({ "operations", "wait", "{ticket}" }, 1))
    assert.equal("wait --ticket=***", shown({ "wait", "--ticket={}" }, 1))
  end)
end)
