local process = require "spec.process"

describe("the directory of what outlives a process", function()
  local function where(environment)
    return (process.plain_lua({
      "-e", "io.write(tostring(require 'azureml.state_directory' 'operations'))",
    }, environment))
  end

  for _, row in ipairs {
    { { XDG_STATE_HOME = "/var/state", HOME = "/home/ann" }, "/var/state/azureml/operations" },
    { { XDG_STATE_HOME = "", HOME = "/home/ann" }, "/home/ann/.local/state/azureml/operations" },
    -- Must be absolute.
    { { XDG_STATE_HOME = "state", HOME = "/home/ann" },
      "/home/ann/.local/state/azureml/operations" },
    { { XDG_STATE_HOME = "", HOME = "" }, "nil" },
  } do
    it(("is %s"):format(row[2]), function() assert.equal(row[2], where(row[1])) end)
  end
end)
