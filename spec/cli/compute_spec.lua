--- The pasted commands of `az ml compute`: lua/azureml/cli/compute.lua, lua/azureml/cli/az/.
local json = require "azureml.json"
local process = require "spec.process"
local run = require "spec.command_line"
local world = require "spec.world"

local KEY = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABgQ=="
local YAML = [[
$schema: https://azuremlschemas.azureedge.net/latest/computeInstance.schema.json
name: ci-yaml
type: computeinstance
location: westeurope
size: STANDARD_DS3_V2
idle_time_before_shutdown_minutes: 15
ssh_public_access_enabled: true
ssh_settings: { ssh_key_value: "]] .. KEY .. [[" }
tags: { team: vision, number: "3" }
schedules:
  compute_start_stop:
    - action: stop
      trigger: { type: cron, start_time: '2021-03-10T21:21:07', expression: 0 18 * * *,
                 time_zone: Pacific Standard Time }
    - action: start
      state: disabled
      trigger:
        type: recurrence
        frequency: week
        interval: 1
        time_zone: Pacific Standard Time
        schedule: { hours: [0], minutes: [15], week_days: [monday, tuesday] }
setup_scripts:
  creation_script: { path: Users/test/creation-script.sh, timeout_minutes: 20 }
  startup_script: { path: Users/test/startup-script.sh, command: ls, timeout_minutes: 15 }
custom_applications:
  - name: rstudio
    type: docker
    image: { reference: "ghcr.io/azure/rstudio-workbench:latest" }
    endpoints: [{ target: 8787, published: 8788 }]
    environment_variables: { RSP_LICENSE: X }
    bind_mounts: [{ source: /home/azureuser, target: /home/azureuser }]
]]

