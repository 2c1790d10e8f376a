--- Templates in the shapes in which public templates come, deployed as a user deploys them: the
--- members, api-versions and expressions are those that Bicep files, Terraform's documents, the
--- portal and the quickstart template have.
local azureml = require "azureml"
local core = require "azureml.core"
local deployed = require "spec.deployed"
local json = require "azureml.json"
local world = require "spec.world"

local NULL = json.null
local OID, TID = "aaaaaaaa-0000-0000-0000-000000000001", "22222222-2222-2222-2222-222222222222"
local KEY = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQC7 a@b"
local SUBNET = { id = "[resourceId('net', 'Microsoft.Network/virtualNetworks/subnets', 'v', 's')]" }
local DISABLED = { sshPublicAccess = "Disabled" }
local SYSTEM = { type = "SystemAssigned" }
local EVENING = { computeStartStop = json.array { { action = "Stop", triggerType = "Cron",
  status = "Enabled", cron = { expression = "0 18 * * *", timeZone = "UTC" } } } }

local function on_behalf(object_id)
  return { assignedUser = { objectId = object_id, tenantId = "[subscription().tenantId]" } }
end

-- Each form: its name, its api-version, properties.properties, what else it has, and what comes of
-- it: the state of the instance, or the code of the error.
local FORMS = {
  { "a network, an idle time and no local accounts", "2023-06-01-preview",
    { vmSize = "STANDARD_D2_V2", idleTimeBeforeShutdown = "PT15M", subnet = SUBNET },
    { outer = { disableLocalAuth = true } }, state = "Running" },
  { "a sku and a place of the compute", "2024-04-01", { vmSize = "STANDARD_DS11_V2" },
    { sku = { name = "Standard" },
      outer = { description = "Default", computeLocation = "eastus" } },
    state = "Running" },
  { "an empty key, an identity and empty tags", "2021-04-01",
    { vmSize = "Standard_DS3_v2", applicationSharingPolicy = "Personal", subnet = SUBNET,
      computeInstanceAuthorizationType = "personal",
      sshSettings = { sshPublicAccess = "Disabled", adminPublicKey = "" } },
    { identity = SYSTEM, tags = {}, outer = { disableLocalAuth = true } }, state = "Running" },
  { "a placeholder in place of a user", "2024-07-01-preview",
    { vmSize = "Standard_DS3_v2", subnet = NULL, schedules = EVENING,
      personalComputeInstanceSettings = on_behalf "placeholder-object-id" }, {},
    code = "BadRequest" },
  { "an authorization type that does not exist", "2025-10-01-preview",
    { vmSize = "Standard_DS3_v2", subnet = SUBNET, enableSSO = false, sshSettings = DISABLED,
      computeInstanceAuthorizationType = "shared" },
    { identity = SYSTEM, tags = { a = "b" } }, code = "InvalidPropertyValue" },
  { "null for scripts and a schedule without a zone, for a user", "2023-06-01-preview",
    { vmSize = "Standard_E4ds_v4", idleTimeBeforeShutdown = "PT30M",
      computeInstanceAuthorizationType = "personal",
      personalComputeInstanceSettings = on_behalf(OID),
      schedules = { computeStartStop = json.array { { action = "Stop", status = "Enabled",
        triggerType = "Cron", cron = { expression = "0 18 * * 1-5" } } } },
      setupScripts = { scripts = { creationScript = NULL, startupScript = NULL } } }, {},
    state = "Running" },
  { "an idle time at the wrong place", "2022-05-01",
    { vmSize = "Standard_DS3_v2", sshSettings = DISABLED,
      computeInstanceAuthorizationType = "default" },
    { identity = SYSTEM, outer = { idleTimeBeforeShutdown = "PT120S" } },
    code = "InvalidPropertyValue" },
  { "no public address and no network", "2023-10-01",
    { vmSize = "Standard_DS3_v2", enableNodePublicIp = false, sshSettings = DISABLED }, {},
    code = "BadRequest" },
  { "a location with a space and a key", "2024-04-01",
    { vmSize = "STANDARD_DS2_V2",
      sshSettings = { sshPublicAccess = "Disabled", adminPublicKey = KEY } },
    { location = "East US", tags = { foo = "bar" }, outer = { description = "foo" } },
    state = "Running" },
  { "recurrences with an old start", "2022-10-01-preview",
    { vmSize = "STANDARD_DS3_V2", schedules = { computeStartStop = json.array { {
      action = "start", triggerType = "Recurrence", status = "Enabled", recurrence = {
        startTime = "2021-03-10T21:21:07", timeZone = "Pacific Standard Time", frequency = "week",
        interval = 1, schedule = { hours = json.array { 0 }, minutes = json.array { 15 },
          weekDays = json.array { "monday", "tuesday" } } } } } } }, {}, state = "Running" },
  { "null for all that it does not use", "2021-07-01",
    { vmSize = "Standard_DS3_v2", applicationSharingPolicy = "Personal",
      sshSettings = { sshPublicAccess = "Disabled", adminPublicKey = NULL },
      personalComputeInstanceSettings = "[json('null')]", setupScripts = "[null()]",
      subnet = NULL }, {}, state = "Running" },
  { "a script inside, in base64", "2022-05-01",
    { vmSize = "STANDARD_DS3_V2", setupScripts = { scripts = { creationScript = {
      scriptSource = "inline", scriptData = "[base64('echo hi')]", scriptArguments = "a b",
      timeout = "25m" } } } }, {}, state = "Running" },
  { "a signed URL of a script", "2023-04-01",
    { vmSize = "STANDARD_DS3_V2", setupScripts = { scripts = { creationScript = {
      scriptSource = "https://x.blob.core.windows.net/c/setup.sh?sv=1&sig=x",
      scriptData = "setup.sh" } } } }, {}, code = "SetupScriptsError" },
}

