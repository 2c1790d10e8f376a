local json = require "azureml.json"
local refusal = require "azureml.emulator.refusal"
local scopes = require "azureml.emulator.template.scope"

local function new(variables, parameters)
  local scope = scopes.new {
    resource_group = { id = "/subscriptions/s/resourceGroups/g", name = "g", location = "eastus" },
    subscription = { subscriptionId = "s", tenantId = "t" },
  }
  scope.variables, scope.parameters = variables or {}, parameters or {}
  return scope
end

local function fault_of(scope, value)
  local ok, raised = pcall(scope.expand, scope, value, "outputs.a")
  assert(not ok and refusal.is(raised), tostring(raised))
  return raised.message
end

describe("the scope of a template", function()
  it("expands texts, names, lists and objects, and leaves the rest", function()
    local scope = new({ word = "b" }, { count = 3 })
    local given = {
      plain = "a", number = "[parameters('COUNT')]", ["[variables('word')]"] = true,
      list = json.array { "[[a]", "[variables('Word')]", 1.5 }, empty = json.array {},
      nothing = json.null,
    }
    local expanded = scope:expand(given, "p")
    assert.same({ "a", 3, true, "[a]", "b", 1.5 }, { expanded.plain, expanded.number, expanded.b,
      expanded.list[1], expanded.list[2], expanded.list[3] })
    assert.is_true(json.is_array(expanded.empty))
    assert.equal(json.null, expanded.nothing)
  end)

  it("evaluates a variable when it is used, and once", function()
    local scope = new { used = "[concat('a', variables('other'))]", other = "b",
      broken = "[parameters('none')]" }
    assert.equal("ab", scope:expand("[variables('used')]", "p"))
    assert.is_truthy(fault_of(scope, "[variables('broken')]")
      :find("variables.broken: the template parameter 'none' is not found", 1, true))
  end)

  it("reads members in any case, and items of lists", function()
    local scope = new { a = { Inner = json.array { "x", false } } }
    assert.equal("x", scope:expand("[variables('a').inner[0]]", "p"))
    assert.is_false(scope:expand("[variables('a').Inner[1]]", "p"))
    assert.is_truthy(fault_of(scope, "[variables('a').inner[2]]")
      :find("of 2 has no item 2", 1, true))
    assert.is_truthy(fault_of(scope, "[variables('a').outer]")
      :find("'outer' doesn't exist: available are 'Inner'", 1, true))
    assert.is_truthy(fault_of(scope, "[resourceGroup().name.x]")
      :find("a text has no member", 1, true))
  end)

  it("refuses variables that need each other, in a circle or without end", function()
    local message = fault_of(new { a = "[variables('b')]", b = "[variables('A')]" },
      "[variables('a')]")
    assert.is_truthy(message:find("variables.a: the template variables form a cycle: a, b, a", 1,
      true), message)
    local chain = { v0 = "x" }
    for i = 1, 300 do chain["v" .. i] = ("[variables('v%d')]"):format(i - 1) end
    assert.is_truthy(fault_of(new(chain), "[variables('v300')]"):find("more than 100 variables", 1,
      true))
  end)

  it("refuses values that grow without bound", function()
    local texts, tables = { v0 = ("x"):rep(1000) }, { v0 = json.array { "x" } }
    for i = 1, 40 do
      texts["v" .. i] = ("[concat(variables('v%d'), variables('v%d'))]"):format(i - 1, i - 1)
      tables["v" .. i] = ("[createArray(variables('v%d'), variables('v%d'))]"):format(i - 1, i - 1)
    end
    for _, variables in ipairs { texts, tables } do
      assert.is_truthy(fault_of(new(variables), "[variables('v40')]"):find("larger than 4194304", 1,
        true))
    end
  end)

  it("refuses objects that are too deep", function()
    local deep = {}
    for _ = 1, 200 do deep = { a = deep } end
    assert.is_truthy(fault_of(new(), deep):find("at most 100 objects", 1, true))
  end)
end)
