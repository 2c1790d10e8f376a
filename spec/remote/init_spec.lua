local azureml = require "azureml"
local local_instance = require "spec.local_instance"
local remote = require "azureml.remote"

describe("a command on an instance", function()
  local place, vm

  before_each(function()
    place = local_instance()
    vm = place.vm
  end)
  after_each(function() place:close() end)

  it("goes by SSH where it is on, else by Jupyter", function()
    assert.equal("ssh", remote.way(vm, {}))
    assert.equal("jupyter", remote.way(vm, { over = "jupyter" }))
    vm.ssh = { enabled = false }
    assert.equal("jupyter", remote.way(vm, {}))
    assert.equal("ssh", remote.way(vm, { over = "ssh" }))
  end)

  it("runs by SSH", function()
    local output, code, printed = remote.exec(vm, "echo out; echo bad >&2; exit 7")
    assert.same({ "out\n", 7, "bad\n" }, { output, code, printed })
  end)

  it("runs by Jupyter with the same arguments", function()
    vm.ssh = { enabled = false }
    local seen
    vm.jupyter.server.prepare = function(_, settings) seen = settings.start end
    vm.jupyter.server.request = function(_, method, path)
      require("azureml.error").raise { code = "Here", message = method .. " " .. path }
    end
    local _, err = azureml.try(remote.exec, vm, { "ls" }, { start = true })
    assert.same({ "POST /api/terminals", true }, { err.message, seen })
  end)

  it("refuses a key where none is used", function()
    local _, err = azureml.try(remote.exec, vm, "true", { over = "jupyter", key = "k" })
    assert.equal("InvalidArgument", err.code)
  end)

  for _, row in ipairs {
    { "an empty command", "", {}, "the command must be" },
    { "an empty list", {}, {}, "the command must be" },
    { "a list of other things", { 1 }, {}, "each word" },
    { "a NUL", "a\0b", {}, "must not contain NUL" },
    { "an unknown way", "true", { over = "smoke" }, "over is 'ssh' or 'jupyter', not 'smoke'" },
    { "an unknown option", "true", { tiemout = 1 }, "no option 'tiemout'" },
    { "a negative time", "true", { timeout = -1 }, "a number of seconds" },
    { "input that is a number", "true", { stdin = 1 }, "'stdin' must be a string" },
    { "a source of input over SSH", "true", { stdin = {} }, "must be a string over ssh" },
  } do
    it("refuses " .. row[1], function()
      local ok, raised = pcall(remote.exec, vm, row[2], row[3])
      assert.is_false(ok)
      assert.matches(row[4], tostring(raised), 1, true)
    end)
  end
end)
