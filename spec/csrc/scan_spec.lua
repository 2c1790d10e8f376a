--- The scanner of JSON texts: csrc/scan.c and csrc/lua_scan.c, compared with lua-cjson.
local cjson = require "cjson"
local core = require "azureml.core"
local scan_forms = require "scan_forms"

local own = cjson.new()
own.decode_invalid_numbers(false)

local compare = dofile "spec/fuzz/scan.lua" (core, own.decode)
local member_of, text_of = core.document.member, core.document.text
local texts_of, says = core.document.texts, core.document.says

local PAGE = [[
{ "nextLink": "https:\/\/h/x?a=1", "value": [
  { "name": "ann", "tags": { "team": "vision", "a\u0041": "\uD83D\uDE00\n" }, "id": 1.5e-3,
    "p": { "type": "T", "p": { "state": "Running", "list": [ 1, [], {}, null, true, "x" ] } } },
  {}, { "name": null, "tags": null, "p": 5 },
  { "name": "é", "tags": { "n": 1 }, "p": { "p": { "state": false }, "type": ["a"] } } ] }
]]

describe("a scan", function()
  local scanner = core.scanner { "name", "tags", "p.state", "p" }

  local function read(text) return scanner:object(text) end

  -- Return what is read of a member of a text.
  local function member(text, place) return member_of(read(text), place) end

  it("reads texts, objects of texts, and what is absent or null", function()
    local document = read '{"name":"ann","tags":{"a":"b","c":""},"p":{"state":null,"x":1}}'
    assert.same({ "ann", { a = "b", c = "" }, false },
      { member_of(document, 1), member_of(document, 2), member_of(document, 3) })
    assert.is_nil(member_of(document, 4))      -- it must be decoded
    assert.equal('{"name":"ann","tags":{"a":"b","c":""},"p":{"state":null,"x":1}}',
      text_of(document))
    for place = 1, 4 do assert.is_false(member("{}", place)) end
  end)

  it("reads several texts at once, and compares one", function()
    local document = read [[{"name":"a\nb","tags":{"a":"b"},"p":{"state":"Running"}}]]
    assert.same({ n = 3, "Running", nil, "a\nb" }, table.pack(texts_of(document, 3, 2, 1)))
    assert.same({ true, false, false, false }, {
      says(document, 3, "Running"), says(document, 3, "running"), says(document, 3, "Runnin"),
      says(document, 2, "")
    })
    core.document.keep(document, {})
    assert.equal(0, select("#", texts_of(document, 3)))
    assert.is_nil((says(document, 3, "Running")))
  end)

  it("leaves other values to be decoded", function()
    for _, value in ipairs { "1", "true", "false", "[]", '["a"]', '{"a":1}', '{"a":{}}' } do
      assert.is_nil(member(('{"name":%s}'):format(value), 1))
    end
  end)

  it("decodes escapes in names and texts", function()
    local text = [[{"n\u0061me":"\"\\\/\b\f\n\r\t\u0000\u00e9\u20AC\ud83d\ude00"}]]
    assert.equal('"\\/\b\f\n\r\t\0é€😀', member(text, 1))
    assert.same({ ["a\n"] = "b" }, member([[{"tags":{"a\n":"b"}}]], 2))
  end)

  it("lets the last of two members with the same name count, with all that is in it", function()
    assert.equal("b", member('{"name":"a","name":"b"}', 1))
    assert.is_false(member('{"name":"a","name":null}', 1))
    assert.is_false(member('{"p":{"state":"a"},"p":{}}', 3))
    assert.is_false(member('{"p":{"state":"a"},"p":5}', 3))
    assert.equal("b", member('{"p":{"state":"a"},"p":{"state":"b"}}', 3))
    assert.same({ a = "2" }, member('{"tags":{"a":"1","a":"2"}}', 2))
    local items = scanner:page("value", "n", '{"value":[{"name":"a"},{}],"value":[{"name":"b"}]}')
    assert.same({ 1, "b" }, { #items, member_of(items[1], 1) })
  end)

  it("finds a member only at its place", function()
    assert.is_false(member('{"x":{"name":"a"},"p":[{"state":"b"}]}', 1))
    assert.is_false(member('{"p":[{"state":"b"}]}', 3))
    assert.is_false(member('{"nam":"a","named":"b"}', 1))
  end)

  for _, text in ipairs {
    "", " ", "5", '"a"', "[]", "null", "{", "{}}", "{} x", '{"a"}', '{"a":}', '{"a":1,}', "{,}",
    '{"a":1 "b":2}', "{a:1}", "{'a':1}", '{"a":[1,]}', '{"a":[1 2]}', '{"a":tru}', '{"a":nul}',
    '{"a":truex}', '{"a":+1}', '{"a":01}', '{"a":.5}', '{"a":1.}', '{"a":1e}', '{"a":-}',
    '{"a":0x10}', '{"a":NaN}', '{"a":Infinity}', '{"a":"b}', '{"a":"\\x"}', '{"a":"\\u12"}',
    '{"a":"\\u12G4"}', '{"a":"\\uD800"}', '{"a":"\\uDC00"}', '{"a":"\\uD800\\u0041"}',
    '{"a":"\\uD800\\uD800"}', '{"a":"\1"}', '{"a":"\n"}', '{"a":"\xff"}', '{"a":"\xC0\xAF"}',
    '{"a":"\xED\xA0\x80"}', "{}\0", '{"a":true\0}', '{"a":"\0"}', "\0", "\xEF\xBB{}", '{"a":"\xC3',
    ('{"a":'):rep(1001) .. "1" .. ("}"):rep(1001), ("{"):rep(100000), '{"a":' .. ("["):rep(100000),
  } do
    it("refuses " .. ("%q"):format(text:sub(1, 30)), function()
      assert.is_nil(read(text))
      assert.is_nil((scanner:page("value", "nextLink", text)))
    end)
  end

  it("takes what is nested 1,000 deep, all numbers and blanks, and a byte order mark", function()
    assert.equal("a", member(('{"name":"a","x":%s1%s}'):format(("["):rep(999), ("]"):rep(999)), 1))
    for _, number in ipairs { "0", "-0", "10", "1.5", "-1.5e10", "1E+2", "2e-3", "1e400" } do
      assert.equal("a", member(('{"x":%s,"name":"a"}'):format(number), 1))
    end
    assert.equal("a", member(' \t\r\n{ "x" : [ 1 , 2 ] , "name" : "a" } \n', 1))
    assert.equal("a", member('\xEF\xBB\xBF{"name":"a"}', 1))
  end)

  it("gives the items of a page with their texts, and the link", function()
    local page = '{"value":[{"name":"a"}, {"name":"b"} ],"next":"u\\/v"}'
    local items, link = scanner:page("value", "next", page)
    assert.same({ '{"name":"a"}', '{"name":"b"}' }, { text_of(items[1]), text_of(items[2]) })
    assert.equal("u/v", link)
    assert.same({ {} }, { scanner:page("value", "next", '{"value":[]}') })
    assert.is_nil(select(2, scanner:page("value", "next", '{"value":[],"next":null}')))
  end)

  for _, text in ipairs {
    "{}", '{"value":{}}', '{"value":null}', '{"value":[1]}', '{"value":[null]}', '{"value":[{},]}',
    '{"value":[[]]}', '{"value":[{}]', '{"value":[{"a"}]}',
  } do
    it("takes no page from " .. text, function()
      assert.is_nil((scanner:page("value", "nextLink", text)))
    end)
  end

  it("of a long page has room for all items", function()
    local list = {}
    for i = 1, 1000 do list[i] = ('{"name":"n%d"}'):format(i) end
    local text = ('{"value":[%s]}'):format(table.concat(list, ","))
    local items = scanner:page("value", "nextLink", text)
    assert.same({ 1000, "n1", "n1000" },
      { #items, member_of(items[1], 1), member_of(items[1000], 1) })
  end)

  it("reads nothing otherwise than lua-cjson, whatever is done to a page", function()
    local bytes = { '"', "\\", "{", "}", "[", "]", ",", ":", "0", "n", " ", "\xC3", "\0", "u" }
    local state = 1
    local function random(most)
      state = (state * 1103515245 + 12345) & 0x7FFFFFFF
      return state // 65536 % most + 1
    end
    local function changed(text)
      local from = random(#text)
      local to = from + random(4) - 2
      return text:sub(1, from - 1) .. bytes[random(#bytes)] .. text:sub(to + 1)
    end
    local taken = 0
    assert.is_nil(compare(PAGE, true))
    for _ = 1, 3000 do
      local text = changed(random(2) == 1 and changed(PAGE) or PAGE)
      local fault = compare(text, false)
      assert.is_nil(fault, fault and fault .. " in " .. text)
      assert.is_true(scan_forms.agree(text), text)
      if scanner:object(text) then taken = taken + 1 end
    end
    assert.is_true(taken > 300)
  end)

  -- A block is 16 bytes, or 8 without SSE2.
  it("sees a special byte at every place of a block", function()
    for _, special in ipairs { "\\n", "\\u0041", "\u{E9}", "\u{20AC}", "\u{10FFFF}", "\x7F" } do
      for before = 0, 40 do
        local said = ("a"):rep(before) .. special .. ("b"):rep(40 - before)
        local text = ('{"name":"%s","x":"%s"}'):format(said, said)
        assert.equal(own.decode(text).name, member(text, 1))
        assert.is_true(scan_forms.agree(text))
      end
    end
    for byte = 0, 255 do
      if byte < 0x20 or byte >= 0x80 or byte == 0x22 or byte == 0x5C then
        for before = 0, 40 do
          local said = ("a"):rep(before) .. string.char(byte) .. ("z"):rep(40 - before)
          local text = ('{"name":"%s"}'):format(said)
          assert.is_nil(read(text))
          assert.is_true(scan_forms.agree(text))
        end
      end
    end
  end)

  it("refuses a member that no path of the scanner leads to", function()
    for _, place in ipairs { 0, 5, -1, math.mininteger } do
      assert.is_false((pcall(member, "{}", place)))
      assert.is_false((pcall(texts_of, read "{}", 1, place)))
      assert.is_false((pcall(says, read "{}", place, "")))
    end
    assert.is_false((pcall(member_of, scanner, 1)))
    assert.is_false((pcall(member_of, {}, 1)))
  end)

  it("needs short paths", function()
    for _, paths in ipairs {
      {}, { "" }, { "a.b.c.d.e" }, { ("a"):rep(64) }, { ("a."):rep(600) },
    } do
      assert.is_false((pcall(core.scanner, paths)))
    end
  end)
end)
