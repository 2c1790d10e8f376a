local errors = require "azureml.error"
local json = require "azureml.json"
local run_module = require "azureml.observe.run"
local summary = require "azureml.observe.summary"

local TEAM = { subscription_id = "s", resource_group = "g", name = "team" }
local ENDING = {
  exit_code = 1, ended = 1795957200.5, seconds = 12.25, version = "1.2.3", command = { "stop" },
  throttled = 0, held = 0, requests = {},
}

describe("the summary of a run", function()
  local function read(run)
    return json.decode(summary.text(run, ENDING))
  end

  it("has all members that every run has", function()
    local text = summary.text(run_module.new(), ENDING)
    assert.matches('"verbs":%[%]', text)
    assert.matches('"requests":%[%]', text)
    assert.matches('"operations":%[%]', text)
    local read_back = json.decode(text)
    assert.same({ "summary", 1, "1.2.3", 1, 12.25, "2026-11-29T13:00:00Z" }, {
      read_back.azureml, read_back.version, read_back.program_version, read_back.exit_code,
      read_back.seconds, read_back.ended,
    })
    for _, absent in ipairs { "instances", "cost", "error", "next" } do
      assert.is_nil(read_back[absent], absent)
    end
  end)

  it("lists verbs with their errors, and operations with what to do next", function()
    local run = run_module.new()
    run:began_operation { verb = "stop", name = "a", workspace = TEAM, id = "id-1" }
    run:refused(TEAM, "stop", "b", errors.new { code = "Odd", message = "busy", status = 409,
      request_id = "r-1" })
    run:failed "a text"
    local read_back = read(run)
    assert.same({
      { verb = "stop", name = "a", workspace = "team", outcome = "accepted", request_id = "id-1" },
      { verb = "stop", name = "b", workspace = "team", outcome = "failed", request_id = "r-1",
        error = { code = "Odd", message = "busy", status = 409, request_id = "r-1" } },
    }, read_back.verbs)
    assert.same({ { verb = "stop", name = "a", workspace = "team", request_id = "id-1" } },
      read_back.operations)
    assert.matches("azureml operations wait", read_back.next)
    assert.same({ { name = "team", resource_group = "g", subscription_id = "s" } },
      read_back.workspaces)
    assert.same({ message = "a text" }, read_back.error)
    assert.same({ accepted = 1, failed = 1 }, read_back.counts)
  end)

  it("counts instances, and has what they cost where prices are known", function()
    local run = run_module.new()
    run:saw { workspace = TEAM, name = "a", state = "Running", vm_size = "S" }
    run:priced(TEAM, { { name = "S", price = 0.25, currency = "USD" } })
    local read_back = read(run)
    assert.same({
      { workspace = "team", resource_group = "g", state = "Running", vm_size = "S", count = 1 },
    }, read_back.instances)
    assert.same({
      { workspace = "team", resource_group = "g", currency = "USD", amount = 0.25, billed = 1,
        unpriced = 0 },
    }, read_back.cost.an_hour)
  end)
end)
