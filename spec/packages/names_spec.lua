local names = require "azureml.packages.names"

describe("the names of packages, environments and kernels", function()
  local function fault_of(f, ...)
    local ok, raised = pcall(f, ...)
    return not ok and tostring(raised) or nil
  end

  it("are words, which may hold what a shell would read", function()
    local list = { "pandas==2.2", "a[b]>=1,<2; python_version<'3.9'", "x @ https://h/$(id)", "a b" }
    assert.same(list, names.packages("pip_install", list))
  end)

  for _, row in ipairs {
    { "-r", "begins like an option" }, { "--pre", "begins like an option" },
    { "", "is not a package" }, { "a\nb", "is not a package" }, { " a", "is not a package" },
    { "a\0b", "is not a package" }, { 7, "must be a text" },
  } do
    it(("refuse %q as a package"):format(row[1]), function()
      assert.matches(row[2], fault_of(names.packages, "pip_install", { row[1] }), 1, true)
    end)
  end

  for _, name in ipairs { "team", "py3.11", "_a-b" } do
    it("take " .. name .. " as an environment", function()
      assert.equal(name, names.environment("f", name))
    end)
  end

  for _, name in ipairs { "../x", "a b", "-x", ".", "a;b", ("x"):rep(300) } do
    it(("refuse %q as an environment and a kernel"):format(name:sub(1, 20)), function()
      assert.is_string(fault_of(names.environment, "f", name))
      assert.is_string(fault_of(names.kernel, "f", name))
    end)
  end

  it("are in small letters for a kernel, as Jupyter keeps them", function()
    assert.equal("team-r", names.kernel("f", "Team-R"))
  end)

  it("are split from the options", function()
    local list, settings = names.split("f", { "a", "b", env = "x" }, { env = "string" })
    assert.same({ { "a", "b" }, { env = "x" } }, { list, settings })
    assert.same({ "a" }, (names.split("f", "a", {})))
    assert.matches("no option 'evn'", fault_of(names.split, "f", { "a", evn = 1 }, {}))
    assert.matches("a list of packages expected", fault_of(names.split, "f", 7, {}))
  end)
end)
