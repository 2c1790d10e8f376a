local json = require "azureml.json"
local refusal = require "azureml.emulator.refusal"
local services = require "azureml.emulator.machine.services"

local TEXT = '[{"endpoints":[{"name":"connect","protocol":"http","published":4444,"target":8787},'
  .. '{"target":22}],"image":{"reference":"x","type":"docker"},'
  .. '"kernel":{"argv":[],"language":"python"},"name":"rstudio","volumes":[]}]'

local function refused(text)
  local ok, raised = pcall(services.read, json.decode_exact(text))
  assert.is_true(not ok and refusal.is(raised), tostring(raised))
  return raised.message
end

describe("custom services", function()
  for member, says in pairs {
    ['"environmentVariables":{"A":5}'] = "environmentVariables' must be an object",
    ['"environmentVariables":{"A":{"type":"remote"}}'] = "one of local",
    ['"volumes":[[]]'] = "volumes' must be an object",
    ['"endpoints":[{"target":80,"hostIp":1}]'] = "endpoints.hostIp' must be a string",
    ['"docker":{"privileged":1}'] = "privileged' must be",
    ['"endpoints":[{"name":"x"}]'] = "endpoints.target' is required",
    ['"kernel":{"argv":[1]}'] = "kernel.argv' must be a string",
    ['"volumes":[{"bind":{"createHostPath":1}}]'] = "bind.createHostPath' must be a boolean",
    ['"volumes":[{"tmpfs":{"size":1.5}}]'] = "tmpfs.size' must be a whole number",
    ['"endpoints":{}'] = "endpoints' must be a list",
  } do
    it("are refused with " .. member, function()
      local message = refused('[{"name":"a","image":{"reference":"x"},' .. member .. "}]")
      assert.is_truthy(message:find(says, 1, true), message)
    end)
  end

  it("are kept and shown as they came, nulls aside", function()
    local read = services.read(
      json.decode_exact(TEXT:gsub('"target":22', '"hostIp":null,"target":22')))
    assert.equal(TEXT, json.encode(services.show(read)))
    -- written down and read again
    assert.equal(TEXT, json.encode(services.show(json.decode_exact(json.encode(read)))))
  end)

  it("are an empty list where there are none", function()
    assert.equal("[]", json.encode(services.show(nil)))
    assert.is_nil(services.read(json.null))
  end)

  it("are applications where they speak HTTP on a published port", function()
    assert.same(
      {
        {
          displayName = "rstudio",
          endpointUri = "https://ci-ann-4444.eastus.instances.azureml.ms",
        },
      },
      services.applications(services.read(json.decode_exact(TEXT)), "ci-ann", "eastus"))
    assert.same({}, services.applications(nil, "ci-ann", "eastus"))
  end)
end)
