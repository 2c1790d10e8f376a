-- Run the examples of README.md.
local process = require "spec.process"
local shown_commands = require "spec.shown_commands"

local function read(path)
  local file <close> = assert(io.open(path))
  return file:read "a"
end

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

  local shows = { "", "ci%-ann: Running, STANDARD_DS3_V2\n", "ci%-ann: change\n"
    .. "  schedules: %[%] %-> .*\n  idle_time_before_shutdown: PT30M %-> PT60M\n",
    "stop: nothing to do\n", "not there\n",
    "Running\n",
    "0%.88 USD\nnil\t[^\n]*There is already an active operation submitted[^\n]*\n.*Running\n",
    "AllocationFailed\nAuthorizationFailed\n" }
  local count = 0

  it("shows a seed that is one", function()
    local snippet = assert(text:match "```lua\n(local instances.-)```")
    local sown = require("azureml.emulator.seed").read(process.write(directory .. "/team.lua",
      snippet))
    assert.equal("Stopped", sown.instances.ci1.state)
  end)

  for snippet in text:gsub("```lua\nlocal instances.-```", ""):gmatch "```lua\n(.-)```" do
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

  it("shows commands that are there, with options they have", function()
    local shown, faults = shown_commands.check(text)
    assert.same({}, faults)
    assert.is_true(shown >= 5)
  end)

  it("names make targets that are there", function()
    local makefile = read "Makefile" .. read "spec/bench/bench.mk"
    for target in text:gmatch "make (%l[%l-]+)" do
      if target ~= "install" then
        assert.matches("\n" .. target:gsub("%p", "%%%0") .. ":", makefile)
      end
    end
  end)
end)
