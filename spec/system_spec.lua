--- What core offers of the file system: csrc/lua_system.c.
local core = require "azureml.core"
local process = require "spec.process"

describe("the core's file system", function()
  local here

  before_each(function() here = process.directory() end)
  after_each(function() process.remove(here) end)

  it("tells what a path is, how large, and when it was changed", function()
    process.write(here .. "/file", "text")
    local kind, size, changed = core.status(here .. "/file")
    assert.same({ "file", 4 }, { kind, size })
    assert.is_true(math.abs(os.time() - changed) < 100)
    assert.equal("directory", (core.status(here)))
    assert.equal("other", (core.status "/dev/null"))
    core.link(here, here .. "/link")
    assert.equal("directory", (core.status(here .. "/link")))
    assert.same({}, { core.status(here .. "/nothing") })
    assert.same({ nil, "Not a directory" }, { core.status(here .. "/file/below") })
  end)

  it("makes a directory; one that is there is no failure", function()
    assert.is_true(core.make_directory(here .. "/a"))
    assert.is_true(core.make_directory(here .. "/a"))
    assert.equal("directory", (core.status(here .. "/a")))
    assert.equal("No such file or directory", select(2, core.make_directory(here .. "/no/b")))
    process.write(here .. "/file", "")
    assert.equal("File exists", select(2, core.make_directory(here .. "/file")))
  end)

  local function modes()
    return process.run({ "sh", "-c", "cd '" .. here .. "' && stat -c '%n %a' *" })
  end

  it("publishes a file whole, for all users to read, and leaves no other file", function()
    local path = here .. "/nightly.prom"
    assert.is_nil(core.publish_fault(path))
    assert.equal("", (modes():gsub("[^\n]*%*[^\n]*", "")))      -- the check leaves nothing
    assert.is_true(core.publish(path, "one"))
    assert.is_true(core.publish(path, "two\n"))
    assert.equal("nightly.prom 644\n", modes())
    local file <close> = io.open(path)
    assert.equal("two\n", file:read "a")
  end)

  it("tells why a file cannot be published", function()
    core.link(here .. "/target", here .. "/link")
    assert.equal("No such file or directory", core.publish_fault(here .. "/no/file"))
    assert.equal("it is not a regular file", core.publish_fault(here))
    assert.equal("it is a symbolic link: name the file that it leads to",
      core.publish_fault(here .. "/link"))
    assert.same({ nil, "No such file or directory" }, { core.publish(here .. "/no/file", "x") })
  end)
end)
