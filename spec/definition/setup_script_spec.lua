local setup_scripts = require "azureml.definition.setup_script"

describe("setup scripts", function()
  local GIVEN = {
    creation_script = { path = "Users/ann/setup.sh", arguments = "--fast", timeout = "20m" },
    startup_script = { text = "#!/bin/sh" },
  }

  it("lie in the workspace's file share, or are sent along", function()
    local written = setup_scripts.write(assert(setup_scripts.check(GIVEN)))
    assert.same({
      creationScript = { scriptSource = "workspaceStorage", scriptData = "Users/ann/setup.sh",
        scriptArguments = "--fast", timeout = "20m" },
      startupScript = { scriptSource = "inline", scriptData = "IyEvYmluL3No" },
    }, written)
    assert.same(GIVEN, setup_scripts.read(written))
  end)

  it("can have a URL", function()
    local given = { creation_script = { url = "https://a.blob.core.windows.net/c/setup.sh?sig=x" } }
    local written = setup_scripts.write(assert(setup_scripts.check(given)))
    assert.same({ scriptSource = given.creation_script.url, scriptData = "setup.sh" },
      written.creationScript)
    assert.same(given, setup_scripts.read(written))
  end)

  it("are none where the service has none", function()
    assert.is_nil(setup_scripts.read(nil))
    assert.is_true(setup_scripts.same({}, nil))
    assert.is_false(setup_scripts.same(GIVEN, nil))
  end)

  it("keep what they are where the service adds a time limit", function()
    local actual = setup_scripts.check(GIVEN)
    actual.startup_script.timeout = "15m"
    assert.is_true(setup_scripts.same(GIVEN, actual))
    actual.creation_script.timeout = "30m"
    assert.is_false(setup_scripts.same(GIVEN, actual))
  end)

  it("of another kind do not stop a reader", function()
    assert.same({}, setup_scripts.read { creationScript = 5 })
    assert.is_nil(setup_scripts.read({ creationScript = { scriptSource = "inline",
      scriptData = "%%%" } }).creation_script.text)
  end)

  for _, row in ipairs {
    { { creation_script = {} },
      "creation_script: needs either path, in the workspace's file share, or text" },
    { { startup_script = { path = "a", text = "b" } }, "startup_script: needs either path" },
    { { startup_script = { path = "a", timeout = "soon" } },
      "timeout: must be a number with s, m, h or d, such as '15m', not 'soon'" },
    { { startup_script = { script = "a" } }, "startup_script: has no field 'script'" },
    { { shutdown_script = {} }, "has no field 'shutdown_script'" },
    { { startup_script = { url = "ftp://a" } }, "url: must be a URL" },
    { "setup.sh", "must be a table, not 'setup.sh'" },
  } do
    it("are refused with the rule: " .. row[2], function()
      local checked, fault = setup_scripts.check(row[1])
      assert.is_nil(checked)
      assert.is_truthy(fault:find(row[2], 1, true), fault)
    end)
  end
end)
