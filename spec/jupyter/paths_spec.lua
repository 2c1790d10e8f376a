local errors = require "azureml.error"
local paths = require "azureml.jupyter.paths"

describe("a path on an instance", function()
  for path, expected in pairs {
    [""] = "", ["/"] = "", ["Users/ann"] = "Users/ann", ["Users//ann/"] = "Users/ann",
    ["~/cloudfiles/code"] = "", ["~/cloudfiles/code/Users"] = "Users",
    ["cloudfiles/code/a b"] = "a b", ["cloudfiles/codes"] = "cloudfiles/codes",
    ["/home/azureuser/cloudfiles/code/Users/x"] = "Users/x",
    ["/mnt/batch/tasks/shared/LS_root/mounts/clusters/ci-ann/code/x"] = "x",
    ["grüße/a.b"] = "grüße/a.b",
  } do
    it(("%q is %q below the root"):format(path, expected), function()
      assert.equal(expected, paths.check(path))
    end)
  end

  for path, fault in pairs {
    ["../x"] = "'%.' or '%.%.'", ["a/../../x"] = "'%.' or '%.%.'", ["./a"] = "'%.' or '%.%.'",
    ["~/cloudfiles/code/../x"] = "'%.' or '%.%.'", ["a/.ssh"] = "hidden", ["a\0b"] = "NUL",
    ["\xff"] = "UTF%-8", ["/etc/passwd"] = "below ~/cloudfiles/code", ["~/x"] = "below ~",
    ["~"] = "below ~", [("x"):rep(5000)] = "too long",
  } do
    it(("%q is refused"):format(path:sub(1, 40)), function()
      local _, err = errors.try(paths.check, path)
      assert.equal("InvalidArgument", err.code)
      assert.matches(fault, err.message)
    end)
  end

  it("is escaped in a URL, name by name", function()
    assert.equal("a%20b/c%25%3F%23/gr%C3%BC", paths.escape "a b/c%?#/grü")
  end)

  it("is split and joined", function()
    assert.same({ "a/b", "c" }, { paths.split "a/b/c" })
    assert.same({ "", "c" }, { paths.split "c" })
    assert.same({ "c", "a/c" }, { paths.join("", "c"), paths.join("a", "c") })
  end)

  it("comes from a machine as one name", function()
    for _, name in ipairs { "a", "a b", "e\27[31m", ".hidden" } do
      assert.is_true(paths.is_name(name), name)
    end
    for _, name in ipairs { "", ".", "..", "a/b", "a\0", 7, ("x"):rep(300), {} } do
      assert.is_false(paths.is_name(name), tostring(name))
    end
    for _, name in ipairs { "e\27[31m", ".hidden", "a\nb", "\xff", "a\u{202e}b" } do
      assert.is_false(paths.can_copy(name), name)
    end
    assert.is_true(paths.can_copy "a b.ipynb")
  end)
end)
