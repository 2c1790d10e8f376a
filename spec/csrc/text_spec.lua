--- Short texts: csrc/text.c.
local text = require "pure".text

describe("text_copy and text_format", function()
  it("give a text of one's own", function()
    assert.equal("abc", text.copy("abc"))
    assert.is_nil(text.copy(nil))
    assert.equal("<" .. ("x"):rep(5000) .. ">", text.format(("x"):rep(5000)))
  end)
end)

describe("text_set", function()
  it("replaces, empties and fills a slot", function()
    assert.equal("new", text.set("old", "new"))
    assert.is_nil(text.set("old", nil))
    assert.equal("new", text.set(nil, "new"))
  end)

  it("may be given a part of the text that it replaces", function()
    assert.equal("tail", text.set("head and tail", nil, 9))
    assert.equal("same", text.set("same", nil, 0))
  end)
end)

describe("text_wipe", function()
  it("takes a text, an empty one, or none", function()
    assert.has_no.errors(function()
      text.wipe("secret")
      text.wipe("")
      text.wipe(nil)
    end)
  end)
end)

describe("text_equal", function()
  for _, row in ipairs {
    { "Location", "location", true },
    { "AZaz09-", "azAZ09-", true },
    { "", "", true },
    { "a", "ab", false },
    { "ab", "a", false },
    { "[", "{", false },          -- 0x5B and 0x7B differ by the bit that tells case
    { "@", "`", false },
    { "É", "é", false },          -- only ASCII has case here
    { nil, nil, true },
    { nil, "", false },
    { "", nil, false }
  } do
    it(("says %s of %s and %s"):format(row[3], tostring(row[1]), tostring(row[2])), function()
      assert.equal(row[3], text.equal(row[1], row[2]))
    end)
  end
end)

describe("text_starts", function()
  for _, row in ipairs {
    { "HTTPS://x", "https://", true },
    { "http", "https", false },
    { "abc", "", true },
    { "", "a", false },
    { "xhttps", "https", false }
  } do
    it(("says %s of '%s' and '%s'"):format(row[3], row[1], row[2]), function()
      assert.equal(row[3], text.starts(row[1], row[2]))
    end)
  end
end)

describe("text_ends", function()
  for _, row in ipairs {
    { "RSA PRIVATE KEY", "PRIVATE KEY", true },
    { "PRIVATE KEY", "PRIVATE KEY", true },
    { "PRIVATE KEY ", "PRIVATE KEY", false },
    { "private key", "PRIVATE KEY", false },
    { "KEY", "PRIVATE KEY", false },
    { "abc", "", true }
  } do
    it(("says %s of '%s' and '%s'"):format(row[3], row[1], row[2]), function()
      assert.equal(row[3], text.ends(row[1], row[2]))
    end)
  end
end)

