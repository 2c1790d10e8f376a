local core = require "azureml.core"
local errors = require "azureml.error"
local json = require "azureml.json"
local notebook_server = require "spec.notebook_server"
local world = require "spec.world"

-- The played server's clock says 2026-11-28T12:00:00Z.
local function kernel(id, state, last, name)
  return { id = id, name = name or "python3", execution_state = state, connections = 1,
    last_activity = last }
end

describe("what is open in an instance's Jupyter", function()
  local played, jupyter

  before_each(function()
    core.clock "virtual"
    played = notebook_server.open()
    jupyter = played.vm.jupyter
    played.terminals = { { name = "2", last_activity = "2026-11-28T09:00:00.5Z" },
      { name = "1", last_activity = "2026-11-28T11:59:30Z" } }
    played.kernels = { kernel("k-1", "busy", "2026-11-28T08:00:00Z"),
      kernel("k-2", "idle", "2026-11-28T10:00:00Z", "ir") }
    played.sessions = { { id = "s-1", path = "Users/ann/train.ipynb", name = "", type = "notebook",
      kernel = played.kernels[1] } }
  end)
  after_each(function() world.finish(played) end)

  local function names(list)
    local all = {}
    for i, open in ipairs(list) do all[i] = open.kind .. " " .. open.name end
    return all
  end

  it("is listed with its last activity, by the machine's clock", function()
    local terminals = jupyter:terminals()
    assert.same({ "terminal 1", "terminal 2" }, names(terminals))
    assert.same({ 30, 10800 }, { terminals[1].idle, terminals[2].idle })
    local kernels = jupyter:kernels()
    assert.same({ "kernel ir", "kernel python3" }, names(kernels))
    assert.same({ "idle", 1, false, true }, { kernels[1].state, kernels[1].connections,
      kernels[1]:is_busy(), kernels[2]:is_busy() })
    local sessions = jupyter:sessions()
    assert.same({ "notebook train.ipynb" }, names(sessions))
    assert.equal("Users/ann/train.ipynb", sessions[1].path)
    assert.is_true(sessions[1]:is_busy())
    assert.equal("notebook train.ipynb, busy", tostring(sessions[1]))
    assert.equal("terminal 2, idle for 3 h", tostring(terminals[2]))
  end)

  it("is stopped one by one; what has ended meanwhile is no error", function()
    local terminal, open = jupyter:terminals()[1], jupyter:kernels()[1]
    terminal:stop()
    terminal:stop()
    open:stop()
    assert.same({ "terminal 2" }, names(jupyter:terminals()))
    assert.same({ "kernel python3" }, names(jupyter:kernels()))
    played.instead = function() return { status = 500 } end
    local _, err = errors.try(open.stop, open)
    assert.matches("cannot stop the kernel ir of ci%-ann", err.message)
  end)

  it("is stopped when it was idle, never what computes", function()
    assert.same({ "kernel ir", "terminal 2" }, names(jupyter:stop_idle(2 * 3600)))
    assert.same({ "terminal 1" }, names(jupyter:terminals()))
    assert.same({ "kernel python3" }, names(jupyter:kernels()))
    assert.same({}, jupyter:stop_idle(2 * 3600))
    played.terminals = json.array {}
    for i = 1, 3 do
      played.terminals[i] = { name = "t" .. i, last_activity = "2026-11-28T08:00:00Z" }
    end
    played.instead = function(request, path)
      return request.method == "DELETE" and path:find "t1$" and { status = 500 } or nil
    end
    local _, err = errors.try(jupyter.stop_idle, jupyter, 3600)
    assert.same({ "SomeFailed", 1, "t1" }, { err.code, #played.terminals, err.details[1].name })
    assert.error_matches(function() jupyter:stop_idle "2h" end, "number of seconds")
  end)

  it("is refused when the machine sends ids that are none", function()
    for _, id in ipairs { "../contents/x", "a/b", "", "a b", 7, json.null, ("x"):rep(300) } do
      played.kernels = { kernel(id, "idle", "2026-11-28T08:00:00Z") }
      local _, err = errors.try(jupyter.kernels, jupyter)
      assert.equal("InvalidReply", err.code)
    end
  end)

  it("survives fields of other types, and shows nothing raw", function()
    played.kernels = { { id = "k", name = { 1 }, execution_state = 3, last_activity = "soon",
      connections = "many" } }
    local open = jupyter:kernels()[1]
    assert.same({ "?", false }, { open.name, open:is_busy() })
    assert.is_nil(open.idle)
    played.sessions = { { id = "s", path = 4, name = "a\27[31m.ipynb", kernel = kernel("k") } }
    assert.equal("notebook a\u{FFFD}[31m.ipynb", tostring(jupyter:sessions()[1]))
  end)

  it("tells the activity of the instance", function()
    local activity = played.vm:activity()
    assert.same({ true, 1, 2, 2, "2026-11-28T11:59:30Z", 30 }, { activity.is_busy, #activity.busy,
      #activity.kernels, #activity.terminals, activity.last, activity.idle })
    assert.equal("busy with 1 kernel", tostring(activity))
    played.kernels, played.terminals = {}, {}
    activity = played.vm:activity()
    assert.same({ false, played.started, 4 * 3600 },
      { activity.is_busy, activity.last, activity.idle })
    assert.equal("idle for 4 h", tostring(activity))
    played.state = "JobRunning"
    played.vm:refresh()
    assert.equal("busy with a job", tostring(played.vm:activity()))
  end)
end)
