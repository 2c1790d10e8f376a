local azureml = require "azureml"
local httpd = require "azureml.httpd"
local process = require "spec.process"

describe("azureml.httpd", function()
  it("listens on a free port, and only once on one", function()
    local one <close> = assert(httpd.listen {})
    assert.is_true(one:port() > 0)
    assert.is_true(one:fd() >= 0)
    local none, why = httpd.listen { port = one:port() }
    assert.is_nil(none)
    assert.equal(("port %d on 127.0.0.1 is in use"):format(one:port()), why)
  end)

  for _, row in ipairs {
    { { address = "nowhere" }, "'nowhere' is not an address" },
    { { port = -1 }, "option 'port' must be from 0 to 65535" },
    { { port = 65536 }, "option 'port' must be from 0 to 65535" },
    { { max_body = -1 }, "option 'max_body'" },
  } do
    it("refuses " .. row[2],
      function() assert.error_matches(function() httpd.listen(row[1]) end, row[2], 1, true) end)
  end

  it("closed raises, and closes twice", function()
    local one = assert(httpd.listen {})
    one:close()
    one:close()
    assert.error_matches(function() one:run() end, "this server is closed")
  end)

  it("does not mind an answer to what is not there", function()
    local one <close> = assert(httpd.listen {})
    one:answer(12345, { status = 200, body = "x" })
    assert.error_matches(function() one:answer(1, { status = 99 }) end,
      "a status from 100 to 599 expected")
    assert.error_matches(function() one:answer(1, { fault = "explode" }) end,
      "invalid option 'explode'")
  end)
end)

-- As other people's programs see it: curl, against an emulator in a process of its own.
describe("what the emulator's socket is sent", function()
  local emulator

  setup(function() emulator = process.served_emulator {} end)
  teardown(function() emulator:close() end)

  local function curl(...)
    local output = process.run {
      "curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "--max-time", "10", ...,
    }
    return tonumber(output)
  end

  it("may be larger than it takes: 413, whether it is said or not", function()
    local directory = process.directory()
    local body = process.write(directory .. "/body", ("x"):rep(8 * 1024 * 1024 + 1))
    assert.equal(413, curl("--data-binary", "@" .. body, emulator.url .. "/emulator/faults"))
    assert.is_true(curl("-H", "Transfer-Encoding: chunked", "--data-binary", "@" .. body,
      emulator.url .. "/emulator/faults") ~= 204)
    process.remove(directory)
    assert.equal(200, curl(emulator.url .. "/emulator/settings"))
  end)

  it("may have headers or a target without end: 431 or 414", function()
    local directory = process.directory()
    local header = process.write(directory .. "/header", "X-Long: " .. ("x"):rep(200000) .. "\n")
    assert.equal(431, curl("-H", "@" .. header, emulator.url .. "/emulator/settings"))
    local client <close> = azureml.client { endpoint = emulator.url }
    -- Longer than an argument of curl's.
    local _, refused = azureml.try(client.request, client, { path = "/" .. ("x"):rep(200000) })
    assert.equal(414, refused.status)
    process.remove(directory)
    assert.equal(200, curl(emulator.url .. "/emulator/settings"))
  end)

  it("may have an unknown method", function()
    assert.equal(404, curl("-X", "BREW", emulator.url .. "/pot"))
  end)
end)
