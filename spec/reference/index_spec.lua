local index = require "azureml.reference.index"

local RECORDS = {
  { kind = "function", owner = "azureml.thing", name = "new", doc = "Make a thing.", line = 3,
    params = { { name = "settings", type = "azureml.ThingOptions", doc = "" } },
    returns = { { name = "", type = "azureml.Thing", doc = "" } } },
  { kind = "value", owner = "azureml", name = "thing", doc = "Make.",
    alias = { module = "azureml.thing", name = "new" } },
  { kind = "class", name = "azureml.Thing", doc = "A thing.", parents = { "azureml.Base" },
    fields = { { name = "go", type = "fun(self, far: azureml.Far): string", doc = "Go." } } },
  { kind = "class", name = "azureml.Base", doc = "", fields = {
    { name = "name", type = "string", doc = "its name" } } },
  { kind = "class", name = "azureml.ThingOptions", doc = "", fields = {} },
  { kind = "alias", name = "azureml.Far", type = "number", doc = "" },
  { kind = "class", name = "azureml.Inner", doc = "", fields = {} },
  { kind = "function", owner = "azureml.Thing", name = "close", doc = "", line = 9 },
  { kind = "function", owner = "azureml.Thing", name = "tell", doc = "", line = 9,
    is_package = true },
}

describe("the index of records", function()
  local all = index.new(RECORDS)

  it("finds members of a class, its parents' too", function()
    assert.equal("its name", all:member("azureml.Thing", "name").doc)
    local names = {}
    for i, member in ipairs(all:list "azureml.Thing") do names[i] = member.name end
    assert.same({ "name", "go", "close", "tell" }, names)
  end)

  it("takes a field with a function's type for a method", function()
    local go = all:member("azureml.Thing", "go")
    assert.same({ "function", true, "far", "string" },
      { go.kind, go.is_method, go.params[1].name, go.returns[1].type })
  end)

  it("lists what a script can reach, under its public names", function()
    local names = {}
    for _, record in ipairs(all:public()) do
      names[#names + 1] = (record.owner and record.owner .. "." or "") .. record.name
    end
    table.sort(names)
    assert.same({ "azureml.Base", "azureml.Far", "azureml.Thing", "azureml.Thing.close",
      "azureml.Thing.tell", "azureml.ThingOptions", "azureml.thing" }, names)
  end)
end)
