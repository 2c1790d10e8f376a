local options = require "azureml.reference.options"

describe("the class of an instance's options", function()
  it("has each field and each other spelling, with a type and a sentence", function()
    local class, by_name = options.class(), {}
    for _, field in ipairs(class.fields) do
      by_name[field.name] = field
      assert.is_truthy(field.type, field.name)
      assert.matches("%.$", field.doc)
    end
    for _, row in ipairs(require "azureml.definition.fields") do
      assert.equal(row.doc, by_name[row.name].doc)
    end
    for name in pairs(require("azureml.definition.spellings").names) do
      assert.is_truthy(by_name[name], name)
    end
  end)
end)
