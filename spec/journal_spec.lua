--- The journal's file: lua/azureml/journal.lua and csrc/lua_journal.c beneath it. What processes do
--- with it when they are killed is in e2e/journal_spec.lua.
local core = require "azureml.core"
local process = require "spec.process"

-- Appends lines until the file may not grow, then a short one, and reads the file.
local FILL = [[
  local core = require "azureml.core"
  local journal = assert(core.journal(arg[1]))
  local long = { text = ("x"):rep(300) }
  local function write(line)
    assert(journal:append(line))
    return journal:flush()
  end
  for _ = 1, 4 do print(write(long)) end
  print(write { a = 1 })
  local count, text = 0, journal:text()
  for line in text:gmatch "([^\n]*)\n" do
    assert(core.decode(line))
    count = count + 1
  end
  print(count, text:sub(-1) == "\n")
]]

describe("a journal on a full disk", function()
  local directory

  before_each(function() directory = process.directory() end)
  after_each(function() process.remove(directory) end)

  -- Files may have 1,024 bytes; a larger write is cut short.
  local function with_little_space(words)
    return process.run { "sh", "-c", "trap '' XFSZ; ulimit -f 2; exec " .. words }
  end

  it("cuts back a short write, so that every line is whole", function()
    local script = process.write(directory .. "/fill.lua", FILL, "600")
    local out = with_little_space(("%s %s %s/journal"):format(process.executable_path, script,
      directory))
    assert.equal("true\ntrue\ntrue\nnil\tthere is no space left\ntrue\n4\ttrue\n", out)
  end)
end)

describe("the lines of a journal", function()
  local directory, journal

  before_each(function()
    directory = process.directory()
    journal = assert(core.journal(directory .. "/journal"))
  end)
  after_each(function()
    journal:close()
    process.remove(directory)
  end)

  local function written()
    local file <close> = io.open(journal:path())
    return file and file:read "a"
  end

  it("are written together, by flush", function()
    assert.is_true(journal:append { a = 1 })
    assert.is_true(journal:append { b = 2 })
    assert.equal("", written())
    assert.is_true(journal:flush())
    assert.is_true(journal:flush())
    assert.equal('{"a":1}\n{"b":2}\n', written())
  end)

  it("are written where there are many, where the text is read, and at the close", function()
    local path = journal:path()
    journal:append { text = ("x"):rep(70000) }
    assert.equal(70012, #written())
    journal:append { a = 1 }
    assert.matches('"a":1', journal:text())
    journal:append { b = 2 }
    journal:close()
    local file <close> = assert(io.open(path))
    assert.matches('{"a":1}\n{"b":2}\n$', file:read "a")
  end)

  it("are dropped where all operations are done", function()
    journal:append { a = 1 }
    journal:clear()
    journal:flush()
    assert.equal("", written())
  end)
end)

describe("an unreadable line of a journal", function()
  local emulator, state

  before_each(function()
    emulator, state = process.served_emulator { speed = 3000 }, process.directory()
  end)
  after_each(function()
    emulator:close()
    process.remove(state)
  end)

  local function azureml(...)
    return process.executable({ ... }, { AZUREML_EMULATOR = emulator.url, XDG_STATE_HOME = state })
  end

  it("is skipped with a warning, and the operations around it are kept", function()
    azureml("-e", [[
      local ws = require("azureml").workspace()
      for _, name in ipairs { "ci-ann", "ci-bob" } do ws.instances:create(name, {}) end
      os.execute "kill -9 $PPID"
    ]])
    local path = process.run({ "find", state, "-name", "*.journal" }):match "[^\n]+"
    local file <close> = assert(io.open(path))
    local text = file:read "a"
    local first, rest = text:match "^([^\n]*\n)(.*)$"
    process.write(path, first .. '{"event":"intent","id":"to\n\0\255\n' .. rest, "600")
    local out, err, code = azureml("operations", "--all")
    assert.equal(0, code, err)
    assert.matches("create +ci%-ann", out)
    assert.matches("create +ci%-bob", out)
    assert.matches("^azureml: 2 unreadable lines of a journal were skipped: /", err)
    local _, _, waited = azureml("operations", "wait")
    assert.equal(0, waited)
  end)
end)
