local process = require "spec.process"

local SUITE = [[
describe("a suite", function()
  for i = 1, 3 do it("passes " .. i, function() end) end
  it("fails", function() assert.equal("apples", "pears") end)
  it("is skipped", function() pending "for a reason" end)
  it("raises", function() error { code = 7 } end)
end)
]]

describe("the suite's output", function()
  local directory

  before_each(function() directory = process.directory() end)
  after_each(function() process.remove(directory) end)

  -- The suite's own recorder stays out of it, and so does its record of counts.
  local function environment(settings)
    local all = { AZUREML_BUILD = directory, LUA_INIT = "", AZUREML_ANSWERS = "" }
    for name, value in pairs(settings or {}) do all[name] = value end
    return all
  end

  local BUSTED = "lua5.4 /usr/bin/busted -o spec/worker.lua"

  -- Return the command that runs spec files of these texts in so many workers.
  local function command_of(workers, ...)
    local argv = { "lua5.4", "spec/suite.lua", tostring(workers), BUSTED }
    for i, text in ipairs { ... } do
      argv[#argv + 1] = process.write(("%s/part%d_spec.lua"):format(directory, i), text)
    end
    return argv
  end

  local function run_in(workers, ...)
    return process.run(command_of(workers, ...), environment())
  end

  local function run(...)
    return run_in(1, ...)
  end

  -- `script` gives the program a terminal, on which each line ends with a carriage return as well.
  local function run_on_terminal(settings, ...)
    local words = command_of(1, ...)
    words[4] = ("'%s'"):format(BUSTED)
    local argv = { "script", "-qec", table.concat(words, " "), "/dev/null" }
    local out, err, code = process.run(argv, environment(settings))
    return out:gsub("\r\n", "\n"), err, code
  end

  local function last_line(output)
    return output:match "([^\n]*)\n$"
  end

  it("is a line for each spec file where there is no terminal", function()
    local output, _, code = run([[it("passes", function() end)]], SUITE)
    assert.matches("^%[1 of ~4%] [^\n]*/part1_spec.lua: 1\n", output)
    assert.matches("\n%[7 of ~7, 2 failed%] [^\n]*/part2_spec.lua: 6, 2 failed\n", output)
    assert.is_nil(output:find("[\r\27]"))
    assert.equal("4 passed, 2 failed, 1 skipped", last_line(output))
    assert.equal(1, code)
  end)

  it("has each failure at once and again at the end", function()
    local output = run(SUITE, [[it("passes", function() end)]])
    local at_once, at_end = output:match "^(.-)(%[7 of ~7, 2 failed%].*)$"
    for _, part in ipairs { at_once, at_end } do
      assert.matches("FAILED [^\n]*part1_spec.lua:3: a suite fails\n", part)
      assert.matches("apples", part)
      assert.matches("ERROR [^\n]*part1_spec.lua:5: a suite raises\n", part)
      assert.matches("code = 7", part)
    end
    assert.matches("SKIPPED [^\n]*a suite is skipped: [^\n]*for a reason\n", at_end)
  end)

  it("ends with nothing failed and exit code 0 when all pass", function()
    local output, _, code = run [[it("passes", function() end)]]
    assert.equal("1 passed, 0 failed", last_line(output))
    assert.equal(0, code)
  end)

  it("lists the ten longest spec files of more", function()
    local function run_parts(count)
      return (process.run({ "lua5.4", "-e", ([[
        local shown = require("spec.output").new()
        for i = 1, %d do shown:finish(("part%%d"):format(i), 1, 0, i / 2) end
        shown:close(1)
      ]]):format(count) }, environment()))
    end
    assert.is_nil(run_parts(10):find "the longest")
    local list = run_parts(12):match "\nthe longest:\n(.*)\nin 1.0 s\n"
    assert.matches("^  6.0 s  part12\n  5.5 s  part11\n", list)
    assert.matches("\n  1.5 s  part3\n$", list)
    assert.equal(10, select(2, list:gsub("\n", "")))
  end)

  it("counts a file that cannot be read as failed", function()
    local output, _, code = run("it(", [[it("passes", function() end)]])
    assert.matches("ERROR ", output)
    assert.equal("1 passed, 1 failed", last_line(output))
    assert.equal(1, code)
  end)

  it("expects as many tests as the last run had", function()
    local terminal = { TERM = "xterm" }
    assert.matches("%[0 of ~3%]", run_on_terminal(terminal, SUITE))
    assert.matches("%[0 of ~6%]", run_on_terminal(terminal, SUITE))
  end)

  it("is one line on a terminal, drawn again for each test, under the failures", function()
    local output, _, code = run_on_terminal({ TERM = "xterm" }, SUITE)
    for done = 0, 3 do
      assert.matches(("\r\27%%[K%%[%d of ~%%d%%] [^\n]*part1_spec.lua"):format(done), output)
    end
    assert.matches("\r\27%[KFAILED [^\n]*a suite fails\n", output)
    assert.matches("%[6 of ~6, 2 failed%] ", output)
    assert.equal("3 passed, 2 failed, 1 skipped", last_line(output))
    assert.equal(1, code)
  end)

  it("redraws nothing on a terminal that cannot", function()
    local output = run_on_terminal({ TERM = "dumb" }, SUITE)
    assert.is_nil(output:find "\27")
    assert.matches("%[6 of ~6, 2 failed%] [^\n]*part1_spec.lua: 6, 2 failed\n", output)
  end)

  describe("of two processes", function()
    local PASSES = [[it("passes", function() end)]]

    -- Each part waits until the other has begun: a single process would run one after the other.
    local MEETS = [[
      it("meets the other part", function()
        local function path(part) return "%s/part" .. part end
        io.open(path "%d", "w"):close()
        local deadline = os.time() + 30
        local other
        repeat other = io.open(path "%d") until other or os.time() > deadline
        assert.is_truthy(other)
      end)
    ]]

    it("is one, and each file is run once, side by side", function()
      local first, second = MEETS:format(directory, 1, 2), MEETS:format(directory, 2, 1)
      local output, _, code = run_in(2, first, second, SUITE, PASSES)
      for part, line in pairs { ": 1\n", ": 1\n", ": 6, 2 failed\n", ": 1\n" } do
        local _, count = output:gsub(("/part%d_spec.lua%s"):format(part, line), "")
        assert.equal(1, count, output)
      end
      assert.equal("6 passed, 2 failed, 1 skipped", last_line(output))
      assert.equal(1, code)
    end)

    it("keeps a long message together", function()
      local text = [[it("fails", function() error(("a line of %s\n"):rep(5000)) end)]]
      local output = run_in(2, text:format "one", text:format "two")
      for _, word in ipairs { "one", "two" } do
        assert.is_truthy(output:find(("a line of " .. word .. "\n"):rep(5000), 1, true))
      end
      assert.equal("0 passed, 2 failed", last_line(output))
    end)

    it("names an error once that both of them meet", function()
      local output, _, code = run_in(2, "it(", PASSES)
      assert.equal("1 passed, 1 failed", last_line(output))
      assert.equal(1, code)
    end)

    it("counts one that crashes as failed, and names its file", function()
      local crash = [[it("crashes", function() os.execute "kill -9 $PPID" end)]]
      local output, _, code = run_in(2, PASSES .. " " .. crash, PASSES, PASSES)
      assert.matches("ERROR [^\n]* ended with exit code 137 in [^\n]*part1_spec.lua\n", output)
      assert.matches("ERROR not run to its end: [^\n]*part1_spec.lua\n", output)
      assert.equal("3 passed, 2 failed", last_line(output))
      assert.equal(1, code)
    end)

    it("counts one that ends with an error after its last spec as failed", function()
      local text = [[setmetatable({}, { __gc = function() os.exit(9, false) end }) ]] .. PASSES
      local output, _, code = run_in(1, text)
      assert.matches("ERROR [^\n]* ended with exit code 9 after its last spec\n", output)
      assert.equal("1 passed, 1 failed", last_line(output))
      assert.equal(1, code)
    end)
  end)
end)
