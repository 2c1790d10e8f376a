local help = require "azureml.console.help"

describe("the layout of help", function()
  it("breaks a text between words", function()
    assert.same({ "one two", "three", "four" }, help.wrap("one two  three\nfour", 7))
    assert.same({}, help.wrap("", 7))
  end)

  it("gives a word that is too long a line of its own", function()
    assert.same({ "a", "tremendous", "word" }, help.wrap("a tremendous word", 6))
  end)

  it("puts labels on the left and their wrapped texts in one column", function()
    assert.equal(table.concat({
      "  -v          print the",
      "              version",
      "  --nothing   do nothing",
      "              at all",
    }, "\n"), help.list({
      { "-v", "print the version" },
      { "--nothing ", "do nothing at all" },
    }, 24))
  end)

  it("puts a long label on a line of its own", function()
    local long = "--" .. ("x"):rep(40)
    assert.equal(("  -v  the version\n  %s\n      a text"):format(long),
      help.list({ { "-v", "the version" }, { long, "a text" } }, 80))
  end)

  it("says where the texts begin", function()
    assert.equal(2 + 9 + 2, help.margin { "-v", "--nothing" })
    assert.equal(2 + 2 + 2, help.margin { "-v", ("x"):rep(60) })
  end)

  it("is never narrower than can be read", function()
    assert.is_true(help.width(1) >= 40)
  end)
end)
