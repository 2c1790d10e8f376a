local errors = require "azureml.error"
local naming = require "azureml.definition.naming"

describe("an instance", function()
  for _, text in ipairs { "ci1", "my-ci", "a-1b", "CI-Ann", ("a"):rep(24) } do
    it("may be called " .. text, function()
      naming.check(text)
      assert.is_nil(naming.fault(text))
    end)
  end

  for text, rule in pairs {
    c1 = "3 to 24 characters", [("a"):rep(25)] = "3 to 24 characters",
    ["1ci"] = "begins with a letter",
    ["my_ci"] = "only letters, digits and '%-'", ["my-1"] = "does not end",
    ["my-12"] = "does not end", ["my-"] = "does not end",
    ["a-b-3"] = "does not end", ["ci ann"] = "only letters", ["ci\n1"] = "only letters",
    ["AmlCompute"] = "not a reserved word",
    ["local"] = "reserved", [""] = "3 to 24", ["ci/../x"] = "only letters",
  } do
    it(("may not be called '%s'"):format(text:gsub("%c", "?")), function()
      local _, err = errors.try(naming.check, text)
      assert.matches(rule, err.message)
      assert.matches(rule, naming.fault(text))
    end)
  end
end)
