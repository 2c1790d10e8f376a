local notice = require "azureml.tool.notice"

describe("a notice", function()
  after_each(function() notice.observe(nil) end)

  it("goes to the method of its kind, with its values", function()
    local told = {}
    notice.observe { sent = function(self, ...) told[#told + 1] = { self ~= nil, ... } end }
    notice.tell("sent", "stop", nil, "ci-ann")
    assert.same({ { true, "stop", nil, "ci-ann" } }, told)
  end)

  it("is nothing where no observer is", function()
    notice.observe { sent = error }
    notice.observe(nil)
    assert.has_no.errors(function() notice.tell("sent", "stop") end)
  end)
end)
