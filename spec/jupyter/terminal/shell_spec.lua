local azureml = require "azureml"
local core = require "azureml.core"
local display = require "azureml.jupyter.terminal.display"
local errors = require "azureml.error"
local remote = require "spec.terminal_server"
local shell = require "azureml.jupyter.terminal.shell"

local TERMINALS = { { name = "1" } }

-- A user at a terminal: `shown` is what the display shows.
local function new_user()
  local user = { shown = "", columns = 80, rows = 24 }
  local screen = { tail_of = display.tail_of }
  function screen:write(text) user.shown = user.shown .. text end
  function screen:say(text) self:write("[" .. text .. "]") end
  function screen:calm() self:write "<calm>" end
  function screen:flush() end
  function screen:size() return user.columns, user.rows end
  function screen:listen(on) user.is_heard = on end
  function screen:close() self.is_closed = true end
  function user.open(handlers)
    user.handlers, user.is_heard = handlers, true
    return screen
  end
  user.screen = screen
  return user
end

-- Wait until the user sees a text.
local function see(user, text)
  while not user.shown:find(text, 1, true) do azureml.sleep(0.001) end
end

-- Let time pass on the virtual clock until the user sees a text.
local function pass_until(user, text)
  core.clock "virtual"
  while not user.shown:find(text, 1, true) do azureml.sleep(0.01) end
  core.clock "real"
end

-- Let some seconds pass on the virtual clock.
local function pass(seconds)
  core.clock "virtual"
  azureml.sleep(seconds)
  core.clock "real"
end

-- Run a shell while a function plays the user.
local function visit(served, settings, play)
  local user, visited = new_user(), nil
  local opened, checked, announced = display.open, display.check, display.announce
  display.open, display.check = user.open, function() end
  function display.announce(text) user.said = text end
  local _ <close> = setmetatable({}, { __close = function()
    display.open, display.check, display.announce = opened, checked, announced
    core.clock "real"
  end })
  azureml.parallel(
    function() visited = shell.run(served.server, settings) end,
    function()
      while not user.handlers do azureml.sleep(0.001) end
      play(user)
    end)
  assert.is_true(user.screen.is_closed)
  return visited, user
end

local function type_keys(user, keys) user.handlers.on_keys(keys) end

describe("a shell", function()
  it("passes keys and output, and ends with the shell there", function()
    local served <close> = remote.start { first = '["stdout", "$ "]' }
    local visited, user = visit(served, nil, function(user)
      see(user, "$ ")
      type_keys(user, "exit\r")
      assert.same({ { "set_size", 24, 80 }, { "stdin", "exit\r" } }, served:wait(2))
      served:say '["stdout", "logout\\r\\n"]'
      served:say '["disconnect", 1]'
    end)
    assert.same({ ended = "exited", name = "1" }, visited)
    assert.equal("$ logout\r\n", user.shown)
    assert.equal("Opened terminal 1 of ci-ann; ~. at the start of a line detaches, "
      .. "~? shows help", user.said)
  end)

  it("tells a new size", function()
    local served <close> = remote.start()
    visit(served, nil, function(user)
      served:wait(1)
      user.handlers.on_resize(132, 43)
      assert.same({ "set_size", 43, 132 }, served:wait(2)[2])
      served:say '["disconnect", 1]'
    end)
  end)

  it("detaches, and the terminal there goes on", function()
    local served <close> = remote.start { first = '["stdout", "$ "]' }
    local visited, user = visit(served, nil, function(user)
      see(user, "$ ")
      type_keys(user, "vi\r~?")
      type_keys(user, "~.ignored")
    end)
    assert.same({ ended = "detached", name = "1" }, visited)
    assert.same({ "stdin", "vi\r" }, served:wait(2)[2])
    assert.truthy(user.shown:find("~.  detach", 1, true))
    assert.truthy(user.shown:find "<calm>$")
  end)

  it("rests after a burst of keys", function()
    local served <close> = remote.start()
    visit(served, nil, function(user)
      type_keys(user, ("x"):rep(600))
      assert.is_false(user.is_heard)
      while not user.is_heard do azureml.sleep(0.001) end
      served:wait(2)
      served:say '["disconnect", 1]'
    end)
  end)

  it("tells when the shell ended because the instance stops", function()
    local checks = 0
    local served <close> = remote.start { check = function()
      checks = checks + 1
      errors.raise { code = "NotRunning", message = "'ci-ann' is Stopping" }
    end }
    local function ends_after(seconds)
      return visit(served, nil, function(user)
        type_keys(user, "x")
        pass(seconds)
        served:say '["disconnect", 1]'
      end)
    end
    assert.equal("exited", ends_after(0).ended)
    local _, err = azureml.try(ends_after, 10)
    assert.equal("'ci-ann' is Stopping", err.message)
    assert.equal(1, checks)
  end)

  it("ends when its terminal has gone", function()
    local served <close> = remote.start()
    local visited = visit(served, nil, function(user) user.handlers.on_keys(nil) end)
    assert.equal("hung up", visited.ended)
  end)
end)

