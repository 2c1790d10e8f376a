-- make install and uninstall, into a directory of their own.
local process = require "spec.process"

describe("make install", function()
  local root, build

  local function make(target)
    local out, err, code = process.run({ "make", target, "DESTDIR=" .. root, "PREFIX=/opt/azureml",
      "B=" .. build })
    assert(code == 0, out .. err)
    return out
  end

  local installed

  setup(function()
    root = process.directory()
    build = process.executable_path:match "^(.*)/azureml$"
    installed = make "install"
  end)

  teardown(function() process.remove(root) end)

  local function tree() return root .. "/opt/azureml" end

  it("says what it installs, a line for each", function()
    for _, path in ipairs { "/bin/azureml", "/lib/lua/5.4/azureml/core.so",
      "/lib/lua/5.4/azureml/httpd.so", "/share/lua/5.4/azureml/", "/share/man/man1/azureml.1" } do
      assert.is_truthy(installed:find("INSTALL " .. tree() .. path .. "\n", 1, true), path)
    end
    for line in installed:gmatch "[^\n]+" do assert.matches("^%u+ %S+$", line) end
  end)

  it("gives an executable that needs nothing else of ours", function()
    local out, err, code = process.run({ tree() .. "/bin/azureml", "-e",
      "print(require('azureml').version)" }, {}, "/")
    assert.equal(0, code, err)
    assert.equal(require("azureml").version .. "\n", out)
  end)

  it("gives plain lua5.4 the module", function()
    local base = tree() .. "/share/lua/5.4/"
    local out, err, code = process.plain_lua({ "-e", "io.write(require('azureml').version)" }, {
      LUA_PATH = base .. "?.lua;" .. base .. "?/init.lua;;",
      LUA_CPATH = tree() .. "/lib/lua/5.4/?.so;;",
    }, "/")
    assert.equal(0, code, err)
    assert.equal(require("azureml").version, out)
  end)

  it("gives the page of the studio to both", function()
    local count = #require("azureml.studio.files").names
    local code_text = ("local n = 0; for _ in pairs(require('azureml.studio.files').all()) do "
      .. "n = n + 1 end; io.write(n)")
    local base = tree() .. "/share/lua/5.4/"
    local out, err = process.run({ tree() .. "/bin/azureml", "-e", code_text }, {}, "/")
    assert.equal(tostring(count), out, err)
    out, err = process.plain_lua({ "-e", code_text }, {
      LUA_PATH = base .. "?.lua;" .. base .. "?/init.lua;;",
      LUA_CPATH = tree() .. "/lib/lua/5.4/?.so;;",
    }, "/")
    assert.equal(tostring(count), out, err)
  end)

  it("gives a manual page that has every command", function()
    local out, err, code = process.run({ "man", "-l", tree() .. "/share/man/man1/azureml.1" },
      { MANPAGER = "cat", MANWIDTH = "200" })
    assert.equal(0, code, err)
    for _, name in ipairs(require("azureml.cli").names()) do
      assert.is_truthy(out:find("azureml " .. name, 1, true), name)
    end
  end)

  it("gives editors the types of the public names", function()
    local path = tree() .. "/share/azureml/library/"
    for file, text in pairs(require("azureml.reference.library").files()) do
      local open <close> = assert(io.open(path .. file))
      assert.equal(text, open:read "a", file)
    end
  end)

  it("is undone by make uninstall", function()
    local removed = make "uninstall"
    assert.is_truthy(removed:find("REMOVE " .. tree() .. "/bin/azureml\n", 1, true))
    for line in removed:gmatch "[^\n]+" do assert.matches("^REMOVE %S+$", line) end
    local out = process.run { "find", root, "-type", "f" }
    assert.equal("", out)
  end)
end)
