local azureml = require "azureml"
local core = require "azureml.core"
local json = require "azureml.json"
local libraries = require "azureml.tool.libraries"
local run = require "spec.command_line"

describe("azureml version", function()
  it("prints azureml, Lua, then a line for each library", function()
    local out, err, code = run "version"
    assert.same({ "", 0 }, { err, code })
    local first, rest = out:match "^([^\n]*)\n(.*)$"
    assert.equal(("azureml %s, Lua %s"):format(azureml.version, core.lua_release), first)
    assert.matches("^Part +Version +From\nlibcurl +%d", rest)
    for _, library in ipairs(libraries.list()) do
      local version = (library.version or "-"):gsub("%p", "%%%0")
      assert.matches("\n" .. library.name:gsub("%p", "%%%0") .. " +" .. version .. " ", out)
    end
    assert.matches("\nevent loop +e?poll +built in\n$", out)
  end)

  it("prints the libraries that libcurl uses below it", function()
    local curl = core.libraries()[1]
    local out = run "version"
    assert.matches("\nlibcurl [^\n]*\n  TLS +" .. curl.tls:gsub("%p", "%%%0") .. " +by libcurl\n"
      .. "  HTTP/2 +nghttp2/" .. curl.nghttp2:gsub("%p", "%%%0") .. " +by libcurl\n", out)
  end)

  it("says which libraries are missing", function()
    local list = libraries.list
    libraries.list = function()      -- luacheck: ignore
      return { { name = "libcurl", version = "8.0.0", tls = "OpenSSL/3" },
        { name = "lyaml", missing = "not installed" } }
    end
    local out = run "version"
    libraries.list = list      -- luacheck: ignore
    assert.matches("\n  HTTP/2 +%- +libcurl was built without it\n", out)
    assert.matches("\nlyaml +%- +not installed\n", out)
  end)

  it("prints an object for programs", function()
    local out, err, code = run("version", "-o", "json")
    assert.same({ "", 0 }, { err, code })
    local found = json.decode(out)
    assert.same({ azureml.version, core.lua_release, core.loop },
      { found.azureml, found.lua, found.loop })
    assert.equal(#libraries.list(), #found.libraries)
    assert.equal(azureml.version .. "\n", (run("version", "--query", "azureml", "-o", "tsv")))
  end)
end)
