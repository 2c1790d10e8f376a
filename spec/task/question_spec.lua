--- The calls of the core to Lua functions: lua/azureml/task/question.lua, csrc/question.c, and the
--- coroutines of lua/azureml/task/loop.lua that answer.
local azureml = require "azureml"
local core = require "azureml.core"
local json = require "azureml.json"
local scripted = require "spec.scripted"
local world = require "spec.world"

local credential = azureml.credential

local function refusal(f, ...)
  local value, err = azureml.try(f, ...)
  assert.is_nil(value)
  return err
end

describe("a credential with a function", function()
  local server

  before_each(function()
    core.clock "virtual"
    server = scripted(function(request)
      return { status = 200, body = json.encode {
        authorization = request.headers.authorization, target = request.target,
      } }
    end)
  end)

  after_each(function() world.finish(server) end)

  local function client_of(f)
    return azureml.client {
      endpoint = server.url, credential = credential.callback(f), scope = "the-scope/.default",
    }
  end

  local function ask(client)
    return client:request({ path = "/x" }).json.authorization
  end

  it("asks it for a token of the scope when a request needs one, and keeps the token", function()
    local asked = {}
    local client <close> = client_of(function(scope)
      asked[#asked + 1] = scope
      return "token-" .. #asked, 3600
    end)
    assert.equal(0, #asked)
    assert.equal("Bearer token-1", ask(client))
    assert.equal("Bearer token-1", ask(client))
    assert.same({ "the-scope/.default" }, asked)
  end)

  it("calls it again when the lifetime that it returned is over", function()
    local count = 0
    local client <close> = client_of(function()
      count = count + 1
      return "token-" .. count, 100
    end)
    assert.equal("Bearer token-1", ask(client))
    azureml.sleep(120)
    assert.equal("Bearer token-2", ask(client))
  end)

  it("keeps the function from the collector while it waits", function()
    local client <close> = client_of(function()
      for _ = 1, 10 do azureml.sleep(1) end
      return "kept"
    end)
    local collect = function() for _ = 1, 20 do azureml.sleep(0.5) collectgarbage() end end
    assert.equal("Bearer kept", (azureml.parallel(function() return ask(client) end, collect)))
  end)

  it("calls it once for all waiting requests", function()
    local count = 0
    local client <close> = client_of(function()
      count = count + 1
      azureml.sleep(10)
      return "token-" .. count
    end)
    local tasks = {}
    for i = 1, 20 do tasks[i] = function() return ask(client) end end
    local first = azureml.parallel(table.unpack(tasks))
    assert.equal("Bearer token-1", first)
    assert.equal(1, count)
  end)

  -- The function may wait, in any context that waits for its token.
  local waits = {
    ["for time"] = function() azureml.sleep(5) end,
    ["for a request"] = function()
      local other <close> = azureml.client { endpoint = server.url }
      assert.equal("/vault", other:request({ path = "/vault" }).json.target)
    end,
    ["for tasks of its own"] = function()
      local ran = 0
      local function one() azureml.sleep(1) ran = ran + 1 end
      azureml.parallel(one, one, function() azureml.each({ 1, 2 }, one) end)
      assert.equal(4, ran)
    end,
    ["in a generator"] = function()
      local function generate()
        azureml.sleep(1)
        coroutine.yield(1)
        azureml.sleep(1)
      end
      for _ in coroutine.wrap(generate) do azureml.sleep(1) end
    end,
    ["in a callback of gsub, for tasks too"] = function()
      ("ab"):gsub(".", function()
        azureml.parallel(function() azureml.sleep(1) end, function() azureml.sleep(2) end)
        azureml.sleep(1)
      end)
    end,
    ["for another function's token"] = function()
      local other <close> = client_of(function() azureml.sleep(1) return "other" end)
      assert.equal("Bearer other", ask(other))
    end,
  }

  local callers = {
    ["the main chunk"] = function(client) return ask(client) end,
    ["a task"] = function(client)
      return (azureml.parallel(function() return ask(client) end, function() azureml.sleep(2) end))
    end,
    ["a callback of gsub"] = function(client)
      local got
      ("a"):gsub("a", function() got = ask(client) end)
      return got
    end,
    ["a callback of gsub in a task"] = function(client)
      local got
      azureml.parallel(function() ("a"):gsub("a", function() got = ask(client) end) end)
      return got
    end,
  }

  for what, wait in pairs(waits) do
    for where, call in pairs(callers) do
      it(("lets the function wait %s while %s waits for its token"):format(what, where), function()
        local client <close> = client_of(function()
          wait()
          return "waited"
        end)
        assert.equal("Bearer waited", call(client))
      end)
    end
  end

  local OWN = "the credential's function waits for a request that "

  it("that needs its own token gets an error instead of waiting forever", function()
    local own
    own = client_of(function() return ask(own) end)
    local err = refusal(own.request, own, { path = "/x" })
    assert.equal("OwnCredential", err.code)
    assert.equal(OWN
      .. "needs the very token it is asked for: give that request another credential", err.message)
    own:close()
  end)

  it("gets that error in a task of its own too", function()
    local own
    own = client_of(function() azureml.parallel(function() ask(own) end) return "x" end)
    assert.equal("OwnCredential", refusal(own.request, own, { path = "/x" }).code)
    own:close()
  end)

  it("gets that error where two functions wait for each other", function()
    local one, other
    one = client_of(function() return ask(other) end)
    other = client_of(function() return ask(one) end)
    assert.equal("OwnCredential", refusal(one.request, one, { path = "/x" }).code)
    one:close()
    other:close()
  end)

  it("gets that error in a chain", function()
    local own
    local chain = credential.chain { credential.callback(function() return ask(own) end) }
    own = azureml.client { endpoint = server.url, credential = chain, scope = "s" }
    assert.equal("OwnCredential", refusal(own.request, own, { path = "/x" }).code)
    own:close()
  end)

  it("gets that error where it waits for the operation that needs the token", function()
    local task = require "azureml.task"
    local op
    local own <close> = client_of(function() task.wait(op) return "x" end)
    op = own:submit({ path = "/x" }, false)
    task.wait(op)
    local _, failure = op:result()
    assert.equal("OwnCredential", failure.code)
    assert.equal(OWN .. "waits for its answer", failure.message)
    op:close()
  end)

  it("may use its own client for another token", function()
    local own = client_of(function(scope)
      if scope == "inner" then return "inner-token" end
      local inner <close> = azureml.client { endpoint = server.url,
        credential = azureml.credential.callback(function() return "i" end),
        scope = "inner" }
      return (ask(inner):gsub("Bearer ", "outer-of-"))
    end)
    assert.equal("Bearer outer-of-i", ask(own))
    own:close()
  end)

  for name, row in pairs {
    ["an error object"] = {
      function()
        require("azureml.error").raise { code = "VaultSealed", message = "the vault is sealed" }
      end,
      "VaultSealed", "^the vault is sealed$",
    },
    ["a mistake"] = {
      function() error("no such key", 0) end, "CredentialFunctionFailed",
      "^the credential's function failed: no such key$",
    },
    ["a yield"] = {
      function() coroutine.yield() end, "CredentialFunctionFailed",
      "spec/task/question_spec.lua:%d+: a task yields only by waiting: "
        .. "nothing would resume it here$",
    },
    ["nothing"] = {
      function() end, "CredentialUnavailable", "^the credential's function: it gave no token$",
    },
    ["nil and a reason"] = {
      function() return nil, "no key here" end, "CredentialUnavailable",
      "^the credential's function: no key here$",
    },
    ["a number"] = {
      function() return 42 end, "CredentialFunctionFailed",
      "it must return a token's text, not a number$",
    },
    ["a life that is no number"] = {
      function() return "x", "1h" end, "CredentialFunctionFailed",
      "life must be a number of seconds",
    },
    ["a life below zero"] = {
      function() return "x", -5 end, "CredentialFunctionFailed",
      "'expires_in' must be a number from 0 to 1e9",
    },
    ["an empty token"] = {
      function() return "" end, "InvalidToken",
      "a token that is empty or holds characters no token has",
    },
    ["a token with a line end"] = {
      function() return "a\r\nb" end, "InvalidToken", "holds characters no token has",
    },
    ["a token with a zero byte"] = {
      function() return "a\0b" end, "CredentialFunctionFailed", "'text' must not hold a zero byte",
    },
  } do
    it(("that gives %s: %s"):format(name, row[2]), function()
      local client <close> = client_of(row[1])
      local err = refusal(client.request, client, { path = "/x" })
      assert.equal(row[2], err.code)
      assert.matches(row[3], err.message)
    end)
  end

  it("that gives nil lets a chain go on, and one that raises does not", function()
    local function use(f)
      local client <close> = azureml.client { endpoint = server.url, scope = "s",
        credential = credential.chain {
          credential.callback(f), credential.token { token = "next" },
        } }
      local came, err = azureml.try(ask, client)
      return came or err.code
    end
    assert.equal("Bearer next", use(function() return nil, "not here" end))
    assert.equal("CredentialFunctionFailed", use(function() error "broken" end))
  end)

  it("lives exactly as long as a client or an operation needs it", function()
    local gone = setmetatable({}, { __mode = "k" })
    local function make()
      local mark = {}
      gone[mark] = true
      return credential.chain { credential.callback(function() return mark and "kept" end) }
    end
    local client = azureml.client { endpoint = server.url, credential = make(), scope = "s" }
    collectgarbage()
    collectgarbage()
    local op = client:submit({ path = "/x" }, false)
    client:close()
    client = nil
    collectgarbage()
    collectgarbage()
    require("azureml.task").wait(op)
    assert.equal("Bearer kept", json.decode(op:result().body).authorization)
    op:close()
    op = nil
    for _ = 1, 3 do collectgarbage() end
    assert.is_nil(next(gone))
    assert.is_nil(client or op)
  end)

  for name, wait in pairs {
    ["it waits for time"] = function() azureml.sleep(10) end,
    ["it waits for its tasks"] = function()
      azureml.parallel(function() azureml.sleep(10) end,
        function() azureml.sleep(12) azureml.sleep(1) end)
    end,
  } do it("whose answer is no longer wanted is closed when it would go on: " .. name, function()
    local closed, went_on
    local client = client_of(function()
      local guard <close> = setmetatable({}, { __close = function() closed = true end })
      wait()
      went_on = guard
      return "late"
    end)
    local op = client:submit({ path = "/x" }, false)
    azureml.sleep(1)
    op:close()
    client:close()
    client, op = nil, nil
    collectgarbage()
    collectgarbage()
    azureml.sleep(20)
    assert.is_nil(went_on or client or op)
    assert.is_true(closed)
  end) end

  it("raises for an argument that is not a function", function()
    local ok, err = pcall(credential.callback, "token")
    assert.is_false(ok)
    assert.matches("^spec/task/question_spec.lua:%d+: bad argument #1 to 'callback' "
      .. "%(function expected, got string%)$", err)
  end)

  it("an interrupt while it runs ends what waits", function()
    local client <close> = client_of(function()
      error(require("azureml.error").interrupted(), 0)
    end)
    local ok, err = pcall(client.request, client, { path = "/x" })
    assert.is_false(ok)
    assert.equal("Interrupted", err.code)
  end)
end)

describe("core.answer", function()
  it("returns false for an unknown question", function()
    assert.is_false(core.answer(1000000, { text = "x" }))
    assert.is_false(core.answer(1000000, nil, { code = "x", message = "y" }))
    assert.is_false(core.is_asked(1000000))
  end)

  for name, arguments in pairs {
    ["no error where there is no answer"] = { 1 },
    ["an answer with an unknown member"] = { 1, { token = "x" } },
    ["an error without a message"] = { 1, nil, { code = "x" } },
  } do
    it("refuses " .. name, function()
      assert.is_false((pcall(core.answer, table.unpack(arguments, 1, 3))))
    end)
  end
end)
