local order = require "azureml.emulator.template.order"
local refusal = require "azureml.emulator.refusal"

local function resource(name, ...)
  return { id = "/s/" .. name, name = name, type = "T/t", place = name, depends_on = { ... } }
end

local function fault_of(list)
  local ok, raised = pcall(order.link, list)
  assert(not ok and refusal.is(raised), tostring(raised))
  return raised.message
end

describe("the order of a template's resources", function()
  it("follows ids, names and types with names, in any case", function()
    local list = { resource("a", "/S/B", "c"), resource "b", resource("c", "t/T/b") }
    order.link(list)
    assert.same({ 2, 3 }, { table.unpack(list[1].needs) })
    assert.same({ 2 }, { table.unpack(list[3].needs) })
    assert.equal(0, #list[2].needs)
  end)

  it("has no cycle", function()
    local message = fault_of { resource("a", "b"), resource("b", "c"), resource("c", "a") }
    assert.is_truthy(message:find("Circular dependency detected on resource: '/s/a'", 1, true))
  end)

  it("needs resources of the template alone", function()
    assert.is_truthy(fault_of { resource("a", "d") }
      :find("a.dependsOn[0]: The resource 'd' is not defined in the template", 1, true))
    assert.is_truthy(fault_of { resource("a", {}) }:find("the id or name of a resource", 1, true))
  end)
end)
