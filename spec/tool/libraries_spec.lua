local core = require "azureml.core"
local json = require "azureml.json"
local libraries = require "azureml.tool.libraries"
local process = require "spec.process"

local function by_name(list)
  local found = {}
  for _, library in ipairs(list) do found[library.name] = library end
  return found
end

describe("the libraries", function()
  local CODE = [[
    local json = require "azureml.json"
    io.write(json.encode(require("azureml.tool.libraries").list()))]]

  local function listed(run, environment)
    local out, err, code = run({ "-e", CODE }, environment)
    assert.equal(0, code, err)
    return by_name(json.decode(out))
  end

  -- List the files that the dynamic loader finds for a file.
  local function needed(path)
    local out, err, code = process.run { "ldd", path }
    assert.equal(0, code, err)
    return out
  end

  it("have the versions that their packages have", function()
    local found = by_name(libraries.list())
    for name, package in pairs { libcurl = "libcurl", OpenSSL = "libcrypto", jansson = "jansson",
      libmicrohttpd = "libmicrohttpd" } do
      local out, err, code = process.run { "pkg-config", "--modversion", package }
      assert.equal(0, code, err)
      assert.equal(out, found[name].version .. "\n")
    end
    assert.equal(require("cjson")._VERSION, found["lua-cjson"].version)
    assert.equal(core.lua_release, found.Lua.version)
  end)

  it("come from the files that the module is linked with", function()
    local build = process.executable_path:match "^(.*)/azureml$"
    local found = listed(process.plain_lua)
    local out = needed(build .. "/lib/azureml/core.so")
    for _, name in ipairs { "libcurl", "OpenSSL", "jansson" } do
      assert.is_truthy(out:find(found[name].path, 1, true), name)
    end
    out = needed(build .. "/lib/azureml/httpd.so")
    assert.is_truthy(out:find(found.libmicrohttpd.path, 1, true))
    assert.equal(package.searchpath("argparse", package.path), found.argparse.path)
    assert.matches("/cjson%.so$", found["lua-cjson"].path)
    assert.is_nil(found.libedit)
  end)

  it("are built into the executable, or come from the files that it is linked with", function()
    local out = needed(process.executable_path)
    local found = listed(process.executable)
    for _, name in ipairs { "libcurl", "OpenSSL", "jansson", "Lua", "lua-cjson", "libedit" } do
      local library = found[name]
      assert.matches("^%d", library.version, name)
      if library.path then assert.is_truthy(out:find(library.path, 1, true), name) end
    end
    assert.is_nil(found.argparse.path)
  end)

  it("may be missing", function()
    local found = listed(process.plain_lua, { LUA_INIT = [[
      package.preload.lyaml = function() error("lyaml is broken\nhere", 0) end
      table.insert(package.searchers, 2, function(name)
        if name == "azureml.httpd" then error("no server", 0) end
      end)]] })
    assert.same({ "lyaml is broken" }, { found.lyaml.missing, found.lyaml.version })
    assert.equal("no server", found.libmicrohttpd.missing)
    local out, err = process.plain_lua { "-e", [[
      local libraries = require "azureml.tool.libraries"
      package.path, package.cpath = "", ""
      for _, row in ipairs(libraries.list()) do io.write(row.name, ":", row.missing or "", "\n") end
    ]] }
    assert.equal("", err)
    assert.matches("\nlyaml:not installed\n", out)
  end)

  it("can be found by any of their C functions", function()
    assert.is_nil(core.library_path(core.libraries))
    assert.matches("cjson%.so$", core.library_path(require("cjson").encode) or "cjson.so")
    assert.has_error(function() core.library_path(function() end) end,
      "bad argument #1 to 'library_path' (C function expected, got function)")
  end)
end)
