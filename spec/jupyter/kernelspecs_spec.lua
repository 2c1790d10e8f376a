local azureml = require "azureml"
local json = require "azureml.json"
local kernelspecs = require "azureml.jupyter.kernelspecs"

local function server_of(found)
  return { vm = { name = "ci-ann" }, request = function() return { json = found } end }
end

local TWO = { default = "b", kernelspecs = {
  b = { spec = { display_name = "B", language = "python", argv = { "x", 7 } } },
  a = { spec = json.null },
} }

describe("the kernels that can be started", function()
  it("are listed by name, whatever their specifications hold", function()
    assert.same({
      { name = "a", display_name = "", language = "", is_default = false, argv = {} },
      { name = "b", display_name = "B", language = "python", is_default = true, argv = { "x" } },
    }, kernelspecs.list(server_of(TWO)))
  end)

  it("have a default", function()
    assert.equal("b", kernelspecs.check(server_of(TWO)))
    assert.equal("a", kernelspecs.check(server_of(TWO), "a"))
    local _, err = azureml.try(kernelspecs.check, server_of(TWO), "c")
    assert.matches("has no kernel 'c' %(known: a, b%)", err.message)
    _, err = azureml.try(kernelspecs.check, server_of { kernelspecs = {} })
    assert.matches("has no default kernel", err.message)
  end)

  for _, found in ipairs { {}, { kernelspecs = 1 }, "x" } do
    it("are refused when the answer is " .. json.encode(found), function()
      local _, err = azureml.try(kernelspecs.list, server_of(found))
      assert.equal("InvalidReply", err.code)
    end)
  end
end)
