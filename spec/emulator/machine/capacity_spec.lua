local capacity = require "azureml.emulator.machine.capacity"
local sizes = require "azureml.emulator.sizes"

local SIZE = sizes.recorded:find "STANDARD_DS3_V2"

describe("room in a region", function()
  local DS = { standardDSv2Family = true }
  for _, row in ipairs {
    { nil, "start", false },
    { {}, "start", false },
    { { full = true }, "start", true },
    { { full = true }, "create", true },
    { { full = true }, "resize", true },
    { { full = true }, "stop", false },
    { { full = true }, "delete", false },
    { { full = DS }, "start", true }, { { full = { standardFSv2Family = true } }, "start", false },
  } do
    it(("%s for a %s"):format(row[3] and "lacks" or "is there", row[2]), function()
      local failure = capacity.lack(row[1], row[2], SIZE, "eastus")
      assert.equal(row[3], failure ~= nil)
      if failure then
        assert.is_truthy(failure.message:find("'Standard_DS3_v2' in region 'eastus'", 1, true))
      end
    end)
  end
end)
