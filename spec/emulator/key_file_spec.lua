local key_file = require "azureml.emulator.key_file"
local process = require "spec.process"
local surroundings = require "spec.surroundings"

describe("the key of an emulator that gives a shell", function()
  local home, variables

  before_each(function()
    home = process.directory()
    variables = surroundings {
      HOME = home, XDG_STATE_HOME = false, AZUREML_EMULATOR_KEY = false,
    }
  end)
  after_each(function()
    variables:close()
    process.remove(home)
  end)

  it("is kept in a private file for each address", function()
    local path = key_file.write("http://127.0.0.1:8080", "k3y")
    assert.equal("600\n", io.popen("stat -c %a " .. path):read "a")
    assert.equal("k3y", key_file.read "http://127.0.0.1:8080")
    assert.same({ ["X-Emulator-Key"] = "k3y" }, key_file.headers "https://127.0.0.1:8080")
    assert.is_nil(key_file.read "http://127.0.0.1:8081")
    assert.is_nil(key_file.headers "http://127.0.0.1:8081")
  end)

  it("goes to no other computer", function()
    key_file.write("http://example.org:80", "k3y")
    assert.is_nil(key_file.read "http://example.org:80")
  end)

  it("may come from the environment", function()
    variables:set { AZUREML_EMULATOR_KEY = "other" }
    assert.equal("other", key_file.read "http://127.0.0.1:8080")
  end)

  it("is not kept without a home directory", function()
    variables:set { HOME = false }
    assert.is_nil(key_file.write("http://127.0.0.1:8080", "k3y"))
  end)
end)
