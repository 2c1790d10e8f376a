local traceback = require "azureml.console.traceback"

-- Our sources as the tracebacks of this run name them.
local OURS = debug.getinfo(traceback.trim, "S").short_src:match "^(.*)console/traceback%.lua$"

local function trim(...)
  return traceback.trim("stack traceback:\n\t" .. table.concat({ ... }, "\n\t"))
end

describe("a traceback", function()
  it("leaves out our frames, and what they called in C", function()
    assert.equal("stack traceback:\n\tnightly.lua:5: in main chunk", trim(
      "[C]: in function 'error'", OURS .. "error.lua:90: in function 'azureml.error.raise'",
      "nightly.lua:5: in main chunk", "[C]: in function 'xpcall'",
      OURS .. "prompt.lua:3: in function 'run'", "[C]: in ?"))
  end)

  it("keeps what the script called in C", function()
    local kept = "stack traceback:\n\t[C]: in function 'table.sort'\n\tnightly.lua:5: in main chunk"
    assert.equal(kept, trim(
      OURS .. "task.lua:9: in function <task.lua:9>", "[C]: in function 'table.sort'",
      "nightly.lua:5: in main chunk", "[C]: in ?"))
  end)

  it("keeps workflows: they are scripts", function()
    local frame = OURS .. "workflows/nightly.lua:5: in main chunk"
    assert.equal("stack traceback:\n\t" .. frame, trim(frame, "[C]: in ?"))
  end)

  it("is left out when nothing remains", function()
    assert.is_nil(trim("[C]: in function 'error'", OURS .. "task.lua:1: in main chunk",
      "[C]: in ?"))
    assert.is_nil(traceback.trim(nil))
  end)
end)

describe("an uncaught error", function()
  local function describe_error(value)
    local _, caught = xpcall(error, traceback.catch, value, 0)
    return traceback.describe(caught)
  end

  it("is told with its traceback when it is a text", function()
    assert.matches("^boom\nstack traceback:\n.*traceback_spec.lua:%d+: in ", describe_error "boom")
    assert.matches("^42\nstack traceback:\n", describe_error(42))
  end)

  it("is told by its kind when it has no text", function()
    assert.matches("^%(error object is a nil value%)\nstack", describe_error(nil))
    assert.matches("^%(error object is a table value%)\nstack", describe_error {})
  end)

  it("is told by its own text, and its own traceback if it brings one", function()
    local meta = { __tostring = function(self) return "x.lua:1: " .. self.message end }
    assert.equal("x.lua:1: refused", describe_error(setmetatable({ message = "refused" }, meta)))
    assert.equal("x.lua:1: refused\nstack traceback:\n\tx.lua:1: in main chunk",
      describe_error(setmetatable({ message = "refused", traceback = "\tx.lua:1: in main chunk" },
        meta)))
  end)

  it("is told when Lua could not call the handler", function()
    assert.equal("not enough memory", traceback.describe "not enough memory")
  end)

  it("is told when the stack has overflowed", function()
    local function deeper() return 1 + deeper() end
    local _, caught = xpcall(deeper, traceback.catch)
    assert.matches("stack overflow", traceback.describe(caught))
  end)
end)
