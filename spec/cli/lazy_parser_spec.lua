local argparse = require "argparse"
local lazy_parser = require "azureml.cli.lazy_parser"

-- Declare a command's options of every kind.
local function declare(parser)
  parser:flag("-h --help", "help")
  parser:argument("names", "names"):args "*"
  parser:option("-n --name", "a name"):argname("NAME"):count "*"
  parser:option("--tags", "tags"):args "*"
  parser:option("--no-sso --off", "text"):target "sso"
  parser:option("--size", "size"):default "small"
  parser:option("--limit", "n"):convert(function(text)
    return tonumber(text), ("--limit: '%s' is not a number"):format(text)
  end)
  parser:flag("-v --verbose", "more")
  parser:flag("-y --yes", "yes")
end

describe("a lazy parser", function()
  local function both(...)
    local lazy, whole = lazy_parser.new "try", argparse("try"):add_help(false)
    declare(lazy)
    declare(whole)
    return { lazy:pparse { ... } }, { whole:pparse { ... } }
  end

  for _, words in ipairs {
    {}, { "a", "b" }, { "-n", "x", "a", "--name", "y" }, { "--size", "big" }, { "--size=big", "a" },
    { "-yv" }, { "-nx" }, { "--tags", "a=b", "c=d" }, { "--limit", "3" }, { "--limit", "x" },
    { "--off", "1" }, { "--unknown" }, { "-z" }, { "--", "--size", "-n" }, { "--limit" },
    { "--size", "big", "--size", "small" }, { "--verbose=1" }, { "-v", "--help" },
  } do
    it(("reads '%s' as argparse does"):format(table.concat(words, " ")), function()
      local lazy, whole = both(table.unpack(words))
      if not lazy[1] then lazy[2], whole[2] = lazy[2]:match "^[^\n]+", whole[2]:match "^[^\n]+" end
      assert.same(whole, lazy)
    end)
  end

  it("keeps to required options and to those that exclude each other", function()
    local function messages(parser, words)
      parser:option("--must", "x"):count "1"
      parser:mutex(parser:flag("--one", "x"), parser:flag("--two", "y"))
      return select(2, parser:pparse(words))
    end
    for _, words in ipairs { {}, { "--must", "1", "--one", "--two" } } do
      assert.equal(messages(argparse("try"):add_help(false), words),
        messages(lazy_parser.new "try", words))
    end
  end)

  it("names the option whose value is wrong, unless the message names one", function()
    local function message_of(text)
      local parser = lazy_parser.new "try"
      parser:option("-l --limit", "n"):convert(function() return nil, text end)
      return select(2, parser:pparse { "-l", "x" }):match "^[^\n]+"
    end
    assert.equal("--limit: 'x' is not a number", message_of "'x' is not a number")
    assert.equal("--limit needs a number", message_of "--limit needs a number")
  end)

  it("lists the names of its options", function()
    local parser = lazy_parser.new "try"
    declare(parser)
    parser:option("--secret", "hidden"):hidden(true)
    assert.equal("-h --help -n --name --tags --no-sso --off --size --limit -v --verbose -y --yes",
      table.concat(parser:option_names(), " "))
  end)
end)
