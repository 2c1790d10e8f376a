local yaml_check = require "azureml.cli.yaml_check"

describe("the look at YAML", function()
  for text, fault in pairs {
    ["a: 1\nb: 2\na: 3"] = "'a' is given twice",
    ["a: 1\n\n? [b]\n: { c: 1, c: 2 }"] = "'c' is given twice",
    ["&a [ 1,\n 2,\n 3, *a ]"] = "'*a' stands within '&a', which has no end",
  } do
    it("finds what lyaml does not: " .. fault, function()
      local line, message = yaml_check.fault(text)
      assert.equal(fault, message)
      assert.equal(select(2, text:gsub("\n", "")) + 1, line)
    end)
  end

  it("lets pass what lyaml reads as it is written", function()
    for _, text in ipairs {
      "", "a", "- &a { b: 1 }\n- *a\n- *a", "a: &a { b: 1 }\nc: { <<: *a, d: 2 }\ne: { <<: *a }",
      "a: { b: 1 }\nc: { b: 1 }", "--- {}", "a: [", "a: *unknown",
    } do
      assert.is_nil(yaml_check.fault(text))
    end
  end)
end)
