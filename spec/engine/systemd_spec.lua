local systemd = require "azureml.engine.systemd"

describe("a job for systemd", function()
  local function files(change)
    local job = {
      name = "nightly", arguments = { "run", "nightly" }, timeout = 900,
      times = { cron = "0 19 * * 1-5", zone = "Europe/Amsterdam" },
      environment = { { name = "AZUREML_ARM_WORKSPACE_NAME", value = 'a "b" %' } },
    }
    for name, value in pairs(change or {}) do job[name] = value end
    return systemd.files(job)
  end

  it("is a service of its own user, and a timer that makes up for what it missed", function()
    local service, timer, none = table.unpack(files())
    assert.is_nil(none)
    assert.same({ "nightly.service", "nightly.timer" }, { service.name, timer.name })
    for _, line in ipairs { 'ExecStart="/usr/local/bin/azureml" "run" "nightly"', "DynamicUser=yes",
      "TimeoutStartSec=900", "EnvironmentFile=-/etc/azureml/nightly.env", "Type=oneshot",
      'Environment="XDG_STATE_HOME=/var/lib/nightly"',
      'Environment="AZUREML_ARM_WORKSPACE_NAME=a \\"b\\" %%"' } do
      assert.is_truthy(service.text:find("\n" .. line .. "\n", 1, true), line)
    end
    assert.is_truthy(timer.text:find("\nOnCalendar=Mon..Fri *-*-* 19:00:00 Europe/Amsterdam\n", 1,
      true))
    assert.matches("\nPersistent=yes\n", timer.text)
  end)

  it("writes reports into folders that it may write to", function()
    local service = table.unpack(files {
      reports = { prometheus = "/srv/metrics 1/nightly.prom", summary = "/srv/runs/s.json" } })
    for _, line in ipairs {
      [[ExecStart="/usr/local/bin/azureml" "--prometheus" "/srv/metrics 1/nightly.prom" ]]
        .. [["--summary" "/srv/runs/s.json" "run" "nightly"]],
      'ReadWritePaths="/srv/metrics 1"', 'ReadWritePaths="/srv/runs"', "DynamicUser=yes",
      "StateDirectory=nightly",
    } do
      assert.is_truthy(service.text:find("\n" .. line .. "\n", 1, true), line)
    end
    local ok, err = pcall(files, { reports = { summary = "s.json" } })
    assert.is_false(ok)
    assert.equal("--summary needs an absolute path here, not 's.json'", err.message)
  end)

  it("quotes arguments, and takes a script beside it", function()
    local service, _, script = table.unpack(files {
      script = { name = "mine.lua", text = "x" }, arguments = { "a b", "$HOME", "100%", '"\\' },
      program = "/opt/bin/azureml", client_id = "me",
    })
    assert.same({ name = "mine.lua", text = "x" }, script)
    assert.is_truthy(service.text:find(
      [["/opt/bin/azureml" "/etc/azureml/mine.lua" "a b" "$$HOME" "100%%" "\"\\"]], 1, true))
    assert.matches('\nEnvironment="AZURE_CLIENT_ID=me"\n', service.text)
    assert.matches("^# To install: copy mine%.lua to /etc/azureml; copy nightly%.service",
      service.text)
    local ok, err = pcall(files, { arguments = { "a\nExecStart=/bin/sh" } })
    assert.is_false(ok)
    assert.equal("Usage", err.code)
  end)
end)