-- Return the resource of a form, with its name and its size as parameters.
local function resource_of(form)
  local more = form[4]
  local resource = {
    type = deployed.TYPE, apiVersion = form[2], location = more.location or "eastus",
    name = "[format('{0}/{1}', parameters('workspaceName'), parameters('computeName'))]",
    tags = more.tags, identity = more.identity, sku = more.sku,
    properties = { computeType = "ComputeInstance", properties = form[3] },
  }
  for name, value in pairs(more.outer or {}) do resource.properties[name] = value end
  return resource
end

local NAMES = { workspaceName = { type = "string" }, computeName = { type = "string" } }

-- The expressions of the quickstart template for compute instances.
local QUICKSTART = deployed.template({ {
  type = deployed.TYPE, apiVersion = "2021-03-01-preview", location = "[parameters('location')]",
  name = "[concat(parameters('workspaceName'), '/', parameters('computeName'))]",
  properties = { computeType = "ComputeInstance", properties = {
    vmSize = "[parameters('vmSize')]",
    subnet = "[if(and(not(empty(parameters('vnetResourceGroupName'))), "
      .. "not(empty(parameters('vnetName'))), not(empty(parameters('subnetName')))), "
      .. "variables('subnet'), json('null'))]",
    personalComputeInstanceSettings = { assignedUser = { objectId = "[parameters('objectId')]",
      tenantId = "[parameters('tenantId')]" } },
    setupScripts = { scripts = { creationScript = { scriptSource = "inline",
      scriptData = "[base64(parameters('inlineCommand'))]",
      scriptArguments = "[parameters('creationScript.cmdArguments')]" } } },
    schedules = "[parameters('schedules')]",
  } },
} }, {
  parameters = {
    workspaceName = NAMES.workspaceName, computeName = NAMES.computeName,
    objectId = { type = "string" }, schedules = { type = "object", defaultValue = EVENING },
    location = { type = "string", defaultValue = "[resourceGroup().location]" },
    vmSize = { type = "string", defaultValue = "Standard_DS3_v2" },
    vnetResourceGroupName = { type = "string", defaultValue = "" },
    vnetName = { type = "string", defaultValue = "" },
    subnetName = { type = "string", defaultValue = "" },
    tenantId = { type = "string", defaultValue = "[subscription().tenantId]" },
    inlineCommand = { type = "string", defaultValue = "ls" },
    ["creationScript.cmdArguments"] = { type = "string", defaultValue = "" },
  },
  variables = { subnet = { id = "[resourceId(parameters('vnetResourceGroupName'), "
    .. "'Microsoft.Network/virtualNetworks/subnets', parameters('vnetName'), "
    .. "parameters('subnetName'))]" } },
})

describe("templates of the public", function()
  local emulator, ws

  setup(function() emulator, ws = world.open {} end)
  teardown(function() world.close(emulator, ws) end)

  for number, form in ipairs(FORMS) do
    local outcome = form.state and "create an instance" or "fail"
    it(("with %s %s"):format(form[1], outcome), function()
      core.clock "virtual"
      local settings = {
        template = deployed.template({ resource_of(form) }, { parameters = NAMES }),
        parameters = { computeName = ("ci-t%dx"):format(number) },
      }
      local result, err = azureml.try(function()
        local op <close> = ws:deploy(settings)
        return op:wait()
      end)
      if form.state then
        assert.is_nil(err)
        assert.equal(form.state, result.instances[1].state)
      else
        assert.same({ "DeploymentFailed", form.code }, { err.code, err.details[1].error.code })
      end
    end)
  end

  it("with the expressions of the quickstart create for a user, in a network or not", function()
    local vm = ws:deploy { template = QUICKSTART, parameters = {
      computeName = "ci-quick", objectId = OID, inlineCommand = "echo 'hi'" } }:wait().instances[1]
    assert.same({ OID, TID, "echo 'hi'", 1 }, { vm.assigned_user.object_id,
      vm.assigned_user.tenant_id, vm.setup_scripts.creation_script.text, #vm.schedules })
    assert.is_nil(vm.subnet)
    vm = ws:deploy { template = QUICKSTART, parameters = {
      computeName = "ci-net", objectId = OID, vnetResourceGroupName = "net", vnetName = "v",
      subnetName = "s" } }:wait().instances[1]
    assert.matches("/resourceGroups/net/providers/Microsoft.Network/virtualNetworks/v/subnets/s$",
      vm.subnet)
  end)

  it("with a parameter that they do not declare are refused, as the quickstart is", function()
    local broken = deployed.template(QUICKSTART.resources, { parameters = {},
      variables = QUICKSTART.variables })
    for name, value in pairs(QUICKSTART.parameters) do broken.parameters[name] = value end
    broken.parameters.schedules = nil
    local _, err = azureml.try(ws.deploy, ws, { template = broken,
      parameters = { computeName = "ci-quick", objectId = OID } })
    assert.equal("InvalidTemplate", err.code)
    assert.matches("properties.schedules: the template parameter 'schedules' is not found",
      err.message)
  end)
end)
