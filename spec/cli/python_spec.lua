local python = require "azureml.cli.python"

describe("azureml python", function()
  local W = "--remote-word="

  for _, row in ipairs {
    { { "ci", "a.py", "--lr", "1" }, { "ci", W .. "a.py", W .. "--lr", W .. "1" } },
    { { "ci", "-c", "print(1)", "--x" }, { "ci", W .. "-c", W .. "print(1)", W .. "--x" } },
    { { "ci", "-" }, { "ci", W .. "-" } },
    { { "-w", "ws", "--start", "ci", "a.py", "-w" }, { "-w", "ws", "--start", "ci", W .. "a.py",
      W .. "-w" } },
    { { "--env=team", "ci", "--timeout", "3", "a.py" },
      { "--env=team", "ci", "--timeout", "3", W .. "a.py" } },
    { { "-n", "ci", "a.py", "-n" }, { "-n", "ci", W .. "a.py", W .. "-n" } },
    { { "--name=ci", "-c", "1" }, { "--name=ci", W .. "-c", W .. "1" } },
    { { "ci", "--", "a.py" }, { "ci", W .. "a.py" } },
    { { "ci", "a.py", "--", "b" }, { "ci", W .. "a.py", W .. "--", W .. "b" } },
    { { "--help" }, { "--help" } }, { { "ci" }, { "ci" } },
  } do
    it("keeps the script from the options: " .. table.concat(row[1], " "), function()
      assert.same(row[2], python.rewrite(row[1]))
    end)
  end
end)
