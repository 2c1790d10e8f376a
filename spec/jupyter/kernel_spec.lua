local azureml = require "azureml"
local channels = require "azureml.jupyter.channel"
local core = require "azureml.core"
local json = require "azureml.json"
local kernel = require "azureml.jupyter.kernel"
local played = require "spec.jupyter_server"

local ID = "0b5c0fc2-6c5e-4d0f-9a1e-2f3a4b5c6d7e"

local SPECS = { default = "python3", kernelspecs = {
  python3 = { name = "python3", spec = { display_name = "Python 3", language = "python",
    argv = { "python", "-m", "ipykernel" } } },
  ir = { name = "ir", spec = { display_name = "R", language = "R", argv = { "R" } } },
} }

-- A server with a kernel that is played: `act` gets an execute_request, and a function that answers
-- it with a message of a channel.
local function world_of(act, settings)
  settings = settings or {}
  local answers = {
    ["GET /api/kernelspecs"] = function() return 200, settings.specs or SPECS end,
    ["POST /api/kernels"] = function(body) return 201, { id = ID, name = body.name } end,
    ["GET /api/kernels/" .. ID] = function()
      return settings.is_gone and 404 or 200, { id = ID, name = "python3" }
    end,
    ["DELETE /api/kernels/" .. ID] = function() return 204 end,
    ["POST /api/kernels/" .. ID .. "/interrupt"] = function() return 204 end,
    ["POST /api/kernels/" .. ID .. "/restart"] = function() return 200, {} end,
  }
  local function answer(method, path, body)
    local found = answers[method .. " " .. path]
    if not found then return 404 end
    return found(body)
  end
  local asked = 0
  local function take(connection, text)
    local request = json.decode(text)
    local function say(channel, kind, content, parent)
      connection:say(json.encode {
        header = { msg_id = core.guid(), msg_type = kind }, channel = channel, content = content,
        parent_header = parent or request.header, metadata = {},
      })
    end
    if request.header.msg_type == "kernel_info_request" then
      asked = asked + 1
      if settings.is_mute then return end
      if asked > (settings.deaf or 0) then say("shell", "kernel_info_reply", { status = "ok" }) end
      return
    end
    act(request, say, connection)
  end
  return played(answer, take)
end

local function idle(say) say("iopub", "status", { execution_state = "idle" }) end
local function reply(say) say("shell", "execute_reply", { status = "ok", execution_count = 1 }) end

local function adding(request, say)
  say("iopub", "status", { execution_state = "busy" })
  local text = "result of " .. request.content.code
  say("iopub", "execute_result", { data = { ["text/plain"] = text } })
  reply(say)
  idle(say)
end

local function virtually(f)
  local _ <close> = setmetatable({}, { __close = function() core.clock "real" end })
  core.clock "virtual"
  f()
end