describe("a shell that is attached to again", function()
  it("drops what is typed until the replay is over", function()
    local served <close> = remote.start { terminals = TERMINALS,
      first = '["stdout", "before\\u001b[6n"]' }
    visit(served, { attach = "1" }, function(user)
      see(user, "before\27[6n\27[5n")
      type_keys(user, "x\27[1;1R\27[")
      type_keys(user, "0n")
      type_keys(user, "a")
      served:say '["stdout", "after"]'
      see(user, "after")
      assert.same({ { "set_size", 24, 80 }, { "stdin", "a" } }, served:wait(2))
      served:say '["disconnect", 1]'
    end)
  end)

  it("waits for the answers to all that the replay asks, at most 2 s", function()
    local served <close> = remote.start { terminals = TERMINALS,
      first = '["stdout", "\\u001b[5nbefore\\u001b[6n"]' }
    visit(served, { attach = "1" }, function(user)
      see(user, "before")
      type_keys(user, "\27[0n")
      type_keys(user, "\27[1;1R")
      pass(2.1)
      type_keys(user, "a")
      assert.same({ "stdin", "a" }, served:wait(2)[2])
      served:say '["disconnect", 1]'
    end)
  end)

  it("hears keys also when there is no replay", function()
    local served <close> = remote.start { terminals = TERMINALS }
    visit(served, { attach = "1" }, function(user)
      served:wait(1)
      pass(3)
      type_keys(user, "a")
      assert.same({ "stdin", "a" }, served:wait(2)[2])
      served:say '["disconnect", 1]'
    end)
  end)

  it("shows the end of a long replay, from the start of a line", function()
    local line = ("x"):rep(98) .. "\\r\\n"
    local served <close> = remote.start { terminals = TERMINALS,
      first = '["stdout", "' .. line:rep(10000) .. 'end"]' }
    local _, user = visit(served, { attach = "1" }, function(user)
      see(user, "end")
      served:say '["disconnect", 1]'
    end)
    local length = #user.shown - #"\27[5n"
    assert.truthy(length <= 64 * 1024 and length > 63 * 1024)
    assert.truthy(user.shown:find("^" .. ("x"):rep(98) .. "\r\n"))
  end)
end)

describe("a shell that loses its connection", function()
  it("connects again", function()
    local served <close> = remote.start { terminals = TERMINALS, first = '["stdout", "$ "]' }
    local visited, user = visit(served, nil, function(user)
      see(user, "$ ")
      served:connection():drop()
      pass_until(user, "connected again")
      type_keys(user, "too early")
      served:wait(2)
      pass(3)
      type_keys(user, "a")
      while served.heard[#served.heard][2] ~= "a" do azureml.sleep(0) end
      served:say '["disconnect", 1]'
    end)
    assert.equal("exited", visited.ended)
    assert.equal(2, #served.requests)
    for _, item in ipairs(served.heard) do assert.not_equal("too early", item[2]) end
    assert.truthy(user.shown:find("connection to http://127.0.0.1:%d+ ended: the server closed it"))
  end)

  local function lose(options, play)
    options.terminals, options.first = TERMINALS, '["stdout", "$ "]'
    function options.open(connection, request, number, agree)
      if number == 1 then return agree(connection, request) end
      connection:send "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n"
    end
    local served <close> = remote.start(options)
    return visit(served, nil, function(user)
      see(user, "$ ")
      served:connection():drop "reset"
      see(user, "connecting again")
      play(user)
    end)
  end

  it("ends when the user gives up", function()
    for _, keys in ipairs { "\3", "\r~." } do
      local visited = lose({}, function(user) type_keys(user, keys) end)
      assert.equal("detached", visited.ended)
    end
  end)

  it("ends when the instance has stopped", function()
    local _, err = azureml.try(lose, { explain = function()
      errors.raise { code = "NotRunning", message = "'ci-ann' is Stopped now: it no longer runs" }
    end }, function() pass(1) end)
    assert.equal("'ci-ann' is Stopped now: it no longer runs", err.message)
  end)

  it("ends when the connection does not come back in time", function()
    local _, err = azureml.try(lose, {}, function() while true do pass(10) end end)
    assert.equal(502, err.status)
  end)
end)
