-- Check the answers of the emulators against the official specifications, at the end of the suite,
-- in a single run of a JSON-schema validator. See spec/recorder.lua and
-- spec/specification/check.py.
local process = require "spec.process"

local folder = os.getenv "AZUREML_ANSWERS"

describe("all that the emulator answered in this run", function()
  it("is as the official specifications say", function()
    if not folder then return pending "run it by `make check`" end
    local output, errors, code = process.run({
      "/usr/bin/python3", "spec/specification/check.py", folder,
    })
    print("\n" .. output:match "([^\n]*)\n$")
    assert.equal(0, code, output .. errors)
  end)
end)
