local azureml = require "azureml"
local core = require "azureml.core"
local process = require "spec.process"
local world = require "spec.world"

describe("azureml", function()
  it("is of its core's version, and refuses another", function()
    assert.equal(core.version, azureml.version)
    local _, err, code = process.plain_lua { "-e", [[
      local core = require "azureml.core"
      core.version = "9.9.9"
      require "azureml"
    ]] }
    assert.equal(1, code)
    assert.matches("azureml [%d.]+ found azureml.core of version 9.9.9: "
      .. "install both from one release", err)
  end)

  it("has the version that the core, the Lua files and the list of changes say", function()
    local function first(path, pattern)
      local file <close> = assert(io.open(path))
      return file:read("a"):match(pattern)
    end
    assert.equal(azureml.version, first("csrc/aml.h", '\n#define AML_VERSION "([^"]+)"\n'))
    assert.equal(azureml.version, first("lua/azureml/init.lua", '\nlocal VERSION = "([^"]+)"\n'))
    assert.equal(azureml.version, first("CHANGELOG.md", "\n## ([%d.]+)"))
  end)

  it("has no globals", function()
    local out = process.plain_lua { "-e", [[
      local before = {}
      for name in pairs(_G) do before[name] = true end
      require "azureml"
      for name in pairs(_G) do if not before[name] then print(name) end end
    ]] }
    assert.equal("", out)
  end)

  it("resumes what a ticket says, unless it is none", function()
    local emulator, ws = world.open { ann = "Stopped" }
    local op <close> = ws.instances:start "ann"
    assert.equal("Running", azureml.resume(op:ticket()):wait().state)
    local _, err = azureml.try(azureml.resume, "not a ticket")
    assert.equal("InvalidTicket", err.code)
    op:close()
    world.close(emulator, ws)
  end)
end)
