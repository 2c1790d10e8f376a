local run = require "spec.command_line"
local world = require "spec.world"

describe("the complaint about wrong words", function()
  local emulator, ws

  before_each(function() emulator, ws = world.open { ann = "Running", bob = "Stopped" } end)
  after_each(function() world.close(emulator, ws) end)

  local EMPTY_NAME = "a name is empty: give the name of a compute instance"

  for words, message in pairs {
    ["start|"] = EMPTY_NAME, ["start|-n|"] = EMPTY_NAME, ["stop|ann|"] = EMPTY_NAME,
    ["delete||--yes"] = EMPTY_NAME, ["show|"] = EMPTY_NAME, ["why|"] = EMPTY_NAME,
    ["create|"] = EMPTY_NAME, ["ensure|-n|"] = EMPTY_NAME, ["update||--tags|a=b"] = EMPTY_NAME,
    ["schedule|"] = EMPTY_NAME, ["wait|"] = EMPTY_NAME, ["check|"] = EMPTY_NAME,
    ["ssh|"] = EMPTY_NAME, ["recreate||--yes"] = EMPTY_NAME, ["compute show|-n|"] = EMPTY_NAME,
    ["computetarget delete|-n|"] = EMPTY_NAME,
    ["stop|--tags"] = "option '--tags' requires at least 1 argument",
    ["stop|--tags|--no-wait"] = "option '--tags' requires at least 1 argument",
    ["watch|--exec| "] = "--exec: the command is empty",
    ["run|team"] = "run: usage: azureml run team FILE TENANT_ID [WORKSPACE]",
    ["stop|--like|"] = "--like: the pattern is empty, and fits no name",
    ["stop|--timeout|abc|ann"] = "--timeout: 'abc' is not a number of seconds, 0 or more",
    ["stop|ann|--timeout|-1"] = "--timeout cannot be '-1': a negative number has no meaning here",
    ["list|--running-for|-1h"] = "--running-for cannot be '-1h'",
    ["sizes|--max-price|-2"] = "--max-price cannot be '-2'",
    ["resize|bob"] = "the option --size is missing",
    ["plan|"] = "the name of the file is empty", ["config get"] = "the argument NAME is missing",
    ["run"] = "the argument WORKFLOW is missing",
    ["help names|extra"] = "'names' is a topic: it stands alone, without 'extra'",
    ["cost|ann|--state|Running"] = "give either names, or filters and --all-workspaces",
    ["list|ann|--all-workspaces"] = "give either names, or filters and --all-workspaces",
    ["list|--ca-file|/nowhere"] = "--ca-file: /nowhere: No such file or directory",
    ["list|--query|"] = "--query: it is empty: give an expression such as [].name",
  } do
    it("is one sentence: " .. words, function()
      local list = {}
      for word in (words:gsub("^%S+ %S+", function(two) return (two:gsub(" ", "|")) end) .. "|")
        :gmatch "(.-)|" do list[#list + 1] = word end
      local out, err, code = run(table.unpack(list))
      assert.same({ "", 2 }, { out, code }, err)
      assert.is_truthy(err:find(message, 1, true), err)
      assert.equal(2, select(2, err:gsub("\n", "")), err)
    end)
  end
end)
