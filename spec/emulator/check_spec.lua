local check = require "azureml.emulator.check"
local json = require "azureml.json"
local refusal = require "azureml.emulator.refusal"

local function refused(f, ...)
  local ok, raised = pcall(f, ...)
  assert.is_true(not ok and refusal.is(raised), tostring(raised))
  return raised.message
end

describe("a member of a body", function()
  it("is absent where it is null", function()
    for _, f in ipairs { check.text, check.flag, check.table, check.whole, check.list } do
      assert.is_nil(f(json.null, "x"))
      assert.is_nil(f(nil, "x"))
    end
  end)

  for name, row in pairs {
    ["a text"] = { check.text, 5, "'x' must be a string" },
    ["a flag"] = { check.flag, "true", "'x' must be a boolean" },
    ["an object"] = { check.table, json.array { 1 }, "'x' must be an object" },
    ["a list"] = { check.list, { a = 1 }, "'x' must be a list" },
    ["a list, not an empty object"] = { check.list, {}, "'x' must be a list" },
    ["whole"] = { check.whole, 1.5, "'x' must be a whole number" },
    ["a number"] = { check.whole, "1", "'x' must be a number" },
  } do
    it("is " .. name, function()
      assert.is_truthy(refused(row[1], row[2], "x"):find(row[3], 1, true))
    end)
  end

  it("is one of some words, in any case, and written as they are", function()
    local set = { Cron = true, Recurrence = true }
    assert.equal("Cron", check.one_of("cRON", set, "x"))
    assert.is_nil(check.one_of(json.null, set, "x"))
    assert.is_truthy(
      refused(check.one_of, "Cronn", set, "x"):find("must be one of Cron, Recurrence", 1, true))
  end)

  it("is kept plain: without nulls, whole numbers whole, lists as lists", function()
    local value = json.decode_exact '{"a":null,"b":[],"c":{},"d":[1,2.0,{"e":null}]}'
    assert.equal('{"b":[],"c":{},"d":[1,2,{}]}', json.encode(check.plain(value)))
  end)

  for text, says in pairs {
    [""] = "invalid", ["5"] = "a JSON object was expected", ["{"] = "invalid",
  } do
    it("is of a body that is not '" .. text .. "'", function()
      assert.is_truthy(refused(check.body, text):find(says, 1, true))
    end)
  end
end)
