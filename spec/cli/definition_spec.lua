local json = require "azureml.json"
local process = require "spec.process"
local run = require "spec.command_line"
local world = require "spec.world"

describe("the options that describe an instance", function()
  local emulator, ws

  before_each(function() emulator, ws = world.open { ann = "Running" } end)
  after_each(function() world.close(emulator, ws) end)

  it("set each field of the table of fields", function()
    local named = {}
    for name in run("create", "--help"):gmatch "%-%-([%a-]+)" do named[name] = true end
    local EXCEPTIONS = {
      vm_size = "size", schedules = "schedule", ssh_public_access = "ssh",
      admin_user_ssh_public_key = "ssh-key", enable_node_public_ip = "public-ip",
      application_sharing_policy = "sharing-policy", enable_sso = "sso",
      enable_root_access = "root-access", enable_os_patching = "os-patching",
    }
    for _, row in ipairs(require "azureml.definition.fields") do
      local option = EXCEPTIONS[row.name] or row.name:gsub("_", "-")
      assert.is_true(named[option], "--" .. option)
    end
  end)

  it("are texts, switches, lists and JSON", function()
    local _, err, code = run("create", "ci-new", "--sso", "off", "--root-access", "no",
      "--schedule", "stop weekdays 18:00 Europe/Amsterdam", "--schedule", "start weekdays 08:00",
      "--identity", "SystemAssigned", "--idle-time-before-shutdown", "1h30m", "--tags", "a=b",
      "--custom-services", '[{"name":"a","image":"b"}]', "--disable-local-auth")
    assert.equal(0, code, err)
    local vm = ws.instances:get "ci-new"
    assert.same({ false, true, "PT90M", { a = "b" }, 2, "a", true }, {
      vm.enable_sso, vm.disable_local_auth, vm.idle_time_before_shutdown, vm.tags, #vm.schedules,
      vm.custom_services[1].name, vm.identity.system_assigned,
    })
  end)

  it("read JSON from a file, too", function()
    local directory = process.directory()
    local path = process.write(directory .. "/services.json", '[{"name":"a","image":"b"}]')
    local _, err, code = run("update", "ann", "--custom-services", "@" .. path)
    process.remove(directory)
    assert.equal(0, code, err)
    assert.equal("a", ws.instances:get("ann").custom_services[1].name)
  end)

  it("switch SSH on with a key, and make a pair of keys", function()
    local directory = process.directory()
    local _, err, code = run("create", "ci-new", "--generate-ssh-key", directory .. "/key")
    assert.equal(0, code, err)
    assert.equal("600 600\n", (process.run({ "stat", "-c", "%a", directory .. "/key",
      directory .. "/key.pub" }):gsub("\n", " ", 1)))
    assert.is_true(ws.instances:get("ci-new").ssh_public_access)
    process.remove(directory)
  end)

  it("of update: off and none take away", function()
    run("update", "ann", "--idle-time-before-shutdown", "1h", "--schedule", "stop daily 19:00")
    assert.equal(1, #ws.instances:get("ann").schedules)
    local out, err, code = run("update", "ann", "--idle-time-before-shutdown", "off",
      "--schedule", "none", "-o", "json")
    assert.equal(0, code, err)
    assert.is_nil(json.decode(out).idle_time_before_shutdown)
    assert.same({}, json.decode(out).schedules)
  end)

  for _, row in ipairs {
    { { "update", "ann" }, 2, "nothing to change is given" },
    { { "update", "ann", "--ssh", "on" }, 1,
      "cannot update 'ann': ssh_public_access is false, not true .*azureml recreate" },
    { { "create", "ci-new", "--sso", "perhaps" }, 2, "%-%-sso is on or off, not 'perhaps'" },
    { { "create", "ci-new", "--extra", "{" }, 2, "%-%-extra is not JSON" },
    { { "create", "ci-new", "--tags", "a=1", "a=2" }, 2, "%-%-tags: 'a' is given twice" },
    { { "create", "ci-new", "--extra", "@/dev/zero" }, 2, "/dev/zero is larger than 1 MiB" },
    { { "create", "ci-new", "--extra", "@/nowhere" }, 2, "%-%-extra: /nowhere: No such file" },
    { { "create", "ci-new", "--state", "Asleep" }, 2, "state: must be 'Running' or 'Stopped'" },
    { { "create", "ci-new", "--schedule", "stop now" }, 2, "schedules: schedule 1: " },
    { { "resize", "ann", "--size", "STANDARD_DS11_V2" }, 1,
      "cannot resize ann: the instance is R" },
  } do
    it("are refused: " .. table.concat(row[1], " "), function()
      local _, err, code = run(table.unpack(row[1]))
      assert.equal(row[2], code, err)
      assert.matches(row[3], err)
    end)
  end
end)

describe("the words of settings", function()
  local definition = require "azureml.cli.definition"

  it("say the same again", function()
    assert.same({
      "--size", "STANDARD_DS3_V2", "--tags", "a=1", "team=vision", "--idle-time-before-shutdown",
      "off", "--schedule", "stop daily 18:00", "--schedule", "start daily 08:00", "--sso", "off",
      "--custom-services", '[{"name":"x"}]',
    }, definition.words {
      vm_size = "STANDARD_DS3_V2", tags = { team = "vision", a = "1" }, enable_sso = false,
      idle_time_before_shutdown = false, custom_services = { { name = "x" } },
      schedules = { "stop daily 18:00", "start daily 08:00" },
    })
    assert.same({ "--schedule", "none" }, definition.words { schedules = {} })
    assert.same({ "--identity", "SystemAssigned" },
      definition.words { identity = "SystemAssigned" })
  end)

  it("refuse what no option says", function()
    for message, settings in pairs {
      ["no option of the command says 'unknown'"] = { unknown = 1 },
      ["the command takes schedules as texts"] = { schedules = { { action = "stop" } } },
    } do
      local _, err = require("azureml").try(definition.words, settings)
      assert.equal(message, err.message)
    end
  end)
end)
