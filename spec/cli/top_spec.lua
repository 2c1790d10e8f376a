local core = require "azureml.core"
local errors = require "azureml.error"
local json = require "azureml.json"
local meters_board = require "azureml.console.meters_board"
local metrics = require "azureml.look.metrics"
local panel = require "azureml.console.panel"
local run = require "spec.command_line"
local world = require "spec.world"

-- The instances' metrics are pretended here; spec/machine/look.lua reads real ones.
describe("azureml top", function()
  local emulator, ws, own, asked

  before_each(function()
    emulator, ws = world.open { ["ci-ann"] = "Running", ["ci-bob"] = "Stopped",
      ["ci-cleo"] = "Running" }
    own, asked = metrics.of, {}
    metrics.of = function(vm, settings)
      asked[#asked + 1] = settings
      return metrics.read(("begin\ncores 4\nload 0.5 0.5 0.5\nuptime 60\nmemory MemTotal 9\n"
        .. "memory MemAvailable 4\ndisk /dev/root 100 %d 5 5%% /\nend\n"):format(
        vm.name == "ci-ann" and 95 or 10), vm.name)
    end
  end)
  after_each(function()
    metrics.of = own
    world.close(emulator, ws)
  end)

  it("shows the instances that run, and what frees space", function()
    local out, err, code = run "top"
    assert.equal(0, code)
    assert.matches("^Name +Load .*\nci%-ann +0.50 .* / 95 %%! .*\nci%-cleo .*\n$", out)
    assert.matches("^ci%-ann: / is 95 %% full, 5.0 KiB left\n  next: see what is large", err)
  end)

  it("shows all of one instance", function()
    local out = run("top", "ci-cleo", "--timeout", "7", "--key", "k", "--over", "ssh")
    assert.matches("^ci%-cleo: up for 1 min\n  load: ", out)
    assert.same({ { timeout = 7, key = "k", over = "ssh" } }, asked)
  end)

  it("tells why an instance was not read, and ends with 1", function()
    local out, err, code = run("top", "ci-ann", "ci-bob", "--once")
    assert.equal(1, code)
    assert.matches("ci%-bob +%-", out)
    assert.matches("azureml: ci%-bob: it is Stopped\n  hint: start it first: 'azureml start "
      .. "ci%-bob'\n", err)
    metrics.of = function() errors.raise { code = "Odd", message = "no answer" } end
    local _, printed = run("top", "ci-ann")
    assert.equal("azureml: ci-ann: no answer\n", printed)
  end)

  it("leaves other users' instances out, unless they are named", function()
    local own_metrics = metrics.of
    metrics.of = function(vm, settings)
      if vm.name == "ci-cleo" then return own_metrics(vm, settings) end
      errors.raise { code = "NotYours", message = "it belongs to another user" }
    end
    local out, err, code = run("top", "-o", "json")
    assert.same({ 1, "ci-cleo", 0 }, { #json.decode(out), json.decode(out)[1].name, code })
    assert.equal("azureml: note: left out 1 instance of other users: only its own user may look "
      .. "into an instance\n", err)
    assert.matches("^ci%-cleo: up for 1 min\n", (run "top"))
    out, err, code = run("top", "ci-ann", "ci-cleo")
    assert.equal(1, code)
    assert.matches("ci%-ann +%-", out)
    assert.matches("ci%-ann: it belongs to another user", err)
    metrics.of = function() errors.raise { code = "NotYours", message = "no" } end
    out, err, code = run "top"
    assert.same({ "", 0 }, { out, code })
    assert.matches("^azureml: note: left out 2 instances of other users[^\n]*\n$", err)
  end)

  it("prints JSON, with the errors in it", function()
    local out, _, code = run("top", "ci-ann", "ci-bob", "-o", "json")
    local list = json.decode(out)
    assert.matches('"gpus":[]', out, 1, true)
    assert.same({ 1, "ci-ann", 95, true, "NotRunning" }, { code, list[1].name,
      list[1].disks[1].used_percent, list[1].disks[1].is_nearly_full, list[2].error.code })
    assert.equal("4\t0.5\n", (run("top", "ci-cleo", "-o", "tsv", "--columns", "cores,load_1")
      :match "[^\n]*\n$"))
  end)

  it("says that no instance runs", function()
    local out, err, code = run("top", "--state", "Stopped")
    assert.same({ "", "no instance runs\n", 0 }, { out, err, code })
  end)

  for _, row in ipairs {
    { { "top", "--interval", "0" }, "more than 0 seconds" },
    { { "top", "--interval", "1" }, "redrawn on a terminal" },
    { { "top", "--for", "1" }, "redrawn on a terminal" },
    { { "top", "ci-ann", "--state", "Running" }, "either names, or filters" },
    { { "top", "--limit", "0" }, "1 or more" },
  } do
    it("refuses " .. table.concat(row[1], " "), function()
      local _, err, code = run(table.unpack(row[1]))
      assert.equal(2, code)
      assert.matches(row[2], err, 1, true)
    end)
  end

  local own_width, own_possible, own_new =
    core.terminal_width, panel.is_possible, meters_board.new
  after_each(function()
    core.terminal_width, panel.is_possible, meters_board.new = own_width, own_possible, own_new
  end)

  -- Run the command as on a terminal; return the first two lines of each drawing, and the rest.
  local function live(...)
    local drawn = {}
    core.terminal_width = function() return 80, 24 end
    panel.is_possible = function() return true end
    meters_board.new = function()
      return own_new { panel = { leave = function() end,
        draw = function(_, lines) drawn[#drawn + 1] = lines[1].text .. "|" .. lines[2].text end } }
    end
    return drawn, run(...)
  end

  it("goes on when the list cannot be read for a while", function()
    local count = 0
    local inner = metrics.of
    metrics.of = function(...)
      count = count + 1
      if count == 2 then
        emulator:fault { match = { path = "/computes$" }, answer = { status = 503 }, times = 9 }
      end
      return inner(...)
    end
    local drawn, _, err, code = live("top", "--interval", "30", "--for", "200")
    assert.same({ "", 0 }, { err, code })
    assert.matches("^2 instances.*|Name", drawn[1])
    assert.matches("^2 instances.*|.*503", table.concat(drawn, "\n", 2))
  end)

  it("reads again and again on a terminal", function()
    local drawn, out, err, code = live("top", "--interval", "2", "--for", "5")
    assert.same({ "", "", 0 }, { out, err, code })
    assert.equal(8, #asked)
    assert.matches("^2 instances, 1 with a disk nearly full|", drawn[#drawn])
  end)
end)
