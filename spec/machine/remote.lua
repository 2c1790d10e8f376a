--- Commands, code, packages and kernels of real machines, over Jupyter and over SSH.
local azureml = require "azureml"
local core = require "azureml.core"
local hosted = require "spec.hosted"
local json = require "azureml.json"
local process = require "spec.process"

-- A wheel is a zip with these files.
local WHEELS = [[
import os, sys, zipfile
def wheel(name, version, requires=()):
    info = "%s-%s.dist-info" % (name, version)
    meta = "Metadata-Version: 2.1\nName: %s\nVersion: %s\n" % (name, version)
    files = {
        name + ".py": "version = '%s'\n" % version,
        info + "/METADATA": meta + "".join("Requires-Dist: %s\n" % r for r in requires),
        info + "/WHEEL": "Wheel-Version: 1.0\nGenerator: hand\nRoot-Is-Purelib: true\n"
            "Tag: py3-none-any\n",
    }
    files[info + "/RECORD"] = "".join(n + ",,\n" for n in files) + info + "/RECORD,,\n"
    with zipfile.ZipFile("%s/%s-%s-py3-none-any.whl" % (sys.argv[1], name, version), "w") as out:
        for path, text in files.items():
            out.writestr(path, text)
wheel("alpha", "1.0"); wheel("alpha", "2.0"); wheel("beta", "1.0", ["alpha<2"])
]]

