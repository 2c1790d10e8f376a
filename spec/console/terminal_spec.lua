local terminal = require "azureml.console.terminal"

describe("the history", function()
  local function with_environment(values, f)
    local getenv = os.getenv
    os.getenv = function(name) return values[name] end      -- luacheck: ignore 122
    local ok, err = pcall(f)
    os.getenv = getenv                                      -- luacheck: ignore 122
    assert(ok, err)
  end

  it("lies where the user's state lies", function()
    with_environment({ XDG_STATE_HOME = "/state", HOME = "/home/ann" }, function()
      assert.equal("/state/azureml/history", terminal.history_path())
    end)
    with_environment({ HOME = "/home/ann" }, function()
      assert.equal("/home/ann/.local/state/azureml/history", terminal.history_path())
    end)
  end)

  it("is not kept under a relative directory, nor without a home", function()
    with_environment({ XDG_STATE_HOME = "state", HOME = "/home/ann" }, function()
      assert.equal("/home/ann/.local/state/azureml/history", terminal.history_path())
    end)
    with_environment({}, function() assert.is_nil(terminal.history_path()) end)
  end)
end)
