local forms = require "azureml.definition.schedule.forms"

describe("the forms for people", function()
  it("are daily, weekdays, weekends and weekly", function()
    assert.equal("0 18 * * *", forms.by_name.daily "18:00")
    assert.equal("0 18 * * 1-5", forms.by_name.weekdays "18:00")
    assert.equal("0 18 * * 0,6", forms.by_name.weekends "18:00")
    assert.equal("0 18 * * 2", forms.by_name.weekly "tuesday 18:00")
  end)

  for text, wanted in pairs {
    mon = true, ["mon,wed"] = true, ["Sat-Mon"] = true, monday = true, ["mon,"] = false,
    mo = false, noday = false, ["mon-"] = false, ["mon-tue-wed"] = false, [""] = false,
    monx = false, ["1"] = false,
  } do
    it(("%s days: '%s'"):format(wanted and "know" or "do not know", text), function()
      assert.equal(wanted, forms.has_days(text))
    end)
  end

  for text, wanted in pairs {
    ["0:00"] = { 0, 0 }, ["00:00"] = { 0, 0 }, ["8:05"] = { 8, 5 }, ["23:59"] = { 23, 59 },
  } do
    it("know times: " .. text, function() assert.same(wanted, { forms.time_of(text) }) end)
  end

  for _, value in ipairs { "", "8", "8:5", "24:00", "08:60", "008:00", "8:00 ", "noon", 8, true } do
    it("do not know times: " .. tostring(value), function()
      local hour, fault = forms.time_of(value)
      assert.is_nil(hour)
      assert.matches("is not a time of the day, such as '18:00'$", fault)
    end)
  end
end)
