local json = require "azureml.json"
local services = require "azureml.emulator.services"

local TEXT = '[{"endpoints":[{"name":"connect","protocol":"http","published":4444,"target":8787},{"target":22}],"image":{"reference":"x",'
  .. '"type":"docker"},"kernel":{"argv":[],"language":"python"},"name":"rstudio","volumes":[]}]'

describe("custom services", function()
  it("are kept and shown as they came, nulls aside", function()
    local read = services.read(json.decode_exact(TEXT:gsub('"target":22', '"hostIp":null,"target":22')))
    assert.equal(TEXT, json.encode(services.show(read)))
    assert.equal(TEXT, json.encode(services.show(json.decode_exact(json.encode(read)))))      -- written down and read again
  end)

  it("are an empty list where there are none", function()
    assert.equal("[]", json.encode(services.show(nil)))
    assert.is_nil(services.read(json.null))
  end)

  it("are applications where they speak HTTP on a published port", function()
    assert.same({ { displayName = "rstudio", endpointUri = "https://ci-ann-4444.eastus.instances.azureml.ms" } },
      services.applications(services.read(json.decode_exact(TEXT)), "ci-ann", "eastus"))
    assert.same({}, services.applications(nil, "ci-ann", "eastus"))
  end)
end)
