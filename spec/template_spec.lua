local azureml = require "azureml"
local definition = require "azureml.definition"
local json = require "azureml.json"
local tables = require "azureml.tool.tables"
local template = require "azureml.template"
local warning = require "azureml.tool.warning"
local world = require "spec.world"

local OID, TID = "aaaaaaaa-0000-0000-0000-000000000001", "22222222-2222-2222-2222-222222222222"

local function refusal(f, ...)
  local value, err = azureml.try(f, ...)
  assert.is_nil(value)
  assert.equal("InvalidArgument", err.code)
  return err.message
end

describe("a template of a definition", function()
  it("declares what differs from one deployment to the next", function()
    local made, parameters = azureml.template({ vm_size = "standard_ds3_v2", tags = { a = "b" } },
      { name = "ci-bob", workspace = "team", location = "westeurope" })
    local resource = made.resources[1]
    assert.same({ "[concat(parameters('workspaceName'), '/', parameters('computeName'))]",
      "[parameters('location')]", "[parameters('tags')]", "[parameters('vmSize')]", "2025-12-01" },
      { resource.name, resource.location, resource.tags, resource.properties.properties.vmSize,
        resource.apiVersion })
    assert.same({ "ci-bob", "team", "westeurope", "b" }, { parameters.computeName.value,
      parameters.workspaceName.value, parameters.location.value, parameters.tags.value.a })
    assert.same({ "string", "The name of the instance." },
      { made.parameters.computeName.type, made.parameters.computeName.metadata.description })
  end)

  it("leaves the names open that it is not told", function()
    local made, parameters = azureml.template {}
    assert.is_not_nil(made.parameters.workspaceName)
    assert.is_nil(parameters.workspaceName)
    assert.is_nil(parameters.computeName)
    assert.is_nil(made.parameters.workspaceName.defaultValue)
  end)

  it("has what may be a secret in secure parameters alone", function()
    local made, parameters = azureml.template {
      setup_scripts = {
        creation_script = { text = "echo S3cret\n", arguments = "S3cret" },
        startup_script = { url = "https://x.blob.core.windows.net/c/setup.sh?sig=S3cret" },
      },
      custom_services = { { name = "db", image = { reference = "x/y:1" },
        environment_variables = { KEY = "S3cret" } } },
    }
    assert.is_nil(json.encode(made):find("S3cret", 1, true))
    for name, parameter in pairs(parameters) do
      if json.encode(parameter):find("S3cret", 1, true) then
        assert.matches("^secure", made.parameters[name].type, name)
      end
    end
    assert.equal("echo S3cret\n", parameters.creationScript.value)
    assert.equal("[base64(parameters('creationScript'))]", made.resources[1].properties.properties
      .setupScripts.scripts.creationScript.scriptData)
  end)

  it("escapes texts that a template would take for expressions", function()
    local made = azureml.template { description = "[a]", extra = { ["[b]"] = { "[c", "[[d]" } } }
    local properties = made.resources[1].properties
    assert.same({ "[[a]", "[c", "[[[d]" }, { properties.description,
      properties.properties["[[b]"][1], properties.properties["[[b]"][2] })
  end)

  it("asks for the api-version that knows all its fields", function()
    local preview = azureml.template { mlflow_autologger = true }
    assert.matches("%-preview$", preview.resources[1].apiVersion)
    local old = azureml.template({}, { api_version = "2022-05-01" })
    assert.equal("2022-05-01", old.resources[1].apiVersion)
    local newer = azureml.template({ idle_time_before_shutdown = "30m" },
      { api_version = "2022-05-01" })
    assert.equal("2025-12-01", newer.resources[1].apiVersion)
  end)

  it("warns of what a template cannot say", function()
    local told, give = {}, warning.give
    warning.give = function(text) told[#told + 1] = text end
    local ok, made = pcall(azureml.template, { state = "Stopped",
      data_mounts = { { source = "azureml:data:1", name = "data" } } }, { name = "ci-bob" })
    azureml.template { state = "Running", data_mounts = {} }
    warning.give = give
    assert.is_true(ok)
    assert.is_nil(json.encode(made):find("azureml:data", 1, true))
    assert.same({ "template of 'ci-bob': a template cannot mount data: mount it when the instance "
      .. "runs, with update", "template of 'ci-bob': a template cannot have state = 'Stopped': the "
      .. "instance runs at the end; stop it then" }, told)
  end)

  it("refuses wrong fields, and keys that it would have to look up", function()
    assert.matches("template: it cannot have ssh_key_id: give the key itself", refusal(
      azureml.template, { ssh_key_id = "/subscriptions/" .. OID
        .. "/resourceGroups/g/providers/Microsoft.Compute/sshPublicKeys/k" }))
    assert.matches("it cannot have generate_ssh_key",
      refusal(azureml.template, { generate_ssh_key = "/tmp/none" }))
    assert.matches("vm_size: must be a size", refusal(azureml.template, { vm_size = "big" }))
    assert.matches("'x' cannot be an instance's name",
      refusal(azureml.template, {}, { name = "x" }))
    assert.has_error(function() azureml.template({}, { workspace = 3 }) end)
    assert.has_error(function() azureml.template({}, { nmae = "x" }) end)
    assert.has_error(function() azureml.template { vm_sise = "x" } end)
  end)

  it("holds several instances, with secrets alone as parameters", function()
    local emulator, ws = world.open({})
    local made, parameters = template.many({
      ["ci-a"] = { vm_size = "STANDARD_DS11_V2", tags = { a = "[b]" } },
      ["ci-b"] = { setup_scripts = { creation_script = { text = "echo hi" } } },
    }, { workspace = ws })
    assert.same({ "ci_b_creationScript", "location", "workspaceName" },
      tables.keys(made.parameters))
    local result = ws:deploy { template = made, parameters = parameters }:wait()
    local a, b = result.instances[1], result.instances[2]
    assert.same({ "ci-a", "STANDARD_DS11_V2", "[b]", "ci-b", "echo hi" },
      { a.name, a.vm_size, a.tags.a, b.name, b.setup_scripts.creation_script.text })
    world.close(emulator, ws)
    assert.matches("'x' cannot be", refusal(template.many, { x = {} }))
    assert.has_error(function() template.many({}, { name = "ci-a" }) end)
  end)

  it("is made of what an export says", function()
    local emulator, ws = world.open { ann = "Running" }
    local made, parameters = azureml.template(ws.instances:get("ann"):export(), { name = "ci-b" })
    local result = ws:deploy { template = made, parameters = parameters }:wait()
    assert.same(ws.instances:get("ann"):export(), result.instances[1]:export())
    world.close(emulator, ws)
  end)

  it("has a file of parameters", function()
    local file = template.parameters_file { a = { value = 1 } }
    assert.matches("deploymentParameters.json#$", file["$schema"])
    assert.same({ a = { value = 1 } }, file.parameters)
  end)

  it("creates the instance that the definition describes", function()
    local emulator, ws = world.open({})
    local wanted = {
      vm_size = "STANDARD_DS11_V2", tags = { a = "[b]" }, description = "[x]",
      identity = "SystemAssigned", disable_local_auth = true, ssh_public_access = false,
      application_sharing_policy = "Personal", authorization_type = "personal",
      assigned_user = { object_id = OID, tenant_id = TID },
      setup_scripts = { creation_script = { text = "echo 'a'\n", arguments = "b", timeout = "10m" },
        startup_script = { path = "Users/ann/start.sh" } },
      schedules = { { action = "stop", cron = "0 18 * * *", time_zone = "Europe/Amsterdam" } },
      idle_time_before_shutdown = "1h", enable_sso = false,
      custom_services = { { name = "db", image = { reference = "x/y:1" },
        endpoints = { { target = 5432, published = 5432 } },
        environment_variables = { KEY = "[v]" } } },
      subnet = ("/subscriptions/%s/resourceGroups/net/providers/Microsoft.Network/"
        .. "virtualNetworks/v/subnets/s"):format(ws.subscription_id),
    }
    local made, parameters = azureml.template(wanted, { name = "ci-bob", workspace = ws })
    local result = ws:deploy { template = made, parameters = parameters }:wait()
    local differences = definition.differences(definition.checked("spec", wanted),
      result.instances[1])
    assert.equal("", definition.describe(differences))
    world.close(emulator, ws)
  end)
end)
