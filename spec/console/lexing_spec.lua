local lexing = require "azureml.console.lexing"

describe("a text of Lua", function()
  it("has long strings and comments, open ones too", function()
    assert.equal(6, lexing.behind_long("[[a]] b", 1))
    assert.equal(13, lexing.behind_long("[==[ ]] ]==] b", 1))
    assert.equal(7, lexing.behind_long("[[open", 1))
    assert.is_nil(lexing.behind_long("[a]", 1))
    assert.equal(8, lexing.behind_comment("--[[a]] b", 1))
    assert.equal(5, lexing.behind_comment("-- b\nc", 1))
    assert.is_nil(lexing.behind_comment("- - b", 1))
  end)

  it("has strings in quotes, open ones too", function()
    assert.same({ "it\\'s", 8 }, { lexing.read_string("'it\\'s' x", 1) })
    assert.same({ n = 2, "open", nil }, table.pack(lexing.read_string("\"open", 1)))
    assert.is_nil(lexing.read_string("x", 1))
  end)
end)
