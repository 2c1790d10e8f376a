local script = require "azureml.emulator.machine.script"

describe("a script", function()
  for text, row in pairs {
    ["echo hello"] = { 0, 0 },
    ["sleep 90"] = { 90, 0 },
    ["sleep 5m; sleep 1.5h"] = { 5700, 0 },
    ["exit 3"] = { 0, 3 },
    ["sleep 10 && false"] = { 10, 1 },
    ["sleep 10\nexit 2\nsleep 20"] = { 10, 2 },
    ["# exit 1\nsleep 1"] = { 1, 0 },
    ["exit"] = { 0, 0 },
    ["#!/bin/sh\n  sleep 2 ; exit 0"] = { 2, 0 },
    [""] = { 0, 0 },
    ["python train.py --sleep 5"] = { 0, 0 },
    ["true || exit 9"] = { 0, 9 },
    ["exit 99999999999999999999"] = { 0, 1 },
  } do
    it(("'%s' takes %d s and ends with %d"):format(text:gsub("\n", "\\n"), row[1], row[2]),
      function()
      assert.same(row, { script.outcome(text) })
    end)
  end

  for text, row in pairs {
    ["echo a; sleep 5; echo b"] = { "a\n", "a\nb\n" },
    ["echo 'a b' \necho \"c\"; exit 1; echo d"] = { "a b\nc\n", "a b\nc\n" },
    ["echo $HOME; echo a > file; echo"] = { "\n", "\n" },
    ["false; echo a"] = { "", "" },
  } do
    it(("'%s' writes what it echoes"):format(text:gsub("\n", "\\n")), function()
      assert.same(row, { script.output(text, 4), script.output(text, 5) })
    end)
  end
end)
