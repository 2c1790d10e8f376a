-- What a person sees of `azureml watch`: one table in a terminal that tmux plays.
local json = require "azureml.json"
local process = require "spec.process"
local terminal = require "spec.screen"

describe("azureml watch in a terminal", function()
  local screen, emulator, seed

  local it_shows = terminal.each(function(opened)
    screen = opened
    seed = process.write(screen.home .. "/seed.json",
      json.encode { instances = { ann = "Running", bob = "Stopped" } })
    emulator = process.served_emulator { speed = 1, options = { "--seed", seed } }
  end)

  after_each(function()
    if emulator then emulator:close() end
    emulator = nil
  end)

  it_shows("is one table that is redrawn, with changes marked and on top", function()
    local shown = screen:start("watch --interval 0.2", "AZUREML_EMULATOR=" .. emulator.url,
      "2 instances: 1 Running, 1 Stopped")
    assert.matches("\n +Name +State +Was +For\n +ann +Running\n +bob +Stopped\n", shown)
    process.executable({ "start", "bob", "--no-wait" }, { AZUREML_EMULATOR = emulator.url })
    shown = screen:expect "Starting"
    assert.matches("^2 instances: [^\n]+\n +Name[^\n]+\n%*? +bob +Starting +Stopped +%d+ s\n"
      .. " +ann +Running\n", shown)
    assert.equal(1, select(2, shown:gsub("Name", "")))
    screen:type "C-c"
    screen:expect "left with 130"
  end)
end)
