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
    local all = { AZUREML_BUILD = directory, LUA_INIT = "" }
    for name, value in pairs(settings or {}) do all[name] = value end
    return all
  end

  local function command(...)
    local argv = { "lua5.4", "/usr/bin/busted", "-o", "spec/output.lua" }
    for i, text in ipairs { ... } do
      argv[#argv + 1] = process.write(("%s/part%d_spec.lua"):format(directory, i), text)
    end
    return argv
  end

  local function run(...)
    return process.run(command(...), environment())
  end

  -- `script` gives the program a terminal, on which each line ends with a carriage return as well.
  local function run_on_terminal(settings, ...)
    local line = table.concat(command(...), " ")
    local argv = { "script", "-qec", line, "/dev/null" }
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
end)
