local azureml = require "azureml"
local json = require "azureml.json"
local world = require "spec.world"

describe("an instance for a user", function()
  local ANN = "aaaaaaaa-0000-0000-0000-00000000000a"
  local emulator, ws

  before_each(function()
    emulator, ws = world.open({}, { users = {
      { object_id = ANN, name = "ann@contoso.com", mail = "Ann.Smith@contoso.com" },
    } })
  end)
  after_each(function() world.close(emulator, ws) end)

  for _, address in ipairs { "ann@contoso.com", "ann.smith@contoso.com" } do
    it("is created by the address " .. address, function()
      local vm = ws.instances:create("ci-ann", { assigned_user = address }):wait()
      assert.equal(ANN, vm.assigned_to)
      assert.same({ object_id = ANN, tenant_id = emulator:settings().tenant_id }, vm.assigned_user)
      assert.same({}, ws.instances:ensure("ci-ann", { assigned_user = address }).changes)
    end)
  end

  it("is not created for an unknown address", function()
    local puts = 0
    emulator.log = function(request)
      if request.method == "PUT" then puts = puts + 1 end
    end
    local _, err = azureml.try(ws.instances.create, ws.instances, "ci-eve",
      { assigned_user = "eve@contoso.com" })
    assert.equal("UserNotFound", err.code, json.encode { tostring(err) })
    assert.equal(0, puts)
  end)
end)
