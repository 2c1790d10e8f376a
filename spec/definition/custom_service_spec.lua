local custom_services = require "azureml.definition.custom_service"
local json = require "azureml.json"

describe("custom services", function()
  local function rstudio(changes)
    local service = { name = "rstudio", image = "ghcr.io/rocker-org/rstudio:latest", endpoints = {
      { target = 8787, published = 8787 },
    } }
    for name, value in pairs(changes or {}) do service[name] = value end
    return service
  end

  local function written(list)
    return custom_services.write(assert(custom_services.check(list)))
  end

  it("are written as the service has them, with its defaults", function()
    local services = written { rstudio {
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
    }, json.decode(json.encode(services[1])))
  end)

  it("have every member of the specification", function()
    local given = { rstudio {
      image = { type = "docker", reference = "r", version = "2" }, privileged = true,
      endpoints = { { target = 8787, published = 8080, protocol = "tcp", name = "x",
        host_ip = "127.0.0.1" } },
      volumes = {
        { type = "bind", source = "/a", target = "/b", read_only = true, consistency = "c",
          bind = { propagation = "p", create_host_path = true, selinux = "z" } },
        { type = "volume", source = "v", target = "/v", volume = { nocopy = true } },
        { type = "tmpfs", source = "t", target = "/t", tmpfs = { size = 1048576 } },
      },
      kernel = { argv = { "r", "-e" }, display_name = "R", language = "R" },
    } }
    local services = written(given)
    assert.same({ hostIp = "127.0.0.1", name = "x", protocol = "tcp", published = 8080,
      target = 8787 }, services[1].endpoints[1])
    assert.same({ propagation = "p", createHostPath = true, selinux = "z" },
      services[1].volumes[1].bind)
    assert.same({ argv = { "r", "-e" }, displayName = "R", language = "R" }, services[1].kernel)
    local read = custom_services.read(json.decode(json.encode(services)))
    assert.same(custom_services.check(given), read)
  end)

  it("without endpoints or volumes have empty lists", function()
    assert.matches('"endpoints":%[%].*"volumes":%[%]',
      json.encode(written { { name = "a", image = "b" } }))
  end)

  it("can be Posit Workbench, by its licence", function()
    local service = written({ { preset = "posit_workbench", licence = "abc" } })[1]
    assert.equal("abc", service.environmentVariables.RSP_LICENSE.value)
    assert.equal(8787, service.endpoints[1].published)
    local _, fault = custom_services.check { { preset = "posit_workbench" } }
    assert.equal("service 1: needs the field 'licence'", fault)
    _, fault = custom_services.check { { preset = "shiny", licence = "abc" } }
    assert.equal("service 1: preset: must be 'posit_workbench', not 'shiny'", fault)
  end)

  it("are the same in any order, and with what the service adds", function()
    local list = { rstudio(), rstudio { name = "b", endpoints = {} } }
    local wanted = assert(custom_services.check(list))
    local actual = custom_services.read(json.decode(json.encode(written { list[2], list[1] })))
    assert.is_true(custom_services.same(wanted, actual))
    actual[1].image.reference = "other"
    assert.is_false(custom_services.same(wanted, actual))
    assert.is_false(custom_services.same(wanted, { actual[2] }))
  end)

  for _, strange in ipairs { 5, "x", true, json.null, { 5, "x", json.null, { image = 5 } } } do
    it("of another kind do not stop a reader: " .. tostring(strange), function()
      assert.is_table(custom_services.read(strange))
    end)
  end

  for _, row in ipairs {
    { { { name = "a" } }, "service 1: needs the field 'image'" },
    { { rstudio(), rstudio() }, "two services are called 'rstudio'" },
    { { rstudio(), rstudio { name = "other" } }, "two services are published on port 8787" },
    { { rstudio { endpoints = { { target = 80, published = 8787 } } } },
      "endpoints: endpoint 1: target: must be a port from 1026 to 65534, not 80" },
    { { rstudio { endpoints = { { target = 8787 } } } }, "needs the field 'published'" },
    { { rstudio { volumes = { { source = "/home" } } } },
      "volumes: volume 1: needs the field 'target'" },
    { { rstudio { environment_variables = { "A=b" } } },
      "environment_variables: must be texts by name" },
    { { rstudio { ports = {} } }, "service 1: has no field 'ports'" },
    { { name = "a" }, "must be a list such as { { ... }, { ... } }, but it has the key 'name'" },
    { "rstudio", "must be a list, not 'rstudio'" },
  } do
    it("are refused with the rule: " .. row[2], function()
      local checked, fault = custom_services.check(row[1])
      assert.is_nil(checked)
      assert.is_truthy(fault:find(row[2], 1, true), fault)
    end)
  end
end)
