local power_state = require "azureml.definition.power_state"

describe("the states of an instance", function()
  local words = {      -- transitional, failed, running
    Creating = "t", SettingUp = "t", UserSettingUp = "t", Starting = "t", Stopping = "t",
    Restarting = "t", Resizing = "t", Deleting = "t",
    Updating = "t", CreateFailed = "f", SetupFailed = "f", UserSetupFailed = "f", Unusable = "f",
    Failed = "f", Canceled = "f",
    Running = "r", JobRunning = "r", Stopped = "", Unknown = "", Hibernating = "",
  }

  for word, kinds in pairs(words) do
    it(("%s is %s"):format(word,
      ({ t = "on its way", f = "a failure", r = "running", [""] = "settled" })[kinds]), function()
      assert.same({ kinds == "t", kinds == "f", kinds == "r" },
        { power_state.is_transitional(word), power_state.is_failed(word),
          power_state.is_running(word) })
    end)
  end

  it("that is unknown belongs to no group", function()
    assert.same({ false, false, false },
      { power_state.is_transitional(nil), power_state.is_failed(nil), power_state.is_running(nil) })
  end)

  for _, row in ipairs {
    { "start", "Running", true }, { "start", "JobRunning", true }, { "start", "Stopped", false },
    { "stop", "Stopped", true },
    { "stop", "Running", false }, { "restart", "Running", true }, { "create", "Running", true },
    { "create", "Stopped", true },
    { "create", "Unknown", false }, { "delete", "Running", false },
  } do
    it(("%s %s to %s"):format(row[1], row[3] and "may lead" or "does not lead", row[2]), function()
      assert.equal(row[3], power_state.is_aim(row[1], row[2]))
    end)
  end

  for _, row in ipairs {
    { "start", "Starting", true }, { "start", "Running", true }, { "start", "Stopped", false },
    { "stop", "Stopping", true },
    { "stop", "Stopped", true }, { "stop", "Running", false }, { "restart", "Restarting", true },
    { "restart", "Running", false },
    { "create", "Creating", true }, { "create", "Running", false }, { "delete", "Deleting", true },
    { "delete", "Running", false },
  } do
    it(("%s %s that %s was taken on"):format(row[2], row[3] and "shows" or "does not show",
      row[1]), function()
      assert.equal(row[3], power_state.shows(row[1], row[2]))
    end)
  end
end)
