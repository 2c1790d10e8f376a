-- Run what the pages of the guide show.
local process = require "spec.process"
local shown_commands = require "spec.shown_commands"

local read = process.read

-- Each program runs on virtual time, in a world of its own, which has these instances.
local VIRTUAL = [[require("azureml.core").clock "virtual"]]
local WORLD = VIRTUAL .. [[ require("azureml.emulator").start { seed = { instances = {
  ["ci-bob"] = { state = "Running", tags = { keep = "on" } },
  ["ci-eve"] = { state = "Running", tags = { team = "vision" } },
} } }]]

-- What the programs of each page print, in their order: Lua patterns.
local PRINTED = {
  cookbook = {
    "Running\thttps://ci%-ann[^\n]+/tree/\n", "stop: 1 done\n",
    "ci%-ann: 1 running of 8, 0 waiting\nCompleted\n", "",
    "ci%-bob now stops after an idle hour\nci%-eve now stops after an idle hour\n",
    "ci%-ann: create\nci%-bob: change\n  schedules: .*\n  idle_time_before_shutdown: .*",
    "STANDARD_NC6S_V3: QuotaExceeded\nci%-gpu: Running, STANDARD_DS4_V2\n",
    "the work is done on STANDARD_DS11_V2\n", "Running\n",
    "ci%-copy: Running, STANDARD_DS3_V2\n", "delete: 1 planned\ndelete: 1 done\n", "both run\n",
  },
  credentials = { "" },
  emulator = {
    "Running\n",
    "%d%.%d%d USD\nnil\t[^\n]*There is already an active operation submitted[^\n]*\n.*Running\n",
    "AllocationFailed\nAuthorizationFailed\n",
  },
  errors = { "ResourceNotFound\t404\tcheck the name; 'azureml list' shows what there is\n" },
  fleets = { "stop: 1 done\nci%-eve\tdone\n", "", "", "stop: 1 done\n" },
  json = {},
  studio = {},
}

-- Return the programs of a page. A seed is none.
local function programs_of(text)
  return text:gsub("```lua\nlocal instances.-```", ""):gmatch "```lua\n(.-)```"
end

for name, printed in pairs(PRINTED) do
  describe("the page " .. name, function()
    local text = read("lua/azureml/guide/" .. name .. ".md")
    local directory

    setup(function() directory = process.directory() end)
    teardown(function() process.remove(directory) end)

    local function run(program)
      local path = process.write(directory .. "/example.lua", program)
      if program:find("azureml.emulator", 1, true) then
        return process.executable { "-e", VIRTUAL, path }
      end
      return process.executable { "-e", WORLD, path }
    end

    it("shows programs that run", function()
      local count = 0
      for program in programs_of(text) do
        count = count + 1
        local out, err, code = run(program)
        assert.equal(0, code, program .. err)
        assert.matches("^" .. tostring(printed[count]) .. "$", out)
      end
      assert.equal(#printed, count)
    end)

    it("shows commands that are there, with options they have", function()
      local _, faults = shown_commands.check(text)
      assert.same({}, faults)
    end)
  end)
end

describe("the page emulator", function()
  it("shows a seed that is one", function()
    local snippet = assert(read("lua/azureml/guide/emulator.md"):match
      "```lua\n(local instances.-)```")
    local path = process.write(os.tmpname(), snippet)
    local sown = require("azureml.emulator.seed").read(path)
    os.remove(path)
    assert.equal("Stopped", sown.instances.ci1.state)
  end)
end)
