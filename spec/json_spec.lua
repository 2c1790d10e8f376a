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
    ["[1,2"] = "']' expected near end of file at byte 4", ['{"a":1}x'] = "end of file expected near 'x' at byte 8",
    ['"\xff"'] = "unable to decode byte 0xff near '\"' at byte 1", ["[1e400]"] = "real number overflow near '1e400' at byte 6",
    [""] = "unexpected token near end of file at byte 0", ["NaN"] = "invalid token near 'NaN' at byte 3",
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
