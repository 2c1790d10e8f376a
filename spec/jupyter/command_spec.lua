local azureml = require "azureml"
local command = require "azureml.jupyter.command"
local core = require "azureml.core"
local json = require "azureml.json"
local played = require "spec.jupyter_server"

-- A terminal whose program is played: `act` gets a table with say(kind, rest) once the command is
-- known, and then each frame of the client.
local function terminal(act, settings)
  settings = settings or {}
  local function answer(method)
    if method == "POST" then return 200, { name = settings.name or "1" } end
    return 204
  end
  local function take(connection, text)
    local message = json.decode(text)
    if not connection.mark then
      local first, second = message[2]:match "n (%x+) (%x+); c="
      connection.mark, connection.tag = first .. second, second .. first
      connection:say(json.encode { "stdout", message[2] .. "\r\n" })
      if settings.is_silent then return end
      if settings.dies then return connection:say(json.encode { "disconnect", 1 }) end
      return connection:say(json.encode { "stdout", connection.mark .. "\n" })
    end
    connection.say_frame = function(kind, rest)
      connection:say(json.encode { "stdout", connection.tag .. kind .. (rest or "") .. "\n" })
    end
    if message[2]:find("import", 1, true) and not settings.no_greeting then
      return connection.say_frame "h"
    end
    if message[2] == "q\n" and not settings.is_deaf then
      connection:say(json.encode { "disconnect", 1 })
    end
    act(connection, message[2], core.crypto)
  end
  return played(answer, take, function(connection)
    connection:say(json.encode { "setup", {} })
  end)
end

local function run(world, settings)
  return command.exec(world.server, "true", settings or {})
end

local function fails(world, settings)
  local _, err = azureml.try(run, world, settings)
  assert(err, "the command ended")
  return err
end

-- Print, and end with a code.
local function printing(code)
  return function(connection, text, crypto)
    if not text:find "^c" then return end
    connection.say_frame("o", crypto.base64 "out\n")
    connection.say_frame("e", crypto.base64 "bad\n")
    connection.say_frame("x", code)
    connection:say(json.encode { "disconnect", 1 })
  end
end

-- Take the input of a message as the carrier does. Return it; an end ends the command.
local function take_input(connection, text, crypto)
  local received = ""
  if text:find "^c" then return received end
  for line in text:gmatch "[^\n]+" do
    if line:find "^i" then
      local piece = crypto.from_base64(line:sub(2))
      connection.say_frame("r", tostring(#piece))
      received = received .. piece
    elseif line == "e" then
      connection.say_frame("x", "0")
    end
  end
  return received
end

local function virtually(f)
  local _ <close> = setmetatable({}, { __close = function() core.clock "real" end })
  core.clock "virtual"
  f()
end

describe("a command in a terminal", function()
  it("returns output, exit code and errors, and leaves no terminal", function()
    local world <close> = terminal(printing "3")
    assert.same({ "out\n", 3, "bad\n" }, { run(world) })
    assert.same({ "POST /api/terminals" }, world.requests)
    assert.matches("GET /terminals/websocket/1 ", world.sockets.requests[1])
  end)

  it("hands output on as it comes", function()
    local world <close> = terminal(printing "0")
    local pieces = {}
    local function keep(text) pieces[#pieces + 1] = text end
    assert.same({ "", 0, "" }, { run(world, { on_output = keep, on_errors = keep }) })
    assert.same({ "out\n", "bad\n" }, pieces)
  end)

  it("passes a text as input", function()
    local heard = {}
    local world <close> = terminal(function(connection, text, crypto)
      heard[#heard + 1] = take_input(connection, text, crypto)
    end)
    local input = ("line\n"):rep(60000)
    assert.equal(0, select(2, run(world, { stdin = input })))
    assert.is_true(input == table.concat(heard))
  end)

  it("holds a source of input while much of it waits", function()
    local held, received = {}, 0
    local world <close> = terminal(function(connection, text, crypto)
      received = received + #take_input(connection, text, crypto)
    end)
    local source = {}
    function source:start(take)
      take(("x"):rep(1400000))
      take(nil)
      self.is_started = true
    end
    function source:hold(is_held) held[#held + 1] = is_held end
    assert.equal(0, select(2, run(world, { stdin = source })))
    assert.equal(1400000, received)
    assert.is_true(held[1])
    assert.is_false(held[#held])
  end)

  it("is ended when its time is over", function()
    virtually(function()
      local world <close> = terminal(function() end, { is_deaf = true })
      local err = fails(world, { timeout = 5 })
      assert.equal("Timeout", err.code)
      assert.matches("'ci%-ann' did not end within 5 seconds: it was ended", err.message)
      assert.equal("DELETE /api/terminals/1", world.requests[2])
    end)
  end)

  it("is given up when the shell never becomes it", function()
    virtually(function()
      local world <close> = terminal(function() end, { is_silent = true })
      local err = fails(world)
      assert.equal("TerminalSilent", err.code)
      assert.matches("did not begin within 30 seconds", err.message)
    end)
  end)

  it("tells a shell that ended from a terminal that was closed", function()
    local world <close> = terminal(function() end, { dies = true })
    local err = fails(world)
    assert.equal("TerminalSilent", err.code)
    assert.matches("ended before the command began: it printed 'exec sh", err.message)
    local other <close> = terminal(function(connection)
      connection:say(json.encode { "disconnect", 1 })
    end)
    assert.equal("CommandLost", fails(other).code)
  end)

  it("fails when the connection is lost", function()
    local world <close> = terminal(function(connection) connection:drop "reset" end)
    local err = fails(world)
    assert.equal("ConnectionFailed", err.code)
    assert.matches("the connection to 'ci%-ann' was lost while the command ran", err.message)
  end)

  for code, frame in pairs { PythonMissing = "p", InvalidReply = "x999" } do
    it("fails with " .. code, function()
      local world <close> = terminal(function(connection) connection.say_frame(frame) end)
      assert.equal(code, fails(world).code)
    end)
  end

  it("refuses a terminal whose name could be a path", function()
    local world <close> = terminal(printing "0", { name = "../x" })
    assert.equal("InvalidReply", fails(world).code)
    assert.equal(0, #world.sockets.requests)
  end)

  it("skips messages that it does not know", function()
    local world <close> = terminal(function(connection, text, crypto)
      for _, odd in ipairs { "nonsense", "[]", "{}", '["other",1]', "7" } do connection:say(odd) end
      printing "0"(connection, text, crypto)
    end)
    assert.equal(0, select(2, run(world)))
  end)

  it("ends the command when a function of the caller fails", function()
    local heard = {}
    local world <close> = terminal(function(connection, text, crypto)
      heard[#heard + 1] = text
      if text:find "^c" then connection.say_frame("o", crypto.base64 "x") end
    end)
    assert.is_false(pcall(run, world, { on_output = function() error "mine" end }))
    assert.equal("q\n", heard[#heard])
    assert.same({ "POST /api/terminals" }, world.requests)
  end)

  it("runs many side by side", function()
    local world <close> = terminal(printing "0")
    local done = 0
    azureml.each({ 1, 2, 3, 4, 5 }, function()
      run(world)
      done = done + 1
    end)
    assert.equal(5, done)
  end)
end)
