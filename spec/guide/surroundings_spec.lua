local sources = require "spec.sources"
local surroundings = require "azureml.guide.surroundings"

describe("the environment in the manual", function()
  -- What the emulator only writes, what the package takes out of its children's environment, and
  -- PATH, by which systems find programs.
  local NOT_READ = { AZURE_PASSWORD = true, AZURE_USERNAME = true, SSH_CONNECTION = true,
    SSH_ASKPASS = true, SSH_ASKPASS_REQUIRE = true, DISPLAY = true, WAYLAND_DISPLAY = true,
    PATH = true }

  it("has each variable once", function()
    local seen = {}
    for _, row in ipairs(surroundings.environment) do
      for name in row[1]:gmatch "[%w_]+" do
        assert.is_nil(seen[name], name)
        seen[name] = true
      end
    end
  end)

  it("has each variable that the sources read", function()
    local known, missing, count = {}, {}, 0
    for _, row in ipairs(surroundings.environment) do
      for name in row[1]:gmatch "[%w_]+" do known[name] = true end
      for name in row[2]:gmatch "[%u_]+" do known[name] = true end
    end
    local text = sources.text("*.lua", "lua/azureml") .. sources.text("*.[ch]", "csrc")
    for _, pattern in ipairs { 'getenv *%(?"([%w_]+)"', '[^%w]variable *%(?"([%w_]+)"' } do
      for name in text:gmatch(pattern) do
        count = count + 1
        if not known[name] and not NOT_READ[name] then missing[name] = true end
      end
    end
    for _, prefix in ipairs { "AZUREML", "AZURE", "XDG" } do
      for name in text:gmatch('"(' .. prefix .. '_[%u_]+)"') do
        if not known[name] and not NOT_READ[name] then missing[name] = true end
      end
    end
    assert.same({}, missing)
    assert.is_true(count > 20)
  end)
end)
