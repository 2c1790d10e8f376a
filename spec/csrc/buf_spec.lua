--- Bytes that grow: csrc/buf.c.
local pure = require "pure"

local function buf(limit, text)
  local b = pure.buf(limit)
  if text then b:add(text) end
  return b
end

describe("a buf", function()
  it("of zeros is empty and has no memory", function()
    local b = buf()
    assert.same({ len = 0, cap = 0, limit = 0, failed = 0 }, b:state())
    assert.is_nil(b:data())
  end)

  it("ends in a NUL that its length does not count", function()
    local b = buf(nil, "abc")
    assert.equal("abc\0", b:data())
    assert.equal(3, b:state().len)
    b:add("")
    assert.equal("abc\0", b:data())
    assert.equal("\0", buf(nil, ""):data())
  end)

  it("takes any bytes, NUL included", function()
    assert.equal("a\0b\0", buf(nil, "a\0b"):data())
  end)

  it("holds all appended bytes", function()
    local b, expected = buf(), {}
    for i = 1, 1000 do
      assert.equal(0, b:puts("<" .. i .. ">"))
      expected[i] = "<" .. i .. ">"
    end
    assert.equal(table.concat(expected), b:take())
  end)

  it("doubles when it grows", function()
    local b, sizes = buf(), {}
    for _ = 1, 10000 do
      b:add("x")
      sizes[b:state().cap] = true
    end
    local count = 0
    for cap in pairs(sizes) do
      count = count + 1
      assert.equal(0, cap & (cap - 1), "a power of two")
    end
    assert.is_true(count <= 9)
    assert.equal(("x"):rep(10000), b:take())
  end)

  it("formats", function()
    local b = buf(nil, "a: ")
    b:printf("key", 7)
    b:printf(("k"):rep(500), -1)
    assert.equal("a: key=7" .. ("k"):rep(500) .. "=-1", b:take())
  end)

  it("gives its text away and is empty again, its limit kept", function()
    local b = buf(10, "text")
    assert.equal("text", b:take())
    assert.same({ len = 0, cap = 0, limit = 10, failed = 0 }, b:state())
    assert.equal("", b:take())
  end)

  for _, release in ipairs { "clear", "wipe" } do
    it("is empty after " .. release .. ", twice too", function()
      local b = buf(10, "text")
      b[release](b)
      b[release](b)
      assert.same({ len = 0, cap = 0, limit = 10, failed = 0 }, b:state())
      assert.equal(0, b:add("more"))
    end)
  end

  it("keeps its memory over a reset", function()
    local b = buf(nil, ("x"):rep(100))
    local cap = b:state().cap
    b:reset()
    assert.same({ len = 0, cap = cap, limit = 0, failed = 0 }, b:state())
    assert.equal("\0", b:data())
  end)
end)

describe("a buf with a limit", function()
  it("takes as much as the limit and no byte more", function()
    local b = buf(4)
    assert.equal(0, b:add("abcd"))
    assert.equal(-1, b:add("e"))
    assert.equal("abcd\0", b:data())
  end)

  for name, append in pairs {
    add = function(b, text) return b:add(text) end,
    puts = function(b, text) return b:puts(text) end,
    printf = function(b, text) return b:printf(text, 1) end
  } do
    it("stays failed once " .. name .. " did not fit", function()
      local b = buf(4, "ab")
      assert.equal(-1, append(b, "too long"))
      assert.equal(1, b:state().failed)
      assert.equal(-1, b:add("c"), "though it would fit")
      assert.equal(-1, b:printf("", 1))
      assert.equal("ab\0", b:data())
      assert.is_nil(b:take())
      assert.equal(0, b:add("c"), "taking starts again")
    end)
  end

  it("is usable again after a reset", function()
    local b = buf(4)
    b:add("too long")
    b:reset()
    assert.equal(0, b:add("abcd"))
    assert.equal("abcd", b:take())
  end)

  it("refuses sizes that overflow", function()
    assert.equal(-1, buf():claim(-1))            -- SIZE_MAX
    assert.equal(-1, buf(nil, "abc"):claim(-1))
    assert.equal(-1, buf(nil, "abc"):claim(-4))  -- with the NUL the sum would be 0
    assert.equal(-1, buf(10):claim(-2))
  end)
end)
