--- When an operation is polled, and what its owner has to say about it: csrc/op.c.
local azureml = require "azureml"
local core = require "azureml.core"
local scripted = require "spec.scripted"
local task = require "azureml.task"
local world = require "spec.world"

describe("the polls of an operation", function()
  local server, client, polls

  -- Answers 202 and then, to each poll, that it runs, until it is told otherwise.
  local function serve(headers, given)
    polls = {}
    server = scripted(function(request)
      local all = { ["Content-Type"] = "application/json" }
      for name, value in pairs(headers) do all[name] = value end
      if request.method == "POST" then
        all["Azure-AsyncOperation"] = server.url .. "/status"
        return { status = 202, headers = all }
      end
      polls[#polls + 1] = core.now()
      return {
        status = 200, headers = all,
        body = ('{"status":"%s"}'):format(server.over and "Succeeded" or "InProgress"),
      }
    end)
    local options = { endpoint = server.url }
    for name, value in pairs(given or {}) do options[name] = value end
    client = azureml.client(options)
  end

  local function begin()
    local op = client.handle:request {
      method = "POST", url = "/go", follow = true, final_state = "azure-async-operation",
    }
    task.wait_accepted(op)
    return op
  end

  before_each(function() core.clock "virtual" end)

  after_each(function()
    client:close()
    server:close()
    core.clock "real"
    assert.equal(0, world.leaks())
  end)

  local function pauses(began)
    local list, last = {}, began
    for i, at in ipairs(polls) do list[i], last = at - last, at end
    return list
  end

  it("grow apart by half each time, up to ten seconds, and a tenth of it by chance", function()
    serve {}
    local op <close> = begin()
    local began = core.now()
    azureml.sleep(70)
    assert.is_false(op:done())
    local expected = 1
    for i, pause in ipairs(pauses(began)) do
      assert.is_true(pause >= expected - 0.01 and pause <= expected * 1.1 + 0.5,
        ("pause %d took %.2f s"):format(i, pause))
      expected = math.min(expected * 1.5, 10)
    end
    assert.is_true(#polls >= 9)
  end)

  it("do not stay together, were they begun together", function()
    serve {}
    local ops = {}
    for i = 1, 20 do
      ops[i] = client.handle:request { method = "POST", url = "/go", follow = true }
    end
    azureml.sleep(60)
    local firsts = table.move(polls, #polls - 19, #polls, 1, {})
    assert.is_true(firsts[20] - firsts[1] > 0.5)
    for _, op in ipairs(ops) do op:close() end
  end)

  it("never come before Retry-After, and hardly later", function()
    serve { ["Retry-After"] = "30" }
    local op <close> = begin()
    local began = core.now()
    azureml.sleep(100)
    assert.is_false(op:done())
    for _, pause in ipairs(pauses(began)) do
      assert.is_true(pause >= 29.99 and pause < 31.5, pause .. " s")
    end
    assert.equal(3, #polls)
  end)

  it("keep to poll_interval where the caller fixed it", function()
    serve({}, { poll_interval = 4 })
    local op <close> = begin()
    local began = core.now()
    azureml.sleep(21)
    assert.is_false(op:done())
    for _, pause in ipairs(pauses(began)) do
      assert.is_true(pause >= 3.99 and pause < 4.3, pause .. " s")
    end
  end)

  it("are told: how long until the next, and whether the service said so", function()
    serve { ["Retry-After"] = "2" }
    local op <close> = begin()
    local seconds, paced = op:next_poll()
    assert.is_true(seconds > 1 and seconds <= 2 and paced)
    client:close()
    server:close()
    serve {}
    local another <close> = begin()
    seconds, paced = another:next_poll()
    assert.is_true(seconds <= 1.1 and not paced)
    server.over = true
    task.wait(another)
    assert.is_nil(another:next_poll())
  end)

  it("do not come while they are held back, and nothing else is lost by it", function()
    serve {}
    local op <close> = begin()
    op:hold(true)
    azureml.sleep(100)
    assert.equal(0, #polls)
    assert.matches("its poll is held back", tostring(op))
    server.over = true
    op:hold(false)
    task.wait(op)
    assert.equal(1, #polls)
    assert.is_truthy(op:result())
  end)

  it("come once for each time that a held one is asked for, when they are due", function()
    serve { ["Retry-After"] = "20" }
    local op <close> = begin()
    local began = core.now()
    op:hold(true)
    op:poll_now()
    op:poll_now()
    azureml.sleep(5)
    assert.equal(0, #polls)
    azureml.sleep(100)
    assert.equal(1, #polls)
    assert.is_true(polls[1] - began >= 19.99)
    op:poll_now()
    azureml.sleep(1)
    assert.equal(2, #polls)
    server.over = true
    azureml.sleep(50)
    op:poll_now()
    task.wait(op)
    assert.equal(3, #polls)
  end)

  it("of one that is not held are not hurried", function()
    serve { ["Retry-After"] = "20" }
    local op <close> = begin()
    op:poll_now()
    azureml.sleep(15)
    assert.equal(0, #polls)
    assert.is_false(op:done())
  end)

  it("a held one may be closed", function()
    serve {}
    local op = begin()
    op:hold(true)
    azureml.sleep(10)
    op:close()
    assert.error_matches(function() op:hold(false) end, "this operation is closed")
    assert.error_matches(function() op:poll_now() end, "this operation is closed")
  end)
end)

describe("signed status URLs that share a long parameter", function()
  local SHARED = "&c=" .. ("MIIC%2B"):rep(300)
  local server, client, polled

  local function target(id)
    return ("/status/%s?t=6%s&s=%s"):format(id, SHARED, (id .. "s"):rep(100))
  end

  before_each(function()
    core.clock "virtual"
    polled = {}
    server = scripted(function(request)
      if request.method == "POST" then
        local url = server.url .. target(request.target:match "%w+$")
        return { status = 202, headers = { ["Azure-AsyncOperation"] = url } }
      end
      local id = request.target:match "^/status/(%w+)"
      assert.equal(target(id), request.target)
      polled[id] = (polled[id] or 0) + 1
      if polled[id] == 2 then return { status = 500, body = "later" } end
      local word = polled[id] > 3 and "Succeeded" or "InProgress"
      return { status = 200, body = ('{"status":"%s"}'):format(word) }
    end)
    client = azureml.client { endpoint = server.url }
  end)

  after_each(function()
    client:close()
    server:close()
    core.clock "real"
    assert.equal(0, world.leaks())
  end)

  local function begin(id)
    local op = client.handle:request {
      method = "POST", url = "/" .. id, follow = true, final_state = "azure-async-operation",
    }
    task.wait_accepted(op)
    return op
  end

  local function check_progress(op, id)
    assert.equal(server.url .. target(id), azureml.json.decode(core.encode(op)).poll_url)
  end

  it("are polled, and written down, byte for byte", function()
    local first <close> = begin "a"
    local second <close> = begin "b"
    check_progress(first, "a")
    check_progress(second, "b")
    azureml.sleep(0.5)
    check_progress(first, "a")
    task.wait(first)
    check_progress(first, "a")
    task.wait(second)
    assert.is_nil(first:trouble())
    assert.is_nil(second:trouble())
    assert.same({ a = 4, b = 4 }, polled)
  end)

  it("stay whole while another operation that shares it is closed", function()
    local first = begin "a"
    local second <close> = begin "b"
    first:close()
    check_progress(second, "b")
    task.wait(second)
    assert.is_nil(second:trouble())
  end)
end)

describe("sleeps", function()
  before_each(function() core.clock "virtual" end)
  after_each(function() core.clock "real" end)

  it("end in the order of their times, whatever was closed before or between", function()
    local seconds, waiting = {}, 0
    for i = 1, 400 do
      local op = core.sleep(1 + i * 173 % 401)
      seconds[op], waiting = 1 + i * 173 % 401, waiting + 1
      if i % 3 == 0 then
        op:close()
        seconds[op], waiting = nil, waiting - 1
      end
    end
    local last, ended = 0, 0
    while waiting > 0 do
      local kind, op = core.step()
      assert.equal("op", kind)
      assert.is_true(seconds[op] >= last)
      last, ended, waiting = seconds[op], ended + 1, waiting - 1
      seconds[op] = nil
      op:close()
      if ended % 5 == 0 then
        local other = next(seconds)
        if other then
          other:close()
          seconds[other], waiting = nil, waiting - 1
        end
      end
    end
    assert.is_true(last > 380)
    assert.is_nil(next(seconds))
  end)
end)
