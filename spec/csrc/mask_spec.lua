--- Secrets in texts from outside: csrc/mask.c.
local pure = require "pure"
local crypto = require("azureml.core").crypto

local SECRET = 'a+b/c"d&e f~1234'
local JWT = crypto.base64url '{"alg":"none"}' .. "." .. crypto.base64url '{"sub":"ann"}' .. ".c2ln"

describe("mask", function()
  for name, row in pairs {
    ["as it is"] = { "no: " .. SECRET .. "!", "no: ***!" },
    ["twice"] = { SECRET .. SECRET, "******" },
    ["as in a form"] = { "x=a%2Bb%2fc%22d%26e+f~1234&y", "x=***&y" },
    ["as in JSON"] = { [["a+b\/c\"d&e f~1234"]], '"***"' },
    ["as .NET writes JSON"] = { [[a\u002Bb/c\u0022d\u0026e f~1234]], "***" },
    ["as in JSON within JSON"] = { [[a\\u002bb/c\\\"d&e f~1234]], "***" },
    ["as in HTML"] = { "a&#43;b/c&quot;d&amp;e f&#x7E;1234", "***" },
    ["cut off at the end"] = { "no: " .. SECRET:sub(1, 9), "no: ***" },
    ["cut off by an ellipsis"] = { "no: " .. SECRET:sub(1, 9) .. "...", "no: ***..." },
  } do
    it("finds a secret " .. name, function()
      assert.equal(row[2], pure.mask(row[1], { SECRET }))
    end)
  end

  it("keeps a beginning that is too short, and texts without the secret", function()
    for _, text in ipairs { "", "a+b", "a+b/c is wrong", "it's 100% \\ & done", SECRET:sub(2) } do
      assert.equal(text, pure.mask(text, { SECRET }))
    end
  end)

  it("finds a long secret whose rest was changed", function()
    local long = ("0123456789"):rep(10)
    assert.equal("no: ***, sorry", pure.mask("no: " .. long:sub(1, 40) .. "x=9, sorry", { long }))
  end)

  it("takes no words and nothing short for a secret", function()
    assert.equal("the secret abc", pure.mask("the secret abc", { "secret", "abc", "" }))
    assert.equal("the ***", pure.mask("the s3cr", { "s3cr" }))
  end)

  it("hides tokens that are not known, but not claims", function()
    assert.equal("got *** here", pure.mask("got " .. JWT .. " here", {}))
    assert.equal("got ***", pure.mask("got " .. JWT:sub(1, -10), {}))
    assert.equal("Bearer ***", pure.mask("Bearer opaque-0123456789abcdef", {}))
    local claims = crypto.base64 '{"access_token":{"nbf":{"essential":true}}}'
    assert.equal("run " .. claims .. ".", pure.mask("run " .. claims .. ".", {}))
    assert.equal('Bearer error="no"', pure.mask('Bearer error="no"', {}))
  end)

  it("hides the user information of URLs", function()
    assert.equal("proxy 'http://***@p:1': no", pure.mask("proxy 'http://u:p@x@p:1': no", {}))
    assert.equal("at https://host/a@b", pure.mask("at https://host/a@b", {}))
  end)

  it("knows the secret fields of forms, headers and proxies", function()
    local form = "client_id=the-app-1&client_secret=p%2Bq1234&code=c0de5678"
    assert.equal("the-app-1 *** ***", pure.mask("the-app-1 p+q1234 c0de5678", { form = form }))
    for _, header in ipairs {
      "Authorization: Bearer t0p-1234", "X-IDENTITY-HEADER: t0p-1234", "secret:t0p-1234",
      "x-ms-authorization-auxiliary: Bearer t0p-1234",
    } do
      assert.equal("***", pure.mask("t0p-1234", { header = header }))
    end
    assert.equal("t0p-1234", pure.mask("t0p-1234", { header = "If-Match: t0p-1234" }))
    assert.equal("bad '***' and ***",
      pure.mask("bad 'ann:p%4012' and p@12", { url = "http://ann:p%4012@proxy:1" }))
  end)
end)
