local aadsts = require "azureml.emulator.entra.aadsts"
local scope = require "azureml.emulator.entra.scope"

local at = {
  tenant = { id = "t", name = "contoso.com" },
  directory = {
    principal = function(_, name) return name == "known" and { kind = "application" } or nil end,
  },
}

describe("a scope", function()
  for given, audience in pairs {
    ["https://management.azure.com/.default"] = "https://management.azure.com",
    ["https://management.core.windows.net//.default"] = "https://management.core.windows.net/",
    ["openid https://vault.azure.net/.default offline_access"] = "https://vault.azure.net",
    ["api://known/.default"] = "api://known",
    ["known/.default"] = "known",
    ["http://127.0.0.1:1/.default"] = "http://127.0.0.1:1",
  } do
    it(("of an application: %s"):format(given), function()
      assert.equal(audience, scope.of_application(at, given))
    end)
  end

  for given, row in pairs {
    ["https://management.azure.com/user_impersonation openid"] = {
      "https://management.azure.com", "openid",
    },
    ["https://management.azure.com//.default"] = { "https://management.azure.com/" },
    ["User.Read offline_access"] = { "https://graph.microsoft.com", "offline_access" },
    ["OpenId"] = { "https://graph.microsoft.com", "openid" },
  } do
    it(("of a user: %s"):format(given), function()
      local audience, words = scope.of_user(at, given)
      assert.equal(row[1], audience)
      if row[2] then assert.is_true(words[row[2]]) end
    end)
  end

  for _, row in ipairs {
    { "of_application", "https://management.azure.com", 1002012 }, { "of_application", "", 70011 },
    { "of_application", "a/.default b/.default", 70011 },
    { "of_application", "https://nobody.example/.default", 500011 },
    { "of_user", "https://vault.azure.net/.default https://management.azure.com/.default", 70011 },
    { "of_user", "https://nobody.example/.default", 500011 },
  } do
    it(("is refused: %s as AADSTS%d"):format(row[2], row[3]), function()
      local ok, raised = pcall(scope[row[1]], at, row[2])
      assert.is_true(not ok and aadsts.is(raised))
      assert.equal(row[3], raised.number)
    end)
  end
end)
