local clock_rule = require "azureml.definition.schedule.clock_rule"
local date = require "azureml.definition.schedule.date"

describe("a rule for clocks", function()
  for _, row in ipairs {
    { "CET-1CEST,M3.5.0,M10.5.0/3", "2026-03-29T00:59", 3600, "CET" },
    { "CET-1CEST,M3.5.0,M10.5.0/3", "2026-03-29T01:00", 7200, "CEST" },
    { "CET-1CEST,M3.5.0,M10.5.0/3", "2026-10-25T00:59", 7200, "CEST" },
    { "CET-1CEST,M3.5.0,M10.5.0/3", "2026-10-25T01:00", 3600, "CET" },
    { "EST5EDT,M3.2.0,M11.1.0", "2026-03-08T07:00", -14400, "EDT" },
    { "AEST-10AEDT,M10.1.0,M4.1.0/3", "2026-01-01T00:00", 39600, "AEDT" },
    { "AEST-10AEDT,M10.1.0,M4.1.0/3", "2026-07-01T00:00", 36000, "AEST" },
    { "IST-1GMT0,M10.5.0,M3.5.0/1", "2026-07-01T00:00", 3600, "IST" },      -- summer is negative
    { "IST-1GMT0,M10.5.0,M3.5.0/1", "2026-01-01T00:00", 0, "GMT" },
    { "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", "2026-01-01T00:00", 39600, "+11" },
    { "<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "2026-03-29T00:59", -7200, "-02" },
    { "<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "2026-03-29T01:00", -3600, "-01" },
    { "XXX0YYY,J60,J100", "2024-03-01T02:00", 3600, "YYY" },      -- the leap day is not counted
    { "XXX0YYY,J60,J100", "2024-02-29T23:00", 0, "XXX" },
    { "XXX0YYY,59,100", "2024-02-29T02:00", 3600, "YYY" },      -- the leap day is counted
    { "XXX0YYY,59,100", "2026-02-28T23:00", 0, "XXX" },
    { "XXX3EDT4,0/0,J365/23", "2026-12-31T23:59", -14400, "EDT" },      -- summer all year
    { "UTC0", "2026-01-01T00:00", 0, "UTC" },
    { "<+0545>-5:45", "2026-01-01T00:00", 20700, "+0545" },
    { "LMT-0:19:32", "1900-01-01T00:00", 1172, "LMT" },
  } do
    it(("%s makes it %d s at %s"):format(row[1], row[3], row[2]), function()
      local state = clock_rule.state_at(assert(clock_rule.parse(row[1])), date.parse(row[2]))
      assert.same({ row[3], row[4] }, { state.offset, state.name })
    end)
  end

  for _, text in ipairs {
    "", "CET", "C1", "-1", "CET-1CEST", "CET-1CEST,", "CET-1CEST,M3.5.0", "CET-1CEST,M3.5.0,",
    "CET-1CEST,M0.5.0,M10.5.0", "CET-1CEST,M3.6.0,M10.5.0", "CET-1CEST,M3.5.7,M10.5.0",
    "CET-1CEST,J0,J100", "CET-1CEST,J366,J100", "CET-1CEST,366,100", "CET-1CEST,M3.5.0/200,J1",
    "CET-1CEST,M3.5.0,M10.5.0/3x", "CET-1 ", "CET-999", "<CET-1", "CET-1CEST,M3.5.0/,M10.5.0",
    "CET-1CEST-,M3.5.0,M10.5.0", ("C"):rep(1000), "CET" .. ("9"):rep(1000),
  } do
    it(("is not one: '%s'"):format(text:sub(1, 40)), function()
      assert.is_nil(clock_rule.parse(text))
    end)
  end
end)
