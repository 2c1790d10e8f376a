local types = require "azureml.reference.types"

describe("a type", function()
  it("ends where its text begins", function()
    for text, kind in pairs {
      ["string  the name"] = "string",
      ["table<string, integer>      by state"] = "table<string, integer>",
      ["{ name: string?, n: integer }[]  all"] = "{ name: string?, n: integer }[]",
      ["(string|azureml.Schedule)[]|false at most four"] = "(string|azureml.Schedule)[]|false",
      ["fun(self, n: integer): string, boolean  a call"] = "fun(self, n: integer): string, boolean",
      ["fun(asked: { url: string })? opens"] = "fun(asked: { url: string })?",
      ['"a b"|"c"  a word'] = '"a b"|"c"',
    } do
      assert.equal(kind, (types.split(text)))
    end
    assert.is_nil((types.split "# no type"))
  end)

  it("names its classes and its literals", function()
    assert.same({ "azureml.Size", "azureml.ssh.Forwarding" },
      types.classes "azureml.Size[]|fun(): azureml.ssh.Forwarding")
    assert.same({ "lines", "json" }, types.literals '"lines"|"json"|nil')
  end)

  it("of a function has parameters and results", function()
    local parameters, results = types.parameters "fun(self, name?: string, f: fun(): any): integer"
    assert.same({
      { name = "self", type = "any", is_optional = false },
      { name = "name", type = "string", is_optional = true },
      { name = "f", type = "fun(): any", is_optional = false },
    }, parameters)
    assert.equal("integer", results)
    assert.is_nil(types.parameters "string")
  end)
end)
