-- The rock: `make rock` makes it, and luarocks installs it from a server that is a directory.
local process = require "spec.process"

describe("the rock", function()
  local root, server, tree, name
  local version = require("azureml").version

  local function run(argv, environment, directory)
    local out, err, code = process.run(argv, environment, directory)
    assert(code == 0, table.concat(argv, " ") .. "\n" .. out .. err)
    return out
  end

  -- Pack a rock of a module that Debian has installed, so that no network is needed.
  local function pack(package_name, module, module_version, kind, path)
    local directory = ("%s/%s"):format(root, package_name)
    local file = path:match "[^/]+$"
    run { "mkdir", directory }
    run { "cp", path, directory }
    local rockspec = process.write(("%s/%s-%s-1.rockspec"):format(directory, package_name,
      module_version), ([[
      package = %q
      version = "%s-1"
      source = { url = "file:///nowhere" }
      build = { type = "builtin", modules = {}, install = { %s = { %s = %q } } }
    ]]):format(package_name, module_version, kind, module, file))
    run({ "luarocks", "--lua-version", "5.4", "make", "--pack-binary-rock", rockspec }, {},
      directory)
    run { "sh", "-c", 'mv "$0"/*.rock "$1"', directory, server }
  end

  setup(function()
    root = process.directory()
    server, tree = root .. "/server", root .. "/tree"
    name = ("azureml-%s-1"):format(version)
    run { "mkdir", server }
    run { "make", "rock", "DIST=" .. root .. "/dist", "ROCK=" .. root .. "/rock" }
    run { "cp", ("%s/rock/%s.src.rock"):format(root, name), server }
    pack("lua-cjson", "cjson", require("cjson")._VERSION, "lib",
      package.searchpath("cjson", package.cpath))
    pack("argparse", "argparse", require("argparse").version, "lua",
      package.searchpath("argparse", package.path))
    run { "luarocks-admin", "--lua-version", "5.4", "make_manifest", server }
  end)
  teardown(function() process.remove(root) end)

  -- Return the words that run a program without a network, where that is permitted.
  local function offline()
    local _, _, code = process.run { "unshare", "-n", "true" }
    return code == 0 and { "unshare", "-n" } or {}
  end

  it("installs the module, the executable and what they need, without a network", function()
    local argv = offline()
    local luarocks = { "luarocks", "--lua-version", "5.4", "--only-server", server, "--tree", tree,
      "install", "azureml", "CFLAGS=-O0 -fPIC" }
    local said = run(table.move(luarocks, 1, #luarocks, #argv + 1, argv), { MAKEFLAGS = "-j2" },
      "/")
    assert.matches("\nINSTALL ", said)
    for path in said:gmatch "\nINSTALL ([^\n]+)" do
      assert.equal(tree .. "/", path:sub(1, #tree + 1), "outside of the tree")
    end
    local only_tree = {
      LUA_PATH = ("%s/share/lua/5.4/?.lua;%s/share/lua/5.4/?/init.lua"):format(tree, tree),
      LUA_CPATH = tree .. "/lib/lua/5.4/?.so",
    }
    local out = run({ "lua5.4", "-e", [[
      local azureml = require "azureml"
      local file = package.searchpath("argparse", package.path)
      assert(loadfile(file))
      print(azureml.version, azureml.json.encode { 1 }, package.searchpath("cjson", package.cpath))
    ]] }, only_tree, "/")
    assert.equal(("%s\t[1]\t%s/lib/lua/5.4/cjson.so\n"):format(version, tree), out)
    out = run({ tree .. "/bin/azureml", "--emulator", "list", "-o", "json" }, {}, "/")
    assert.equal("[]\n", out)
    assert.matches("^azureml " .. version:gsub("%p", "%%%0") .. ", ",
      run({ tree .. "/bin/azureml", "--version" }, {}, "/"))
    out = run { "find", tree, "-path", "*/library/azureml.lua" }
    assert.matches("/rocks%-5%.4/azureml/" .. version:gsub("%p", "%%%0")
      .. "%-1/library/azureml%.lua\n$", out)
  end)

  it("differs from the rockspec of the repository in version and source alone", function()
    local _, _, code = process.run { "luarocks", "--lua-version", "5.4", "lint",
      ("%s/rock/%s.rockspec"):format(root, name) }
    assert.equal(0, code)
    local out = process.run { "diff", "rockspec/azureml-scm-1.rockspec",
      ("%s/rock/%s.rockspec"):format(root, name) }
    local kinds = {}
    for sign, field in out:gmatch "\n([<>]) (%w+) = " do kinds[#kinds + 1] = sign .. field end
    assert.same({ "<version", "<source", ">version", ">source" }, kinds)
    assert.matches(("source = { url = \"https://[^\"]+/azureml%%-%s.tar.gz\", md5 = \"%%x+\" }\n$")
      :format((version:gsub("%p", "%%%0"))), out)
  end)

  it("names the sum of the source that it contains", function()
    local sum = run { "sh", "-c", 'unzip -p "$0" "*.tar.gz" | md5sum | cut -c1-32',
      ("%s/%s.src.rock"):format(server, name) }
    local rockspec = run { "cat", ("%s/rock/%s.rockspec"):format(root, name) }
    assert.is_truthy(rockspec:find(('md5 = "%s" }'):format(sum:sub(1, 32)), 1, true))
  end)
end)
