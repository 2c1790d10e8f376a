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

  it("need R", function()
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
