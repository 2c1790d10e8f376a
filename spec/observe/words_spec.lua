local words = require "azureml.observe.words"

local COMMANDS = require("azureml.cli").commands

local function shown(argv, first, commands)
  return table.concat(words.shown(argv, first, commands or COMMANDS), " ")
end

describe("the words of a command line", function()
  it("are whole for commands that only name instances", function()
    assert.equal("--emulator stop --tags keep=on --state Running",
      shown({ "--emulator", "stop", "--tags", "keep=on", "--state", "Running" }, 2))
  end)

  it("hide the arguments of workflows", function()
    assert.equal("run nightly *** --as=***", shown({ "run", "nightly", "team", "--as=x" }, 1))
    assert.equal("run --as ***", shown({ "run", "--as", "systemd" }, 1))
  end)

  it("hide code", function()
    assert.equal("-e *** -e*** -i",
      shown { [0] = "azureml", "-e", "password='x'", "-epassword='y'", "-i" })
    assert.equal("stop --where *** ci-ann --where=***",
      shown({ "stop", "--where", "tags.key == 's3cret'", "ci-ann", "--where=name" }, 1))
  end)

  it("hide the arguments of scripts, also of one that is called as a command", function()
    assert.equal("./list *** --token=*** -p*** -x", shown({ "./list", "s3cret", "--token=s3cret",
      "-ps3cret", "-x" }, 1))
    assert.equal("list ***", shown({ "list", "s3cret" }, 1, {}))
  end)

  it("are options alone where they are refused", function()
    assert.equal("--key=*** --speed *** -e*** ***",
      table.concat(words.options { "--key=a", "--speed", "x", "-eb", "list" }, " "))
  end)

  it("hide values and commands for instances, and show options and subcommands", function()
    assert.equal("exec *** *** *** ***", shown({ "exec", "ci-ann", "--", "echo", "s3cret" }, 1))
    assert.equal("create *** --tags ***", shown({ "create", "ci-ann", "--tags", "a=b" }, 1))
    assert.equal("operations wait ***", shown({ "operations", "wait", "{ticket}" }, 1))
    assert.equal("wait --ticket=***", shown({ "wait", "--ticket={}" }, 1))
  end)
end)
