local status = require "azureml.jobs.status"

describe("the status of a job", function()
  it("is over, waits or runs; one of these at most", function()
    local groups = {}
    for _, name in ipairs(status.names) do
      local found = {}
      for _, is in ipairs { "is_over", "is_waiting", "is_running" } do
        if status[is](name) then found[#found + 1] = is end
      end
      groups[name] = table.concat(found, " ")
      assert.equal(status.is_waiting(name) or status.is_running(name), status.is_active(name))
    end
    assert.same({
      Completed = "is_over", Failed = "is_over", Canceled = "is_over",
      NotStarted = "is_waiting", Queued = "is_waiting", Paused = "is_waiting",
      Starting = "is_running", Provisioning = "is_running", Preparing = "is_running",
      Running = "is_running", Finalizing = "is_running", CancelRequested = "is_running",
      NotResponding = "is_running", Unknown = "",
    }, groups)
  end)

  it("is told in any case", function()
    assert.same({ "Running", "Active", nil },
      { status.canonical "rUNNING", status.canonical "active", status.canonical "runing" })
  end)
end)
