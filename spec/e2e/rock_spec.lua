-- The rock: installed into a tree of its own, module and executable work from there.
local process = require "spec.process"

describe("the rock", function()
  local tree

  setup(function() tree = process.directory() end)
  teardown(function() process.remove(tree) end)

  it("installs module and executable into any tree, and both work there", function()
    local out, err, code = process.run({ "luarocks", "--lua-version", "5.4", "--tree", tree, "make",
      "--deps-mode", "none", "CFLAGS=-O0 -fPIC",
      "rockspec/azureml-scm-1.rockspec" }, { B = tree .. "/build" })
    assert(code == 0, out .. err)
    local path = ("%s/share/lua/5.4/?.lua;%s/share/lua/5.4/?/init.lua;;"):format(tree, tree)
    local version
    version, err, code = process.run({ "lua5.4", "-e", "print(require('azureml').version)" },
      { LUA_PATH = path, LUA_CPATH = tree .. "/lib/lua/5.4/?.so;;" }, "/")
    assert.equal(0, code, err)
    assert.equal(require("azureml").version .. "\n", version)
    local types = process.run { "find", tree, "-path", "*/library/azureml.lua" }
    assert.matches("/rocks%-5%.4/azureml/scm%-1/library/azureml%.lua\n$", types)
    out, err = process.run({ tree .. "/bin/azureml", "--version" }, {}, "/")
    assert.matches("^azureml " .. version:gsub("%s", ""):gsub("%p", "%%%0"), out .. err)
  end)

  it("declares what it needs", function()
    local out, err, code = process.run { "luarocks", "--lua-version", "5.4", "lint",
      "rockspec/azureml-scm-1.rockspec" }
    assert.equal(0, code, out .. err)
  end)
end)
