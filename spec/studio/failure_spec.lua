local errors = require "azureml.error"
local failure = require "azureml.studio.failure"

describe("a failure of the studio", function()
  it("has code, message, request id, hint and the sentences of its details", function()
    local inner = errors.new { code = "B", message = "inner" }
    assert.same({ code = "A", message = "m", status = 409, request_id = "r", hint = "h",
      details = { "first", "Second", "inner" } },
      failure.of(errors.new { code = "A", message = "m", status = 409, request_id = "r", hint = "h",
        details = { { message = "first" }, { code = "Second" }, inner, "odd" } }))
  end)

  it("says a fault of this program as it is", function()
    assert.same({ code = "InternalError", message = "x.lua:1: oops", details = {} },
      failure.of "x.lua:1: oops")
  end)
end)
