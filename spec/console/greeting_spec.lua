local azureml = require "azureml"
local greeting = require "azureml.console.greeting"
local progress = require "azureml.console.progress"

describe("the greeting", function()
  local written, usual

  before_each(function() written, usual = {}, progress.usual end)
  after_each(function() progress.usual = usual end)

  local function session_of(more)
    local session = {
      version = "1.2.3", env = { azureml = azureml }, opens_workspace = true,
      terminal = {
        write = function(text) written[#written + 1] = text end,
        look = function() return { width = more.width or 80 } end,
      },
    }
    for key, value in pairs(more) do session[key] = value end
    return session
  end

  local WS = { name = "team", resource_group = "ml" }

  it("is two lines: the world and the workspace, and where to find help", function()
    greeting.greet(session_of { env = { ws = WS } })
    assert.same({ "azureml 1.2.3, Lua 5.4 (Azure); ws is team in ml",
      "help() shows examples, Tab completes" }, written)
  end)

  it("gets shorter with the screen, and never wider", function()
    for width, first in pairs {
      [46] = "azureml 1.2.3 (Azure); ws is team in ml", [30] = "Azure; ws is team in ml",
      [20] = "Azure; ws is team", [10] = "ws is te\u{2026}",
    } do
      written = {}
      greeting.greet(session_of { width = width, env = { ws = WS } })
      assert.equal(first, written[1])
    end
  end)

  it("says that there is no workspace, and later why", function()
    local azure = { workspace = function()
      require("azureml.error").raise { code = "NoWorkspace", message = "nothing was found" }
    end }
    local session = session_of { env = { azureml = azure } }
    greeting.offer(session)
    greeting.greet(session)
    assert.equal("azureml 1.2.3, Lua 5.4 (Azure); no workspace yet", written[1])
    local caught = { value = "stdin:1: attempt to index a nil value (global 'ws')" }
    assert.equal("\nthere is no ws: nothing was found",
      greeting.note_on_error(session, caught))
    assert.equal("", greeting.note_on_error(session, { text = "stdin:1: oops" }))
  end)

  it("opens the workspace of the settings, and lets waits show their progress", function()
    local session = session_of { env = { azureml = { workspace = function() return WS end } } }
    greeting.offer(session)
    assert.equal(WS, session.env.ws)
    assert.equal("auto", progress.style("wait", {}))
    assert.equal("quiet", progress.style("wait", { show_output = false }))
  end)

  it("leaves a script's own names", function()
    local env = { azureml = azureml, ws = 1, help = 2, full = 3, exit = 4, quit = 5 }
    greeting.offer(session_of { env = env })
    assert.same({ azureml = azureml, ws = 1, help = 2, full = 3, exit = 4, quit = 5 }, env)
  end)
end)
