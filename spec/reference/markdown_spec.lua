local index = require "azureml.reference.index"
local markdown = require "azureml.reference.markdown"
local reference = require "azureml.reference"

describe("the reference", function()
  local all = index.new {
    { kind = "class", name = "azureml.Options", doc = "How it is done. More.", fields = {
      { name = "size", type = "string|integer", doc = "how much" },
      { name = "on_news", is_optional = true, type = "fun(news: string)",
        doc = "called with each" },
    } },
    { kind = "class", name = "azureml.Child", doc = "", parents = { "azureml.Options" } },
    { kind = "alias", name = "azureml.Word", type = "string|integer", doc = "a word" },
    { kind = "function", owner = "azureml", name = "act", doc = "Act.",
      params = { { name = "settings", is_optional = true, type = "azureml.Options", doc = "" } },
      returns = { { name = "", type = "azureml.Word", doc = "the last" } },
      usage = "for x in y do\n  print(x)\nend" },
  }

  it("writes types as they are, in tables too: Pandoc shows no escapes in code", function()
    local text = markdown.section(all, "azureml.Options")
    assert.is_truthy(text:find("| `size` | `string|integer` | how much |", 1, true), text)
  end)

  it("lists callbacks among the fields, where each class has its own", function()
    local text = markdown.section(all, "azureml.Child")
    assert.is_truthy(text:find("| `on_news?` | `fun(news: string)` | called with each |", 1, true))
    assert.is_nil(text:find("### ", 1, true))
  end)

  it("says what a parameter is by its class, and the only result in a sentence", function()
    local text = markdown.section(all, "azureml")
    assert.is_truthy(text:find("| `settings?` | [`azureml.Options`](#azureml.Options) | "
      .. "How it is done. |", 1, true), text)
    assert.is_truthy(text:find("Returns [`azureml.Word`](#azureml.Word): the last.", 1, true))
    assert.is_truthy(text:find("  print(x)\nend\n```", 1, true))
  end)

  it("has each section once", function()
    local seen = {}
    for name in markdown.reference(reference.index()):gmatch "{#([^}]+)}" do
      assert.is_nil(seen[name], name)
      seen[name] = true
    end
    assert.is_truthy(seen["azureml.Instances.start"])
  end)
end)
