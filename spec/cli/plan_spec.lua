--- plan, apply, export, recreate and create --file: commands over files of definitions.
local json = require "azureml.json"
local process = require "spec.process"
local run = require "spec.command_line"
local world = require "spec.world"

-- Each list holds the one before it twice.
local function aliases()
  local lines = { "a0: &a0 [1, 1]" }
  for i = 1, 30 do lines[#lines + 1] = ("a%d: &a%d [*a%d, *a%d]"):format(i, i, i - 1, i - 1) end
  return table.concat(lines, "\n")
end

local ALIASES = aliases()

describe("files of definitions", function()
  local emulator, ws, directory

  before_each(function()
    emulator, ws = world.open { ann = "Running", bob = "Stopped" }
    directory = process.directory()
  end)
  after_each(function()
    process.remove(directory)
    world.close(emulator, ws)
  end)

  local function write(name, text)
    return process.write(directory .. "/" .. name, text)
  end

  for form, text in pairs {
    lua = 'return { ann = { idle_time_before_shutdown = "1h" }, bob = { state = "absent" } }',
    json = '{ "ann": { "idle_time_before_shutdown": "1h" }, "bob": { "state": "absent" } }',
    yaml = "ann:\n  idle_time_before_shutdown_minutes: 60\nbob:\n  state: absent\n",
  } do
    it("in " .. form .. " are planned, and applied", function()
      local path = write("wanted." .. form, text)
      local out, err, code = run("plan", path, "-o", "json")
      local items = json.decode(out)
      assert.matches('"action":"delete","changes":%[%],"name":"bob","reasons":%[%]', out)
      assert.same({ 6, "change", "idle_time_before_shutdown", "PT60M", "delete" }, { code,
        items[1].action, items[1].changes[1].field, items[1].changes[1].to, items[2].action }, err)
      assert.matches("ann +change +idle_time_before_shutdown: nothing %-> PT60M", run("plan", path))
      assert.same({ "", 2 }, { (run("apply", path)), (select(3, run("apply", path))) })
      out, err, code = run("apply", path, "--yes")
      assert.same({ "", 0 }, { out, code }, err)
      assert.is_nil(ws.instances:find "bob")
      assert.equal(0, select(3, run("plan", path)))
      assert.same({ "", "nothing differs\n", 0 }, { run("apply", path) })
    end)
  end

  for name, case in pairs {
    ["twice.yaml"] = { "ci-a: {}\nci-b: {}\nci-a: {}\n", ":3: 'ci%-a' is given twice" },
    ["twice.json"] = { '{ "ci-a": {},\n"ci-a": {} }', ":2: .*duplicate object key" },
    ["capitals.lua"] = { 'return { ["ci-a"] = {}, ["CI-A"] = {} }',
      "'CI%-A' and 'ci%-a' name the same instance" },
    ["cycle.yaml"] = { "ci-a: &a\n  tags: *a\n", ":2: '%*a' stands within '&a'" },
    ["aliases.yaml"] = { ALIASES, ":%d+: the aliases stand for more than 1000000 values" },
    ["deep.yaml"] = { ("["):rep(200), ":1: it is nested deeper than 100" },
    ["documents.yaml"] = { "ci-a: {}\n---\nci-b: {}\n", ":2: a second document begins" },
    ["empty.yaml"] = { "ci-a: {}\nci-b:\n", ":2: 'ci%-b' has no definition" },
    ["empty.json"] = { "{}", "empty.json: it describes no instance" },
    ["members.yaml"] = { "ci-a:\n  schedules: 3\n", ":2: schedules must have members" },
    ["large.json"] = { "{}" .. (" "):rep(8 << 20), "large.json: it is larger than 8 MiB" },
    ["compiled.lua"] = { string.dump(load "return {}"), "compiled.lua: it is compiled Lua" },
  } do
    it("are refused as " .. name .. ", not read as something else", function()
      local out, err, code = run("plan", write(name, case[1]))
      assert.matches(case[2], err)
      assert.equal("", out)
      assert.is_true(code == 1 or code == 2)
    end)
  end

  it("change nothing while an item needs what the user has not allowed", function()
    local path = write("wanted.json",
      '{ "ann": { "idle_time_before_shutdown": "1h" }, "bob": { "tags": { "a": "b" } } }')
    local _, err, code = run("apply", path)
    assert.equal(1, code)
    assert.matches("'bob' differs: tags: {} %-> .*%-%-change%-tags", err)
    assert.is_nil(ws.instances:get("ann").idle_time_before_shutdown)
    assert.equal(0, select(3, run("apply", path, "--change-tags")))
    assert.same({ a = "b" }, ws.instances:get("bob").tags)
  end)

  it("create one instance or several, with options and --set in place of what they say", function()
    local path = write("ci.yaml", "name: ci-one\ntype: computeinstance\nsize: STANDARD_DS3_V2\n")
    local _, err, code = run("create", "-f", path, "--set", "tags.team=vision", "--set",
      "vm_size=STANDARD_DS11_V2", "--description", "x")
    assert.equal(0, code, err)
    local vm = ws.instances:get "ci-one"
    assert.same({ "STANDARD_DS11_V2", { team = "vision" }, "x" },
      { vm.vm_size, vm.tags, vm.description })
    assert.equal(0, select(3, run("create", "-f", path, "-n", "ci-two")))
    assert.equal("STANDARD_DS3_V2", ws.instances:get("ci-two").vm_size)
    path = write("two.json", '{ "ci-a": {}, "ci-b": { "tags": { "a": "b" } } }')
    assert.equal(0, select(3, run("create", "--file", path)))
    assert.same({ a = "b" }, ws.instances:get("ci-b").tags)
  end)

  it("come from export in each form, and then nothing differs", function()
    ws.instances:create("ci-new", {
      tags = { team = "vision" }, schedules = { "stop weekdays 18:00 Europe/Amsterdam" },
      idle_time_before_shutdown = "30m", identity = "SystemAssigned", state = "Stopped",
      setup_scripts = { creation_script = { path = "Users/a.sh", timeout = "20m" },
        startup_script = { text = "echo 'a: b' # c" } },
      custom_services = { { name = "a", image = "b" } },
    }):wait()
    for _, form in ipairs { "lua", "json", "yaml" } do
      local out, _, code = run("export", "--all", "-o", form)
      assert.equal(0, code)
      out, _, code = run("plan", write("all." .. form, out), "-o", "json")
      assert.equal(0, code, out)
      assert.equal(3, #json.decode(out))
    end
    local out, err = run("export", "ci-new", "-o", "yaml")
    assert.matches("\ntype: computeinstance$", (out:gsub("\n$", "")))
    assert.matches("az's YAML cannot say custom_services, setup_scripts, state of 'ci%-new'", err)
  end)

  it("can be a template, which deploys the same instance", function()
    ws.instances:create("ci-new", { tags = { a = "b" } }):wait()
    local parameters = directory .. "/parameters.json"
    local out, err, code = run("export", "ci-new", "-o", "arm", "--parameters", parameters)
    assert.equal(0, code, err)
    assert.equal("600\n", (process.run { "stat", "-c", "%a", parameters }))
    ws.instances:delete("ci-new"):wait()
    local deployed, messages, status = run("deploy", write("template.json", out), "--parameters",
      parameters)
    assert.equal(0, status, deployed .. messages)
    assert.same({ a = "b" }, ws.instances:get("ci-new").tags)
    local all, _, exit = run("export", "--all", "-o", "arm")
    assert.same({ 0, 3 }, { exit, #json.decode(all).resources })
    assert.equal(2, select(3, run("export", "--like", "none-*", "-o", "arm")))
    assert.equal(2, select(3, run("export", "ann", "--parameters", parameters)))
  end)

  it("have a schema with each field", function()
    local schema = json.decode((run("export", "--schema")))
    for _, row in ipairs(require "azureml.definition.fields") do
      assert.equal("string", type(schema.additionalProperties.properties[row.name].description))
    end
  end)

  it("recreate asks, or takes --yes", function()
    assert.equal(2, select(3, run("recreate", "ann")))
    local out, err, code = run("recreate", "ann", "--description", "new", "--yes", "-o", "json")
    assert.equal(0, code, err)
    assert.equal("new", json.decode(out).description)
    assert.matches("recreate ann: Deleting", err)
  end)

  for _, row in ipairs {
    { "a.lua", "return {\n  ann = { vm_sise = 1 } }",
      "a.lua:2: an instance has no field 'vm_sise'; did you mean vm_size?" },
    { "a.lua", "return os.exit()", "a.lua:1: attempt to index a nil value" },
    { "a.lua", "return {", "a.lua:1: unexpected symbol" },
    { "a.lua", "return 5", "a.lua: it describes no instance" },
    { "a.json", '{ "ann":\n { "tagz": {} } }', "a.json:2: an instance has no field 'tagz'" },
    { "a.json", "{", "a.json:1: it is not JSON" },
    { "a.json", '{ "ann": 5 }', "'ann' does not describe an instance" },
    { "a.yaml", "ann:\n  siez: b\n", "a.yaml:2: a compute instance has no member 'siez'" },
    { "a.yaml", "ann: [", "a.yaml is not YAML" },
    { "a.yaml", "type: amlcompute\nname: a\n", "azureml manages compute instances" },
    { "a.txt", "", "ends in .lua, .json, .yaml or .yml" },
    { "a.json", '{ "ann": { "vm_size": "big" } }', "ann: vm_size: must be a size" },
  } do
    it("are refused with their place: " .. row[1] .. " " .. row[2]:gsub("\n", " "), function()
      local _, err, code = run("plan", write(row[1], row[2]))
      assert.is_true(code == 2 or code == 1)
      assert.is_truthy(err:find(row[3], 1, true), err)
    end)
  end
end)
