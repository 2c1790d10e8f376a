local crypto = require("azureml.core").crypto

describe("base64", function()
  -- Source: RFC 4648, section 10.
  for bytes, text in pairs {
    [""] = "", f = "Zg==", fo = "Zm8=", foo = "Zm9v", foob = "Zm9vYg==", fooba = "Zm9vYmE=",
    foobar = "Zm9vYmFy",
    ["\xfb\xff\xfe"] = "+//+", ["\0"] = "AA==",
  } do
    local for_urls = text:gsub("[+/=]", { ["+"] = "-", ["/"] = "_", ["="] = "" })

    it(("writes %q in both alphabets, and reads all spellings of it"):format(bytes), function()
      assert.equal(text, crypto.base64(bytes))
      assert.equal(for_urls, crypto.base64url(bytes))
      for _, spelling in ipairs {
        text, for_urls, (text:gsub("=", "")), (text:gsub("[+/]", { ["+"] = "-", ["/"] = "_" }))
      } do
        assert.equal(bytes, crypto.from_base64(spelling))
      end
    end)
  end

  it("decodes what it has encoded, for all bytes and lengths", function()
    local all = {}
    for byte = 0, 255 do
      all[#all + 1] = string.char(byte)
      local bytes = table.concat(all)
      assert.equal(bytes, crypto.from_base64(crypto.base64(bytes)))
      assert.equal(bytes, crypto.from_base64(crypto.base64url(bytes)))
    end
  end)

  for _, text in ipairs {
    "A", "AAAAA", "Zg=", "Zg===", "=", "====", "Z=g=", "Zm 8", "Zm8\n", "Zm8\0", "Zm8=Zm8=",
    "Zm9v\xff", "Zm8.="
  } do
    it(("refuses %q"):format(text), function() assert.is_nil(crypto.from_base64(text)) end)
  end
end)
