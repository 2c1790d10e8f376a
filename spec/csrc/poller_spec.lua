--- csrc/poller.h in each of its forms: epoll; poll; and poll as platform.c makes it of pselect for
--- macOS. The build takes one of them, the specs try them all.

for _, name in ipairs { "epoll", "poll", "select" } do
  describe("the poller by " .. name, function()
    local poller = require("poller_" .. name)
    local it_waits, open

    before_each(function() it_waits, open = poller.new(), {} end)

    after_each(function()
      for fd in pairs(open) do poller.close(fd) end
      it_waits = nil
      collectgarbage()
    end)

    local function pipe()
      local from, to = poller.pipe()
      open[from], open[to] = true, true
      return from, to
    end

    local function close(fd)
      open[fd] = nil
      assert(poller.close(fd))
    end

    local function filled()
      local from, to = pipe()
      assert(poller.write(to))
      return from
    end

    local function watched(fd, events)
      assert(it_waits:add(fd, events))
      return fd
    end

    it("tells nothing before something is ready", function()
      watched(pipe(), "r")
      assert.same({}, it_waits:wait(8, 0))
    end)

    it("tells what can be read and what can be written, again and again", function()
      local from, to = filled(), select(2, pipe())
      watched(from, "r")
      watched(to, "w")
      for _ = 1, 3 do assert.same({ [from] = "r", [to] = "w" }, it_waits:wait(8, -1)) end
    end)

    it("tells the end of the other side as something to read", function()
      local from, to = pipe()
      watched(from, "r")
      close(to)
      assert.same({ [from] = "r" }, it_waits:wait(8, -1))
    end)

    it("tells that nobody can read any more", function()
      local from, to = pipe()
      watched(to, "w")
      close(from)
      assert.truthy(it_waits:wait(8, -1)[to])
    end)

    it("watches for what was asked last", function()
      local from, to = filled(), select(2, pipe())
      watched(from, "w")
      watched(to, "r")
      assert.same({}, it_waits:wait(8, 0))
      assert(it_waits:change(from, "r"))
      assert(it_waits:change(to, "rw"))
      assert.same({ [from] = "r", [to] = "w" }, it_waits:wait(8, -1))
    end)

    it("forgets what was removed, and nothing else", function()
      local first, second, third = filled(), filled(), filled()
      for _, fd in ipairs { first, second, third } do watched(fd, "r") end
      it_waits:remove(first)
      it_waits:remove(first)
      assert.same({ [second] = "r", [third] = "r" }, it_waits:wait(8, -1))
      it_waits:remove(third)
      assert.same({ [second] = "r" }, it_waits:wait(8, -1))
      watched(first, "r")
      assert.same({ [first] = "r", [second] = "r" }, it_waits:wait(8, -1))
    end)

    it("gives each its turn when more are ready than the caller takes", function()
      local seen, count = {}, 0
      for _ = 1, 5 do watched(filled(), "r") end
      for _ = 1, 3 do
        for fd in pairs(it_waits:wait(2, -1)) do
          count = count + (seen[fd] and 0 or 1)
          seen[fd] = true
        end
      end
      assert.equal(5, count)
    end)

    it("forgets a closed descriptor, and watches its number when it is used again", function()
      local closed, other = filled(), filled()
      watched(closed, "r")
      close(closed)
      assert.same({}, it_waits:wait(8, 0))
      watched(other, "r")
      assert.same({ [other] = "r" }, it_waits:wait(8, -1))
      local again = pipe()
      assert.equal(closed, again)
      assert.truthy(it_waits:change(again, "r"))
      assert.same({ [other] = "r" }, it_waits:wait(8, -1))
    end)

    it("refuses a descriptor that is not open", function()
      local from = pipe()
      close(from)
      local done, why = it_waits:add(from, "r")
      assert.is_nil(done)
      assert.matches("Bad file descriptor", why)
    end)

    it("takes descriptors of any number", function()
      local low, high = filled(), poller.raised(filled())
      open[high] = true
      watched(low, "r")
      watched(high, "r")
      assert.same({ [low] = "r", [high] = "r" }, it_waits:wait(8, -1))
    end)

    it("ends when a signal comes that is blocked but for the wait", function()
      watched(pipe(), "r")
      assert.equal("Interrupted system call", it_waits:signalled(60000))
    end)
  end)
end