describe("text_plain", function()
  local function is_plain(byte)
    return byte > 0x20 and byte < 0x7F and not ('"\\'):find(string.char(byte), 1, true)
  end

  it("counts what is plain up to the first byte that is not, wherever that stands", function()
    for byte = 0, 255 do
      for place = 0, 23 do
        local bytes = ("a"):rep(place) .. string.char(byte) .. ("~!"):rep(10)
        assert.equal(is_plain(byte) and #bytes or place, text.plain(bytes), byte)
      end
    end
    assert.equal(0, text.plain(""))
  end)
end)

describe("text_has_control", function()
  it("finds each control character and no other byte", function()
    for byte = 0, 255 do
      assert.equal(byte < 0x20 or byte == 0x7F, text.has_control("a" .. string.char(byte) .. "b"),
        byte)
    end
    assert.is_false(text.has_control(""))
  end)
end)

describe("text_is_text", function()
  for _, row in ipairs {
    { "plain\tand\r\nlines", true },
    { "", true },
    { "naïve 日本 \u{1F600} \u{10FFFF}", true },
    { "nul\0", false },
    { "escape \27[2J", false },
    { "C1 \u{9B}2J", false },
    { "\xE9t\xE9", false },               -- Latin-1
    { "cut \xE6\x97", false },
    { "\xC0\xAF", false },                -- '/' in more bytes than need be
    { "\xE0\x80\xAF", false },
    { "\xF0\x80\x80\xAF", false },
    { "\xED\xA0\x80", false },            -- a surrogate
    { "\xF4\x90\x80\x80", false },        -- beyond U+10FFFF
    { "\xFF", false },
    { "\x80", false }
  } do
    it(("says %s of %q"):format(row[2], row[1]), function()
      assert.equal(row[2], text.is_text(row[1]))
    end)
  end
end)

describe("text_is_token", function()
  for _, row in ipairs {
    { "eyJ0.e30.c2ln", true }, { "!~", true }, { "", false }, { nil, false }, { "a b", false },
    { "a\r\nX: y", false }, { "a\127", false },
    { "\u{E9}", false },
  } do
    it(("of %q: %s"):format(row[1] or "nothing", row[2]), function()
      assert.equal(row[2], text.is_token(row[1]))
    end)
  end
end)

describe("text_line", function()
  for _, row in ipairs {
    { "plain", "plain" },
    { "", "" },
    { " \r\n\t ", "" },
    { "  two \r\n\r\n lines\t", "two lines" },
    { "a\0b\27[2Jc\127d", "a b [2Jc d" },
    { "C1 \u{85}\u{9B}2J", "C1 2J" },
    { "no\u{A0}break", "no\u{A0}break" },
    { "日本 \u{1F600}", "日本 \u{1F600}" },
    { "\xE9t\xE9", "?t?" },
    { "cut \xE6\x97", "cut ??" }
  } do
    it(("makes %q of %q"):format(row[2], row[1]), function()
      assert.equal(row[2], text.line(row[1], 100))
    end)
  end

  it("cuts between characters and says so", function()
    for max = 3, 40 do
      local line = text.line(("日"):rep(100), max)
      assert.is_true(#line <= max, max)
      assert.equal("...", line:sub(-3))
      assert.truthy(utf8.len(line), max)
    end
    assert.equal(("x"):rep(97) .. "...", text.line(("x"):rep(1000), 100))
    assert.equal("aaaa...", text.line("aaaa " .. ("b"):rep(1000), 8))
  end)

  it("never ends beyond its bound, whatever comes", function()
    math.randomseed(7)
    for _ = 1, 2000 do
      local bytes = {}
      for i = 1, math.random(0, 60) do bytes[i] = string.char(math.random(0, 255)) end
      local line = text.line(table.concat(bytes), 20)
      assert.is_true(#line <= 20)
      assert.truthy(utf8.len(line))
      assert.is_false(text.has_control(line))
      assert.is_nil(line:find("^ ") or line:find(" $") or line:find("  ", 1, true))
    end
  end)
end)

describe("text_number", function()
  for _, row in ipairs {
    { "0", 0 }, { "7", 7 }, { "007", 7 }, { "1.5", 1.5 }, { "0.1", 0.1 }, { "12.345", 12.345 },
    { "3.0", 3 },
    { "999999999999999", 999999999999999 },
    { "0.3333333333333333333333333333333333", 0.33333333333333 },
    { "1." .. ("0"):rep(1000), 1 },
    { "" }, { "." }, { ".5" }, { "5." }, { "-1" }, { "+1" }, { "1e3" }, { "0x10" }, { "1,5" },
    { "1.2.3" }, { " 1" }, { "1 " },
    { "inf" }, { "nan" }, { "/bar" }, { ("9"):rep(16) }, { ("9"):rep(1000) }
  } do
    it(("reads '%s' as %s"):format(row[1]:sub(1, 40), tostring(row[2])), function()
      assert.equal(row[2], text.number(row[1]))
    end)
  end
end)

describe("text_guid", function()
  it("makes version 4 GUIDs that differ", function()
    local seen = {}
    for _ = 1, 1000 do
      local guid = text.guid()
      assert.truthy(
        guid:match("^%x%x%x%x%x%x%x%x%-%x%x%x%x%-4%x%x%x%-[89ab]%x%x%x%-%x%x%x%x%x%x%x%x%x%x%x%x$"),
        guid)
      assert.is_nil(seen[guid])
      seen[guid] = true
    end
  end)
end)
