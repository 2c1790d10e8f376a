local command = require "azureml.cli.command"
local errors = require "azureml.error"
local progress = require "azureml.console.progress"
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

describe("the report about several instances", function()
  local of_many, say = progress.of_many, command.say

  after_each(function() progress.of_many, command.say = of_many, say end)

  -- On a terminal the live lines take away what stands below them.
  it("is printed when the live lines are gone", function()
    local events = {}
    progress.of_many = function()
      local reporter = { began = function() end, change = function() end, ended = function() end }
      return setmetatable(reporter, { __close = function() events[#events + 1] = "gone" end })
    end
    command.say = function(text) events[#events + 1] = text end
    local code = report.run({ output = "table", progress = "auto" }, "wait",
      { { name = "ann" }, { name = "bob" } }, function(item)
        local op = {}
        function op.wait()
          if item.name == "bob" then errors.raise { code = "Busy", message = "bob is busy" } end
        end
        return op
      end)
    assert.equal(1, code)
    assert.same({ "gone", "azureml: bob: bob is busy (Busy)" }, { events[1], events[2] })
    assert.matches("^wait: 1 done, 1 failed, ", events[3])
  end)
end)
