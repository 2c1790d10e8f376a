-- What `azureml run --as` writes, checked by others: Kubernetes' published schemas, and systemd.
local process = require "spec.process"

local VALIDATOR = assert(os.getenv "AZUREML_CONFORMANCE") .. "/bin/kubernetes-validate"

describe("azureml run --as", function()
  local directory

  before_each(function() directory = process.directory() end)
  after_each(function() process.remove(directory) end)

  local function write(word, ...)
    local out, err, code = process.executable { "--emulator", "run", word, "it's", "$HOME 100%",
      "--at", "weekdays 19:00 Europe/Amsterdam", ... }
    assert.equal(0, code, err)
    return out
  end

  local function script()
    return process.write(directory .. "/mine.lua", "print 'a: b'\n\n\tprint(\"#\", [[\n- x]])\n")
  end

  for _, word in ipairs { "nightly", "script" } do
    it("kubernetes fits the strict schemas: " .. word, function()
      local into = process.directory()
      local path = write(word == "script" and script() or word, "--as", "kubernetes", "--image",
        "registry.example/azureml:1", "--client-id", "04b07795-8ddb-461a-bbee-02f9e1bf7b46",
        "--into", into):match "[^\n]+"
      local out, err, code = process.run { VALIDATOR, "--strict", path }
      assert.equal(0, code, out .. err)
      assert.matches("passed for resource cronjob/", out .. err)
      process.remove(into)
    end)

    it("systemd is what systemd reads: " .. word, function()
      local into = process.directory()
      write(word == "script" and script() or word, "--as", "systemd", "--into", into)
      local name = into .. "/azureml-" .. (word == "script" and "mine" or word)
      local out, err, code = process.run { "systemd-analyze", "verify", "--man=no",
        name .. ".service", name .. ".timer" }
      assert.same({ "", "", 0 }, { out, err, code })
      local text = process.run { "cat", name .. ".timer" }
      local times = text:match "OnCalendar=([^\n]+)"
      out, err, code = process.run { "systemd-analyze", "calendar", times }
      assert.equal(0, code, err)
      assert.matches("Normalized form: " .. times:gsub("%p", "%%%0"), out)
      process.remove(into)
    end)
  end
end)
