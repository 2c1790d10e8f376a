-- Names for completion come from a look that goes on while the loop turns.
local azureml = require "azureml"
local emulator_module = require "azureml.emulator"
local loop = require "azureml.task.loop"
local names = require "azureml.console.names"

describe("the names at the prompt", function()
  local emulator, ws

  before_each(function()
    local instances = {}
    for i = 1, 5 do instances["ci" .. i] = "Stopped" end
    emulator = emulator_module.start { seed = { instances = instances } }
    emulator:set_page_size(2)
    ws = azureml.workspace()
  end)

  after_each(function()
    ws:close()
    emulator:close()
  end)

  local function turn()
    while names.are_awaited() do loop.pump() end
  end

  it("are asked for without waiting, page by page", function()
    assert.same({}, names.known(ws, "instances"))
    assert.is_true(names.are_awaited())
    turn()
    assert.same({ "ci1", "ci2", "ci3", "ci4", "ci5" }, names.known(ws, "instances"))
    assert.is_false(names.are_awaited())
  end)

  it("of sizes come from the region of the workspace", function()
    names.look(ws)
    turn()
    assert.is_true(#names.known(ws, "sizes") > 20)
  end)

  it("are not asked for again while they are fresh", function()
    names.look(ws)
    turn()
    local count = emulator:request_count()
    names.look(ws)
    assert.equal(count, emulator:request_count())
    assert.is_false(names.are_awaited())
  end)

  it("are asked for again after a chunk has run", function()
    names.look(ws)
    turn()
    names.expire()
    names.look(ws)
    assert.is_true(names.are_awaited())
    turn()
  end)

  it("stay unknown when the service refuses", function()
    emulator:fault { times = 9, answer = { status = 403,
      json = { error = { code = "AuthorizationFailed", message = "no" } } } }
    names.look(ws)
    turn()
    assert.same({}, names.known(ws, "instances"))
  end)
end)
