local azureml = require "azureml"
local local_instance = require "spec.local_instance"
local process = require "spec.process"
local python = require "azureml.remote.python"

describe("a Python script on an instance", function()
  local place, vm

  before_each(function()
    place = local_instance()
    vm = place.vm
  end)
  after_each(function() place:close() end)

  local SHOW = "import sys, os\nprint(sys.argv[1:], sys.stdin.read(), os.path.basename(__file__))\n"
    .. "print('bad', file=sys.stderr)\nsys.exit(5)\n"

  it("runs as a file with arguments, input and exit code, and leaves nothing", function()
    local path = process.write(place.home .. "/it's a script.py", SHOW)
    place.variables:set { TMPDIR = place.home }
    os.execute(("ln -s /usr/bin/python3 '%s/bin/python3'"):format(place.home))
    local output, code, errors = python.run(vm, { path, "--lr", 0.5, "$HOME", stdin = "typed" })
    assert.equal("['--lr', '0.5', '$HOME'] typed it's a script.py\n", output)
    assert.same({ 5, "bad\n" }, { code, errors })
    assert.equal(0, select(3, process.run { "sh", "-c",
      ("! ls -d '%s'/azureml-*"):format(place.home) }))
  end)

  it("runs code", function()
    local output = python.run(vm, { "a", "b c", code = "import sys; print(sys.argv)" })
    assert.equal("['-c', 'a', 'b c']\n", output)
  end)

  it("runs in an environment", function()
    place:write("envs/team/bin/python", "#!/bin/sh\necho \"team: $*\"\n", "755")
    local output = python.run(vm, { code = "x", env = place.home .. "/envs/team" })
    assert.equal("team: -u -c x\n", output)
  end)

  for _, row in ipairs {
    { "no script", {}, "path of a script, or code" },
    { "a missing script", { "/nothing/here.py" }, "No such file" },
    { "a directory", { "/tmp" }, "s a directory" },
    { "an argument that is a table", { code = "x", {} }, "each argument" },
    { "an unknown option", { code = "x", arg = 1 }, "no option 'arg'" },
    { "what is no table", "x", "a table expected" },
    { "an environment like an option", { code = "x", env = "-x" }, "begins like an option" },
  } do
    it("refuses " .. row[1], function()
      local ok, raised = pcall(python.run, vm, row[2])
      assert.is_false(ok)
      assert.matches(row[3], tostring(raised), 1, true)
    end)
  end

  it("says when the environment is unknown", function()
    local _, err = azureml.try(python.run, vm, { code = "x", env = "/nothing" })
    assert.equal("EnvironmentUnknown", err.code)
  end)
end)
