local crypto = require("azureml.core").crypto
local inferred = require "azureml.emulator.inferred"
local json = require "azureml.json"
local setup = require "azureml.emulator.machine.setup"

local RUN = inferred.durations.user_setting_up
local BOTH = { "creation", "startup" }

local function inline(text, timeout)
  return { scriptSource = "inline", scriptData = crypto.base64(text), timeout = timeout }
end

local function stored(path) return { scriptSource = "workspaceStorage", scriptData = path } end

local function outcome(creation, startup, which)
  local seconds, fault = setup.outcome(
    setup.read { scripts = { creationScript = creation, startupScript = startup } },
    which or BOTH)
  return seconds, fault and fault.message
end

describe("setup scripts", function()
  for name, row in pairs {
    ["take what they sleep"] = { { inline "sleep 60" }, RUN + 60 },
    ["run one after the other"] = { { inline "sleep 60", inline "sleep 5" }, 2 * RUN + 65 },
    ["end with the first that fails"] = {
      { inline "exit 2", inline "sleep 5" },
      RUN,
      "The creation script ended with exit code 2.",
    },
    ["are given 15 minutes"] = {
      { inline "sleep 1h" },
      900,
      "The creation script did not end within 15m.",
    },
    ["are given what they ask for"] = { { inline("sleep 1h", "2h") }, RUN + 3600 },
    ["that lie in the storage end well"] = { { stored "Users/ann/setup.sh" }, RUN },
    ["of the start alone are run at a start"] = {
      { inline "exit 1", inline "sleep 5", { "startup" } },
      RUN + 5,
    },
  } do
    it(name, function()
      assert.same({ row[2], row[3] }, { outcome(table.unpack(row[1], 1, 3)) })
    end)
  end

  for _, given in ipairs {
    { scriptSource = "https://x.blob.core.windows.net/c/a.sh?sig=x", scriptData = "a.sh" },
    { scriptSource = "HTTP://example.org/a.sh", scriptData = "a.sh" },
    { scriptSource = "workspaceStorage", scriptData = "https://example.org/a.sh" },
    { scriptData = "https://example.org/a.sh" },
  } do
    it("given as a URL are taken, and not found: " .. (given.scriptSource or given.scriptData),
      function()
        local read = setup.read { scripts = { creationScript = given } }
        local shown = setup.show(read).scripts.creationScript
        assert.equal(given.scriptSource or "workspaceStorage", shown.scriptSource)
        local seconds, fault = setup.outcome(read, BOTH)
        assert.same({ 0, "SetupScriptsError", "User specified setup script file not found." },
          { seconds, fault.code, fault.message })
      end)
  end

  it("are none where none is given, or none is to be run", function()
    assert.is_nil(outcome(nil, nil))
    assert.is_nil(outcome(inline "exit 1", nil, { "startup" }))
    assert.is_nil(setup.outcome(nil, BOTH))
    assert.is_nil(setup.outcome(setup.read { scripts = { creationScript = inline "x" } }, nil))
  end)

  it("have the default timeout where the v2 SDK sends the text of a missing one", function()
    local scripts = setup.read { scripts = { creationScript = inline("sleep 1200", "Nonem") } }
    assert.equal("15m", setup.show(scripts).scripts.creationScript.timeout)
    local seconds, fault = setup.outcome(scripts, { "creation" })
    assert.same({ 900, "SetupScriptsError" }, { seconds, fault.code })
    assert.error(function()
      setup.read { scripts = { creationScript = inline("x", "Nones") } }
    end)
  end)

  it("are shown as they came, with the timeout that they have", function()
    local read = setup.read {
      scripts = {
        creationScript = { scriptData = "a.sh", scriptArguments = "-v" },
        startupScript = json.null,
      },
    }
    assert.same({ scripts = { startupScript = json.null, creationScript = {
      scriptSource = "workspaceStorage", scriptData = "a.sh", scriptArguments = "-v",
      timeout = "15m" } } }, setup.show(read))
    assert.equal(json.null, setup.show(nil))
  end)
end)
