local azureml = require "azureml"
local local_instance = require "spec.local_instance"
local pip = require "azureml.packages.pip"
local process = require "spec.process"

describe("pip on an instance", function()
  local place, vm

  before_each(function()
    place = local_instance()
    vm = place.vm
  end)
  after_each(function() place:close() end)

  local BEFORE = { "-m", "pip", "install", "--no-input", "--disable-pip-version-check" }

  local function words(...)
    return table.move({ ... }, 1, select("#", ...), #BEFORE + 1, { table.unpack(BEFORE) })
  end

  it("installs packages, whose names no shell reads", function()
    place:program("python", "echo 'Successfully installed pandas-2.2 numpy-1.0'")
    local done = pip.install(vm, { "pandas==2.2", "a; touch x", "$(id)" })
    assert.same({ words("--", "pandas==2.2", "a; touch x", "$(id)") }, place:runs "python")
    assert.same({ { "numpy-1.0", "pandas-2.2" }, true }, { done.installed, done.changed })
  end)

  it("takes python3 where there is no python", function()
    place:program "python3"
    os.execute(("ln -s /bin/sh '%s/bin/sh' && ln -s /bin/cat '%s/bin/cat'"):format(place.home,
      place.home))
    place.variables:set { PATH = place.home .. "/bin" }
    pip.install(vm, "six")
    assert.same({ words("--", "six") }, place:runs "python3")
  end)

  it("changes nothing when all is there", function()
    place:program("python", "echo 'Requirement already satisfied: six'")
    assert.is_false(pip.install(vm, { "six" }).changed)
  end)

  it("installs in an environment, from a file of this machine", function()
    place:write("envs/team/bin/python", "#!/bin/sh\necho \"$@\"; cat \"$8\"\n", "755")
    local list = process.write(place.home .. "/list.txt", "six==1\n")
    local done = pip.install(vm, { env = place.home .. "/envs/team", requirements = list,
      upgrade = true })
    assert.equal("-m pip install --no-input --disable-pip-version-check --upgrade -r /dev/stdin "
      .. "--\n", done.output:match "^[^\n]*\n")
    place:write("envs/team/bin/python", "#!/bin/sh\ncat\n", "755")
    assert.equal("six==1\n", pip.install(vm, { env = place.home .. "/envs/team",
      requirements = list }).output)
  end)

  it("shows output as it comes", function()
    place:program("python", "echo collecting; echo warned >&2")
    local shown = {}
    pip.install(vm, { "six", on_output = function(text) shown.output = text end,
      on_errors = function(text) shown.errors = text end })
    assert.same({ output = "collecting\n", errors = "warned\n" }, shown)
  end)

  for _, row in ipairs {
    { "a package that is not found",
      "echo 'ERROR: No matching distribution found for x' >&2; exit 1", "PackageNotFound",
      "pip ended with exit code 1" },
    { "an ERROR with exit code 0",
      "echo 'ERROR: dependency conflicts.' >&2; echo 'Successfully installed x-1'",
      "PackageConflict", "pip says: ERROR: dependency conflicts." },
    { "a managed Python", "echo 'error: externally-managed-environment' >&2; exit 1",
      "EnvironmentManaged", "exit code 1" },
    { "a Python without pip", "echo 'No module named pip' >&2; exit 1", "PipMissing",
      "exit code 1" },
    { "anything else", "echo boom; exit 9", "PipFailed", "exit code 9" },
  } do
    it("fails with the end of the log for " .. row[1], function()
      place:program("python", row[2])
      local _, err = azureml.try(pip.install, vm, { "x" })
      assert.equal(row[3], err.code)
      assert.matches(row[4], err.message, 1, true)
      assert.matches("  | ", tostring(err), 1, true)
    end)
  end

  it("does not repeat a log that the caller has seen, nor its escapes", function()
    place:program("python", "printf '\\033[31mred\\n10%%\\r20%%\\r30%%\\n'; exit 1")
    local _, err = azureml.try(pip.install, vm, { "x", on_output = function() end })
    assert.is_nil(tostring(err):find("  | ", 1, true))
    assert.equal("red\n30%", err.log)
  end)

  it("uninstalls", function()
    place:program("python", "echo '  Successfully uninstalled six-1.0'")
    local done = pip.uninstall(vm, { "six" })
    assert.same({ { "six-1.0" }, true }, { done.uninstalled, done.changed })
    assert.same({ "-m", "pip", "uninstall", "--yes", "--disable-pip-version-check", "--", "six" },
      place:runs("python")[1])
  end)

  it("lists", function()
    place:program("python", [[echo '[{"name":"six","version":"1.0"}]']])
    assert.same({ { name = "six", version = "1.0" } }, pip.list(vm))
    place:program("python", "echo nonsense")
    assert.equal("StepFailed", select(2, azureml.try(pip.list, vm)).code)
  end)

  for _, row in ipairs {
    { {}, "give packages such as" }, { { requirements = "/nothing/here" }, "No such file" },
    { { "-x" }, "begins like an option" }, { { "x", evn = "y" }, "no option 'evn'" },
  } do
    it("refuses: " .. row[2], function()
      local ok, raised = pcall(pip.install, vm, row[1])
      assert.is_false(ok)
      assert.matches(row[2], tostring(raised), 1, true)
    end)
  end
end)