describe("work on a real machine", function()
  local world, vm, wheels

  setup(function()
    world = hosted.open()
    vm = world:create "ci-ann"
    wheels = world.home .. "/wheels"
    os.execute(("mkdir '%s'"):format(wheels))
    process.run { "/usr/bin/python3", "-c", WHEELS, wheels }
    -- No network: pip takes the wheels alone. A shell of SSH reads no start file, so pip's own.
    vm:exec(("mkdir -p .config/pip; printf '[global]\\nno-index = true\\nfind-links = %s\\n' "
      .. ">.config/pip/pip.conf; echo 'unset PIP_CONFIG_FILE' >>.bashrc; cp .bashrc .profile")
      :format(wheels), { over = "jupyter" })
  end)
  teardown(function() world:close() end)

  local function over(settings)
    settings = settings or {}
    settings.over = "jupyter"
    return settings
  end

  -- A terminal is gone a moment after its command.
  local function wait_for_no_terminal()
    for _ = 1, 200 do
      if #vm.jupyter:terminals() == 0 then return end
      azureml.sleep(0.05)
    end
    assert.same({}, vm.jupyter:terminals())
  end

  local function fails(f, ...)
    local _, err = azureml.try(f, ...)
    assert(err, "it did not fail")
    return err
  end

  for _, way in ipairs { "jupyter", "ssh" } do
    describe("by a command over " .. way, function()
      local function exec(command, settings)
        settings = settings or {}
        settings.over = way
        return vm:exec(command, settings)
      end

      it("gives output, errors and exit code", function()
        assert.same({ "out\n", 3, "bad\n" }, { exec "echo out; echo bad >&2; exit 3" })
        assert.equal(143, select(2, exec "kill -TERM $$"))
        assert.equal(255, select(2, exec "exit 255"))
        assert.equal(127, select(2, exec { "there-is-no-such-program" }))
      end)

      it("gives words to the program, and a text to the shell", function()
        assert.equal("a b|$HOME|it's|\n|", (exec { "printf", "%s|", "a b", "$HOME", "it's", "\n" }))
        assert.equal("2\n", (exec "for i in 1 2\ndo :; done; echo $i"))
      end)

      it("runs at home, without a terminal", function()
        assert.matches("/home\nnot a tty\n", (exec "pwd; tty"))
      end)

      it("takes input of any size, and bytes of any kind", function()
        local long = ("line\n"):rep(200000)
        assert.is_true(exec("cat", { stdin = long }) == long)
        local bytes = ("\0\1\r\n\27[31m\255\254\3"):rep(3000)
        assert.is_true(exec("cat", { stdin = bytes }) == bytes)
        assert.equal("", (exec "cat"))
      end)

      it("gives more than fits under way at once", function()
        assert.equal(5000000, #exec "head -c 5000000 /dev/zero")
      end)

      it("stops for a program that reads no input", function()
        assert.equal(0, select(2, exec("exec <&-; exit 0", { stdin = ("x"):rep(2000000) })))
      end)

      it("does not wait for a daemon that keeps its pipes", function()
        if way == "ssh" then return end      -- a shell of SSH waits for them
        local output, code, errors = exec "sleep 600 & echo $!"
        assert.same({ 0, "" }, { code, errors })
        exec { "kill", output:match "^(%d+)\n$" }
      end)
    end)
  end

  describe("by a command over jupyter", function()
    it("ends a command whose time is over, with all that it started", function()
      local err = fails(vm.exec, vm, "sh -c ': azureml-slow; sleep 600; true' & wait",
        over { timeout = 1 })
      assert.equal("Timeout", err.code)
      for _ = 1, 200 do
        if #hosted.processes "azureml-slow" == 0 then break end
        azureml.sleep(0.05)
      end
      assert.same({}, hosted.processes "azureml-slow")
      wait_for_no_terminal()
    end)

    it("runs many at once", function()
      local list = {}
      for i = 1, 20 do list[i] = i end
      azureml.each(list, function(i)
        assert.equal(tostring(i) .. "\n", (vm:exec("echo " .. i, over())))
      end)
      wait_for_no_terminal()
    end)

    it("is the command's own: streams and exit code", function()
      local output, errors, code = world:azureml("exec", "--over", "jupyter", "ci-ann", "--",
        "echo out; echo bad >&2; exit 7")
      assert.same({ "out\n", "bad\n", 7 }, { output, errors, code })
      output = world:run({ process.executable_path, "exec", "--over", "jupyter", "ci-ann", "--",
        "cat" }, ("typed\n"):rep(100000))
      assert.equal(600000, #output)
    end)

    it("ends the command when the user interrupts", function()
      local _, _, code = world:run { "timeout", "-s", "INT", "3", process.executable_path, "exec",
        "--over", "jupyter", "ci-ann", "--", "sh -c ': azureml-typed; sleep 600; true'" }
      assert.equal(124, code)
      for _ = 1, 200 do
        if #hosted.processes "azureml-typed" == 0 then break end
        azureml.sleep(0.05)
      end
      assert.same({}, hosted.processes "azureml-typed")
    end)
  end)

  describe("by a script", function()
    local path

    setup(function()
      path = process.write(world.home .. "/script.py", "import sys\n"
        .. "print(sys.argv[1:], sys.stdin.read())\nprint('bad', file=sys.stderr)\nsys.exit(5)\n")
    end)

    for _, way in ipairs { "jupyter", "ssh" } do
      it("runs it over " .. way, function()
        local output, errors, code = world:run({ process.executable_path, "python", "--over", way,
          "ci-ann", path, "--lr", "$HOME" }, "typed")
        assert.same({ "['--lr', '$HOME'] typed\n", "bad\n", 5 }, { output, errors, code })
        output = world:run({ process.executable_path, "python", "--over", way, "ci-ann", "-" },
          "import os; print(os.environ['AZUREML_INSTANCE'])")
        assert.equal("ci-ann\n", output)
        output = world:azureml("python", "--over", way, "ci-ann", "-c", "print(6 * 7)")
        assert.equal("42\n", output)
      end)
    end
  end)

  describe("by code in a kernel", function()
    it("gives results, output and errors with a traceback", function()
      local kernel <close> = vm.jupyter:start_kernel()
      kernel:execute "import sys, time\nvalue = 20"
      local found = kernel:execute "print('out'); print('bad', file=sys.stderr); value + 1"
      assert.same({ "21", "out\n", "bad\n" }, { found.text, found.output, found.errors })
      local err = fails(kernel.execute, kernel, "def f():\n  return 1 / 0\nf()")
      assert.same({ "CodeFailed", "ZeroDivisionError" }, { err.code, err.exception.name })
      assert.matches("return 1 / 0", err.exception.traceback, 1, true)
      assert.equal("20", kernel:execute("value").text)
    end)

    it("runs code right after code that failed", function()
      local kernel <close> = vm.jupyter:start_kernel()
      for i = 1, 20 do
        assert.equal("CodeFailed", fails(kernel.execute, kernel, "1 / 0").code)
        assert.equal(tostring(i), kernel:execute(tostring(i)).text)
      end
    end)

    it("answers what the code asks for", function()
      local found = vm.jupyter:execute("input('name? ') + '!'", {
        on_input = function(prompt) return prompt == "name? " and "ann" or "?" end,
      })
      assert.equal("'ann!'", found.text)
      assert.equal("CodeFailed", fails(vm.jupyter.execute, vm.jupyter, "input()").code)
    end)

    it("is interrupted when its time is over, and goes on", function()
      local kernel <close> = vm.jupyter:start_kernel "python3"
      kernel:execute "import time\nvalue = 1"
      local err = fails(kernel.execute, kernel, "time.sleep(600)", { timeout = 0.5 })
      assert.equal("Timeout", err.code)
      assert.equal("1", kernel:execute("value").text)
    end)

    it("notices a kernel that dies", function()
      local err = fails(vm.jupyter.execute, vm.jupyter, "import os; os._exit(1)")
      assert.equal("KernelDied", err.code)
    end)

    it("leaves no kernel behind", function()
      assert.same({}, vm.jupyter:kernels())
    end)
  end)

  describe("by packages", function()
    setup(function()
      -- A virtual environment that sees Debian's ipykernel, as there is no network.
      local _, code = vm:exec("python3 -m venv --system-site-packages .virtualenvs/team", over())
      assert.equal(0, code)
    end)

    it("makes a virtual environment and installs in it", function()
      local made = vm:create_environment(over { name = "web", kind = "venv",
        packages = { "alpha==1.0" } })
      assert.same({ true, "venv" }, { made.created, made.kind })
      local again = vm:create_environment(over { name = "web", kind = "venv",
        packages = { "alpha==1.0" } })
      assert.is_false(again.created)
      local output = vm:python(over { code = "import alpha; print(alpha.version)", env = "web" })
      assert.equal("1.0\n", output)
    end)

    it("installs what is missing, and its dependencies", function()
      local done = vm:pip_install(over { "beta", env = "team" })
      assert.same({ "alpha-1.0", "beta-1.0" }, done.installed)
      assert.is_false(vm:pip_install(over { "beta", env = "team" }).changed)
      local names = {}
      for _, item in ipairs(vm:pip_list(over { env = "team" })) do
        names[item.name] = item.version
      end
      assert.equal("1.0", names.alpha)
    end)

    it("takes an ERROR with exit code 0 for a failure", function()
      vm:pip_install(over { "beta", env = "team" })
      local err = fails(vm.pip_install, vm, over { "alpha==2.0", env = "team" })
      assert.equal("PackageConflict", err.code)
      assert.matches("beta 1.0 requires alpha<2", err.log, 1, true)
    end)

    it("fails for what there is not, with the end of the log", function()
      local err = fails(vm.pip_install, vm, over { "gamma", env = "team" })
      assert.equal("PackageNotFound", err.code)
      assert.matches("No matching distribution found for gamma", tostring(err))
      assert.equal("EnvironmentManaged", fails(vm.pip_install, vm, over { "alpha" }).code)
    end)

    it("does the same over SSH", function()
      local list = vm:environments { over = "ssh" }
      assert.same({ "team", "web" }, { list[1].name, list[2].name })
    end)

    it("registers a kernel that runs in the environment", function()
      local made = vm:create_environment(over { name = "team", kind = "venv", kernel = true,
        display_name = "The team's" })
      assert.equal("team", made.kernel)
      local prefix = vm.jupyter:execute("import sys; sys.prefix", { kernel = "team" }).text
      assert.matches("%.virtualenvs/team", prefix)
      local output = world:azureml("kernel", "list", "ci-ann", "-o", "tsv", "--columns",
        "name,display_name")
      assert.matches("team\tThe team's\n", output)
    end)

    it("removes kernels, and with an environment those that run in it", function()
      assert.is_true(vm.jupyter:remove_kernel "team")
      assert.is_false(vm.jupyter:remove_kernel "team")
      vm:create_environment(over { name = "team", kind = "venv", kernel = true })
      assert.same({ true, { "team" } }, { vm:delete_environment("team", over()) })
      assert.equal("KernelNotRemoved",
        fails(vm.jupyter.remove_kernel, vm.jupyter, "python3").code)
    end)
  end)

  local with_r = io.open "/usr/bin/Rscript" and it or pending
  with_r("installs R packages, and notices those that R left out", function()
    local place = world.home .. "/r"
    local name = "az" .. core.guid():gsub("%A", "")      -- no other run has it
    -- A library of its own: root may write to the system's.
    vm:exec("mkdir library; echo R_LIBS=~/library >.Renviron", over())
    os.execute(("mkdir -p '%s/src/contrib' '%s/%s/R'"):format(place, place, name))
    process.write(("%s/%s/DESCRIPTION"):format(place, name), "Package: " .. name
      .. "\nVersion: 1.0\nTitle: One\n"
      .. "Description: One.\nAuthor: A\nMaintainer: A <a@example.com>\nLicense: MIT\n")
    process.write(("%s/%s/NAMESPACE"):format(place, name), "export(one)\n")
    process.write(("%s/%s/R/one.R"):format(place, name), "one <- function() 1\n")
    local _, _, code = process.run { "sh", "-c", ("cd '%s/src/contrib' && R CMD build '%s/%s' "
      .. "&& Rscript -e 'tools::write_PACKAGES(\".\", type = \"source\")'"):format(place,
      place, name) }
    assert.equal(0, code)
    local repos = "file://" .. place
    assert.same({ name }, vm:r_install(over { name, repos = repos }).installed)
    assert.is_false(vm:r_install(over { name, repos = repos }).changed)
    local err = fails(vm.r_install, vm, over { name, "aztwo", repos = repos })
    assert.equal("PackageNotFound", err.code)
    assert.matches("R did not install aztwo", err.message)
  end)

  with_r("runs R in a kernel", function()
    assert.equal("stats", vm:r_install(over { kernel = "stats", repos = "file:///nothing" }).kernel)
    assert.equal("[1] 42", vm.jupyter:execute("6 * 7", { kernel = "stats" }).text)
    local err = fails(vm.jupyter.execute, vm.jupyter, "stop('no')", { kernel = "stats" })
    assert.same({ "CodeFailed", true }, { err.code, err.message:find("no", 1, true) ~= nil })
  end)

  it("says that an instance stopped in the middle", function()
    local other = world:create "ci-bob"
    local raised
    azureml.parallel(function()
      raised = fails(other.exec, other, "sleep 600", over())
    end, function()
      azureml.sleep(1)
      world.workspace.instances:stop("ci-bob"):wait()
    end)
    assert.equal("NotRunning", raised.code)
    assert.is_true(core.now() > 0)
  end)

  it("ends the command whose reader has left, as Ctrl-C does", function()
    local output, errors = world:run { "/bin/bash", "-c",
      '"$0" exec ci-ann --over jupyter -- "yes; true" | head -n 1; echo "${PIPESTATUS[0]}"',
      process.executable_path }
    assert.same({ "y\n141\n", "" }, { output, errors })
    wait_for_no_terminal()
  end)

  it("shows bytes that are not UTF-8 to programs as characters", function()
    local output, errors, code = world:azureml("exec", "ci-ann", "--over", "jupyter", "-o", "json",
      "--", "printf 'a\\0\\377'")
    assert.equal(0, code, errors)
    assert.equal("a\0\u{FFFD}", json.decode(output)[1].output)
  end)

  it("ends with 5 when the time of a single command is over", function()
    local _, errors, code = world:azureml("exec", "ci-ann", "--over", "jupyter", "--timeout", "1",
      "--", "sleep 600; true")
    assert.equal(5, code)
    assert.matches("did not end within 1 second: it was ended", errors)
  end)
end)
