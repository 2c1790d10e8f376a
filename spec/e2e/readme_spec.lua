-- Run the examples of README.md.
local process = require "spec.process"
local shown_commands = require "spec.shown_commands"

local read = process.read

describe("README", function()
  local text = read "README.md"
  local directory

  setup(function() directory = process.directory() end)
  teardown(function() process.remove(directory) end)

  -- Return a whole program: a snippet that uses ws without opening it gets the lines that open it.
  local function whole(snippet)
    if snippet:find 'require%(?%s?"azureml"' then return snippet end
    return 'local azureml = require "azureml"\nlocal ws = azureml.workspace()\n' .. snippet
  end

  local shows = { "ci%-ann: Running, STANDARD_DS3_V2\nstop: 1 done\n", "not there\n" }
  local count = 0

  for snippet in text:gmatch "```lua\n(.-)```" do
    count = count + 1
    local expected = shows[count]
    it("shows a program that runs: " .. snippet:match "^[^\n]*", function()
      local path = process.write(directory .. "/example.lua", whole(snippet))
      local out, err, code = process.executable({ "--emulator", "--speed", "3000", path }, {},
        directory)
      assert.equal(0, code, err)
      assert.matches("^" .. expected .. "$", out)
    end)
  end

  it("has as many programs as this spec knows", function()
    assert.equal(#shows, count)
  end)

  -- Hide what differs from run to run: numbers, units of time, and the width of columns.
  local function masked(line)
    return (line:gsub("%d[%d.]*", "N"):gsub("N min N s", "N s"):gsub("N [hm]%f[%W]", "N s")
      :gsub("N min", "N s"):gsub("%s+", " "))
  end

  it("shows a session as it is", function()
    local emulator <close> = process.served_emulator { speed = 500, options = { "--seed",
      process.write(directory .. "/seed.lua", [[return { instances = {
        ["ci-bob"] = { state = "Running", tags = { keep = "on" } },
        ["ci-eve"] = { state = "Running", vm_size = "STANDARD_NC6S_V3" },
      } }]]) } }
    local session, commands = text:match "```console\n(.-)```", 0
    for line, shown in (session .. "$ "):gmatch "%$ azureml ([^\n]*)\n(.-)%f[$\0]" do
      commands = commands + 1
      local words = shown_commands.words_of(line)
      local out, err, code = process.executable(words, { AZUREML_EMULATOR = emulator.url })
      assert.equal(0, code, err)
      local printed = "\n" .. masked((err .. out):gsub("\n", "\0")):gsub("%z", "\n")
      for expected in shown:gmatch "[^\n]+" do
        assert.is_truthy(printed:find("\n" .. masked(expected) .. "\n", 1, true),
          expected .. "\n" .. printed)
      end
    end
    assert.equal(3, commands)
  end)

  it("shows commands that are there, with options they have", function()
    local shown, faults = shown_commands.check(text)
    assert.same({}, faults)
    assert.equal(3, shown)
  end)

  it("names make targets that are there", function()
    local makefile = read "Makefile"
    for included in makefile:gmatch "\ninclude (%S+)" do makefile = makefile .. read(included) end
    for target in text:gmatch "make (%l[%l-]+)" do
      if target ~= "install" then
        assert.matches("\n" .. target:gsub("%p", "%%%0") .. ":", makefile)
      end
    end
  end)
end)
