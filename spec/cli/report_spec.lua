local errors = require "azureml.error"
local report = require "azureml.cli.report"

describe("the results that an error carries", function()
  it("are those of a fleet, or of several with their workspaces", function()
    local ann, bob = { name = "ann", outcome = "done" }, { name = "bob", outcome = "skipped" }
    local one = { ann, workspace = "team" }
    assert.equal(one, report.results_of(errors.new { code = "Interrupted", fleets = { one } }))
    local all = report.results_of(errors.new { code = "Interrupted",
      fleets = { one, { bob, workspace = "far" } } })
    assert.equal(2, #all)
    assert.same({ "team/ann", "far/bob" }, { report.name_of(all[1]), report.name_of(all[2]) })
  end)

  it("are nil for other errors", function()
    assert.is_nil(report.results_of(errors.new { code = "Timeout", message = "x" }))
    assert.is_nil(report.results_of "mistake")
  end)

  it("name a workspace that refused once", function()
    assert.equal("team/*", report.name_of { name = "team/*", workspace = "team" })
    assert.equal("ann", report.name_of { name = "ann" })
  end)
end)
