local azureml = require "azureml"
local defaults = require "azureml.defaults"
local process = require "spec.process"
local surroundings = require "spec.surroundings"

describe("the user's defaults", function()
  local directory, variables

  before_each(function()
    directory = process.directory()
    variables = surroundings { XDG_CONFIG_HOME = directory .. "/config", HOME = directory }
  end)
  after_each(function()
    variables:close()
    process.remove(directory)
  end)

  local function write(text, mode)
    process.run { "mkdir", "-p", directory .. "/config/azureml" }
    return process.write(directory .. "/config/azureml/defaults.json", text, mode)
  end

  it("are none without a file", function()
    local found, path = defaults.read()
    assert.same({ {}, directory .. "/config/azureml/defaults.json" }, { found, path })
  end)

  it("come back as they were written, in a private file", function()
    defaults.write { workspace = "team", group = "ml" }
    local found, path = defaults.read()
    assert.same({ workspace = "team", group = "ml" }, found)
    assert.equal("600\n", (process.run { "stat", "-c", "%a", path }))
  end)

  it("lie below ~/.config without XDG_CONFIG_HOME, or with a relative one", function()
    for _, value in ipairs { "", "relative" } do
      variables:set { XDG_CONFIG_HOME = value }
      assert.equal(directory .. "/.config/azureml", defaults.directory())
    end
    variables:set { "HOME", XDG_CONFIG_HOME = "" }
    assert.is_nil(defaults.directory())
    assert.same({}, (defaults.read()))
  end)

  for text, fault in pairs {
    ["[1]"] = "has the unknown member '1'", ["text"] = "is not a JSON object",
    ['{"worksp":"x"}'] = "has the unknown member 'worksp' (known: group, output, ",
    ['{"group":3}'] = "has no text in group", ['{"group":""}'] = "has no text in group",
  } do
    it("are refused when the file is wrong: " .. text, function()
      local path = write(text)
      local _, err = azureml.try(defaults.read)
      assert.equal("ConfigInvalid", err.code)
      assert.is_truthy(err.message:find(path .. " " .. fault, 1, true), err.message)
    end)
  end

  it("are refused when others may change the file", function()
    write("{}", "666")
    assert.equal("ConfigRefused", select(2, azureml.try(defaults.read)).code)
  end)

  it("are a source of their own: before az's, never mixed with another", function()
    local config = require "azureml.config"
    process.run { "mkdir", "-p", directory .. "/.azure" }
    process.write(directory .. "/.azure/config", "[defaults]\ngroup = azg\nworkspace = azw\n")
    process.write(directory .. "/.azure/azureProfile.json",
      '{"subscriptions":[{"id":"az-sub","isDefault":true}]}')
    defaults.write { workspace = "team", group = "ml" }
    assert.equal("azw", config.workspace({}).workspace_name)
    local mixed = config.workspace { subscription_id = "0-0" }
    assert.same({ "0-0", "ml", "team" },
      { mixed.subscription_id, mixed.resource_group, mixed.workspace_name })
    defaults.write { workspace = "team", group = "ml", subscription = "own-sub" }
    assert.equal("own-sub", config.workspace({}).subscription_id)
    variables:set { AZUREML_ARM_SUBSCRIPTION = "e", AZUREML_ARM_RESOURCEGROUP = "e",
      AZUREML_ARM_WORKSPACE_NAME = "env" }
    assert.equal("env", config.workspace({}).workspace_name)
  end)
end)
