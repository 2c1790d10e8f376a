-- make on a machine that lacks something, and what the build's flags give.
local process = require "spec.process"

describe("make", function()
  local root
  local builds = 0

  setup(function() root = process.directory() end)
  teardown(function() process.remove(root) end)

  -- Each run has a build directory of its own: a build checks only once in a directory.
  local function make(words, environment)
    builds = builds + 1
    local argv = { "make", ("B=%s/%d"):format(root, builds) }
    return process.run(table.move(words, 1, #words, #argv + 1, argv), environment)
  end

  local lacking = {
    { "a C compiler (no-such-compiler)", { "CC=no-such-compiler" } },
    { "no-such-lua", { "LUA=no-such-lua" } },
    { "no-such-lua, a C compiler (no-such-cc)", { "LUA=no-such-lua", "CC=no-such-cc" } },
    { "argparse.lua", { "ARGPARSE=" } },
    { "libno-such-library", { "CORE_LIBS=-lcurl -lno-such-library" } },
    { "lua.h", {}, { PKG_CONFIG_LIBDIR = "/nonexistent" } },
    { "no-such.h, nor-this.h", { "NEEDED_HEADERS=no-such.h lua.h nor-this.h" } },
  }

  for _, row in ipairs(lacking) do
    it("says in one sentence that a build needs " .. row[1], function()
      local _, err, code = make(row[2], row[3])
      local line = err:match "^Makefile:%d+: ([^\n]*)\n$"
      assert.equal(("*** cannot build without %s: run make deps as root.  Stop."):format(row[1]),
        line, err)
      assert.equal(2, code)
    end)
  end

  local function printed(variable, words)
    local argv = { "--eval=show: ; @echo $(" .. variable .. ")", "show" }
    local out, err, code = make(table.move(words, 1, #words, #argv + 1, argv))
    assert.equal(0, code, err)
    return out
  end

  it("lets the loop wait by epoll or by poll, and refuses other ways", function()
    assert.matches(" poller_epoll ", printed("CORE", { "LOOP=epoll" }))
    assert.matches(" poller_poll ", printed("CORE", { "LOOP=poll" }))
    assert.matches("%-DAML_LOOP_POLL", printed("ALL_CFLAGS", { "LOOP=poll" }))
    local _, err, code = make { "LOOP=kqueue" }
    assert.matches("LOOP is kqueue: it must be epoll or poll", err)
    assert.equal(2, code)
  end)

  local FORTIFY = "-D_FORTIFY_SOURCE=2"

  it("fortifies optimised code, not under sanitizers, and leaves a packager's choice", function()
    local function is_fortified(...)
      return printed("ALL_CFLAGS", { ... }):find(FORTIFY, 1, true) ~= nil
    end
    assert.is_true(is_fortified())
    assert.is_true(is_fortified "CFLAGS=-O3")
    assert.is_false(is_fortified "CFLAGS=-g")
    assert.is_false(is_fortified "CFLAGS=-O2 -O0")
    assert.is_false(is_fortified "CFLAGS=-O1 -fsanitize=address")
    assert.is_false(is_fortified "CPPFLAGS=-D_FORTIFY_SOURCE=3")
    assert.is_false(is_fortified "HARDEN_CFLAGS=")
  end)

  it("puts a packager's flags after its own, so that they win", function()
    local flags = printed("ALL_CFLAGS", { "CFLAGS=-O2 -fno-stack-protector" })
    assert.matches("%-fstack%-protector%-strong.*%-fno%-stack%-protector", flags)
    flags = printed("ALL_LDFLAGS", { "LDFLAGS=-Wl,-z,lazy" })
    assert.matches("%-z,now.*%-z,lazy", flags)
  end)

  local build = process.executable_path:match "^(.*)/azureml$"
  for _, file in ipairs { "/azureml", "/lib/azureml/core.so", "/lib/azureml/httpd.so" } do
    it("makes what is relocated read-only before it runs: " .. file, function()
      local out, err, code = process.run { "readelf", "-dlW", build .. file }
      assert.equal(0, code, err)
      assert.matches("GNU_RELRO", out)
      assert.matches("BIND_NOW", out)
    end)
  end
end)
