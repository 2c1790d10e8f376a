--- The pasted commands of `az ml computetarget`: lua/azureml/cli/computetarget.lua.
local json = require "azureml.json"
local run = require "spec.command_line"
local world = require "spec.world"

describe("azureml computetarget", function()
  local emulator, ws

  before_each(function() emulator, ws = world.open { ann = "Running" } end)
  after_each(function() world.close(emulator, ws) end)

  local function state_of(...)
    local out, err, code = run("computetarget", ...)
    assert.equal(0, code, err)
    return json.decode(out).properties.properties.state
  end

  it("creates as the starting article does", function()
    assert.equal("Running", state_of("create", "computeinstance", "-n", "instance", "-s",
      "STANDARD_D3_V2", "-v"))
    local key = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABgQ=="
    assert.equal("Running", state_of("create", "computeinstance", "--name", "more", "--vm-size",
      "STANDARD_D3_V2", "--ssh-public-access", "True", "--admin-user-ssh-public-key", key, "--tag",
      "a=b", "--tag", "c=d", "--description", "x"))
    local vm = ws.instances:get "more"
    assert.same({ { a = "b", c = "d" }, true, "x" }, { vm.tags, vm.ssh.enabled, vm.description })
  end)

  for verb, state in pairs { stop = "Stopped", start = "Running", restart = "Running" } do
    it(verb .. "s in both orders of words", function()
      assert.equal(state, state_of(verb, "computeinstance", "-n", "ann", "-v"))
      if verb == "stop" then state_of("computeinstance", "start", "-n", "ann") end
      assert.equal(state, state_of("computeinstance", verb, "-n", "ann"))
    end)
  end

  it("shows and lists az's members, and the properties in which old queries look", function()
    assert.equal("Running", state_of("show", "-n", "ann", "--path", "."))
    local out = run("computetarget", "show", "-n", "ann", "--query", "size", "-o", "tsv")
    assert.equal("STANDARD_DS3_V2\n", out)
    assert.matches("^%[\n +{", (run("computetarget", "list")))
  end)

  it("deletes without a question", function()
    local out, err, code = run("computetarget", "delete", "-n", "ann", "-v")
    assert.same({ "", 0 }, { out, code }, err)
    assert.is_nil(ws.instances:find "ann")
  end)

  for _, row in ipairs {
    { { "create", "amlcompute", "-n", "x" }, "manages compute instances; for 'amlcompute'" },
    { { "create", "computeinstance", "-n", "abc" }, "the option --vm-size is missing" },
    { { "show", "-n", "ann", "--path", "/x" }, "--path: run the command in that folder" },
    { { "detach", "-n", "ann" }, "cannot be detached; 'azureml delete'" },
    { { "get-credentials", "-n", "ann" }, "'azureml show NAME --columns ssh'" },
    { { "computeinstance", "strt", "-n", "ann" }, "did you mean start?" },
  } do
    it("refuses " .. table.concat(row[1], " "), function()
      local out, err, code = run("computetarget", table.unpack(row[1]))
      assert.same({ "", 2 }, { out, code }, err)
      assert.is_truthy(err:find(row[2], 1, true), err)
    end)
  end
end)
