local json = require "azureml.json"
local refusal = require "azureml.emulator.refusal"
local template = require "azureml.emulator.template"

local CONTEXT = {
  resource_group = { id = "/subscriptions/s/resourceGroups/g", name = "g", location = "eastus" },
  subscription = { subscriptionId = "s", tenantId = "t" },
}
local TYPE = "Microsoft.MachineLearningServices/workspaces/computes"

local function resource(name, more)
  local one = { type = TYPE, name = "ws/" .. name, apiVersion = "2024-04-01", location = "eastus",
    properties = { computeType = "ComputeInstance", properties = { vmSize = "STANDARD_DS3_V2" } } }
  for member, value in pairs(more or {}) do one[member] = value end
  return one
end

local function source(resources, more)
  local all = {
    ["$schema"] = "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
    contentVersion = "1.0.0.0", resources = json.array(resources),
  }
  for member, value in pairs(more or {}) do all[member] = value ~= false and value or nil end
  return all
end

local function expand(resources, more, given)
  return template.expand(source(resources, more), given or {}, CONTEXT)
end

local function fault_of(f, ...)
  local ok, raised = pcall(f, ...)
  assert(not ok and refusal.is(raised), tostring(raised))
  return raised.message
end

describe("a template", function()
  it("is expanded to the bodies of its resources", function()
    local expanded = expand({ resource("[x]", {
      name = "[format('{0}/{1}', parameters('ws'), 'ann')]", tags = { a = "[variables('tag')]" },
      comments = "none", condition = "[not(empty(parameters('ws')))]",
    }) }, {
      parameters = { ws = { type = "string" } }, variables = { tag = "b" },
      outputs = { name = { type = "string", value = "[variables('tag')]" },
        key = { type = "securestring", value = "x" } },
      metadata = { _generator = { name = "bicep" } },
    }, { ws = { value = "team" } })
    local one = expanded.resources[1]
    assert.same({ "team/ann", "team", "ann", "2024-04-01", "b" }, { one.name, one.workspace_name,
      one.compute_name, one.api_version, one.body.tags.a })
    assert.equal("/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/"
      .. "workspaces/team/computes/ann", one.id)
    assert.same({ type = "string", value = "b" }, expanded.outputs.name)
    assert.same({ type = "securestring" }, expanded.outputs.key)
    assert.is_nil(one.body.comments)
  end)

  it("leaves out what its condition excludes, and keeps the order of the rest", function()
    local expanded = expand { resource("a", { condition = false }),
      resource("b", { dependsOn = json.array { "ws/a", "ws/c" } }), resource "c" }
    assert.equal(2, #expanded.resources)
    assert.same({ 2 }, { table.unpack(expanded.resources[1].needs) })
  end)

  it("is refused by the place and the name of what is not served", function()
    for part, case in pairs {
      ["resources[1].type: resources of the type 'Microsoft.Storage/storageAccounts' are not"] =
        { { resource "a", resource("b", { type = "Microsoft.Storage/storageAccounts" }) } },
      ["resources[0]: 'copy' is not served here"] = { { resource("a", { copy = { count = 2 } }) } },
      ["resources[0]: 'resources' is not served"] =
        { { resource("a", { resources = json.array { {} } }) } },
      ["template: 'functions' is not served here"] =
        { { resource "a" }, { functions = json.array { { namespace = "x" } } } },
      ["template: 'languageVersion' is not served"] =
        { { resource "a" }, { languageVersion = "2.0" } },
      ["No registered resource provider found for API version '2000-01-01'"] =
        { { resource("a", { apiVersion = "2000-01-01" }) } },
      ["resources[0].apiVersion: the api-version of the resource is expected, not a boolean"] =
        { { resource("a", { apiVersion = true }) } },
      ["incorrect segment lengths"] = { { resource("a", { name = "ann" }) } },
      ["is defined multiple times"] = { { resource "a", resource "A" } },
      ["resources[0].condition: true or false is expected, not a text"] =
        { { resource("a", { condition = "x" }) } },
      ["$schema: the URL of a deployment template's schema is expected, not nothing"] =
        { {}, { ["$schema"] = false } },
      ["$schema: 'http://x/y.json' is not the schema"] =
        { {}, { ["$schema"] = "http://x/y.json" } },
      ["contentVersion: a version such as '1.0.0.0'"] = { {}, { contentVersion = false } },
      ["resources: an array is expected, not nothing"] = { {}, { resources = false } },
      ["resources[0]: a resource is an object, not a text"] = { { "x" } },
      ["variables: an object is expected, not a text"] = { {}, { variables = "x" } },
      ["resources[0].tags.a: the template variable 'b' is not found"] =
        { { resource("a", { tags = { a = "[variables('b')]" } }) } },
      ["outputs.a: 'copy' is not served"] =
        { {}, { outputs = { a = { type = "array", copy = { count = 1 } } } } },
    } do
      local message = fault_of(expand, case[1], case[2])
      assert.is_truthy(message:find(part, 1, true), part .. " -> " .. message)
    end
  end)

  it("is part of a request, with its parameters", function()
    local of = template.of
    assert.is_truthy(fault_of(of, {}, CONTEXT):find("'properties.template' is required", 1, true))
    assert.is_truthy(fault_of(of, { templateLink = {} }, CONTEXT):find("templateLink", 1, true))
    assert.is_truthy(fault_of(of, { parametersLink = {} }, CONTEXT):find("parametersLink", 1, true))
    assert.is_truthy(fault_of(of, { template = source {}, parameters = "x" }, CONTEXT)
      :find("properties.parameters: an object is expected", 1, true))
  end)
end)
