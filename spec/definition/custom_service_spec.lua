local custom_service = require "azureml.definition.custom_service"
local json = require "azureml.json"

describe("custom services", function()
  local function rstudio(changes)
    local service = { name = "rstudio", image = "ghcr.io/rocker-org/rstudio:latest", endpoints = {
      { target = 8787, published = 8787 },
    } }
    for name, value in pairs(changes or {}) do service[name] = value end
    return service
  end

  it("are written as the service has them, with its defaults", function()
    assert.is_nil(custom_service.body(nil))
    local written = custom_service.body { rstudio {
      environment_variables = { LICENSE = "abc" },
      volumes = { { source = "/home/azureuser", target = "/home" } },
    } }
    assert.same({
      name = "rstudio",
      image = { type = "docker", reference = "ghcr.io/rocker-org/rstudio:latest" },
      docker = { privileged = false },
      environmentVariables = { LICENSE = { type = "local", value = "abc" } },
      endpoints = { { name = "connect", protocol = "http", target = 8787, published = 8787 } },
      volumes = {
        { type = "bind", source = "/home/azureuser", target = "/home", readOnly = false },
      },
    }, json.decode(json.encode(written[1])))
  end)

  it("without endpoints or volumes have empty lists", function()
    assert.matches('"endpoints":%[%].*"volumes":%[%]',
      json.encode(custom_service.body { { name = "a", image = "b" } }))
  end)

  for _, row in ipairs {
    { { { name = "a" } }, "a custom service needs name and image" },
    { { rstudio(), rstudio() }, "two custom services are called 'rstudio'" },
    { { rstudio(), rstudio { name = "other" } }, "two custom services are published on port 8787" },
    { { rstudio { endpoints = { { target = 80, published = 8787 } } } },
      "'rstudio': target is a port from 1026 to 65534, not 80" },
    { { rstudio { endpoints = { { target = 8787 } } } },
      "published is a port from 1026 to 65534, not nil" },
    { { rstudio { volumes = { { source = "/home" } } } }, "a volume needs source and target" },
    { { rstudio { environment_variables = { "A=b" } } },
      "environment_variables are texts by name" },
    { { rstudio { ports = {} } }, "a custom service has no option 'ports'" },
  } do
    it("are refused with the rule: " .. row[2], function()
      local ok, err = pcall(custom_service.body, row[1])
      assert.is_false(ok)
      assert.matches(row[2], tostring(err))
    end)
  end
end)
