local process = require "spec.process"

describe("a warning", function()
  local GIVE = 'require("azureml.tool.warning").give("mind the gap")'

  it("of the executable is on standard error", function()
    local output, errors, code = process.executable { "-e", GIVE }
    assert.same({ "", "azureml: mind the gap\n", 0 }, { output, errors, code })
  end)

  it("of a guest is a warning of Lua's, which the program switches on", function()
    assert.equal("", select(2, process.plain_lua { "-e", GIVE }))
    assert.matches("Lua warning: azureml: mind the gap",
      select(2, process.plain_lua { "-W", "-e", GIVE }))
  end)
end)
