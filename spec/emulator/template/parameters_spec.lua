local json = require "azureml.json"
local parameters = require "azureml.emulator.template.parameters"
local refusal = require "azureml.emulator.refusal"
local scopes = require "azureml.emulator.template.scope"

local function read(declared, given)
  local scope = scopes.new {
    resource_group = { location = "eastus" }, subscription = { tenantId = "t" },
  }
  return parameters.read(scope, declared, given), scope
end

local function fault_of(declared, given)
  local ok, raised = pcall(read, declared, given)
  assert(not ok and refusal.is(raised), tostring(raised))
  return raised.message
end

describe("the parameters of a template", function()
  it("have the given values, or else their defaults", function()
    local shown, scope = read({
      name = { type = "string" }, location = { type = "String",
        defaultValue = "[resourceGroup().location]" },
      key = { type = "securestring", defaultValue = "x" }, list = { type = "array" },
    }, { NAME = { value = "ann" }, list = { value = json.array {} } })
    assert.equal("ann", scope:parameter "Name")
    assert.equal("eastus", scope:parameter "location")
    assert.same({ type = "String", value = "ann" }, shown.name)
    assert.same({ type = "SecureString" }, shown.key)
  end)

  it("may refer to each other in no default", function()
    assert.is_truthy(fault_of({ a = { type = "string", defaultValue = "[variables('x')]" } }, {})
      :find("parameters.a.defaultValue: the template variable 'x' is not found", 1, true))
  end)

  it("are refused with their place", function()
    local text = { type = "string" }
    for part, case in pairs {
      ["parameters.a: The value for the template parameter 'a' is not provided"] =
        { { a = text }, {} },
      ["'b' in the parameters file are not valid"] = { { a = text }, { b = { value = "x" } } },
      ["supported parameters for this template are 'a'"] = { { a = text }, { b = { value = 1 } } },
      ["expected a value of type 'String', but received an integer"] =
        { { a = text }, { a = { value = 1 } } },
      ["expected a value of type 'Int', but received a text"] =
        { { a = { type = "int" } }, { a = { value = "1" } } },
      ["expected a value of type 'Object', but received an array"] =
        { { a = { type = "object" } }, { a = { value = json.array {} } } },
      ["not part of the allowed values: 'x, y'"] = {
        { a = { type = "string", allowedValues = json.array { "x", "y" } } },
        { a = { value = "z" } } },
      ["minLength is 3"] = { { a = { type = "string", minLength = 3 } }, { a = { value = "ab" } } },
      ["maxValue is 5"] = { { a = { type = "int", maxValue = 5 } }, { a = { value = 6 } } },
      ["parameters.a.type: it must be one of array, bool"] = { { a = { type = "text" } }, {} },
      ["'nullable' is not served here"] = { { a = { type = "string", nullable = true } }, {} },
      ["a parameter is declared by an object"] = { { a = "string" }, {} },
      ["it has no 'value'"] = { { a = text }, { a = {} } },
      ["a parameter is given as"] = { { a = text }, { a = "x" } },
      ["'reference' (a secret of a key vault) is not served"] =
        { { a = text }, { a = { reference = {} } } },
    } do
      local message = fault_of(case[1], case[2])
      assert.is_truthy(message:find(part, 1, true), part .. " -> " .. message)
    end
  end)
end)
