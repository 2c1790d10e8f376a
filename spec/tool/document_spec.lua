local core = require "azureml.core"
local documents = require "azureml.tool.document"
local json = require "azureml.json"

describe("a document", function()
  local reader = documents.reader { "name", "tags", "p.state" }
  local name, tags, state = reader:member "name", reader:member "tags", reader:member "p.state"
  local other = reader:member "p.other"

  it("is not decoded for the members that its reader reads", function()
    local document = reader:read '{"name":"ann","tags":{"a":"b"},"p":{"state":null}}'
    assert.same({ "ann", { a = "b" } }, { name(document), tags(document), state(document) })
    assert.is_nil(core.document.raw(document))
  end)

  it("is decoded for another member, and for a value of another kind", function()
    local document = reader:read '{"name":5,"p":{"other":"x"}}'
    assert.equal(5, name(document))
    assert.equal("x", other(document))
    assert.same({ name = 5, p = { other = "x" } }, documents.raw(document))
    assert.equal(documents.raw(document), core.document.raw(document))
    assert.is_nil(core.document.member(document, 1))
  end)

  it("once decoded shows what a script does to the decoded value", function()
    local document = reader:read '{"name":"ann","p":{"state":"Running"}}'
    documents.raw(document).name = "bob"
    documents.raw(document).p = nil
    assert.equal("bob", name(document))
    assert.is_nil(state(document))
  end)

  it("is read as lua-cjson reads it where the scan refuses the text", function()
    assert.equal("\xff", name(reader:read '{"name":"\xff"}'))
    assert.equal("a\nb", name(reader:read '{"name":"a\nb"}'))
    assert.same({ 1 }, documents.raw(reader:read "[1]"))
    assert.is_nil(reader:read '{"name":')
    assert.is_nil(reader:read "")
  end)

  it("may hold any decoded value", function()
    for _, value in ipairs { 5, "x", true, json.null } do
      assert.is_nil(name(documents.of(value)))
      assert.equal(value, documents.raw(documents.of(value)))
      assert.is_nil(core.document.text(documents.of(value)))
    end
    assert.equal("ann", name(documents.of { name = "ann" }))
  end)
end)
