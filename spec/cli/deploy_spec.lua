local deployed = require "spec.deployed"
local json = require "azureml.json"
local process = require "spec.process"
local run = require "spec.command_line"
local world = require "spec.world"

local TEXT = { type = "string" }

describe("azureml deploy", function()
  local emulator, ws, directory, path

  before_each(function()
    emulator, ws = world.open { ann = "Running" }
    directory = process.directory()
    local one = deployed.resource("x", {
      name = "[concat(parameters('workspaceName'), '/', parameters('computeName'))]",
      tags = { a = "[string(parameters('count'))]", b = "[string(parameters('flag'))]" },
    }, { vmSize = "[parameters('vmSize')]" })
    path = process.write(directory .. "/t.json", json.encode(deployed.template({ one }, {
      parameters = {
        workspaceName = TEXT, computeName = TEXT,
        vmSize = { type = "string", defaultValue = "STANDARD_DS3_V2" },
        count = { type = "int", defaultValue = 1 }, flag = { type = "bool", defaultValue = false },
      },
      outputs = { where = { type = "string", value = "[resourceGroup().name]" } },
    })))
  end)
  after_each(function()
    process.remove(directory)
    world.close(emulator, ws)
  end)

  local function write(name, content)
    return process.write(directory .. "/" .. name, json.encode(content))
  end

  it("deploys a template with parameters from files and words, the last one first", function()
    local first = write("p.json", { computeName = { value = "ci-x" }, count = { value = 2 } })
    local out, err, code = run("deploy", path, "--parameters", "@" .. first, "-p",
      "computename=ci-new", "-p", "flag=TRUE", "-o", "json")
    assert.equal(0, code, err)
    local list = json.decode(out)
    assert.same({ "ci-new", "Running", "2", "True" }, { list[1].name, list[1].state,
      list[1].tags.a, list[1].tags.b })
    assert.matches("output where: emulator", err)
    assert.matches("deploy azureml%-[%w-]+: Running", err)
  end)

  it("prints what would change", function()
    local out, err, code = run("deploy", path, "-p", "computeName=ann", "-p",
      "vmSize=STANDARD_DS11_V2", "--what-if")
    assert.equal(0, code, err)
    assert.matches("ann +Modify +properties%.properties%.vmSize +STANDARD_DS3_V2 +STANDARD_DS11_V2",
      out)
    out = run("deploy", path, "-p", "computeName=ci-new", "--what-if", "-o", "json")
    assert.same({ "Create", "ci-new" }, { json.decode(out)[1].change, json.decode(out)[1].name })
  end)

  it("shows no script in what would change", function()
    local one = deployed.resource("ann", nil, { setupScripts = { scripts = { creationScript = {
      scriptSource = "inline", scriptData = "UzNjcmV0" } } } })
    local file = write("s.json", deployed.template { one })
    local out = run("deploy", file, "--what-if")
    assert.is_nil(out:find("UzNjcmV0", 1, true))
    assert.is_truthy(out:find("***", 1, true), out)
  end)

  it("leaves the deployment at the service, and follows it by its name", function()
    local out, err, code = run("deploy", path, "-p", "computeName=ci-new", "--name", "d1",
      "--no-wait")
    assert.same({ "", 0 }, { out, code }, err)
    assert.equal("deploy d1: accepted; 'azureml deploy --follow d1' waits for it\n", err)
    out, err, code = run("deploy", path, "-p", "computeName=ci-new", "--name", "d1")
    assert.same({ "", 1 }, { out, code })
    assert.matches("DeploymentActive", err)
    assert.matches("hint: 'azureml deploy %-%-follow NAME' waits for it", err)
    out, err, code = run("deploy", "--follow", "d1", "-o", "name")
    assert.same({ "ci-new\n", 0 }, { out, code }, err)
    out, err, code = run("deploy", path, "-p", "computeName=ann", "--no-wait", "-o", "json")
    assert.matches('"status":"Accepted"', out, nil, code)
    assert.matches("azureml: warning: 'ann' exists", err)
    assert.equal(3, select(3, run("deploy", "--follow", "none")))
  end)

  it("prints each failed resource, and ends with 1", function()
    local out, err, code = run("deploy", path, "-p", "computeName=ci-new", "-p", "vmSize=NO_SUCH",
      "--name", "d1", "--progress", "quiet")
    assert.same({ "", 1 }, { out, code })
    assert.matches("^azureml: deploy d1: 1 of 1 resource failed %(DeploymentFailed", err)
    assert.matches("\n  %- emulator/ci%-new: The specified VM size 'NO_SUCH' is not supported", err)
    local _, errors = run("deploy", path, "-p", "computeName=ci-new", "-p", "vmSize=NO_SUCH", "-o",
      "json", "--progress", "quiet")
    assert.equal("InvalidPropertyValue", json.decode(errors).error.details[1].code)
  end)

  it("refuses options that have no meaning together", function()
    for part, words in pairs {
      ["give the FILE of a template, or %-%-follow NAME"] = {},
      ["it takes no template"] = { path, "--follow", "d1" },
      ["no options of one"] = { "--follow", "d1", "--no-wait" },
      ["it takes neither %-%-no%-wait nor %-%-timeout"] = { path, "--what-if", "--no-wait" },
      ["the value of 'count' must be the JSON of its type int"] = { path, "-p", "count=x" },
    } do
      local _, err, code = run("deploy", table.unpack(words))
      assert.equal(2, code, err)
      assert.matches(part, err)
    end
  end)

  it("names the file and the place of what is wrong with it", function()
    for part, words in pairs {
      ["the file cannot be read: .*none.json"] = { directory .. "/none.json" },
      ["t.json: the parameter 'computeName' has no value"] = { path },
      ["the template has no parameter 'x'"] = { path, "-p", "x=1" },
      ["it is a file of parameters, not a template"] = { write("q.json", {
        ["$schema"] = "https://x/deploymentParameters.json#" }) },
      ["r.json: it is no file of parameters"] =
        { path, "-p", write("r.json", { ["$schema"] = "x" }) },
      ["u.json: the template has no parameter 'y'"] = { path, "-p", write("u.json", { y = 1 }) },
    } do
      local _, err, code = run("deploy", table.unpack(words))
      assert.equal(2, code, err)
      assert.matches(part, err)
    end
  end)
end)
