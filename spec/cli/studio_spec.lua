local process = require "spec.process"
local run = require "spec.command_line"
local world = require "spec.world"

describe("azureml studio", function()
  -- Serve until a signal ends it. Return its output, its errors and its exit code.
  local function serve(signal, ...)
    local directory <close> = setmetatable({ path = process.directory() }, {
      __close = function(self) process.remove(self.path) end })
    local script = process.write(directory.path .. "/serve", ("exec 3>&1; cd '%s'; >out; "
      .. "env -u DISPLAY -u WAYLAND_DISPLAY HOME='%s' XDG_STATE_HOME='%s' "
      .. "env --default-signal=INT '%s' --emulator studio %s >out 2>err & pid=$!; "
      .. "while ! grep -q key= out; do kill -0 $pid || break; sleep 0.02; done; "
      .. "cat out; kill -%s $pid; wait $pid; echo $? >code; cat err >&2; exit $(cat code)")
      :format(directory.path, directory.path, directory.path, process.executable_path,
        table.concat({ ... }, " "), signal))
    return process.run { "sh", script }
  end

  it("prints the link alone on standard output, and ends by SIGINT without a traceback", function()
    local out, err = serve("INT", "--no-open", "--read-only")
    assert.matches("^http://127%.0%.0%.1:%d+/start%?key=[%w_-]+\n$", out)
    assert.matches("^azureml: the studio of workspace [%w-]+ in [%w-]+, read%-only%. "
      .. "Open this link in a browser on this machine; Ctrl%-C ends it%.\n", err)
    assert.is_nil(err:find("traceback", 1, true))
    assert.is_nil(err:find("key=", 1, true))
  end)

  for words, message in pairs {
    ["--port 70000"] = "'70000' is not a port from 0 to 65535",
    ["--port x"] = "'x' is not a port from 0 to 65535",
    ["ci-ann"] = "too many arguments",
  } do
    it("refuses " .. words, function()
      local list = { "--emulator", "studio" }
      for word in words:gmatch "%S+" do list[#list + 1] = word end
      local _, err, code = process.executable(list)
      assert.equal(2, code)
      assert.truthy(err:find(message, 1, true), err)
    end)
  end

  it("says before it serves that the workspace cannot be read", function()
    local emulator, ws = world.open {}
    emulator:fault { answer = { status = 404, json = { error = {
      code = "ResourceNotFound", message = "there is no such workspace" } } } }
    local out, err, code = run("studio", "--no-open")
    world.close(emulator, ws)
    assert.equal("", out)
    assert.truthy(err:find("there is no such workspace", 1, true), err)
    assert.equal(3, code)
  end)
end)
