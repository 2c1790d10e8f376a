--- The formats of results: cli/output.lua, cli/formats.lua, cli/view.lua, cli/sorting.lua and
--- cli/yaml.lua.
local azureml = require "azureml"
local json = require "azureml.json"
local output = require "azureml.cli.output"
local query = require "azureml.cli.query"
local view = require "azureml.cli.view"

local ITEMS = {
  { name = "ann", n = 10, inner = { a = "x, y" }, flag = true, list = json.array {} },
  { name = "bob", n = 9, inner = { a = 'say "hi"\tthere' }, flag = false, empty = json.null },
  { name = "cleo", inner = { a = "no: yes|" } },
}
local COLUMNS = {
  { title = "Name", key = "name" },
  { title = "Double", key = function(item) return item.n and item.n * 2 end, field = "n" },
  { title = "Loud name", key = function(item) return item.name:upper() end },
}

-- Print items; return what was printed.
local function printed(args, fields)
  local lines, own_print = {}, print
  _G.print = function(text) lines[#lines + 1] = text .. "\n" end      -- luacheck: ignore
  fields.items = fields.items or ITEMS
  local ok, err = pcall(output.print, args, view.new(fields))
  _G.print = own_print      -- luacheck: ignore
  if not ok then error(err, 0) end
  return table.concat(lines)
end

local function of(format, more)
  local args = { output = format }
  for name, value in pairs(more or {}) do args[name] = value end
  return printed(args, { columns = COLUMNS })
end

describe("results", function()
  it("are a table for people", function()
    assert.equal("Name  Double  Loud name\nann       20  ANN\nbob       18  BOB\n"
      .. "cleo       -  CLEO\n", of "table")
  end)

  it("are rows for programs: the record's own values under their names", function()
    assert.equal("ann\t10\tANN\nbob\t9\tBOB\ncleo\t\tCLEO\n", of "tsv")
    assert.equal("name,n,loud_name\nann,10,ANN\nbob,9,BOB\ncleo,,CLEO\n", of "csv")
  end)

  it("quote what csv needs, and keep tsv to its columns", function()
    local columns = { columns = { "name", "inner.a" } }
    assert.equal('name,inner.a\nann,"x, y"\nbob,"say ""hi""\tthere"\ncleo,no: yes|\n',
      of("csv", columns))
    assert.matches('bob\tsay "hi" there\n', of("tsv", columns))
  end)

  it("are Markdown, with its bars escaped", function()
    assert.equal("| name | inner.a |\n| --- | --- |\n", of("markdown",
      { columns = { "name", "inner.a" } }):match "^.-\n.-\n")
    assert.matches("| cleo | no: yes\\| |\n$", of("markdown", { columns = { "name", "inner.a" } }))
  end)

  it("are JSON, a line for each with jsonl, and selected members", function()
    assert.equal('[{"n":10,"name":"ann"},{"n":9,"name":"bob"},{"n":null,"name":"cleo"}]\n',
      of("json", { columns = { "n", "name" } }))
    assert.equal('{"name":"ann"}\n{"name":"bob"}\n{"name":"cleo"}\n',
      of("jsonl", { columns = { "name" } }))
    assert.equal("[]\n", printed({ output = "json" }, { items = {} }))
  end)

  it("are YAML that other programs read", function()
    local is_there, lyaml = pcall(require, "lyaml")
    if not is_there then return pending "lua-yaml is not installed" end
    local value = {
      text = "plain text", yes = "yes", number = "12", colon = "a: b", quote = "it's \"x\"",
      line = "a\nb", empty = "", list = { "a", { b = 1, c = { "d" } }, { { "e" } } },
      nothing = {}, n = 1.5, flag = true, ["odd key:"] = "x", dash = "- x",
    }
    local text = printed({ output = "yaml" }, { items = { value }, is_object = true })
    assert.same(value, lyaml.load(text))
  end)

  it("are names alone, or nothing", function()
    assert.equal("ann\nbob\ncleo\n", of "name")
    assert.equal("", of "none")
  end)

  it("are sorted by fields, absent ones last in both directions", function()
    local function sorted(...)
      return of("name", { sort = { ... } }):gsub("\n", " ")
    end
    assert.equal("bob ann cleo ", (sorted { field = "n" }))
    assert.equal("ann bob cleo ", (sorted { field = "n", descending = true }))
    assert.equal("cleo bob ann ", (sorted { field = "name", descending = true }))
    assert.equal("bob ann cleo ", (sorted({ field = "flag" }, { field = "name" })))
  end)

  it("of a query are a table of its members, of columns, or of values", function()
    local function queried(expression, format)
      return of(format or "table", { query = query.compile(expression) })
    end
    assert.equal("Z     A\nann  10\nbob   9\n", queried "[?n].{Z: name, A: n}")
    assert.equal("Column1  Column2\nann           10\n", queried "[:1].[name, n]")
    assert.equal("Result\nann\nbob\ncleo\n", queried "[].name")
    assert.equal("ann\n", queried "[0].name")
    assert.equal('"ann"\n', queried("[0].name", "json"))
    assert.equal("null\n", queried("[0].nothing", "json"))
    assert.equal("", queried "[0].nothing")
    assert.equal("Field  Value\nname   ann\nn      10\n", queried "[0].{name: name, n: n}")
    assert.equal("ann\t10\n", queried("[0].{name: name, n: n}", "tsv"))
    assert.equal("3\n", queried("length(@)", "tsv"))
  end)

  it("of az are indented JSON in the order of the query", function()
    assert.equal('[\n  {\n    "z": "ann",\n    "a": []\n  }\n]\n', of("json",
      { is_az = true, query = query.compile "[:1].{z: name, a: list}" }))
  end)

  it("of one object are its fields, without empty ones unless they are chosen", function()
    local one = { items = { { b = "x", a = {}, c = { d = 1 } } }, is_object = true }
    assert.equal('Field  Value\nb      x\nc      {"d":1}\n', printed({ output = "table" }, one))
    one.columns = nil
    assert.equal("Field  Value\nc.d    1\ne      -\n",
      printed({ output = "table", columns = { "c.d", "e" } },
        { items = one.items, is_object = true, fields = { c = true, e = true } }))
  end)

  for _, row in ipairs {
    { { output = "table", columns = { "nmae" } },
      "--columns: there is no field 'nmae'; did you mean name?" },
    { { output = "json", sort = { { field = "m" } } }, "--sort: there is no field 'm' (known: " },
    { { output = "name", columns = { "name" } }, "-o name prints names alone" },
  } do
    it("refuse " .. row[2], function()
      local _, err = azureml.try(printed, row[1], {})
      assert.equal("Usage", err.code)
      assert.is_truthy(err.message:find(row[2], 1, true), err.message)
    end)
  end

  it("without a name are refused with -o name", function()
    local _, err = azureml.try(printed, { output = "name" }, { items = { { a = 1 } } })
    assert.equal("-o name: these results have no name", err.message)
  end)
end)