describe("azureml compute", function()
  local emulator, ws, directory

  before_each(function()
    emulator, ws = world.open { ann = { state = "Running", tags = { a = "b" } }, bob = "Stopped" }
    directory = process.directory()
  end)
  after_each(function()
    world.close(emulator, ws)
    process.remove(directory)
  end)

  local function decoded(...)
    local out, err, code = run("compute", ...)
    assert.equal(0, code, err)
    return json.decode_exact(out)
  end

  it("creates with the flags of az, and prints az's members", function()
    local vm = decoded("create", "--name", "ci-new", "--type", "ComputeInstance", "--size",
      "Standard_D2s_v3", "--ssh-public-access-enabled", "true", "--ssh-key-value", KEY, "--tags",
      "team=vision", "--description", "for Ann", "--enable-node-public-ip")
    assert.same({ "ci-new", "STANDARD_D2S_V3", "Running", "computeinstance", true, "vision" },
      { vm.name, vm.size:upper(), vm.state, vm.type, vm.ssh_public_access_enabled, vm.tags.team })
    assert.is_nil(vm.vm_size)
    assert.equal("for Ann", vm.description)
    assert.equal(vm.size, ws.instances:get("ci-new").vm_size)
  end)

  it("creates from a YAML file, and prints all of it again", function()
    local path = process.write(directory .. "/ci.yaml", YAML)
    local vm = decoded("create", "-f", path, "--set", "tags.more=1", "--only-show-errors")
    assert.same({ 15, KEY, { team = "vision", number = "3", more = "1" } },
      { vm.idle_time_before_shutdown_minutes, vm.ssh_settings.ssh_key_value, vm.tags })
    local stop, start = table.unpack(vm.schedules.compute_start_stop)
    assert.same({ "stop", "enabled", "cron", "0 18 * * *" },
      { stop.action, stop.state, stop.trigger.type, stop.trigger.expression })
    assert.same({ "start", "disabled", "week", { "monday", "tuesday" }, { 15 } },
      { start.action, start.state, start.trigger.frequency, start.trigger.schedule.week_days,
        start.trigger.schedule.minutes })
    assert.same({
      creation_script = { path = "Users/test/creation-script.sh", timeout_minutes = 20 },
      startup_script = { path = "Users/test/startup-script.sh", timeout_minutes = 15,
        command = "ls" },
    }, vm.setup_scripts)
    assert.same({
      name = "rstudio", type = "docker", endpoints = { { target = 8787, published = 8788 } },
      image = { reference = "ghcr.io/azure/rstudio-workbench:latest" },
      environment_variables = { RSP_LICENSE = "X" },
      bind_mounts = { { source = "/home/azureuser", target = "/home/azureuser" } },
    }, vm.custom_applications[1])
  end)

  it("joins a network by a name or an ARM id, on behalf of a user, with an identity", function()
    local id = "33333333-3333-3333-3333-333333333333"
    local identity = "/subscriptions/" .. id .. "/resourceGroups/r/providers/"
      .. "Microsoft.ManagedIdentity/userAssignedIdentities/me"
    local vm = decoded("create", "-n", "ci-one", "--vnet-name", "v", "--subnet", "s",
      "--user-object-id", id, "--user-tenant-id", id, "-i", identity)
    local subnet = vm.network_settings.subnet
    assert.matches("/virtualNetworks/v/subnets/s$", subnet)
    assert.same({ "user_assigned", identity },
      { vm.identity.type, vm.identity.user_assigned_identities[1].resource_id })
    assert.equal(id, ws.instances:get("ci-one").assigned_to)
    vm = decoded("create", "-n", "ci-two", "--subnet", subnet, "-i", "[system]")
    assert.same({ subnet, "system_assigned" }, { vm.network_settings.subnet, vm.identity.type })
  end)

  it("lists, shows and queries as az does", function()
    assert.same({ "ann", "bob" }, decoded("list", "--query", "[].name"))
    assert.same({ "ann" }, decoded("list", "-r", "1", "--query", "[].name"))
    assert.equal("STANDARD_DS3_V2\n",
      (run("compute", "show", "-n", "ann", "--query", "size", "-o", "tsv")))
    local out = run("compute", "list", "-o", "table")
    assert.matches("^Name +Compute type +State +Instance type\nann +computeinstance +Running", out)
    assert.equal("ann\tcomputeinstance\tRunning\tSTANDARD_DS3_V2\n",
      (run("compute", "list", "-o", "tsv", "-r", "1")))
    assert.matches("\nname: ann\n", (run("compute", "show", "-n", "ann", "-o", "yaml")))
    assert.equal("", (run("compute", "show", "-n", "ann", "-o", "none")))
  end)

  it("starts, stops and restarts", function()
    assert.equal("Stopped", decoded("stop", "-n", "ann").state)
    assert.equal("Running", decoded("start", "-n", "ann").state)
    assert.equal("Running", decoded("restart", "-n", "ann").state)
    local out, err, code = run("compute", "stop", "--name", "ann", "--no-wait")
    assert.same({ "", "stop ann: accepted; it goes on at the service\n", 0 }, { out, err, code })
  end)

  it("takes the file of a public key, and says what is wrong with it", function()
    local path = process.write(directory .. "/key.pub", KEY .. " ann\n")
    local function create(key, ...)
      return run("compute", "create", "-n", "ci-new", "--ssh-key-value", key, ...)
    end
    local _, err, code = create(directory .. "/none")
    assert.equal(2, code)
    assert.matches("%-%-ssh%-key%-value is neither a key nor the file of one: .*/none: No", err)
    _, err, code = create(path, "--ssh-public-access-enabled", "true")
    assert.equal(0, code, err)
    _, err, code = run("computetarget", "create", "computeinstance", "-n", "ci-old", "-s",
      "Standard_DS2_v2", "--ssh-public-access", "true", "--admin-user-ssh-public-key", path)
    assert.equal(0, code, err)
    for _, name in ipairs { "ci-new", "ci-old" } do
      assert.is_true(ws.instances:get(name).ssh.enabled, name)
    end
  end)

  it("lists sizes and usages of the workspace's region, or of another", function()
    local sizes = decoded("list-sizes", "--type", "ComputeInstance", "--location", "eastus")
    assert.same({ "string", "integer" }, { type(sizes[1].name), math.type(sizes[1].v_cpus) })
    assert.is_number(decoded("list-usage")[1].limit)
    assert.is_true(#decoded("list-sizes", "--location", "West US") > 0)
    local _, err, code = run("compute", "list-sizes", "--location", "mars")
    assert.equal(1, code)
    assert.matches("NoRegisteredProviderFound.*hint: check the name of the region", err)
  end)

  it("updates tags, and what the service can change", function()
    local vm = decoded("update", "-n", "ann", "--set", "tags.more=1",
      "idle_time_before_shutdown_minutes=30")
    assert.same({ { a = "b", more = "1" }, 30 }, { vm.tags, vm.idle_time_before_shutdown_minutes })
    assert.same({ x = "y" }, decoded("update", "-n", "ann", "--tags", "x=y").tags)
  end)

  it("turns single sign-on off and on", function()
    assert.equal(0, select(3, run("compute", "enable-sso", "-n", "ann", "--disable")))
    assert.is_false(decoded("show", "-n", "ann").enable_sso)
    assert.equal(0, select(3, run("compute", "enable-sso", "-n", "ann")))
    assert.is_true(decoded("show", "-n", "ann").enable_sso)
  end)

  it("deletes after a question, or with --yes", function()
    local _, err, code = run("compute", "delete", "-n", "bob", "--yes")
    assert.equal(0, code, err)
    assert.is_nil(ws.instances:find "bob")
  end)

  for _, row in ipairs {
    { { "create", "-n", "abc", "-t", "AmlCompute" }, "manages compute instances; for AmlCompute" },
    { { "create", "-n", "abc", "--type", "Instance" }, "there is no type 'Instance'" },
    { { "create", "-n", "abc", "--min-instances", "0" }, "this flag is for clusters" },
    { { "create", "-n", "abc", "--set", "tags" }, "'tags' is not PATH=VALUE" },
    { { "create", "-n", "abc", "--set", "sise=x" },
      "has no member 'sise'; did you mean size?" },
    { { "create", "-n", "abc", "-p", "maybe" }, "'maybe' is neither true nor false" },
    { { "create", "-n", "abc", "--vnet-name", "v" }, "Subnet is required" },
    { { "create", "-n", "abc", "--subnet", "s" }, "needs the name of its network" },
    { { "create", "-n", "abc", "--subnet", "/x/y" }, "is not the ARM id of a subnet" },
    { { "create", "-n", "abc", "--identity-type", "UserAssigned" }, "is not supported" },
    { { "create" }, "which name? Give --name, or name in the file" },
    { { "create", "-f", "/nowhere.yaml" }, "--file: /nowhere.yaml: No such file" },
    { { "update", "-n", "ann" }, "nothing to change is given" },
    { { "update", "-n", "ann", "--tags", "a=b", "--no-wait" }, "leave --no-wait away" },
    { { "update", "-n", "ann", "--add", "x=y" }, "use --set PATH=VALUE" },
    { { "update", "-n", "ann", "--max-instances", "3" }, "this flag is for clusters" },
    { { "attach", "-n", "abc" }, "azureml manages compute instances" },
    { { "list-nodes", "-n", "abc" }, "has no nodes" },
    { { "lst" }, "there is no command 'compute lst'; did you mean list?" },
    { { "show" }, "the option --name is missing" },
    { { "show", "-n", "ann", "-o", "csv" }, "--output: there is no 'csv'" },
  } do
    it("refuses " .. table.concat(row[1], " "), function()
      local out, err, code = run("compute", table.unpack(row[1]))
      assert.same({ "", 2 }, { out, code }, err)
      assert.is_truthy(err:find(row[2], 1, true), err)
      assert.equal(0, emulator:verb_counts().create)
    end)
  end
end)
