local azureml = require "azureml"
local where = require "azureml.cli.where"

describe("a condition", function()
  local vm = setmetatable({ name = "ann", state = "Running", vm_size = "STANDARD_NC6",
    tags = { keep = "on" } }, {})

  local conditions = {
    { 'tags.keep == "on"', true }, { 'tags.keep ~= "on"', false },
    { 'state == "Running" and vm_size:find "NC" ~= nil', true },
    { "owner", nil }, { "owner == nil", true }, { "not tags.team", true },
    { "name -- and a remark", "ann" },
    { '({ ann = "mine" })[name]', "mine" },
  }
  for _, row in ipairs(conditions) do
    it("looks at the fields alone: " .. row[1], function()
      assert.equal(row[2], where.compile(row[1])(vm))
    end)
  end

  local function refusal(f, ...)
    local value, err = azureml.try(f, ...)
    assert.is_nil(value)
    assert.equal("InvalidExpression", err.code)
    return err.message
  end

  for text, why in pairs {
    ["tags.keep ~="] = "unexpected symbol near <eof>",
    [""] = "it must be one expression",
    ["x = 1"] = "near '='",
    ["name, state; "] = "it must be one expression",
    ["tags.keep = 'on'"] = "near '='",
    ["'never ends"] = "unfinished string",
    ["\27Lua"] = "near",
  } do
    it(("refuses a text that is no expression: '%s'"):format(text:gsub("%c", "?")), function()
      assert.matches("is not a valid condition: .*" .. why, refusal(where.compile, text))
    end)
  end

  for text, why in pairs {
    ["tag.keep"] = "there is no field 'tag' %(known: .*, tags, vm_size%)",
    ["os.exit()"] = "there is no field 'os'",
    ["state > 3"] = "for ann: attempt to compare",
    ["(function() extra = 1 end)()"] = "it must not assign",
  } do
    it(("says what is wrong when it is tried: '%s'"):format(text), function()
      assert.matches(why, refusal(where.compile(text), vm))
    end)
  end
end)
