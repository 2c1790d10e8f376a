local azureml = require "azureml"
local records = require "azureml.console.records"

describe("the record of a value", function()
  it("is that of a public function", function()
    assert.equal("azureml.each", records.title(records.of(azureml.each)))
    assert.equal("azureml.credential.default",
      records.title(records.of(azureml.credential.default)))
    assert.is_nil(records.of(print))
  end)

  it("is that of a class, or of a module", function()
    local credential = azureml.credential.none()
    assert.equal("azureml.Credential", records.of(credential).name)
    assert.equal("credential:claim", records.title(records.member(credential, "claim")))
    assert.same({ n = 2, nil, "azureml.json" }, table.pack(records.of(azureml.json)))
    assert.equal("encode", records.member(azureml.json, "encode").name)
  end)

  it("has a name that may have several owners", function()
    local titles = {}
    for i, record in ipairs(records.named "recreate") do titles[i] = records.title(record) end
    assert.same({ "vm:recreate", "ws.instances:recreate" }, titles)
  end)
end)
