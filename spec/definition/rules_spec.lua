local rules = require "azureml.definition.rules"

describe("the rules over several fields", function()
  local USER = { mail = "ann@contoso.com" }
  local STOPS = { { action = "stop" } }

  local function texts(wanted, level)
    local list = {}
    for _, finding in ipairs(rules.findings(wanted)) do
      if finding.level == level then list[#list + 1] = finding.text end
    end
    return table.concat(list, "\n")
  end

  for _, key in ipairs { "admin_user_ssh_public_key", "ssh_key_id", "generate_ssh_key" } do
    it("refuse an assigned user together with " .. key, function()
      assert.matches("takes no SSH key", texts({ assigned_user = USER, [key] = "x" }, "error"))
    end)
  end

  it("refuse an extra member that has an option, in any case", function()
    assert.equal("extra: VmSize is the option vm_size: use that",
      texts({ extra = { VmSize = "x" } }, "error"))
    assert.equal("", texts({ extra = { newSetting = 1 } }, "error"))
  end)

  for wanted, definition in pairs {
    ["SSH is on without"] = { ssh_public_access = true, schedules = STOPS },
    ["the SSH key has no effect"] = { ssh_key_id = "x", schedules = STOPS },
    ["a custom service that runs"] = { idle_time_before_shutdown = "PT30M",
      custom_services = { {} } },
    ["holds the role Contributor"] = { idle_time_before_shutdown = "PT30M",
      identity = { system_assigned = true, user_assigned = {} } },
    ["nothing stops the instance"] = { schedules = { { action = "stop", status = "disabled" },
      { action = "start" } } },
  } do
    it("warn: " .. wanted, function()
      assert.matches("^" .. (wanted == "holds the role Contributor" and ".*" or "") .. wanted,
        texts(definition, "warning"))
    end)
  end

  it("find nothing in an instance that stops", function()
    assert.same({}, rules.findings { schedules = STOPS })
    assert.same({}, rules.findings { idle_time_before_shutdown = "PT30M" })
  end)
end)
