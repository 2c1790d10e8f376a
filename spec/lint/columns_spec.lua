--- The check of lines' widths, with faults planted in files of its own: spec/lint/columns.lua.
local process = require "spec.process"

describe("the check of columns", function()
  local tree
  local words = ("word "):rep(19)      -- 95 columns

  before_each(function() tree = process.directory() end)
  after_each(function() process.remove(tree) end)

  local function check(name, text)
    process.write(tree .. "/" .. name, text)
    local argv = { "lua5.4", process.root .. "/spec/lint/columns.lua", name }
    local output, errors, code = process.run(argv, nil, tree)
    assert.equal("", errors)
    return output, code
  end

  local function assert_clean(name, text)
    assert.same({ "", 0 }, { check(name, text) })
  end

  local function assert_found(name, text, line, columns)
    local found = "%s:%d: %d columns, the limit is 100\n1 lines are too long\n"
    local expected = found:format(name, line, columns)
    assert.same({ expected, 1 }, { check(name, text) })
  end

  for _, name in ipairs { "a.c", "a.h", "a.lua", "a.md", "a.mk", "a.sh", "Makefile" } do
    it("accepts 100 columns and finds 101 in " .. name, function()
      assert_clean(name, words .. "12345\n")
      assert_found(name, "short\n" .. words .. "123456\n", 2, 101)
    end)
  end

  it("counts characters, not bytes", function()
    assert_clean("a.lua", words .. "ééééé\n")
    assert_found("a.lua", words .. "éééééé\n", 1, 101)
  end)

  it("lets rows of tables, code, links and single words be longer, in Markdown alone", function()
    local long = words .. words
    local exempt = {
      "| " .. long .. "|",
      "```\n" .. long .. "\n```",
      "~~~text\n" .. long .. "\n```\n" .. long .. "\n~~~",
      "\n    " .. long,
      "- [a link with words](https://example.org/" .. ("x"):rep(100) .. ")",
      "`/" .. ("path/"):rep(30) .. "`",
    }
    for _, text in ipairs(exempt) do assert_clean("a.md", text .. "\n") end
    local _, code = check("a.lua", table.concat(exempt, "\n"))
    assert.equal(1, code)
  end)

  it("finds prose behind a block of code and in an item of a list", function()
    assert_found("a.md", "```\ncode\n```\n" .. words .. "123456\n", 4, 101)
    assert_found("a.md", "- one\n    " .. words .. "12\n", 2, 101)
  end)

  it("skips files that are neither C nor Lua nor Markdown", function()
    assert_clean("a.json", words .. words .. "\n")
  end)
end)
