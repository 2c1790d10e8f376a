local address = require "azureml.jupyter.address"
local errors = require "azureml.error"

local ARM, EMULATOR = "https://management.azure.com", "http://127.0.0.1:8080"

local function of(url, endpoint, cloud)
  local vm = { name = "ci-ann", applications = { jupyter = url } }
  return errors.try(address.of, vm, endpoint or ARM, cloud or "AzureCloud")
end

describe("the address of an instance's Jupyter", function()
  for url, expected in pairs {
    ["https://ci-ann.westeurope.instances.azureml.ms/tree/"] =
      "https://ci-ann.westeurope.instances.azureml.ms",
    ["https://ci-ann.westeurope.instances.azureml.ms/lab"] =
      "https://ci-ann.westeurope.instances.azureml.ms",
    ["https://ci-ann.westeurope.instances.azureml.ms"] =
      "https://ci-ann.westeurope.instances.azureml.ms",
    ["https://CI-ANN.westeurope.instances.azureml.net:443/tree"] =
      "https://ci-ann.westeurope.instances.azureml.net:443",
  } do
    it("is " .. url .. " without its last path", function() assert.equal(expected, of(url)) end)
  end

  it("is that of JupyterLab where the service names no other", function()
    local url = "https://x.eu.instances.azureml.ms/lab"
    local vm = { name = "x", applications = { jupyter_lab = url } }
    assert.equal("https://x.eu.instances.azureml.ms", address.of(vm, ARM, "AzureCloud"))
    vm.applications = {}
    local _, err = errors.try(address.of, vm, ARM, "AzureCloud")
    assert.equal("NoAddress", err.code)
  end)

  for _, url in ipairs {
    "http://ci-ann.westeurope.instances.azureml.ms/tree/",
    "https://ci-ann.westeurope.instances.azureml.ms.evil.example/tree/",
    "https://evilinstances.azureml.ms/tree/", "https://instances.azureml.ms/tree/",
    "https://.instances.azureml.ms/tree/", "https://evil.example/.instances.azureml.ms",
    "https://evil.example#.instances.azureml.ms", "https://evil.example?.instances.azureml.ms",
    "https://evil.example\\.instances.azureml.ms/", "https://a@b.instances.azureml.ms/tree",
    "https://evil.example%2F.instances.azureml.ms/", "https://a.instances.azureml.ms:8080/tree",
    "https://a.instances.azureml.ms/../x/tree", "https://a.instances.azureml.ms/\r\nHost: b",
    "https://a.instances.azureml.ms ", "https://127.0.0.1/tree/", "http://127.0.0.1/tree/",
    "ftp://a.instances.azureml.ms/", "//a.instances.azureml.ms/tree", "", "x",
  } do
    it(("gets no token when it is %q"):format(url), function()
      local _, err = of(url)
      assert.equal("InstanceUnsafe", err.code)
      assert.is_nil(tostring(err):find "\r")
    end)
  end

  it("is loopback for an emulator, and nothing else", function()
    assert.equal("http://127.0.0.1:9000/instances/eastus/ci-ann",
      of("http://127.0.0.1:9000/instances/eastus/ci-ann/tree/", EMULATOR))
    assert.equal("http://[::1]:9000/x", of("http://[::1]:9000/x/lab", EMULATOR))
    local _, err = of("http://192.168.0.1:9000/tree", EMULATOR)
    assert.equal("InstanceUnsafe", err.code)
    _, err = of("https://ci-ann.eastus.instances.azureml.ms/tree/", EMULATOR)
    assert.equal("NoMachine", err.code)
    assert.matches("%-%-machine local", err.hint)
  end)

  it("is below the suffix of its cloud", function()
    assert.equal("https://x.chinaeast2.instances.azureml.cn",
      of("https://x.chinaeast2.instances.azureml.cn/lab", ARM, "AzureChinaCloud"))
    local _, err = of("https://x.chinaeast2.instances.azureml.cn/lab")
    assert.equal("InstanceUnsafe", err.code)
    local own = { authority = "https://a.example", resource_manager = ARM, scope = "s" }
    _, err = of("https://x.eu.instances.azureml.ms/lab", ARM, own)
    assert.matches("instance_suffixes", err.hint)
    own.instance_suffixes = { ".instances.example" }
    assert.equal("https://x.instances.example", of("https://x.instances.example/lab", ARM, own))
    own.instance_suffixes = { ".com" }
    assert.error_matches(function() of("https://x.com/lab", ARM, own) end, "instance_suffixes")
  end)
end)
