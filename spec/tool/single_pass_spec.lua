local single_pass = require "azureml.tool.single_pass"

describe("a list that is read once", function()
  local METHODS = { all = function() return {} end }
  local metatable = {}
  single_pass.add_to(metatable, METHODS, "jobs", "job")
  local list = setmetatable({ own = 1 }, metatable)

  it("has its methods and its own fields", function()
    assert.equal(METHODS.all, list.all)
    assert.equal(1, list.own)
    assert.is_nil(list.other)
  end)

  for what, row in pairs {
    ["list[i] or ipairs(list)"] = { function() return list[1] end, "list:all()" },
    ["#list"] = { function() return #list end, "#list:all()" },
    ["pairs(list)"] = { function() return pairs(list) end, "list:all(), or 'for job in list do'" },
  } do
    it("refuses, with the remedy: " .. what, function()
      local ok, message = pcall(row[1])
      assert.is_false(ok)
      assert.matches(what .. ": a list of jobs is read from the service as it is needed: use "
        .. row[2], message, 1, true)
    end)
  end
end)
