local applications = require "azureml.look.applications"
local errors = require "azureml.error"

describe("the link of an application", function()
  local vm, endpoint, checked

  before_each(function()
    endpoint, checked = "https://management.azure.com", 0
    vm = {
      name = "ci-ann", state = "Running",
      applications = {
        jupyter = "https://ci-ann.eu.instances.azureml.ms/tree/",
        jupyter_lab = "https://ci-ann.eu.instances.azureml.ms/lab",
        my_app = "https://ci-ann-8080.eu.instances.azureml.ms",
      },
      jupyter = { server = { check = function() checked = checked + 1 end } },
      workspace = {
        name = "team", resource_group = "ml group", subscription_id = "s",
        settings = { cloud = "AzureCloud" },
        client = function() return { endpoint = function() return endpoint end } end,
      },
    }
  end)

  local function link(name)
    local found = applications.link(vm, name)
    return found.application, found.url, found.note
  end

  local function refused(name)
    local _, err = errors.try(applications.link, vm, name)
    return assert(err)
  end

  for _, row in ipairs {
    { nil, "jupyter_lab" }, { "lab", "jupyter_lab" }, { "JupyterLab", "jupyter_lab" },
    { "Jupyter Lab", "jupyter_lab" }, { "jupyter", "jupyter" }, { "notebook", "jupyter" },
    { "My-App", "my_app" }, { "my_app", "my_app" },
  } do
    it(("is found by the name %s"):format(row[1] or "of none"), function()
      local application, url, note = link(row[1])
      assert.same({ row[2], vm.applications[row[2]] }, { application, url })
      assert.is_nil(note)
      assert.equal(1, checked)
    end)
  end

  it("is that of any application where there is no Jupyter", function()
    vm.applications = { b = "https://b", a = "https://a" }
    assert.equal("a", (link()))
    vm.applications = {}
    assert.equal("NoAddress", refused().code)
  end)

  it("leads to a terminal through JupyterLab, and says how", function()
    local application, _, note = link "terminal"
    assert.equal("jupyter_lab", application)
    assert.matches("choose Terminal in its launcher; 'azureml terminal ci%-ann'", note)
    vm.applications.terminal = "https://t"
    assert.same({ "terminal", "https://t" }, { link "terminal" })
  end)

  it("leads to VS Code through the page in the studio, unless the service names one", function()
    local application, url, note = link "vscode"
    assert.same({ "studio", "https://ml.azure.com/compute/ci-ann/details"
      .. "?wsid=/subscriptions/s/resourcegroups/ml%20group/workspaces/team" }, { application, url })
    assert.matches("choose VS Code", note)
    vm.applications.vs_code = "https://v"
    assert.same({ "vs_code", "https://v" }, { link "code" })
  end)

  it("is the page in the studio, also while the instance does not run", function()
    vm.workspace.settings.cloud = "AzureChinaCloud"
    local application, url = link "studio"
    assert.equal("studio", application)
    assert.matches("^https://studio.ml.azure.cn/compute/", url)
    assert.equal(0, checked)
  end)

  it("is not there for an unknown application: the error lists what there is", function()
    local err = refused "rstudio"
    assert.equal("NoApplication", err.code)
    assert.equal("'ci-ann' has no application 'rstudio' (it has jupyter, jupyter_lab, my_app, "
      .. "studio)", err.message)
    vm.workspace.settings.cloud = { authority = "https://a", resource_manager = "https://b",
      scope = "s" }
    assert.matches("my_app)", refused("studio").message, 1, true)
  end)

  it("is refused when the instance does not run or is another user's", function()
    vm.jupyter.server.check = function() errors.raise { code = "NotRunning", message = "no" } end
    assert.equal("NotRunning", refused("lab").code)
    assert.equal("NotRunning", refused("vscode").code)
  end)

  for _, url in ipairs {
    "file:///etc/passwd", "javascript:alert(1)", "http://example.org/", "https://user@host/",
    "--help", "https://host/\27[2J", "https://host/a b", "https://" .. ("x"):rep(3000), "",
  } do
    it(("is refused when it is %q"):format(url:sub(1, 30)), function()
      vm.applications.jupyter_lab = url
      local err = refused "lab"
      assert.equal("InstanceUnsafe", err.code)
      assert.is_nil(err.message:find "%c")
    end)
  end

  it("is refused where an emulator has no machine, and taken where it has one", function()
    endpoint = "http://127.0.0.1:1"
    assert.equal("NoMachine", refused("lab").code)
    assert.equal("NoApplication", refused("studio").code)
    vm.applications.jupyter_lab = "http://127.0.0.1:2/instances/eu/ci-ann/lab"
    assert.equal("jupyter_lab", (link "lab"))
  end)
end)
