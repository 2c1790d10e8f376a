local azureml = require "azureml"
local json = require "azureml.json"
local scripted = require "spec.scripted"

describe("a long-running operation of any service", function()
  local server, client, polls

  before_each(function()
    polls = 0
    server = scripted(function(request)
      if request.method == "POST" then return {
        status = 202, headers = { ["Azure-AsyncOperation"] = server.url .. "/status?s=1" },
      } end
      polls = polls + 1
      return {
        status = 200, body = json.encode { status = polls < 3 and "InProgress" or "Succeeded" },
      }
    end)
    client = azureml.client { endpoint = server.url, poll_interval = 0 }
  end)

  after_each(function()
    client:close()
    server:close()
  end)

  local function start(label)
    return client:operation { method = "POST", path = "/thing/start", label = label }
  end

  it("is called by its label, else by method and path", function()
    local one <close> = start "start it"
    local other <close> = start()
    assert.equal("start it", one.label)
    assert.equal("POST /thing/start", other.label)
    assert.matches("^start it: ", tostring(one))
  end)

  it("says where it is, and ends", function()
    local op <close> = start()
    assert.same({ "Accepted", false, 0 }, { op:status(), op:done(), op:polls() })
    assert.is_nil(op:result())
    assert.equal(202, op:first().status)
    assert.equal("Succeeded", op:wait().json.status)
    assert.same({ "Succeeded", true, 3 }, { op:status(), op:done(), op:polls() })
    assert.is_nil(op:ticket())
  end)

  it("gives a ticket while there is anything to wait for", function()
    local op <close> = start "start it"
    local said = json.decode(op:ticket())
    assert.same({ "POST", "start it", op.request_id }, { said.method, said.label, said.request_id })
    assert.equal(server.url .. "/status?s=1", said.progress.poll_url)
    assert.equal("Succeeded", client:resume(op:ticket()):wait().json.status)
  end)

  it("that was closed cannot be asked", function()
    local op = start "start it"
    op:close()
    op:close()
    for _, method in ipairs { "wait", "result", "status", "done", "polls", "ticket", "first" } do
      assert.error_matches(function() op[method](op) end, "start it was closed")
    end
  end)

  it("refuses a timeout that is none", function()
    local op <close> = start()
    for _, wrong in ipairs { -1, 0 / 0 } do
      assert.error_matches(function() op:wait { timeout = wrong } end,
        "wait: timeout must be a number of seconds")
    end
  end)
end)
