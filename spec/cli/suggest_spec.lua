local suggest = require "azureml.cli.suggest"

describe("a suggestion", function()
  for _, row in ipairs {
    { "strat", "start", 1 }, { "start", "start", 0 }, { "", "stop", 4 }, { "lst", "list", 1 },
    { "kitten", "sitting", 3 },
  } do
    it(("counts %d edits from '%s' to '%s'"):format(row[3], row[1], row[2]), function()
      assert.equal(row[3], suggest.distance(row[1], row[2]))
      assert.equal(row[3], suggest.distance(row[2], row[1]))
    end)
  end

  local COMMANDS = { "start", "restart", "stop", "list", "login", "logout", "delete" }

  for word, expected in pairs {
    strat = "start", stopp = "stop", restrat = "restart", del = "delete", lits = "list",
    logon = "login", START = "start", frobnicate = "", x = "",
  } do
    it(("for '%s' is '%s'"):format(word, expected), function()
      assert.equal(expected, table.concat(suggest.nearest(word, COMMANDS), " "))
    end)
  end

  it("names all words that are equally near", function()
    assert.equal("; did you mean cat or hat?", suggest.text("bat", { "hat", "cat", "dog" }))
  end)

  it("is left out for a word that is too long to be mistyped", function()
    assert.equal("", suggest.text(("a"):rep(50), { ("a"):rep(49) }))
  end)

  it("shows a short list of known words, and a long list only where no word is near", function()
    assert.equal("no x 'strat'; did you mean start? (known: start, stop)",
      suggest.unknown("no x", "strat", { "start", "stop" }))
    local many = {}
    for i = 1, 20 do many[i] = "word-" .. ("x"):rep(i) end
    assert.is_nil(suggest.unknown("no x", "word-xxy", many):find "known")
    assert.is_truthy(suggest.unknown("no x", "zebra", many):find "known: word%-x, ")
  end)
end)
