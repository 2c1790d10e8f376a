local completion = require "azureml.console.completion"

local function trap()
  error "completion must not call anything"
end

local env = {
  azureml = { workspace = print, each = print, NAME = "x", _private = print },
  ws = setmetatable({ name = "team" },
    { __index = { instances = setmetatable({}, { __index = { list = print, get = print } }) } }),
  lazy = setmetatable({ here = 1 }, { __index = trap, __pairs = trap, __len = trap }),
  text = "abc",
  ["not a name"] = 1,
  whale = 1,
}

local function candidates(word)
  return select(2, completion.word(word, env))
end

describe("completion", function()
  it("knows globals and keywords", function()
    assert.same({ "azureml" }, candidates "az")
    assert.same({ "whale", "while" }, candidates "wh")
  end)

  it("walks fields and tables of __index", function()
    assert.same({ "ws.instances" }, candidates "ws.in")
    assert.same({ "ws.instances.get", "ws.instances.list" }, candidates "ws.instances.")
  end)

  it("offers only what can be called after a colon", function()
    assert.same({ "azureml:each", "azureml:workspace" }, candidates "azureml:")
    assert.same({ "ws.instances:list" }, candidates "ws.instances:l")
  end)

  it("knows the methods of strings", function()
    assert.same({ "text:upper" }, candidates "text:up")
  end)

  it("calls nothing", function()
    assert.same({ "lazy.here" }, candidates "lazy.")
    assert.same({}, candidates "lazy.other.")
  end)

  it("believes a metatable that tells what its __index function knows", function()
    local vm = setmetatable({ raw = {} },
      { __index = trap, __methods = { start = print, stop = print }, __fields = { state = trap } })
    assert.same({ "vm.raw", "vm.start", "vm.state", "vm.stop" },
      select(2, completion.word("vm.", { vm = vm })))
    assert.same({ "vm:start", "vm:stop" }, select(2, completion.word("vm:", { vm = vm })))
  end)

  it("hides private names until an underscore is typed", function()
    assert.same({ "azureml._private" }, candidates "azureml._")
    assert.same({ "azureml.NAME", "azureml.each", "azureml.workspace" }, candidates "azureml.")
  end)

  it("leaves out what only files of this package use", function()
    local ws = require("azureml").workspace {
      subscription_id = "11111111-1111-1111-1111-111111111111", resource_group = "ml",
      name = "team", credential = require("azureml").credential.none(),
    }
    assert.same({}, select(2, completion.word("ws.open_graph", { ws = ws })))
    assert.same({ "ws.name" }, select(2, completion.word("ws.nam", { ws = ws })))
  end)

  it("gives what all candidates begin with", function()
    assert.equal("wh", (completion.word("w", { whale = 1, what = 1 })))
    assert.equal("ws.instances", (completion.word("ws.i", env)))
    assert.equal("nothing.at", (completion.word("nothing.at", env)))
  end)

  it("has nothing to say of what is no name", function()
    for _, word in ipairs { "nowhere.x", "ws..x", ".x", "1.", "a..", ":" } do
      assert.same({}, candidates(word))
    end
  end)

  it("ends on a circle of __index", function()
    local circle = { field = 1 }
    setmetatable(circle, circle).__index = circle
    assert.same({ "c.field" }, select(2, completion.word("c.f", { c = circle })))
  end)

  it("keeps what stands before a name", function()
    assert.equal("#azureml", (completion.word("#az", env)))
    assert.same({ "1-whale", "1-while" }, select(2, completion.word("1-wh", env)))
  end)
end)

describe("completion of options and texts", function()
  local azureml = require "azureml"
  local names = require "azureml.console.names"
  local scope, known

  setup(function()
    local ws = azureml.workspace {
      subscription_id = "11111111-1111-1111-1111-111111111111", resource_group = "ml",
      name = "team", credential = azureml.credential.none(),
    }
    scope = { ws = ws, azureml = azureml, print = print }
    known = names.known
    names.known = function(workspace, kind)
      assert.equal(ws, workspace)
      return kind == "instances" and { "ci-ann", "ci-bob" } or { "Standard_DS3_v2" }
    end
  end)

  teardown(function() names.known = known end)

  local function offers(line)
    local before, word = line:match "^(.-)([^%s\"'`=;{(,)}%[%]]*)$"
    return select(2, completion.text(before, word, scope))
  end

  it("offers the options of the function whose table is typed", function()
    assert.same({ "no_wait = " }, offers "ws.instances:stop('ci', { no")
    assert.same({ "progress = ", "show_output = ", "timeout = " },
      offers "ws.instances:stop('ci', { no_wait = true, ")
    assert.same({ "subscription_id = " }, offers "azureml.workspace{sub")
    assert.same({ "idle_time_before_shutdown = " }, offers "ws.instances:create('a', {\n  idle_t")
    assert.same({ "wait_for_capacity = " }, offers "ws.instances.start(ws.instances, 'x', { wait")
    assert.same({ "timeout = " }, offers "ws.instances:get('x'):start{ti")
  end)

  it("offers the options of a table within", function()
    assert.same({ "cron = " }, offers "ws.instances:create('a', { schedules = { { cr")
    assert.same({ "tries = " }, offers "azureml.workspace { retry = { t")
  end)

  it("offers true and false where they are expected", function()
    assert.same({ "false", "true" }, offers "ws.instances:stop('ci', { no_wait = ")
    assert.same({ "true" }, offers "ws.instances:stop('ci', { no_wait = t")
  end)

  it("offers instances, states, sizes and words inside strings", function()
    assert.same({ "ci-ann", "ci-bob" }, offers "ws.instances:get \"")
    assert.same({ "ci-bob" }, offers "ws.instances:stop('ci-b")
    assert.same({ "ci-ann", "ci-bob" }, offers "ws.instances:stop_all { 'ci")
    assert.same({ "Stopped", "Stopping" }, offers "ws.instances:list { state = 'sto")
    assert.same({ "Standard_DS3_v2" }, offers "ws.instances:create('a', { vm_size = 'stan")
    assert.same({ "json" }, offers "ws.instances:stop('a', { progress = 'j")
    assert.same({ "restart" }, offers "ws:can 'rest")
  end)

  it("offers nothing inside other strings", function()
    for _, line in ipairs { "print 'ci", "x = 'ci", "ws.instances:create('ci", "f { 'ci" } do
      assert.same({}, offers(line))
    end
  end)

  it("offers names where there are no options", function()
    assert.same({ "print" }, offers "x = { pri")
    assert.same({ "ws" }, offers "ws.instances:stop('ci', { timeout = ws")
  end)
end)
