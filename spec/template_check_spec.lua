local azureml = require "azureml"
local check = require "azureml.template_check"
local deployed = require "spec.deployed"
local json = require "azureml.json"

local WORKSPACE = { name = "emulator" }

local function fault_of(f, ...)
  local value, err = azureml.try(f, ...)
  assert.is_nil(value)
  assert.is_not_nil(err)
  assert.equal("InvalidArgument", err.code)
  return err.message
end

local function template(parameters, resources)
  return deployed.template(resources or { deployed.resource "ci-ann" },
    { parameters = parameters })
end

describe("the check of a template", function()
  it("takes templates of instances, of expressions too", function()
    check.form(template(), WORKSPACE, "t")
    check.form(template(nil, { deployed.resource("a", { name = "[variables('name')]" }),
      deployed.resource("a", { name = "EMULATOR/b" }) }), WORKSPACE, "t")
    check.form(template(nil, { one = deployed.resource "a" }), WORKSPACE, "t")
  end)

  it("names the place of what is wrong", function()
    local schema = "https://schema.management.azure.com/schemas/2019-04-01/"
    for part, case in pairs {
      ["t: it is no template: '$schema' is missing"] = {},
      ["it is a file of parameters, not a template"] = { ["$schema"] = schema
        .. "deploymentParameters.json#" },
      ["it is a template for a subscription"] = { ["$schema"] = schema
        .. "subscriptionDeploymentTemplate.json#" },
      ["its $schema is 'http://x'"] = { ["$schema"] = "http://x" },
      ["'resources' is missing or empty"] = deployed.template {},
      ["t: resources[1].type: it is a Microsoft.Storage/storageAccounts: deploy takes"] =
        template(nil, { deployed.resource "a",
          { type = "Microsoft.Storage/storageAccounts", name = "x" } }),
      ["resources[0].type: the type of the resource is missing"] =
        template(nil, { { name = "x" } }),
      ["resources[0].name: it is in the workspace 'other', not in 'emulator'"] =
        template(nil, { deployed.resource("a", { name = "other/a" }) }),
      ["resources[0].name: 'ann' must be WORKSPACE/INSTANCE"] =
        template(nil, { deployed.resource("a", { name = "ann" }) }),
      ["resources[0].name: the name of the resource is missing"] =
        template(nil, { deployed.resource("a", { name = false }) }),
      ["resources[0]: a resource is an object"] = template(nil, { "x" }),
      ["resources.one.type: it is a A/b"] = template(nil, { one = { type = "A/b" } }),
    } do
      local message = fault_of(check.form, case, WORKSPACE, "t")
      assert.is_truthy(message:find(part, 1, true), part .. " -> " .. message)
    end
    assert.matches("a JSON object is expected", fault_of(check.form, { 1 }, WORKSPACE, "t"))
  end)
end)

describe("the check of parameters", function()
  local TEXT = { type = "string" }

  local function read(declared, given, defaults)
    return check.parameters(template(declared), given, "p", defaults or {})
  end

  it("takes values, entries and the content of a file", function()
    local wanted = { a = { value = "x" } }
    assert.same(wanted, read({ a = TEXT }, { a = "x" }))
    assert.same(wanted, read({ a = TEXT }, { a = { value = "x" } }))
    assert.same(wanted, read({ a = TEXT }, { parameters = wanted, contentVersion = "1.0.0.0",
      ["$schema"] = "https://x/deploymentParameters.json#" }))
    assert.same({ a = { value = { value = 1, other = 2 } } },
      read({ a = { type = "object" } }, { a = { value = 1, other = 2 } }))
    assert.same({ a = { reference = { id = "x" } } },
      read({ a = TEXT }, { a = { reference = { id = "x" } } }))
    assert.same({ A = { value = "x" } }, read({ a = TEXT }, { A = "x" }))
  end)

  it("fills in the workspace where the template asks for one", function()
    local asked = 0
    local defaults = { workspaceName = function() asked = asked + 1 return "team" end }
    assert.same({ workspaceName = { value = "team" } },
      read({ workspaceName = TEXT }, {}, defaults))
    assert.same({ workspaceName = { value = "x" } },
      read({ workspaceName = TEXT }, { workspaceName = "x" }, defaults))
    assert.same({}, read({ workspaceName = { type = "string", defaultValue = "y" } }, {}, defaults))
    assert.equal(1, asked)
  end)

  it("names a parameter that is unknown, missing or of another type", function()
    assert.matches("p: the template has no parameter 'b, c' %(known: a%)",
      fault_of(read, { a = TEXT }, { a = "x", c = 1, b = 2 }))
    assert.matches("p: the parameter 'a' has no value and no default",
      fault_of(read, { a = TEXT }, {}))
    assert.matches("the parameters 'a, b' have no value",
      fault_of(read, { a = TEXT, b = TEXT }, {}))
    for kind, case in pairs {
      string = { 3, "must be a text, not 3" }, int = { 1.5, "must be an integer, not 1.5" },
      bool = { "x", "must be true or false, not 'x'" },
      object = { json.array { 1 }, "must be an object" },
      array = { { a = 1 }, "must be a list, not a table" },
    } do
      local message = fault_of(read, { a = { type = kind } }, { a = case[1] })
      assert.is_truthy(message:find(case[2], 1, true), message)
    end
  end)

  it("shows no value of a secure parameter", function()
    local message = fault_of(read, { a = { type = "secureObject" } }, { a = "S3cret" })
    assert.is_nil(message:find "S3cret")
    assert.is_truthy(message:find("must be an object, not a string", 1, true))
  end)

  it("refuses a file of another kind", function()
    assert.matches("it is no file of parameters", fault_of(read, {}, { ["$schema"] = "x" }))
    assert.matches("'parameters' is missing", fault_of(read, {},
      { ["$schema"] = "https://x/deploymentParameters.json#" }))
  end)

  it("sends whole numbers as integers", function()
    local entries = read({ a = { type = "int" } }, { a = 5.0 })
    assert.equal("integer", math.type(entries.a.value))
  end)

  it("takes an empty list and an empty object of a script", function()
    assert.is_not_nil(read({ a = { type = "array" }, b = { type = "object" } }, { a = {}, b = {} }))
  end)
end)
