--- csrc/platform.c as it is built for this C library ("own"), and for one that lacks what glibc
--- 2.34 brought, such as musl ("plain").

for _, name in ipairs { "own", "plain" } do
  describe("the platform, " .. name .. ":", function()
    local platform = require("platform_" .. name)
    local leaked

    before_each(function() leaked = platform.leak() end)
    after_each(function() platform.close(leaked) end)

    local function is_open(fd) return ("test -e /proc/self/fd/%d"):format(fd) end

    it("a spawned program inherits no descriptor from a number on", function()
      assert.equal(0, platform.spawned(is_open(leaked), leaked + 1))
      assert.equal(1, platform.spawned(is_open(leaked), leaked))
      assert.equal(1, platform.spawned(is_open(leaked), 3))
      assert.equal(0, platform.spawned(is_open(2), 3))
    end)

    it("all descriptors from a number on are closed, and no others", function()
      assert.equal(3, platform.closed(3))
      assert.equal(platform.below(leaked), platform.closed(leaked))
      assert.equal(platform.below(leaked) + 1, platform.closed(leaked + 1))
    end)

    it("a program is looked up in PATH, unless its name has a slash", function()
      assert.equal(7, platform.executed("sh", "exit 7"))
      assert.equal(7, platform.executed("/bin/sh", "exit 7"))
      assert.equal(100, platform.executed("no-such-program", ""))
      assert.equal(100, platform.executed("./sh", "exit 7"))
    end)

    it("a forked child knows that it is one", function()
      local own, childs = platform.marks()
      if own then assert.same({ 1, 0 }, { own, childs }) end
    end)

    it("a descriptor tells the end of a child", function()
      assert.is_true(platform.ends())
    end)
  end)
end
