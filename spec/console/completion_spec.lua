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
end)
