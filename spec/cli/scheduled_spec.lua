local process = require "spec.process"
local run = require "spec.command_line"
local world = require "spec.world"

describe("azureml run --as", function()
  local emulator, ws, directory

  before_each(function()
    emulator, ws = world.open {}
    directory = process.directory()
  end)
  after_each(function()
    process.remove(directory)
    world.close(emulator, ws)
  end)

  local KUBERNETES = {
    "--as", "kubernetes", "--at", "daily 19:00", "--image", "i", "--client-id", "c",
  }
  local SYSTEMD = { "--as", "systemd", "--at", "daily 19:00" }

  it("prints what runs a workflow, with the workspace in use", function()
    local out, err, code = run("run", "tag_schedule", "team", table.unpack(KUBERNETES))
    assert.same({ "", 0 }, { err, code })
    assert.matches("\n  name: azureml%-tag%-schedule\n", out)
    assert.matches("args:\n +%- run\n +%- tag_schedule\n +%- team\n", out)
    assert.matches(ws.subscription_id:gsub("%-", "%%-"), out)
  end)

  it("writes a script's job without a workspace where none is set, and says so", function()
    local script = process.write(directory .. "/mine.lua", "print(1)\n")
    local function write(...)
      return process.executable({ "run", ... }, { HOME = directory }, directory)
    end
    local out, err, code = write(script, table.unpack(SYSTEMD))
    assert.equal(0, code)
    assert.matches("no workspace is set, so the job has none: .*/mine.lua must name", err)
    assert.is_nil(out:find("AZUREML_ARM", 1, true))
    for _, words in ipairs { { "nightly" }, { script, "-g", "ml" } } do
      table.move(SYSTEMD, 1, #SYSTEMD, #words + 1, words)
      err, code = select(2, write(table.unpack(words)))
      assert.equal(1, code)
      assert.matches("which workspace", err)
    end
  end)

  it("passes the files of reports on", function()
    local out, err, code = run("run", "nightly", "--prometheus", "/var/metrics/nightly.prom",
      table.unpack(SYSTEMD))
    assert.same({ "", 0 }, { err, code })
    assert.is_truthy(out:find([["--prometheus" "/var/metrics/nightly.prom" "run" "nightly"]], 1,
      true))
    assert.is_truthy(out:find('\nReadWritePaths="/var/metrics"\n', 1, true))
  end)

  it("writes the files, and never over others", function()
    local script = process.write(directory .. "/mine.lua", "print(1)\n")
    local into = process.directory()
    local function write() return run("run", script, "--into", into, table.unpack(SYSTEMD)) end
    local out, err, code = write()
    assert.same({ "", 0 }, { err, code })
    local expected = ("INTO/azureml-mine.service\nINTO/azureml-mine.timer\nINTO/mine.lua\n")
    assert.equal((expected:gsub("INTO", into)), out)
    assert.equal("print(1)\n", process.run { "cat", into .. "/mine.lua" })
    out, err, code = write()
    assert.same({ "", 1 }, { out, code })
    assert.matches("azureml%-mine%.service' exists: it is not replaced", err)
    process.remove(into)
    err, code = select(2, write())
    assert.equal(1, code)
    assert.matches("is not written: .*No such file", err)
  end)

  it("refuses what has no effect, what is missing, and what is no script", function()
    local broken = process.write(directory .. "/broken.lua", "if")
    for message, words in pairs {
      ["'%-%-at' needs '%-%-as'"] = { "nightly", "--at", "daily 19:00" },
      ["'%-%-as' needs '%-%-at'"] = { "nightly", "--as", "systemd" },
      ["'%-%-image' needs '%-%-as kubernetes'"] = { "nightly", "--as", "systemd", "--at",
        "daily 19:00", "--image", "x" },
      ["%-%-as kubernetes needs %-%-image"] = { "nightly", "--as", "kubernetes", "--at",
        "daily 19:00", "--client-id", "c" },
      ["there is no workflow and no script 'nothing'"] = { "nothing", table.unpack(KUBERNETES) },
      ["broken%.lua:1: .*near <eof>"] = { broken, table.unpack(KUBERNETES) },
      ["'%-%-summary' needs '%-%-as'; without it, write it before 'run'"] = { "nightly",
        "--summary", "x" },
      ["'%-w' needs '%-%-as'"] = { "nightly", "-w", "team" },
      ["%-%-name is 1 to 52"] = { "nightly", "--name", "Big_Name", table.unpack(KUBERNETES) },
    } do
      local out, err, code = run("run", table.unpack(words))
      assert.same({ "", 2 }, { out, code }, message)
      assert.matches(message, err)
    end
  end)
end)
