local expression = require "azureml.emulator.template.expression"
local refusal = require "azureml.emulator.refusal"

-- Return the message of the refusal of an expression.
local function fault_of(text)
  local ok, raised = pcall(expression.parse, text, "variables.a")
  assert(not ok and refusal.is(raised), tostring(raised))
  assert.equal("InvalidTemplate", raised.code)
  return raised.message
end

describe("an expression of a template", function()
  it("is a text in brackets; two brackets stand for one", function()
    assert.is_true(expression.is "[null()]")
    assert.is_false(expression.is "[[null()]")
    assert.is_false(expression.is "[null()")
    assert.is_false(expression.is "a [b]")
    assert.equal("[a]", expression.literal "[[a]")
    assert.equal("[[a", expression.literal "[[a")
    assert.equal("plain", expression.literal "plain")
  end)

  it("is parsed into calls, literals and members", function()
    local node = expression.parse("[ parameters('it''s').b[0] ]", "p")
    assert.same({ value = 0 }, node.key)
    assert.same({ value = "b" }, node.of.key)
    assert.equal("parameters", node.of.of.name)
    assert.same({ value = "it's" }, node.of.of[1])
    assert.equal(-12, expression.parse("[-12]", "p").value)
  end)

  it("is refused with the place and the position of what is wrong", function()
    for text, part in pairs {
      ["[concat('a', 'b']"] = "')' is missing at position",
      ["[concat('a]"] = "a text has no end",
      ["[]"] = "a function, a text or a number is missing at position 1",
      ["[null() null()]"] = "nothing may follow at position 8",
      ["[null().]"] = "the name of a member is missing",
      ["[createArray()[0]"] = "']' is missing",
      ["[99999999999999999999]"] = "a number is too large",
    } do
      local message = fault_of(text)
      assert.is_truthy(message:find("variables.a: ", 1, true), message)
      assert.is_truthy(message:find(part, 1, true), text .. " -> " .. message)
    end
  end)

  it("names a function that is not served, and a wrong number of arguments", function()
    assert.is_truthy(fault_of "[listKeys('a')]":find("'listKeys' is not served here: and, base64",
      1, true))
    assert.is_truthy(fault_of "[if(true(), 1)]":find("'if' takes 3 arguments, not 2", 1, true))
    assert.is_truthy(fault_of "[concat()]":find("takes 1 or more arguments, not 0", 1, true))
    assert.is_truthy(fault_of "[empty()]":find("takes 1 argument, not 0", 1, true))
  end)

  it("is bounded in length and depth", function()
    assert.is_truthy(fault_of("['" .. ("a"):rep(30000) .. "']"):find("at most 24576", 1, true))
    local deep = ("not("):rep(70) .. "true()" .. (")"):rep(70)
    assert.is_truthy(fault_of("[" .. deep .. "]"):find("deeper than 64 calls", 1, true))
  end)
end)
