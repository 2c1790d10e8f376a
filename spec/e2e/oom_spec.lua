local process = require "spec.process"
local run = require "spec.oom.run"

-- A few runs of what `make oom` does for every allocation.
describe("without memory for one allocation", function()
  local build = os.getenv "AZUREML_BUILD" or "build"
  local home, emulator

  setup(function()
    home = process.directory()
    emulator = process.served_emulator { speed = 10000 }
  end)
  teardown(function()
    emulator:close()
    process.remove(home)
  end)

  local function ended(job, number, many)
    return run.finish(run.start(job, number,
      { build = build, home = home, url = emulator.url, many = many }))
  end

  for _, row in ipairs {
    { "a client and its credentials are opened or refused", "open", 5 },
    { "a request ends with an answer or an error", "get", 12 },
  } do
    it(row[1], function()
      local how, count, output = ended(row[2], 0)
      assert.equal("success", how, output)
      assert.is_true(count > row[3])
      for i = 1, row[3] do
        local number = count * i // (row[3] + 1)
        for many = 1, 2 do
          how, _, output = ended(row[2], number, many)
          assert.not_equal("fault", how, ("allocation %d of %d: %s"):format(number, count, output))
        end
      end
    end)
  end

  it("the first allocations after the marker fail with one sentence", function()
    local how, _, output = ended("open", 1, 100000)
    assert.equal("error", how, output)
    assert.matches("not enough memory", output)
  end)
end)
