local library = require "azureml.reference.library"

describe("the library for editors", function()
  local files = library.files()

  it("is Lua without effects", function()
    for path, text in pairs(files) do
      local chunk = assert(load(text, "@" .. path, "t", {}))
      assert.equal("table", type(chunk()))
    end
  end)

  it("declares modules, classes, methods and calls", function()
    local text = files["azureml.lua"]
    for _, line in ipairs {
      "---@meta azureml", "function azureml.workspace(settings) end",
      "---@param settings? azureml.WorkspaceOptions",
      "---@class azureml.StartOptions: azureml.VerbOptions",
      "function Instances:stop_all(settings) end", "function Instance:restart(settings) end",
      "---@operator call: azureml.Instance?", "---@overload fun(): azureml.Instance?",
      "function azureml.credential.client_secret(settings) end",
      "---@field vm_size? azureml.SizeName  The size of its virtual machine.",
    } do
      assert.is_truthy(text:find("\n" .. line, 1, true) or text:find(line, 1, true) == 1, line)
    end
    assert.matches("^%-%-%-@meta azureml%.emulator\n", files["azureml/emulator.lua"])
  end)

  it("declares a callback once, as a field of its options", function()
    local text = files["azureml.lua"]
    assert.is_truthy(text:find("\n---@field on_reply? fun(seen: table)  called after", 1, true))
    assert.is_nil(text:find("function %w+Options[.:]"))
  end)

  it("has the examples, and no function of the package's own", function()
    assert.is_truthy(files["azureml.lua"]:find("--- azureml.resume(ticket):wait()", 1, true))
    assert.is_nil(files["azureml.lua"]:find("function Instances:send", 1, true))
  end)
end)
