local azureml = require "azureml"
local core = require "azureml.core"
local json = require "azureml.json"
local scripted = require "spec.scripted"
local world = require "spec.world"

describe("the run history of a job", function()
  local server, ws, scopes, details

  local function open(changes)
    local chosen = {
      authority = server.url, resource_manager = server.url, scope = "arm",
      data_plane = server.url, data_plane_scope = "plane",
    }
    for name, value in pairs(changes or {}) do chosen[name] = value or nil end
    return azureml.workspace {
      subscription_id = "11111111-1111-1111-1111-111111111111", resource_group = "g", name = "team",
      cloud = chosen, credential = azureml.credential.callback(function(scope)
        scopes[#scopes + 1] = scope
        return "token-of-" .. scope, 3600
      end),
    }
  end

  before_each(function()
    core.clock "virtual"
    scopes, details = {}, {}
    server = scripted(function(request)
      local body = { location = "westeurope" }
      if request.target:find("/history/", 1, true) then body = details
      elseif request.target:find("/jobs/", 1, true) then
        body = { name = "train", properties = { status = "Failed" } }
      end
      return { status = 200, body = json.encode(body),
        headers = { ["Content-Type"] = "application/json" } }
    end)
    ws = open()
  end)
  after_each(function() world.finish(ws, server) end)

  it("is asked at the data plane, with a token of its own", function()
    details = {
      status = "Failed", startTimeUtc = "2026-11-28T17:00:00Z", endTimeUtc = "2026-11-28T17:01:00Z",
      error = { error = { code = "UserError", message = "bad" } },
      warnings = json.array { { message = "slow" } },
      logFiles = { ["user_logs/std_log.txt"] = "https://blob/x?sig=y" },
    }
    local found = ws.jobs:get("train"):details()
    assert.same({ "Failed", "2026-11-28T17:00:00Z", "2026-11-28T17:01:00Z", { "slow" } },
      { found.status, found.started_on, found.ended_on, found.warnings })
    assert.same({ code = "UserError", message = "bad" }, found.error)
    assert.same({ ["user_logs/std_log.txt"] = "https://blob/x?sig=y" }, found.log_files)
    local last = server.requests[#server.requests]
    assert.equal("/history/v1.0/subscriptions/11111111-1111-1111-1111-111111111111/resourceGroups/g"
      .. "/providers/Microsoft.MachineLearningServices/workspaces/team/runs/train/details",
      (last.target:gsub("%?.*", "")))
    assert.equal("Bearer token-of-plane", last.headers.authorization)
    assert.same({ "arm", "plane" }, scopes)
  end)

  it("reads nothing from members of other types", function()
    for _, value in ipairs {
      { error = "x", warnings = "x", logFiles = 5 },
      { error = { error = { code = 5, message = {} } }, warnings = { 5, { message = 6 } },
        logFiles = { a = 5 } },
      { error = json.null, warnings = json.null, logFiles = json.null },
    } do
      details = value
      local found = ws.jobs:get("train"):details()
      assert.same({ nil, {}, {} }, { found.error, found.warnings, found.log_files })
    end
  end)

  it("is the reason of a failure", function()
    details = { error = { error = { message = "out of memory" } } }
    local _, err = azureml.try(ws.jobs.wait, ws.jobs, "train")
    assert.equal("JobFailed", err.code)
    assert.matches("the job train has failed: out of memory", err.message)
    details = { error = { error = { message = "line\n\27[2Jgone" } } }
    _, err = azureml.try(ws.jobs.wait, ws.jobs, "train")
    assert.is_truthy(err.message:find("line\n", 1, true))
    assert.is_nil(err.message:find "\27")
  end)

  it("is not known in a cloud without a data plane", function()
    ws:close()
    ws = open { data_plane = false }
    local _, err = azureml.try(ws.data_plane, ws)
    assert.equal("NoDataPlane", err.code)
  end)
end)
