local core = require "azureml.core"
local process = require "spec.process"
local load_server = require "azureml.console.server_module"

describe("the emulator's server of the executable", function()
  local build = process.executable_path:match "^(.*)/azureml$"

  it("is found beside the executable, in the build directory, and in LIBDIR", function()
    for _, host in ipairs {
      { program = build .. "/azureml", modules = "/nowhere" },
      { program = build .. "/lib/azureml/azureml", modules = "/nowhere" },
      { program = "/nowhere/azureml", modules = build .. "/lib/azureml" },
      { modules = build .. "/lib/azureml" },
    } do
      host.version = core.version
      assert.is_function(load_server(host).listen)
    end
  end)

  it("is found in the tree that the executable is installed in", function()
    local root = process.directory()
    local made = os.execute(("mkdir -p %s/lib/lua/5.4 && ln -s $(realpath %s/lib/azureml) "
      .. "%s/lib/lua/5.4/azureml"):format(root, build, root))
    assert(made)
    local host = { version = core.version, program = root .. "/bin/azureml", modules = "/nowhere" }
    assert.is_function(load_server(host).listen)
    process.remove(root)
  end)

  it("is not taken from another version", function()
    local host = { version = "0.0.1", program = build .. "/azureml", modules = "/nowhere" }
    assert.error_matches(function() load_server(host) end,
      "/httpd.so is of version " .. core.version:gsub("%p", "%%%0") .. ", the executable of 0.0.1$")
  end)

  it("says where it belongs when it is missing, and why it cannot be loaded", function()
    local root = process.directory()
    local host = { version = core.version, program = root .. "/azureml", modules = "/nowhere" }
    local _, missing = pcall(load_server, host)
    assert.equal(("httpd.so is missing: it belongs into %s or /nowhere"):format(root), missing)
    assert(io.open(root .. "/httpd.so", "w")):close()
    assert.error_matches(function() load_server(host) end, "^httpd.so cannot be loaded: .*short$")
    process.remove(root)
  end)

  it("is missed in one clear sentence, and only by what needs it", function()
    local root = process.directory()
    assert(os.execute(("cp %s/azureml %s"):format(build, root)))
    local program = root .. "/azureml"
    local out, err, code = process.run { program, "-e", "print(require('azureml').version)" }
    assert.same({ core.version .. "\n", 0 }, { out, code }, err)
    local _, refusal, failed = process.run { program, "--emulator", "list" }
    assert.matches("^azureml: the emulator cannot start: httpd.so is missing: it belongs into "
      .. root:gsub("%p", "%%%0") .. " or /%S+ %(ServerMissing%)\n", refusal)
    assert.not_equal(0, failed)
    process.remove(root)
  end)

  it("is a part of the executable of HTTPD=builtin, which needs no file beside it", function()
    local root = process.directory()
    local program, state = root .. "/azureml", { XDG_STATE_HOME = root .. "/state" }
    assert(os.execute(("cp %s/spec/azureml %s"):format(build, program)))
    local listed, errors, code = process.run({ program, "--emulator", "list" }, state, root)
    assert.same({ 0, "" }, { code, errors }, listed)
    local script = [[
      local one = require("azureml.emulator").start { tls = true }
      local client = require("azureml").client { endpoint = one.url, ca_file = one.ca_file }
      print(client:request({ path = "/emulator/state" }).status)
    ]]
    assert.same({ "200\n", "", 0 }, { process.run({ program, "-e", script }, state, root) })
    process.remove(root)
  end)
end)
