local azureml = require "azureml"
local json = require "azureml.json"
local what_if = require "azureml.what_if"

describe("the answer to a what-if", function()
  it("becomes a list of changes with their fields", function()
    local list = what_if.of({ status = "Succeeded", properties = { changes = {
      { resourceId = "/s/computes/ci-ann", changeType = "Modify", before = { a = 1 }, delta = {
        { path = "tags", propertyChangeType = "Modify", before = json.null, children = {
          { path = "a", propertyChangeType = "Create", before = json.null, after = "b" } } },
        { path = "sku", propertyChangeType = "Delete", before = "x", children = json.null } } },
      { resourceId = "/s/computes/ci-bob", changeType = "Ignore" },
    } } }, "d1")
    assert.equal("d1", list.name)
    assert.same({ id = "/s/computes/ci-ann", name = "ci-ann", change = "Modify",
      before = { a = 1 }, fields = {
        { path = "tags.a", change = "Create", to = "b" },
        { path = "sku", change = "Delete", from = "x" } } }, list[1])
    assert.same({ "ci-bob", "Ignore", {} }, { list[2].name, list[2].change, list[2].fields })
  end)

  it("is an error where the service tells one, or nothing", function()
    local _, err = azureml.try(what_if.of,
      { status = "Failed", error = { code = "InvalidTemplate", message = "broken" } }, "d1")
    assert.same({ "InvalidTemplate", "cannot tell what would change by d1: broken" },
      { err.code, err.message })
    for _, answer in ipairs { {}, { properties = { changes = "x" } } } do
      assert.equal("InvalidReply", select(2, azureml.try(what_if.of, answer, "d1")).code)
    end
  end)

  it("knows which fields may be secrets", function()
    assert.is_true(what_if.is_secret { path = "properties.properties.setupScripts.scripts" })
    assert.is_true(what_if.is_secret { path = "properties.properties.customServices" })
    assert.is_false(what_if.is_secret { path = "properties.properties.vmSize" })
  end)
end)
