--- Files, sessions and activity of real machines: Jupyter's contents API on both sides.
local azureml = require "azureml"
local contents = require "azureml.jupyter.contents"
local hosted = require "spec.hosted"
local json = require "azureml.json"
local process = require "spec.process"

describe("the Jupyter of a real machine", function()
  local world, vm, jupyter

  setup(function()
    world = hosted.open { users = { { name = "eve" } },
      role_assignments = { { principal = "eve", role = "Owner" } } }
    vm = world.workspace.instances:create("ci-ann", {}):wait()      -- without SSH
    jupyter = vm.jupyter
  end)
  teardown(function() world:close() end)

  local function shell(script)
    assert.is_true((os.execute(("cd '%s' && %s"):format(world.home, script))))
  end

  -- The server may send a name that the front lets into no URL.
  local function make_odd_name(name)
    jupyter:write("Users/plain", "x")
    contents.send(jupyter.server, "PATCH", "Users/plain", "rename", { path = "Users/" .. name })
  end

  describe("copies", function()
    it("a large file both ways, also over one that is there", function()
      shell "head -c 6000000 /dev/urandom >large"
      for _ = 1, 2 do vm:copy(world.home .. "/large", ":Users/large") end
      vm:copy(":cloudfiles/code/Users/large", world.home .. "/back")
      shell "cmp large back && test -z \"$(ls | grep part)\""
      local names = {}
      for i, item in ipairs(jupyter:contents("Users").items) do names[i] = item.name end
      assert.is_nil(table.concat(names, " "):find "part")
    end)

    it("goes on with an upload that broke off", function()
      local opened <close> = assert(io.open(world.home .. "/large", "rb"))
      contents.send(jupyter.server, "PUT", "Users/again.azureml.part", "write",
        contents.body(opened:read(1024 * 1024), 1))
      local first
      vm:copy(world.home .. "/large", ":Users/again", { on_progress = function(progress)
        first = first or progress.bytes
      end })
      assert.equal(1024 * 1024, first)
      vm:copy(":Users/again", world.home .. "/again")
      shell "cmp large again"
    end)

    it("starts anew where the earlier upload was of another file", function()
      contents.send(jupyter.server, "PUT", "Users/other.azureml.part", "write",
        contents.body(("x"):rep(1024 * 1024), 1))
      vm:copy(world.home .. "/large", ":Users/other")
      vm:copy(":Users/other", world.home .. "/other")
      shell "cmp large other"
    end)

    it("directories, notebooks and empty files", function()
      shell "mkdir -p 'tree/a b/c' && : >tree/empty && echo '{}' >'tree/a b/n.ipynb'"
      shell "printf '\\0\\377' >'tree/a b/c/grüße 100%.bin'"
      vm:copy(world.home .. "/tree", ":Users")
      vm:copy(":Users/tree", world.home .. "/tree2")
      shell "diff -r tree tree2"
    end)
  end)

  it("names what is missing, and does what commands ask", function()
    local _, err = azureml.try(jupyter.write, jupyter, "no/where", "x")
    assert.equal("there is no directory 'no' on 'ci-ann'", err.message)
    _, err = azureml.try(jupyter.read, jupyter, "nothing")
    assert.equal("FileNotFound", err.code)
    process.write(world.home .. "/small", "text")
    assert.equal(0, select(3, world:azureml("cp", world.home .. "/small", "ci-ann:Users/small")))
    local output, _, code = world:azureml("ls", "ci-ann:Users", "-o", "csv")
    assert.equal(0, code)
    assert.matches("\nsmall,4,", output)
    assert.equal(0, select(3, world:azureml("rm", "-y", "ci-ann:Users/small")))
    assert.equal(3, select(3, world:azureml("rm", "-y", "ci-ann:Users/small")))
    jupyter:remove("Users/tree", { recursive = true })
    assert.equal(3, select(3, world:azureml("ls", "ci-ann:Users/tree")))
  end)

  it("prints no escape sequence of a file's name", function()
    make_odd_name "e\27]0;title\7x"
    local output = world:azureml("ls", "ci-ann:Users")
    assert.matches("e\u{FFFD}%]0;title\u{FFFD}x", output)
    assert.is_nil(output:find "[\27\7]")
    local copied = vm:copy(":Users", world.home .. "/odd")
    assert.same({ "ci-ann:Users/e\u{FFFD}]0;title\u{FFFD}x" }, copied.skipped)
    shell "test -z \"$(find odd -name '*title*')\""
  end)

  -- Run a shell script among the files that Jupyter shows.
  local function on_machine(script)
    assert.equal(0, select(2, vm:exec("cd ~/cloudfiles/code/Users && " .. script)))
  end

  it("copies the files that links lead to, and ends where a link leads back", function()
    on_machine "mkdir links && ln -s ../large links/large && ln -s /nowhere links/gone"
    vm:copy(":Users/links/large", world.home .. "/followed")
    shell "cmp large followed"
    assert.equal(6000000, #world:read "followed")
    local _, err = azureml.try(vm.copy, vm, ":Users/links/gone", world.home)
    assert.equal("FileNotFound", err.code)
    shell "test ! -e gone && test -z \"$(ls | grep part)\""
    on_machine "ln -s .. links/up"
    _, err = azureml.try(vm.copy, vm, ":Users/links", world.home .. "/never")
    assert.equal("TooDeep", err.code)
    shell "test ! -e never"
    on_machine "rm -r links"
  end)

  it("lists names that are not UTF-8", function()
    on_machine "mkdir latin && touch latin/$(printf 'gr\\374n')"
    assert.equal("gr\u{FFFD}n", jupyter:contents("Users/latin").items[1].name)
    jupyter:remove("Users/latin", { recursive = true })
  end)

  it("replaces files, but no directory and no device", function()
    jupyter:write("Users/one", "1")
    jupyter:write("Users/two", "2")
    jupyter:rename("Users/one", "Users/two")
    assert.equal("1", jupyter:read "Users/two")
    jupyter:make_directory "Users/full"
    jupyter:write("Users/full/kept", "k")
    local _, err = azureml.try(jupyter.rename, jupyter, "Users/two", "Users/full")
    assert.equal("FileExists", err.code)
    assert.equal("k", jupyter:read "Users/full/kept")
    _, err = azureml.try(jupyter.rename, jupyter, "Users/none", "Users/two")
    assert.equal("FileNotFound", err.code)
    assert.equal("1", jupyter:read "Users/two")
    shell "mkfifo pipe"
    _, err = azureml.try(vm.copy, vm, ":Users/two", world.home .. "/pipe")
    assert.matches("is no file", err.message)
    shell "test -p pipe"
  end)

  it("lists, tells and stops what is open", function()
    jupyter.server:request("POST", "/api/terminals", {})
    jupyter.server:request("POST", "/api/kernels", { name = "python3" })
    local session = { path = "Users/train.ipynb", name = "", type = "notebook",
      kernel = { name = "python3" } }
    jupyter.server:request("POST", "/api/sessions", session)
    assert.same({ 1, 2, 1 },
      { #jupyter:terminals(), #jupyter:kernels(), #jupyter:sessions() })
    local activity = vm:activity()
    assert.is_false(activity.is_busy)
    assert.is_true(activity.idle < 60)
    local list = json.decode((world:azureml("sessions", "ci-ann", "-o", "json")))
    assert.same({ "notebook", "kernel", "terminal" }, { list[1].kind, list[2].kind, list[3].kind })
    assert.same({}, jupyter:stop_idle(3600))
    local output = world:azureml("sessions", "ci-ann", "--stop-idle", "0m", "-o", "tsv",
      "--columns", "outcome")
    assert.equal("stopped\nstopped\nstopped\n", output)
    assert.same({ 0, 0, 0 }, { #jupyter:terminals(), #jupyter:kernels(), #jupyter:sessions() })
  end)

  -- Let a kernel run code, by its own connection and not by Jupyter's. With is_long the kernel goes
  -- on while the spec does.
  local function run_code(id, code, is_long)
    local path = world:run { "sh", "-c",
      ("find /tmp/azureml-machines-* -name 'kernel-%s.json' 2>/dev/null"):format(id) }
    local _, errors, status = world:run { "/usr/bin/python3", "-c", [[
import sys
from jupyter_client import BlockingKernelClient
path, code, waits = sys.argv[1:]
client = BlockingKernelClient(connection_file=path)
client.load_connection_file()
client.start_channels()
client.kernel_info(reply=True, timeout=30)
client.execute(code, reply=waits == "waits", **({"timeout": 30} if waits == "waits" else {}))
]], (path:gsub("\n$", "")), code, is_long and "goes on" or "waits" }
    assert.equal(0, status, errors)
  end

  local function state_of(id)
    for _, kernel in ipairs(jupyter:kernels()) do
      if kernel.id == id then return kernel.state end
    end
  end

  -- Let a kernel compute for long. Jupyter does not hear the first words of a new kernel: it gets
  -- short code first, until Jupyter has heard of it.
  local function make_busy(id)
    for _ = 1, 100 do
      run_code(id, "pass")
      if state_of(id) ~= "starting" then break end
    end
    run_code(id, "import time; time.sleep(600)", true)
    for _ = 1, 600 do
      if state_of(id) == "busy" then return end
      azureml.sleep(0.05)
    end
    error("Jupyter does not say that the kernel is busy: it is " .. tostring(state_of(id)))
  end

  -- Run the executable at a terminal whose user gives an answer.
  local function at_terminal(answer, ...)
    local words = table.concat({ process.executable_path, ... }, " ")
    return world:run({ "script", "-qec", words, "/dev/null" }, answer .. "\n")
  end

  it("is asked, at a terminal, before a stop ends a busy kernel", function()
    local kernel = jupyter.server:request("POST", "/api/kernels", { name = "python3" }).json
    make_busy(kernel.id)
    assert.is_true(vm:activity().is_busy)
    local output, _, code = at_terminal("n", "stop", "ci-ann", "--progress", "quiet")
    assert.equal(1, code)
    assert.matches("this stop would end 1 busy kernel of 'ci%-ann' %(python3%)", output)
    assert.equal("Running", vm:refresh().state)
    jupyter:kernels()[1]:stop()
    assert.is_false(vm:activity().is_busy)
  end)

  it("is not let into by another user, nor after a stop", function()
    local eve = azureml.credential.token { token = world.emulator.tokens:issue {
      principal = world.emulator.directory:principal "eve",
      audience = "https://management.azure.com",
    } }
    local workspace <close> = azureml.workspace { credential = eve }
    local other = workspace.instances:get "ci-ann"
    local _, err = azureml.try(other.jupyter.contents, other.jupyter)
    assert.equal("NotYours", err.code)
    local before = world.workspace.instances:get "ci-ann"
    world.workspace.instances:stop("ci-ann"):wait()
    _, err = azureml.try(before.jupyter.contents, before.jupyter)
    assert.equal("'ci-ann' is Stopped now: it no longer runs", err.message)
  end)
end)
