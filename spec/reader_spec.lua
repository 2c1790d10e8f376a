--- JSON read as Lua values: csrc/lua_reader.c, which azureml.json gives as decode.
local json = require "azureml.json"

local function numbered(count, format)
  local parts = {}
  for i = 1, count do parts[i] = format:format(i, i) end
  return table.concat(parts, ",")
end

describe("reading JSON", function()
  local values = {
    { "null", json.null }, { "true", true }, { "false", false }, { " \t\r\n1 ", 1 }, { "[]", {} }, { "{}", {} },
    { "0", 0 }, { "-7", -7 }, { "9223372036854775807", math.maxinteger }, { "9223372036854775808", 2.0 ^ 63 },
    { "0.5", 0.5 }, { "1e3", 1000.0 }, { "1E-2", 0.01 }, { "-1.25e+2", -125.0 },
    { '""', "" }, { '"a b"', "a b" }, { '"h\195\169"', "hé" }, { '"' .. ("x"):rep(1000) .. '"', ("x"):rep(1000) },
    { [["\"\\\/\b\f\n\r\t"]], "\"\\/\b\f\n\r\t" }, { [["1234567\"89"]], '1234567"89' }, { [["a\\"]], "a\\" },
    { [["\u0041\u00e9\u20AC"]], "Aé€" }, { [["\ud83d\ude00"]], "\u{1F600}" }, { [["\u0000"]], "\0" }, { '"\127"', "\127" },
    { '[1,[2,{"a":[null,true]}],"x"]', { 1, { 2, { a = { json.null, true } } }, "x" } },
    { '{"a":1,"b":{"a":2}}', { a = 1, b = { a = 2 } } },
    { '{"a":1,"b":2,"a":3}', { a = 3, b = 2 } },
    { '{"a":1,' .. numbered(300, '"n%d":%d') .. ',"a":2}', nil, function(value) return value.a == 2 and value.n300 == 300 end },
    { "[" .. numbered(1000, "%d") .. "]", nil, function(value) return #value == 1000 and value[129] == 129 end },
    { ("["):rep(200) .. ("]"):rep(200), nil, function(value) return #value == 1 end },
  }
  for _, row in ipairs(values) do
    it("gives what the text says: " .. row[1]:sub(1, 40), function()
      local value, fault = json.decode(row[1])
      assert.is_nil(fault)
      if row[3] then
        assert.is_true(row[3](value))
      else
        assert.same(row[2], value)
        assert.equal(math.type(row[2]), math.type(value))
      end
    end)
  end

  local faults = {
    { "", "no value at byte 1" }, { "  ", "no value at byte 3" }, { "nul", "no value at byte 1" }, { "NaN", "no value at byte 1" },
    { "Infinity", "no value at byte 1" }, { "01", "more than one value at byte 2" }, { "1.", "no value at byte 3" },
    { "-", "no value at byte 2" }, { "+1", "no value at byte 1" }, { ".5", "no value at byte 1" },
    { "0x10", "more than one value at byte 2" },
    { "1e", "no value at byte 3" }, { "1e400", "a number that is too large at byte 6" },
    { ("1"):rep(64), "a number of too many digits at byte 65" },
    { "1 2", "more than one value at byte 3" }, { "{}}", "more than one value at byte 3" }, { "1\0", "more than one value at byte 2" },
    { '"a', "a text without end at byte 3" }, { '"a\nb"', "a control character in a text at byte 3" },
    { '"a\0b"', "a control character in a text at byte 3" }, { '"\\', "a \\ with no meaning at byte 3" },
    { '"\\x"', "a \\ with no meaning at byte 3" }, { '"\\\0"', "a \\ with no meaning at byte 3" },
    { [["\u12"]], "a \\u that is no character at byte 6" }, { [["\ud800"]], "a \\u that is no character at byte 8" },
    { [["\ud800\u0041"]], "a \\u that is no character at byte 14" }, { [["\udc00"]], "a \\u that is no character at byte 8" },
    { '"\255"', "a text that is not UTF-8 at byte 2" }, { '"1234567\192\128"', "a text that is not UTF-8 at byte 9" },
    { "[1,]", "no value at byte 4" }, { "[1 2]", "no ',' or ']' in an array at byte 4" }, { "[", "no value at byte 2" },
    { "{a:1}", "no name in quotes where one should be at byte 2" }, { '{"a" 1}', "no ':' after a name at byte 6" },
    { '{"a":1,}', "no name in quotes where one should be at byte 8" }, { '{"a":1 "b":2}', "no ',' or '}' in an object at byte 8" },
    { "'a'", "no value at byte 1" }, { "\239\187\191{}", "no value at byte 1" }, { "// a\n1", "no value at byte 1" },
    { ("["):rep(250) .. ("]"):rep(250), "nested too deeply at byte 202" }, { ('{"a":'):rep(100000), "nested too deeply at byte 1006" },
  }
  for _, row in ipairs(faults) do
    it("refuses what is none, and says where: " .. row[1]:sub(1, 20):gsub("%c", "?"), function()
      local value, fault = json.decode(row[1])
      assert.is_nil(value)
      assert.equal(row[2], fault)
    end)
  end

  it("agrees with jansson on what is JSON and what it says, whatever byte of it is changed", function()
    local text = '{"a":[1,-2.5,3e2,true,null],"b":{"c":"d\\u00e9\\n","e":""},"f":"h\195\169 \\ud83d\\ude00","g":12345678901234567}'
    local bytes = { '"', "\\", "{", "}", "[", "]", ",", ":", "0", "9", "-", ".", "e", "u", "t", " ", "\n", "\1", "\127", "\195", "\255" }
    local agreed = 0
    for at = 1, #text do
      for _, byte in ipairs(bytes) do
        for _, changed in ipairs { text:sub(1, at - 1) .. byte .. text:sub(at + 1), text:sub(1, at - 1) .. byte .. text:sub(at) } do
          local ours, theirs = json.decode(changed), json.decode_exact(changed)
          assert.equal(theirs == nil, ours == nil, changed)
          if ours ~= nil then
            agreed = agreed + 1
            assert.equal(json.encode(theirs), json.encode(ours), changed)
          end
        end
      end
    end
    assert.is_true(agreed > 500)
  end)

  it("leaves nothing on the way where it ends early", function()
    collectgarbage()
    local before = collectgarbage "count"
    for _ = 1, 1000 do json.decode '{"a":["b\\n",{"c":"' end
    collectgarbage()
    assert.is_near(before, collectgarbage "count", 20)
  end)
end)
