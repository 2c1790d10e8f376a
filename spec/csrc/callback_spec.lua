--- The request that a browser sends to the port of a sign-in: csrc/callback.c.
local read = require("pure").callback_read

local STATE = "the-state_0123456789"

local function post(form, head)
  return ("POST / HTTP/1.1\r\nHost: localhost:1\r\n%sContent-Length: %d\r\n\r\n%s"):format(
    head or "", #form, form)
end

describe("callback_read", function()
  it("takes a posted form with the state and a code", function()
    local kind, code = read(post("code=abc&state=" .. STATE), STATE)
    assert.equal("code", kind)
    assert.equal("abc", code)
  end)

  it("decodes the form", function()
    local kind, code = read(
      post("state=" .. STATE:gsub("_", "%%5F") .. "&session_state=x&code=a%2Bb+c%2f&x"), STATE)
    assert.equal("code", kind)
    assert.equal("a+b c/", code)
  end)

  it("takes headers in any case, and waits for the whole request", function()
    local text = post("code=abc&state=" .. STATE):gsub("Content%-Length", "content-LENGTH")
    for len = 0, #text - 1 do assert.equal("more", (read(text:sub(1, len), STATE))) end
    assert.equal("code", (read(text, STATE)))
  end)

  it("reads a refusal", function()
    local kind, code, err, description = read(
      post("error=access_denied&error_description=AADSTS65004%3A+no&state=" .. STATE), STATE)
    assert.same({ "refused", nil, "access_denied", "AADSTS65004: no" },
      { kind, code, err, description })
  end)

  for name, form in pairs {
    ["no state"] = "code=abc", ["another state"] = "code=abc&state=another",
    ["the state's beginning"] = "code=abc&state=" .. STATE:sub(1, -2),
    ["more than the state"] = "code=abc&state=" .. STATE .. "x",
    ["an empty state"] = "code=abc&state=",
    ["the state twice"] = ("code=abc&state=%s&state=%s"):format(STATE, STATE),
    ["a code twice"] = "code=abc&code=abd&state=" .. STATE,
    ["no code"] = "state=" .. STATE, ["an empty code"] = "code=&state=" .. STATE,
    ["a zero byte"] = "code=a%00b&state=" .. STATE,
    ["an error without the state"] = "error=access_denied", ["nothing"] = "",
  } do
    it(("is not answered by a form with %s"):format(name), function()
      local kind, code, err = read(post(form), STATE)
      assert.equal("bad", kind)
      assert.is_nil(code)
      assert.is_nil(err)
    end)
  end

  for name, text in pairs {
    ["a code in an address"] = "GET /?code=abc&state=" .. STATE .. " HTTP/1.1\r\n\r\n",
    ["the browser's icon"] = "GET /favicon.ico HTTP/1.1\r\nHost: x\r\n\r\n",
    ["a form for elsewhere"] = post("code=abc&state=" .. STATE):gsub("POST /", "POST /elsewhere"),
    ["a question"] = "OPTIONS / HTTP/1.1\r\n\r\n",
    ["no HTTP"] = "hello\r\n\r\n",
  } do
    it(("reads %s as another request"):format(name), function()
      assert.equal("other", (read(text, STATE)))
    end)
  end

  for name, text in pairs {
    ["a length that is none"] = "POST / HTTP/1.1\r\nContent-Length: -5\r\n\r\n",
    ["a length beyond all bounds"] =
      "POST / HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n",
    ["a long form"] = "POST / HTTP/1.1\r\nContent-Length: 70000\r\n\r\n",
    ["a head without an end"] = "GET / HTTP/1.1\r\nX: " .. ("x"):rep(70000),
    ["a zero byte in its head"] = "GET / HTTP/1.1\r\nX: \0\r\n\r\n",
  } do
    it(("refuses a request with %s"):format(name), function()
      assert.equal("bad", (read(text, STATE)))
    end)
  end
end)
