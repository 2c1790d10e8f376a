local azureml = require "azureml"
local local_instance = require "spec.local_instance"
local r = require "azureml.packages.r"

-- A stand-in for Rscript: spec/machine has the real one.
describe("R packages of an instance", function()
  local place, vm

  before_each(function()
    place = local_instance()
    vm = place.vm
  end)
  after_each(function() place:close() end)

  it("are passed as arguments", function()
    place:program("Rscript", "echo 'azureml: installed: ggplot2'")
    local done = r.install(vm, { "ggplot2", "data.table", repos = "file:///r" })
    local lines = place:runs "Rscript"      -- the code takes several
    local words = lines[#lines]
    assert.same({ "ggplot2" }, done.installed)
    assert.is_true(done.changed)
    assert.same({ "file:///r", "missing", "ggplot2", "data.table" },
      { table.unpack(words, #words - 3) })
  end)

  it("that R left out with a warning are a failure", function()
    place:program("Rscript", "echo 'azureml: not installed: nope' >&2; exit 1")
    local _, err = azureml.try(r.install, vm, { "nope" })
    assert.equal("PackageNotFound", err.code)
    assert.matches("R did not install nope", err.message)
  end)

  it("have a kernel when it is wanted", function()
    place:program("Rscript", "echo 'azureml: installed:'")
    place.kernels["stats-r"] = { spec = {} }
    local done = r.install(vm, { kernel = "Stats-R", display_name = "R, 4" })
    local lines = place:runs "Rscript"
    assert.equal("stats-r", done.kernel)
    local first
    for _, words in ipairs(lines) do first = words[#words] == "IRkernel" or first end
    assert.is_true(first)
    assert.same({ "stats-r", "R, 4" }, { table.unpack(lines[#lines], #lines[#lines] - 1) })
  end)

  it("are named", function()
    assert.is_false(pcall(r.install, vm, {}))
  end)

  it("need R", function()
    place:program("Rscript", "exit 127")
    local _, err = azureml.try(r.install, vm, { "x" })
    assert.equal("RMissing", err.code)
  end)

  for _, name in ipairs { "a;b", "x-y", "1a", "quit()" } do
    it("are not called " .. name, function()
      local _, err = azureml.try(r.install, vm, { name })
      assert.equal("InvalidArgument", err.code)
    end)
  end
end)