describe("a kernel", function()
  it("is started for code, and shut down", function()
    local world <close> = world_of(adding)
    assert.equal("result of 1+1", kernel.execute(world.server, "1+1").text)
    assert.same({ "GET /api/kernelspecs", "POST /api/kernels", "DELETE /api/kernels/" .. ID },
      world.requests)
  end)

  it("is left alone when it ran before", function()
    local world <close> = world_of(adding)
    assert.equal("result of x", kernel.execute(world.server, "x", { kernel = ID }).text)
    kernel.execute(world.server, "x", { kernel = { id = ID } })
    assert.same({ "GET /api/kernels/" .. ID, "GET /api/kernels/" .. ID }, world.requests)
  end)

  it("is done when reply and idle have come, in either order", function()
    local world <close> = world_of(function(_, say)
      idle(say)
      say("iopub", "stream", { name = "stdout", text = "late" })
      reply(say)
    end)
    assert.equal("late", kernel.execute(world.server, "x").output)
  end)

  it("does not hear what answers other requests", function()
    local world <close> = world_of(function(request, say)
      say("iopub", "stream", { name = "stdout", text = "other" }, { msg_id = "other" })
      adding(request, say)
    end)
    assert.equal("", kernel.execute(world.server, "x").output)
  end)

  it("keeps its state between executions", function()
    local world <close> = world_of(adding)
    local running <close> = kernel.start(world.server)
    running:execute "a"
    running:execute "b"
    assert.equal(1, #world.sockets.requests)
  end)

  it("executes one code at a time, and more after a failure", function()
    local world <close> = world_of(function(request, say)
      if request.content.code ~= "bad" then return adding(request, say) end
      say("iopub", "error", { ename = "E", evalue = "v", traceback = {} })
      reply(say)
      idle(say)
    end)
    local running <close> = kernel.start(world.server)
    local ok, raised = pcall(azureml.parallel, function() return running:execute "a" end,
      function() return running:execute "b" end)
    assert.is_false(ok)
    assert.matches("executes other code", tostring(raised))
    assert.equal("CodeFailed", select(2, azureml.try(running.execute, running, "bad")).code)
    assert.equal("result of c", running:execute("c").text)
  end)

  it("is asked again until it answers", function()
    local own <close> = setmetatable({ channels.ASK_AGAIN }, { __close = function(kept)
      channels.ASK_AGAIN = kept[1]
    end })
    channels.ASK_AGAIN = own[1] / 100
    local world <close> = world_of(adding, { deaf = 2 })
    assert.equal("result of x", kernel.execute(world.server, "x").text)
  end)

  it("is given up when it never answers", function()
    virtually(function()
      local world <close> = world_of(adding, { is_mute = true })
      local _, err = azureml.try(kernel.execute, world.server, "x")
      assert.equal("KernelSilent", err.code)
    end)
  end)

  it("gets the input that the caller gives", function()
    local executing
    local world <close> = world_of(function(request, say)
      if request.header.msg_type == "execute_request" then
        executing = request.header
        assert.is_true(request.content.allow_stdin)
        return say("stdin", "input_request", { prompt = "name? ", password = true })
      end
      assert.equal("input_request", request.parent_header.msg_type)
      say("iopub", "stream", { name = "stdout", text = request.content.value }, executing)
      say("shell", "execute_reply", { status = "ok" }, executing)
      say("iopub", "status", { execution_state = "idle" }, executing)
    end)
    local prompts = {}
    local found = kernel.execute(world.server, "x", { on_input = function(prompt, is_password)
      prompts = { prompt, is_password }
      return "ann"
    end })
    assert.same({ "ann", { "name? ", true } }, { found.output, prompts })
  end)

  it("may ask for nothing without a function for it", function()
    local allowed
    local world <close> = world_of(function(request, say)
      allowed = request.content.allow_stdin
      adding(request, say)
    end)
    kernel.execute(world.server, "x")
    assert.is_false(allowed)
  end)

  it("is interrupted when the time is over, and waited for before more code", function()
    local first
    local world <close> = world_of(function(request, say)
      if request.content.code == "slow" then first = say else adding(request, say) end
    end)
    local running <close> = kernel.start(world.server)
    running:execute "a"
    local _, err = azureml.try(running.execute, running, "slow", { timeout = 0.01 })
    assert.equal("Timeout", err.code)
    assert.matches("did not end within 0.01 seconds: it was interrupted", err.message)
    assert.equal(("POST /api/kernels/%s/interrupt"):format(ID), world.requests[3])
    while not first do azureml.sleep(0.001) end
    first("shell", "execute_reply", { status = "error", ename = "KeyboardInterrupt" })
    idle(first)
    assert.equal("result of next", running:execute("next").text)
  end)

  for _, state in ipairs { "restarting", "dead" } do
    it("that is " .. state .. " fails the code", function()
      local world <close> = world_of(function(_, say)
        say("iopub", "status", { execution_state = state }, { msg_id = "none" })
      end)
      local _, err = azureml.try(kernel.execute, world.server, "x")
      assert.equal("KernelDied", err.code)
    end)
  end

  it("that was shut down is noticed, though its channel stays open", function()
    local settings = {}
    local world <close> = world_of(function(request, say)
      if request.content.code == "a" then return adding(request, say) end
      settings.is_gone = true
    end, settings)
    local running <close> = kernel.start(world.server)
    running:execute "a"
    virtually(function()
      local _, err = azureml.try(running.execute, running, "x")
      assert.equal("KernelGone", err.code)
    end)
  end)

  it("is followed on after a lost connection, in the same session", function()
    local answer
    local world <close> = world_of(function(request, _, connection)
      answer = request.header
      connection:drop()
    end)
    local connections = 0
    local take = world.sockets.open
    function world.sockets.open(connection, head, number)
      take(connection, head, number)
      connections = connections + 1
      if connections == 1 then return end
      local function say(channel, kind, content)
        connection:say(json.encode { header = { msg_id = "m", msg_type = kind }, channel = channel,
          content = content, parent_header = answer, metadata = {} })
      end
      say("iopub", "stream", { name = "stdout", text = "missed" })
      reply(say)
      idle(say)
    end
    assert.equal("missed", kernel.execute(world.server, "x").output)
    local first, second = table.unpack(world.sockets.requests)
    assert.equal(first:match "session_id=(%S+)", second:match "session_id=(%S+)")
  end)

  it("of an unknown name is refused with those that exist", function()
    local world <close> = world_of(adding)
    local _, err = azureml.try(kernel.execute, world.server, "x", { kernel = "julia" })
    assert.equal("KernelUnknown", err.code)
    assert.matches("known: ir, python3", err.message)
  end)

  it("is refused when the server describes it badly", function()
    local world <close> = world_of(adding)
    world.server.answer = function(method)
      if method == "GET" then return 200, SPECS end
      return 201, { id = "../x", name = "python3" }
    end
    local _, err = azureml.try(kernel.start, world.server)
    assert.equal("InvalidReply", err.code)
  end)

  for _, row in ipairs {
    { "no code", { nil }, "code expected" },
    { "code with a zero byte", { "a\0b" }, "without a zero byte" },
    { "code that is not text", { "\xff" }, "in UTF-8" },
    { "an unknown option", { "x", { tiemout = 1 } }, "no option 'tiemout'" },
    { "a kernel that is a number", { "x", { kernel = 3 } }, "name or the id" },
  } do
    it("refuses " .. row[1], function()
      local world <close> = world_of(adding)
      local ok, raised = pcall(kernel.execute, world.server, row[2][1], row[2][2])
      assert.is_false(ok)
      assert.matches(row[3], tostring(raised), 1, true)
    end)
  end
end)
