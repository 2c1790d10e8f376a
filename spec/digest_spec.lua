--- core.crypto.digest: csrc/lua_digest.c.
local crypto = require("azureml.core").crypto

describe("core.crypto.digest", function()
  it("is that of the whole, however it comes in pieces", function()
    for _, pieces in ipairs { { "abc" }, { "a", "", "bc" }, {}, { ("x"):rep(100000), "y" } } do
      local digest <close> = crypto.digest()
      for _, piece in ipairs(pieces) do assert.equal(digest, digest:add(piece)) end
      assert.equal(crypto.sha256(table.concat(pieces)), digest:finish())
    end
  end)

  it("is over after finish, and may be closed twice", function()
    local digest = crypto.digest()
    digest:finish()
    assert.error_matches(function() digest:add "more" end, "digest")
    digest:close()
    digest:close()
  end)
end)
