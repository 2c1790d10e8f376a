--- Small pieces of memory from blocks: csrc/heap.c.
local pure = require "pure"

describe("a heap", function()
  for seed = 1, 5 do
    it(("keeps each piece's bytes apart from all others', seed %d"):format(seed), function()
      assert.equal(0, pure.pieces(100000, seed))
    end)
  end

  it("serves a Lua state that makes and drops tables, texts, closures and coroutines", function()
    assert.equal("499500 1000 done", pure.in_heap [[
      local kept, sum = {}, 0
      for i = 1, 100000 do
        local list = { i, tostring(i), { [i] = ("x"):rep(i % 300) } }
        kept[i % 1000] = coroutine.wrap(function()
          coroutine.yield(list)
          return function() return list[1] % 1000, list[2], list[3][i] end
        end)
      end
      for key, resume in pairs(kept) do
        local list = resume()
        local rest, text, filling = resume()()
        assert(rest == key and tonumber(text) == list[1] and filling == ("x"):rep(list[1] % 300))
        sum = sum + rest
      end
      local count = 0
      for _ in pairs(kept) do count = count + 1 end
      return sum .. " " .. count .. " done"
    ]])
  end)

  it("reports the line of an error, as any state does", function()
    assert.equal("[string \"error 'oh'\"]:1: oh", pure.in_heap "error 'oh'")
  end)
end)
