local azureml = require "azureml"
local reply = require "azureml.reply"
local scripted = require "spec.scripted"

describe("a reply", function()
  local function ask(response)
    local server <close> = scripted(function() return response end)
    local client <close> = azureml.client { endpoint = server.url }
    return client:request { path = "/" }
  end

  it("has status, headers, body, and decodes its JSON at the first access", function()
    local came = ask { status = 200, headers = { ["X-Thing"] = "a" }, body = '{"n":1}' }
    assert.same({ 200, "a", '{"n":1}' }, { came.status, came.headers["x-thing"], came.body })
    assert.is_nil(rawget(came, "json"))
    assert.equal(1, came.json.n)
    assert.equal(came.json, came.json)
    assert.is_nil(came.something)
  end)

  it("makes the headers at the first look: names in lower case, first value of each", function()
    local core = require "azureml.core"
    assert.same({ a = "1", ["b-c"] = "x: y" }, core.headers "A: 1\0a: 2\0no field\0B-C: \tx: y\0")
    assert.same({}, core.headers "")
    local came = ask { status = 200, headers = { A = "1" }, body = "" }
    assert.is_nil(rawget(came, "headers"))
    assert.equal("1", came.headers.a)
    assert.equal(came.headers, came.headers)
  end)

  it("that is no JSON has none", function()
    assert.is_nil(ask({ status = 200, body = "<html>" }).json)
    assert.is_nil(ask({ status = 204 }).json)
  end)

  it("shows its size, not its body", function()
    assert.equal("HTTP 200, 6 bytes", tostring(ask { status = 200, body = "secret" }))
  end)

  it("must: the value, or the core's error raised with what was tried", function()
    assert.equal(7, reply.must(7))
    local ok, err = pcall(reply.must, nil, { code = "A", message = "a" }, "cannot do it")
    assert.is_false(ok)
    assert.same({ "A", "cannot do it: a" }, { err.code, err.message })
  end)
end)
