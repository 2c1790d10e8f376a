-- Two Lua states in one process: each has a loop of its own, and what belongs to one is refused by
-- the other.
local azureml = require "azureml"
local core = require "azureml.core"
local raw = require "raw"

describe("another Lua state in the same process", function()
  it("has a loop of its own", function()
    local other <close> = raw.state()
    local ours <close> = core.sleep(1000)
    assert.equal("waited", other:run [[
      local azureml, core = require "azureml", require "azureml.core"
      core.clock "virtual"
      local function first() azureml.sleep(5000) return "wai" end
      local function second() azureml.sleep(2) return "ted" end
      local a, b = azureml.parallel(first, second)
      return a .. b]])
    assert.is_false(ours:done())      -- its clock is not ours
    azureml.sleep(0)
  end)

  it("may be closed while something of its own is under way", function()
    local other <close> = raw.state()
    assert.equal("begun", other:run [[
      local client = require("azureml.core").client { endpoint = "http://127.0.0.1:1" }
      op = client:request { method = "GET", url = "/" }
      return "begun"]])
  end)

  it("refuses a handle that was carried over, and says what it is", function()
    local other <close> = raw.state()
    local op <close> = core.sleep(1000)
    local value, err = other:run([[
      local carried = ...
      local own = require("azureml.core").sleep(0)
      return own.done(carried)]], op)
    assert.is_nil(value)
    assert.matches("bad argument #1 to 'done' %(azureml.core.op expected, got light userdata%)",
      err)
  end)
end)
