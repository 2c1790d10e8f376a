local setup_script = require "azureml.definition.setup_script"

describe("setup scripts", function()
  it("lie in the workspace's file share, or are sent along", function()
    assert.is_nil(setup_script.body(nil))
    assert.same({
      scripts = {
        creationScript = { scriptSource = "workspaceStorage", scriptData = "Users/ann/setup.sh",
          scriptArguments = "--fast",
          timeout = "20m" },
        startupScript = { scriptSource = "inline", scriptData = "IyEvYmluL3No" },
      },
    }, setup_script.body {
      creation_script = { path = "Users/ann/setup.sh", arguments = "--fast", timeout = "20m" },
      startup_script = { text = "#!/bin/sh" },
    })
  end)

  for _, row in ipairs {
    { { creation_script = {} },
      "creation_script needs either path, in the workspace's file share, or text" },
    { { startup_script = { path = "a", text = "b" } }, "startup_script needs either path" },
    { { startup_script = { path = "a", timeout = "soon" } },
      "timeout is 'soon': a number with s, m, h or d" },
    { { startup_script = { script = "a" } }, "startup_script has no option 'script'" },
    { { shutdown_script = {} }, "setup_scripts has no option 'shutdown_script'" },
  } do
    it("are refused with the rule: " .. row[2], function()
      local ok, err = pcall(setup_script.body, row[1])
      assert.is_false(ok)
      assert.matches(row[2], tostring(err))
    end)
  end
end)
