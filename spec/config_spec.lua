local json = require "azureml.json"
local process = require "spec.process"

describe("which workspace", function()
  local A, B = "aaaaaaaa-1111-1111-1111-111111111111", "bbbbbbbb-1111-1111-1111-111111111111"
  local home

  before_each(function() home = process.directory() end)
  after_each(function() process.remove(home) end)

  local function file(path, text, mode)
    os.execute(("mkdir -p '%s/%s'"):format(home, path:match "^(.*)/[^/]*$" or "."))
    return process.write(home .. "/" .. path, text, mode)
  end

  -- "subscription group workspace", or the error's text.
  local function found(given, environment, directory)
    local all = { HOME = home, AZURE_CONFIG_DIR = "", AZUREML_EMULATOR = "" }
    for name, value in pairs(environment or {}) do all[name] = value end
    local script = ([[
      local ok, said = pcall(require("azureml.config").workspace,
        require("azureml.json").decode '%s')
      io.write(ok and table.concat({
        said.subscription_id, said.resource_group, said.workspace_name,
      }, " ") or tostring(said))
    ]]):format(json.encode(given or {}))
    return (process.plain_lua({ "-e", script }, all, home .. "/" .. (directory or "")))
  end

  local function settings(subscription, group, name)
    return json.encode {
      subscription_id = subscription, resource_group = group, workspace_name = name,
    }
  end

  local ENVIRONMENT = {
    AZUREML_ARM_SUBSCRIPTION = A, AZUREML_ARM_RESOURCEGROUP = "ga",
    AZUREML_ARM_WORKSPACE_NAME = "wa",
  }

  it("is what arguments say, where they say all", function()
    assert.equal("s g w",
      found({ subscription_id = "s", resource_group = "g", workspace_name = "w" }, ENVIRONMENT))
  end)

  it("is what the environment says, before a file, single fields replaced by arguments", function()
    file("config.json", settings(B, "gb", "wb"))
    assert.equal(A .. " ga wa", found({}, ENVIRONMENT))
    assert.equal(A .. " ga mine", found({ workspace_name = "mine" }, ENVIRONMENT))
  end)

  it("comes whole from one source, never mixed", function()
    file("config.json", settings(B, "gb", "wb"))
    assert.equal(B .. " gb wb", found({}, { AZUREML_ARM_SUBSCRIPTION = A }))
  end)

  for _, path in ipairs { "config.json", ".azureml/config.json", "aml_config/project.json" } do
    it("is what " .. path .. " says, here or above", function()
      file(path, settings(B, "gb", "wb"))
      file("a/b/c/x", "")
      assert.equal(B .. " gb wb", found({}, nil, "a/b/c"))
    end)
  end

  it("is what the old form of the file says, a byte order mark before it or not", function()
    file("config.json", '\239\187\191{"Scope":"/subscriptions/' .. B
      .. '/resourceGroups/gb/providers/Microsoft.MachineLearningServices/workspaces/wb"}')
    assert.equal(B .. " gb wb", found())
  end)

  it("is the Azure CLI's defaults, with or without a byte order mark in its profile", function()
    file(".azure/config", "[core]\ngroup = no\n[defaults]\ngroup = gc\n workspace=wc \n")
    file(".azure/azureProfile.json",
      '\239\187\191{"subscriptions":[{"id":"x"},{"id":"' .. A .. '","isDefault":true}]}')
    assert.equal(A .. " gc wc", found())
    file("other/config", "[defaults]\ngroup=gd\nworkspace=wd\n")
    file("other/azureProfile.json", '{"subscriptions":[{"id":"' .. B .. '","isDefault":true}]}')
    assert.equal(B .. " gd wd", found({}, { AZURE_CONFIG_DIR = home .. "/other" }))
  end)

  local PROFILE = '{"subscriptions":[{"id":"' .. A .. '","isDefault":true}]}'

  for _, row in ipairs {
    { "behind a byte order mark", "\xEF\xBB\xBF[defaults]\ngroup = gc\nworkspace = wc\n" },
    { "with colons and remarks", "# c\n[defaults]\ngroup: gc\nworkspace = wc\n; x = y\n" },
    { "in another case", "[defaults]\nGroup = gc\nWORKSPACE = wc\n" },
    { "from variables", "[defaults]\ngroup = no\n",
      { AZURE_DEFAULTS_GROUP = "gc", AZURE_DEFAULTS_WORKSPACE = "wc" } },
    { "partly from a variable", "[defaults]\nworkspace = wc\n", { AZURE_DEFAULTS_GROUP = "gc" } },
  } do
    it("is the Azure CLI's defaults " .. row[1], function()
      file(".azure/config", row[2])
      file(".azure/azureProfile.json", PROFILE)
      assert.equal(A .. " gc wc", found({}, row[3]))
    end)
  end

  it("is the Azure CLI's defaults of the directory or of one above, nearest first", function()
    local CLI = { AZURE_CONFIG_DIR = home .. "/cli" }
    file("cli/config", "[defaults]\ngroup = own\nworkspace = own\n")
    file("cli/azureProfile.json", PROFILE)
    file("a/.azure/config", "[defaults]\ngroup = ga\nworkspace = wa\n")
    file("a/b/.azure/config", "[defaults]\nworkspace = wb\n[cloud]\nname = AzureChinaCloud\n")
    assert.equal(A .. " ga wb", found({}, CLI, "a/b"))
    assert.equal(A .. " ga wa", found({}, CLI, "a"))
    file("a/b/config.json", settings(B, "gb", "whole"))
    assert.equal(B .. " gb whole", found({}, CLI, "a/b"))
  end)

  it("is not read from a directory's settings that others may write to", function()
    file("cli/config", "[defaults]\ngroup = own\n")
    file("cli/azureProfile.json", PROFILE)
    file("a/.azure/config", "[defaults]\nworkspace = evil\n", "666")
    local message = found({}, { AZURE_CONFIG_DIR = home .. "/cli" }, "a")
    assert.matches("which workspace%?", message)
    assert.matches("a/.azure/config is not used: all users may write to it", message)
  end)

  it("has the default subscription of the active cloud", function()
    file(".azure/config", "[cloud]\nname = AzureUSGovernment\n[defaults]\ngroup = g\n"
      .. "workspace = w\n")
    local function row(id, cloud)
      return { id = id, isDefault = true, environmentName = cloud }
    end
    file(".azure/azureProfile.json", json.encode {
      subscriptions = { row(A, "AzureCloud"), row(B, "AzureUSGovernment") },
    })
    assert.equal(B .. " g w", found())
    assert.equal(A .. " g w", found({ cloud = "AzureCloud" }))
    assert.equal(A .. " g w", found({}, { AZUREML_CURRENT_CLOUD = "AzureCloud" }))
  end)

  for _, row in ipairs {
    { "an array", "[1,2]", "it has no list of subscriptions" },
    { "a number", "5", "it has no list of subscriptions" },
    { "no JSON", "{", "it has no list of subscriptions" },
    { "a byte order mark alone", "\239\187\191", "it has no list of subscriptions" },
    { "null subscriptions", '{"subscriptions":null}', "it has no list of subscriptions" },
    { "subscriptions that are a number", '{"subscriptions":5}',
      "it has no list of subscriptions" },
    { "a default subscription without an id", '{"subscriptions":[{"isDefault":true,"id":null}]}',
      "its default subscription has no id" },
    { "a default subscription with a number", '{"subscriptions":[{"isDefault":true,"id":5}]}',
      "its default subscription has no id" },
    { "more than 1 MiB", (" "):rep(1024 * 1024 + 1), "it is larger than 1 MiB" },
  } do
    it("is not guessed where the Azure CLI's profile is " .. row[1], function()
      file(".azure/config", "[defaults]\ngroup=g\nworkspace=w\n")
      file(".azure/azureProfile.json", row[2])
      local message = found()
      local part = ("the Azure CLI's defaults in %s/.azure (azureProfile.json is not used: %s)")
        :format(home, row[3])
      assert.is_truthy(message:find("which workspace?", 1, true), message)
      assert.is_truthy(message:find(part, 1, true), message)
    end)
  end

  it("takes az's names from the environment, the directory, and the user's file, in any case",
    function()
      file(".azure/config", "[defaults]\nGroup: g\nWORKSPACE=w\n")
      file(".azure/azureProfile.json", '{"subscriptions":[{"id":"s","isDefault":true}]}')
      assert.equal("s g w", found())
      file("here/.azure/config", "[defaults]\nworkspace = own\n")
      assert.equal("s g own", found({}, {}, "here"))
      assert.equal("s of-all own", found({}, { AZURE_DEFAULTS_GROUP = "of-all" }, "here"))
    end)

  it("takes no subscription from a profile whose list holds odd values", function()
    file(".azure/config", "[defaults]\ngroup=g\nworkspace=w\n")
    file(".azure/azureProfile.json",
      '{"subscriptions":[null,5,"x",[],{"isDefault":null,"id":"y"}]}')
    local message = found()
    assert.is_truthy(message:find("which workspace? subscription_id, ", 1, true), message)
  end)

  it("is an error that names the reason where the working directory was deleted", function()
    local script = [[
      local ok, err = pcall(require("azureml.config").workspace, {})
      io.write(tostring(err))
    ]]
    local output = process.run({ "sh", "-c",
      'mkdir gone && cd gone && rmdir ../gone && exec "$0" -e "$1"', process.executable_path,
      script }, { HOME = home, AZURE_CONFIG_DIR = "", AZUREML_EMULATOR = "" }, home)
    local part = "config.json (the working directory cannot be read: No such file or directory)"
    assert.is_truthy(output:find("which workspace?", 1, true), output)
    assert.is_truthy(output:find(part, 1, true), output)
  end)

  it("is an error that lists what was tried and what is missing", function()
    local said = found { resource_group = "g" }
    for _, part in ipairs {
      "which workspace? subscription_id, workspace_name not found; tried: arguments; "
        .. "AZUREML_ARM_SUBSCRIPTION",
      ("config.json in %s and above; %s/.config/azureml/defaults.json; the Azure CLI's defaults in "
        .. "%s/.azure"):format(home, home, home),
      "--emulator needs none of them",
    } do
      assert.is_truthy(said:find(part, 1, true), said)
    end
  end)

  it("is what a file in UTF-16 says, as PowerShell writes it", function()
    local text = settings(B, "gb", "w\u{10348}b"):gsub(utf8.charpattern, function(character)
      local code = utf8.codepoint(character)
      if code < 0x10000 then return ("<I2"):pack(code) end
      return ("<I2I2"):pack(0xD800 + (code - 0x10000 >> 10), 0xDC00 + (code - 0x10000 & 0x3FF))
    end)
    file("config.json", "\xFF\xFE" .. text)
    assert.equal(B .. " gb w\u{10348}b", found())
  end)

  it("is what a file of AI Foundry says, which calls a workspace a project", function()
    file("config.json", '{"subscription_id":"' .. B
      .. '","resource_group":"gb","project_name":"wb"}')
    assert.equal(B .. " gb wb", found())
  end)

  it("is not looked for in the config.json of another program", function()
    file("config.json", settings(B, "gb", "wb"))
    file("web/config.json", '{"port":3000}')
    assert.equal(B .. " gb wb", found({}, nil, "web"))
  end)

  for _, row in ipairs {
    { "no JSON", "{", nil, "config.json is not a JSON object" },
    { "no object", "[1]", nil, "has no subscription_id" },
    { "not whole", '{"subscription_id":"x","resource_group":"g"}', nil,
      "config.json has no workspace_name" },
    { "of wrong types", '{"subscription_id":1,"resource_group":"g","workspace_name":"w"}', nil,
      "has a subscription_id that is not a text" },
    { "writable for all", "{}", "666", "config.json is not used: all users may write to it" },
  } do
    it("is not guessed where the file is " .. row[1], function()
      file("config.json", row[2], row[3])
      local said = found()
      assert.is_truthy(said:find(row[4], 1, true), said)
      assert.is_truthy(said:find(home, 1, true), "the file is named")
    end)
  end

  it("is refused with its source where a name cannot be one", function()
    local path = file("config.json", settings("<my-id>", "g", "work"))
    local function refusal(given)
      return process.plain_lua({ "-e", ([[
        io.write(tostring(select(2, pcall(require("azureml").workspace, {%s}))))]]):format(given) },
        { HOME = home, AZURE_CONFIG_DIR = "", AZUREML_EMULATOR = "" }, home)
    end
    assert.is_truthy(refusal(""):find(path .. ": '<my-id>' cannot be a subscription_id", 1, true))
    assert.matches("1: 'x' cannot be a subscription_id", refusal("subscription_id = 'x'"))
  end)

  it("is all that a file may say", function()
    local content = json.decode(settings(B, "gb", "wb"))
    content.endpoint, content.authority, content.cloud =
      "https://evil.example", "https://evil.example", "Evil"
    file("config.json", json.encode(content))
    assert.equal(B .. " gb wb", found())
  end)
end)
