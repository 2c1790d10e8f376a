local json = require "azureml.json"

describe("JSON that is read as it was written", function()
  it("comes out as it went in: empty lists, empty objects, integers, nulls", function()
    local text = '{"a":[],"b":{},"c":9007199254740993,"d":0.1,"e":null,"f":[[],{}],"g":"\\u00e9"}'
    local value = json.decode_exact(text)
    assert.equal((text:gsub("\\u00e9", "é")), json.encode(value))
    assert.same({ true, false }, { json.is_array(value.a), json.is_array(value.b) })
    assert.same({ "integer", "float" }, { math.type(value.c), math.type(value.d) })
    assert.equal(json.null, value.e)
  end)

  for text, why in pairs {
    ["[1,2"] = "']' expected near end of file at byte 4",
    ['{"a":1}x'] = "end of file expected near 'x' at byte 8",
    ['"\xff"'] = "unable to decode byte 0xff near '\"' at byte 1",
    ["[1e400]"] = "real number overflow near '1e400' at byte 6",
    [""] = "unexpected token near end of file at byte 0",
    ["NaN"] = "invalid token near 'NaN' at byte 3",
    [("["):rep(250) .. ("]"):rep(250)] = "nested too deeply",
  } do
    it("is refused, with the place: " .. why, function()
      local value, fault = json.decode_exact(text)
      assert.is_nil(value)
      assert.equal(why, fault)
    end)
  end

  it("is refused where it nests without end", function()
    assert.is_nil((json.decode_exact(("["):rep(1000000))))
    assert.is_nil((json.decode_exact(('{"a":'):rep(100000))))
  end)
end)

describe("JSON", function()
  it("is read after a byte order mark, in each of the ways to read it, and after no other bytes",
    function()
    local text = '\xEF\xBB\xBF{"a":1}'
    assert.same({ a = 1 }, json.decode(text))
    assert.same({ a = 1 }, json.decode_exact(text))
    assert.equal('{"a":1,"b":2}', json.merge(text, { b = 2 }))
    for _, other in ipairs { "\xEF\xBB{}", "\xEF\xBB\xBF\xEF\xBB\xBF{}", "\xEF\xBB\xBF", "\xEF" } do
      assert.is_nil((json.decode(other)))
      assert.is_nil((json.decode_exact(other)))
    end
  end)

  it("is read with a replacement for half a surrogate pair", function()
    for text, expected in pairs {
      ['"a\\udcffb"'] = "a\u{FFFD}b", ['"\\ud83d\\ude00"'] = "\u{1F600}",
      ['"\\ud83d\\ude00\\ud83d"'] = "\u{1F600}\u{FFFD}", ['"\\uDE00\\uD83D"'] = "\u{FFFD}\u{FFFD}",
      ['"\\\\udcff\\udcff"'] = "\\udcff\u{FFFD}", ['"\\\\\\udcff\\n"'] = "\\\u{FFFD}\n",
    } do
      assert.equal(expected, json.decode(text), text)
    end
    assert.is_nil((json.decode '"\\udcff'))
    assert.is_nil((json.decode '"\\ud83"'))
  end)

  it("in_utf8: a copy that can be written, whatever the bytes of its texts", function()
    local value = { "\xFF", "a\xE2\x82b\xED\xA0\x80", "h\u{E9}\u{20AC}", { ["k\x80"] = 1 },
      json.array {}, json.null, 2, true }
    assert.equal('["\u{FFFD}","a\u{FFFD}\u{FFFD}b\u{FFFD}\u{FFFD}\u{FFFD}","h\u{E9}\u{20AC}",'
      .. '{"k\u{FFFD}":1},[],null,2,true]', json.encode(json.in_utf8(value)))
    assert.equal("\xFF", value[1])
    assert.equal("", json.in_utf8 "")
    assert.is_nil(json.in_utf8(nil))
  end)

  it("without_nulls: a copy without null members and items, however deep", function()
    local value = json.decode(
      '{"a":null,"b":{"c":null,"d":[null,1,null,{"e":null}]},"f":false,"g":"x"}')
    assert.same({ b = { d = { 1, {} } }, f = false, g = "x" }, json.without_nulls(value))
    assert.equal(json.null, value.a)
    assert.is_nil(json.without_nulls(json.null))
    assert.is_nil(json.without_nulls(nil))
    assert.same({ 1, "x", false }, { json.without_nulls(1), json.without_nulls "x",
      json.without_nulls(false) })
  end)

  it("gives nil and what is wrong for a text that is none", function()
    for _, text in ipairs { "", "{", "nope", "[1,]", "{} {}", "NaN" } do
      local value, fault = json.decode(text)
      assert.is_nil(value, text)
      assert.is_string(fault, text)
    end
  end)

  it("survives a read-modify-write: integers, empty arrays, nulls and unknown members", function()
    local text = '{"big":9007199254740993,"list":[],"nothing":null,"object":{},"text":"a/b",'
      .. '"tags":{"team":"vision"}}'
    local merged = json.merge(text, { tags = { team = "speech" } })
    assert.equal('{"big":9007199254740993,"list":[],"nothing":null,"object":{},'
      .. '"tags":{"team":"speech"},"text":"a/b"}', merged)
  end)

  it("encodes empty arrays where they are said to be arrays", function()
    assert.equal("[]", json.encode(json.array {}))
    assert.equal("{}", json.encode {})
    assert.equal("[1,2]", json.encode { 1, 2 })
    assert.equal('{"a":null}', json.encode { a = json.null })
    assert.equal('{"n":12345678901234567}', json.encode { n = 12345678901234567 })
  end)

  it("get and getter: a member at any depth, nil where a parent is absent or null", function()
    local value = json.decode '{"a":{"b":{"c":1}},"n":null,"s":"x","f":false}'
    for _, row in ipairs {
      { 1, value, "a", "b", "c" }, { nil, value, "a", "x", "c" }, { nil, value, "n" },
      { nil, value, "n", "b" }, { nil, value, "s", "len" },
      { nil, nil, "a" }, { false, value, "f" }, { value, value },
    } do
      local expected, from = row[1], row[2]
      assert.equal(expected, json.get(from, table.unpack(row, 3)))
      assert.equal(expected, json.getter(table.unpack(row, 3))(from))
    end
  end)
end)

