local functions = require "azureml.emulator.template.functions"
local json = require "azureml.json"
local refusal = require "azureml.emulator.refusal"
local scopes = require "azureml.emulator.template.scope"

local function new()
  local scope = scopes.new {
    resource_group = { id = "/subscriptions/s/resourceGroups/g", name = "g", location = "eastus" },
    subscription = { subscriptionId = "s", tenantId = "t" },
  }
  scope.parameters = { list = json.array { 1, 2 }, object = { a = 1 }, number = 7 }
  scope.variables = { broken = "[int('x')]" }
  return scope
end

local function value_of(text)
  return new():expand("[" .. text .. "]", "p")
end

local function fault_of(text)
  local ok, raised = pcall(value_of, text)
  assert(not ok and refusal.is(raised), text .. " -> " .. tostring(raised))
  return raised.message
end

describe("the functions of a template", function()
  it("make texts", function()
    for text, wanted in pairs {
      ["concat('a', 1, 'b')"] = "a1b",
      ["format('{1}-{0}, {{0}}', 'a', parameters('number'))"] = "7-a, {0}",
      ["toUpper(toLower('Ab'))"] = "AB",
      ["base64('echo hi')"] = "ZWNobyBoaQ==",
      ["string(true())"] = "True",
      ["string(parameters('object'))"] = '{"a":1}',
      ["resourceGroup().location"] = "eastus",
      ["subscription().tenantId"] = "t",
    } do
      assert.equal(wanted, value_of(text), text)
    end
  end)

  it("make ids", function()
    local kind = "'Microsoft.Network/virtualNetworks/subnets'"
    for text, wanted in pairs {
      ["resourceId(" .. kind .. ", 'v', 'n')"] = "/subscriptions/s/resourceGroups/g/providers/"
        .. "Microsoft.Network/virtualNetworks/v/subnets/n",
      ["resourceId('net', " .. kind .. ", 'v', 'n')"] = "/subscriptions/s/resourceGroups/net/"
        .. "providers/Microsoft.Network/virtualNetworks/v/subnets/n",
      ["resourceId('other', 'net', " .. kind .. ", 'v', 'n')"] = "/subscriptions/other/"
        .. "resourceGroups/net/providers/Microsoft.Network/virtualNetworks/v/subnets/n",
      ["subscriptionResourceId('Microsoft.Authorization/roleDefinitions', 'r')"] =
        "/subscriptions/s/providers/Microsoft.Authorization/roleDefinitions/r",
    } do
      assert.equal(wanted, value_of(text), text)
    end
    assert.is_truthy(fault_of("resourceId(" .. kind .. ", 'v')"):find("needs 2 names", 1, true))
    assert.is_truthy(fault_of "resourceId('a', 'b')":find("needs a type", 1, true))
    assert.is_truthy(fault_of("resourceId('a', 'b', 'c', 'd/e', 'f')")
      :find("before a type", 1, true))
  end)

  it("decide, and evaluate only what they need", function()
    for text, wanted in pairs {
      ["if(equals(1, 1), 'a', variables('broken'))"] = "a",
      ["and(true(), not(false()))"] = true,
      ["and(false(), variables('broken'))"] = false,
      ["or(true(), variables('broken'))"] = true,
      ["coalesce(null(), json('null'), 'c', variables('broken'))"] = "c",
      ["empty('')"] = true, ["empty(null())"] = true, ["empty(createArray())"] = true,
      ["empty(createObject('a', 1))"] = false,
      ["equals(createObject('a', 1), parameters('object'))"] = true,
      ["equals('a', 'A')"] = false,
      ["contains('abc', 'b')"] = true, ["contains(parameters('list'), 2)"] = true,
      ["contains(parameters('object'), 'b')"] = false,
      ["length(parameters('list'))"] = 2, ["length('abc')"] = 3,
      ["length(parameters('object'))"] = 1, ["int('12')"] = 12,
    } do
      assert.equal(wanted, value_of(text), text)
    end
    assert.equal(json.null, value_of "null()")
  end)

  it("make tables", function()
    assert.equal('{"a":{"b":null}}',
      json.encode(value_of [[createObject('a', json('{"b":null}'))]]))
    assert.equal('[1,2,"c"]', json.encode(value_of "concat(parameters('list'), createArray('c'))"))
    assert.equal("[]", json.encode(value_of "createArray()"))
  end)

  it("refuse values of another type, by name", function()
    for text, part in pairs {
      ["if('a', 1, 2)"] = "'if' needs a boolean, not a text",
      ["concat('a', null())"] = "'concat' needs a text, not null",
      ["concat(parameters('list'), 'a')"] = "joins arrays with arrays alone, not with a text",
      ["base64(parameters('object'))"] = "'base64' needs a text, not an object",
      ["format('{0:N}', 1)"] = "takes '{0}' alone, not '{0:N}'",
      ["format('{2}', 1)"] = "has no value for '{2}'",
      ["int('x')"] = "'int' cannot read a text",
      ["json('{')"] = "'json' cannot read it",
      ["createObject('a')"] = "in pairs",
      ["length(1)"] = "needs an array or an object, not an integer",
    } do
      local message = fault_of(text)
      assert.is_truthy(message:find(part, 1, true), text .. " -> " .. message)
    end
  end)

  it("have names and counts for messages", function()
    assert.is_truthy(functions.names():find("concat, contains, createArray", 1, true))
    assert.equal("2 to 3 arguments", functions.count_of { least = 2, most = 3 })
    assert.equal("an array", functions.noun(json.array {}))
  end)
end)
