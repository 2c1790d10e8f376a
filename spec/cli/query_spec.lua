local azureml = require "azureml"
local json = require "azureml.json"
local query = require "azureml.cli.query"

local DATA = [[{
  "machines": [
    { "name": "ann", "state": "Running", "cpus": 4, "tags": { "team": "vision" }, "ports": [1, 2] },
    { "name": "bob", "state": "Stopped", "cpus": 16, "tags": {}, "ports": [] },
    { "name": "cleo", "state": "Running", "cpus": 8, "tags": null, "ports": [3] }
  ],
  "my name": "x", "nothing": null, "empty": [], "text": "abc"
}]]

describe("--query", function()
  local data = json.decode_exact(DATA)

  -- Expression -> its result, as python3-jmespath gives it for the same data.
  local examples = {
    ["machines[0].name"] = '"ann"', ["machines[-1].name"] = '"cleo"', ["machines[9]"] = "null",
    ["machines[].name"] = '["ann","bob","cleo"]', ["machines[*].tags.team"] = '["vision"]',
    ["machines[?state=='Running'].name"] = '["ann","cleo"]',
    ["machines[?state=='Running' && cpus > `4`].name"] = '["cleo"]',
    ["machines[?cpus < `5` || name == 'bob'].name"] = '["ann","bob"]',
    ["machines[?!tags].name"] = '["bob","cleo"]', ["machines[?tags.team].name"] = '["ann"]',
    ["machines[?state==`Running`] | [0].name"] = '"ann"',
    ["machines[?starts_with(name, 'a')].cpus | [0]"] = "4",
    ["machines[].ports[]"] = "[1,2,3]", ["machines[].ports | [0]"] = "[1,2]",
    ["machines[1:].name"] = '["bob","cleo"]', ["machines[::-1].name"] = '["cleo","bob","ann"]',
    ["machines[:2].name"] = '["ann","bob"]', ["machines[-2:].name"] = '["bob","cleo"]',
    ["machines[0].{N:name,C:cpus}"] = '{"C":4,"N":"ann"}',
    ["machines[*].[name,cpus]"] = '[["ann",4],["bob",16],["cleo",8]]',
    ["length(machines)"] = "3", ["length(text)"] = "3", ['"my name"'] = '"x"',
    ["sort_by(machines, &cpus)[].name"] = '["ann","cleo","bob"]',
    ["max_by(machines, &cpus).name"] = '"bob"', ["min_by(machines, &cpus).name"] = '"ann"',
    ["sum(machines[].cpus)"] = "28", ["max(machines[].cpus)"] = "16",
    ["join(', ', machines[].name)"] = '"ann, bob, cleo"', ["nothing"] = "null",
    ["nothing || text"] = '"abc"', ["contains(machines[].name, 'bob')"] = "true",
    ["contains(text, 'bc')"] = "true", ["ends_with(text, 'bc')"] = "true",
    ["map(&name, machines)"] = '["ann","bob","cleo"]', ["reverse(text)"] = '"cba"',
    ["not_null(nothing, text)"] = '"abc"', ["type(machines)"] = '"array"',
    ["to_string(machines[0].ports)"] = '"[1,2]"', ["to_number('12')"] = "12",
    ["keys(machines[0].tags)"] = '["team"]', ["values(machines[0].tags)"] = '["vision"]',
    ["machines[0].tags.*"] = '["vision"]', ["empty[]"] = "[]", ["text[]"] = "null",
    ["(machines[0].name)"] = '"ann"', ["@.text"] = '"abc"', ["'it\\'s'"] = '"it\'s"',
    ["machines[0].cpus == `4`"] = "true", ["machines[0].tags == `{\"team\": \"vision\"}`"] = "true",
    ["machines[?contains(name, 'o')].name | sort(@)"] = '["bob","cleo"]',
    ["machines[*].name | [?@ != 'bob']"] = '["ann","cleo"]', ["text.name"] = "null",
  }
  for expression, expected in pairs(examples) do
    it(("'%s' gives %s"):format(expression, expected), function()
      local value = query.compile(expression)(data)
      assert.equal(expected, json.encode(value == nil and json.null or value))
    end)
  end

  for expression, fault in pairs {
    ["machines["] = "its end is not expected here", ["["] = "its end is not expected here",
    ["lenth(machines)"] = "there is no function 'lenth'; did you mean length?",
    ["items(@)"] = "there is no function 'items'", ["machines.[]"] = "'[]' is not expected here",
    ["a b"] = "'b' is not expected here", ["'abc"] = "the ' at character 1 has no end",
    ["a = b"] = "'=' at character 3 has no meaning", ["$x"] = "'$' at character 1 has no meaning",
    ["{}"] = "{} needs a name and an expression", ["x[1:2:0]"] = "the step of a slice cannot be 0",
    [""] = "its end is not expected here", ["{a}"] = "'}' is not expected here",
    ["foo(@,)"] = "there is no function 'foo'", ["length(@,)"] = "')' is not expected here",
    [("("):rep(200)] = "it is nested too deep", ["machines[?x"] = "its end is not expected here",
  } do
    it(("refuses '%s', and names what is wrong"):format(expression), function()
      local _, err = azureml.try(query.compile, expression)
      assert.equal("InvalidExpression", err.code)
      assert.is_truthy(err.message:find(fault, 1, true), err.message)
    end)
  end

  for expression, fault in pairs {
    ["length(nothing)"] = "length() needs string or array or object as argument 1, not null",
    ["length(text, text)"] = "length() takes 1 argument, not 2",
    ["sum(machines[].name)"] = "sum() and avg() need numbers alone",
    ["sort(machines)"] = "sort() needs numbers alone, or strings alone",
    ["abs(text)"] = "abs() needs number as argument 1, not string",
  } do
    it(("refuses '%s' when it runs"):format(expression), function()
      local _, err = azureml.try(query.compile(expression), data)
      assert.is_truthy(err.message:find(fault, 1, true), err.message)
    end)
  end

  it("keeps the order of the members that it names", function()
    local value = query.compile "machines[0].{z: name, a: cpus, m: state}" (data)
    assert.same({ "z", "a", "m" }, require("azureml.cli.shape").keys(value))
  end)
end)