describe("JSON that is written", function()
  for text, value in pairs {
    ['{"a":[],"b":{},"c":null}'] = { a = json.array {}, b = {}, c = json.null },
    ["[1,2,null]"] = { 1, 2, json.null },
    ['{"a":1,"b":1.5,"c":0.073,"d":1e+20,"e":-1.25e-07,"f":100,"g":9223372036854775807}'] = {
      a = 1, b = 1.5, c = 0.073, d = 1e20, e = -1.25e-7, f = 100.0, g = math.maxinteger,
    },
    ['["\\u0000\\b\\f\\n\\r\\t\\"\\\\/\\u001Fé"]'] = { "\0\b\f\n\r\t\"\\/\x1fé" }, ["0"] = -0.0,
    ["true"] = true, ["null"] = json.null,
  } do
    it("is " .. text, function() assert.equal(text, json.encode(value)) end)
  end

  it("escapes each byte that needs it, wherever it stands among plain ones", function()
    for byte = 0, 127 do
      for place = 0, 17 do
        local text = ("a"):rep(place) .. string.char(byte) .. ("b"):rep(19)
        assert.equal(text, json.decode(json.encode { text })[1])
      end
    end
  end)

  it("has its members in order, however many there are, and all numbers as they were", function()
    local many, keys = {}, {}
    for i = 1, 1000 do
      many["k" .. i] = i / 7
      keys[i] = '"k' .. i .. '"'
    end
    table.sort(keys)
    local text, found = json.encode(many), {}
    for key in text:gmatch '"k%d+"' do found[#found + 1] = key end
    assert.same(keys, found)
    assert.same(many, json.decode_exact(text))
  end)

  local deep = {}
  for _ = 1, 300 do deep = { deep } end

  for why, value in pairs {
    ["a string that is not UTF-8"] = { a = { "\xc0\x80" } },
    ["a key that is not UTF-8"] = { ["\xff"] = 1 },
    ["a number that is not finite"] = { 0 / 0 }, ["function"] = { print },
    ["a table nested too deeply"] = deep,
    ["an array with holes or text keys"] = json.array { a = 1 },
    ["a table that is neither a sequence nor has only text keys"] = { [true] = 1 },
  } do
    it("is not " .. why, function()
      assert.error_matches(function() json.encode(value) end,
        "bad argument #1: " .. why .. " cannot be written as JSON", 1, true)
      assert.equal("{}", json.encode {})      -- what an error left behind is gone
    end)
  end

  it("is printable: nothing in it acts on a terminal, and its value stays the same", function()
    local value = { "\27[31m", "\u{9b}31m", "\u{202e}x", "\u{2066}", "\127", "grüße €" }
    local text = json.printable(json.encode(value))
    assert.same(value, json.decode(text))
    assert.matches("grüße €", text)
    assert.is_nil(text:find "[\27\127]")
    for _, char in ipairs { "\u{9b}", "\u{202e}", "\u{2066}" } do
      assert.is_nil(text:find(char, 1, true))
    end
  end)
end)
