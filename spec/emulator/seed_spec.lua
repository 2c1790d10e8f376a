local door = require "spec.door"
local errors = require "azureml.error"
local json = require "azureml.json"
local process = require "spec.process"
local seed = require "azureml.emulator.seed"

local GUID = "55555555-5555-5555-5555-555555555555"

describe("a seed", function()
  for _, row in ipairs {
    { 5, "a seed must be a table, not number" },
    {
      { instance = {} },
      "a seed has no field 'instance' (known: applications, client_id, client_secret, envir",
    },
    {
      { subscription_id = "x" },
      "subscription_id must be a GUID such as 11111111-1111-1111-1111-111111111111, not x",
    },
    {
      { subscription_id = json.null },
      "subscription_id must be a GUID such as 11111111-1111-1111-1111-111111111111, not null",
    },
    { { workspace_name = 5 }, "workspace_name must be a text, not number" },
    { { token_lifetime = "1h" }, "token_lifetime must be a number, not string" },
    { { instances = { "ci-ann" } }, "instances must be a table by name" },
    {
      { instances = { ["ci-ann"] = "Runing" } },
      "instances.ci-ann is 'Runing', which is no state (known: CreateFailed, Creating,",
    },
    {
      { instances = { ["ci-ann"] = { vm_size = "Huge" } } },
      "instances.ci-ann.vm_size is 'Huge', which is no size that is offered here",
    },
    {
      { instances = { ["ci-ann"] = { tags = { a = 1 } } } },
      "instances.ci-ann.tags.a must be a text, not number",
    },
    { { instances = { ["ci-ann"] = { size = "x" } } },
      "instances.ci-ann has no field 'size' "
        .. "(known: description, kind, properties, state, tags, vm_size" },
    { { instances = { ["ci-ann"] = { kind = "AKS" } } },
      "instances.ci-ann.kind is 'AKS', which is no kind of compute (known: AmlCompute," },
    { { machine = "remote" }, "machine must be 'local', not remote" },
    { { quotas = { total = -1 } }, "quotas.total must be a whole number from 0 on" },
    { { quotas = { total = "5" } }, "quotas.total must be a whole number from 0 on" },
    {
      { quotas = { families = { x = 1.5 } } }, "quotas.families.x must be a whole number from 0 on",
    },
    { { workspaces = { a = {} } }, "workspaces must be a list" },
    { { workspaces = { { name = "a" }, { location = "eastus" } } }, "workspaces[2] needs 'name'" },
    {
      { workspaces = { { name = "a", instances = { x = {}, y = { state = "" } } } } },
      "workspaces[1].instances.y.state is ''",
    },
  } do
    it("is refused: " .. row[2], function()
      local wrong = seed.fault_of(row[1])
      assert.equal(row[2], wrong and wrong:sub(1, #row[2]))
    end)
  end

  it("may be empty", function() assert.is_nil(seed.fault_of {}) end)

  it("is what there is at first: names, workspaces in places of "
    .. "their own, instances, quotas", function()
    local at = door.open { seed = {
      subscription_id = GUID, resource_group = "ml", workspace_name = "main",
      location = "westeurope", client_secret = "known to all",
      quotas = { total = 7 },
      instances = {
        ["ci-ann"] = { state = "Stopped", vm_size = "Standard_F4s_v2", tags = { team = "x" } },
      },
      workspaces = {
        {
          name = "other", resource_group = "second", location = "eastus",
          instances = { ["ci-bob"] = "Running" },
        },
      },
    } }
    local names = at.emulator:settings()
    assert.same({ GUID, "ml", "main", "westeurope", "known to all" },
      { names.subscription_id, names.resource_group, names.workspace_name,
      names.location, names.client_secret })
    local _, ann = at:ask("GET", at:path "computes/ci-ann")
    assert.same({ "Stopped", "STANDARD_F4S_V2", "x", "westeurope" },
      { ann.properties.properties.state, ann.properties.properties.vmSize,
      ann.tags.team, ann.location })
    local status, bob = at:ask("GET",
      at:path "computes/ci-bob":gsub("/ml/", "/second/"):gsub("/main/", "/other/"))
    assert.same({ 200, "eastus" }, { status, bob.location })
    assert.equal(7, at.emulator.world.quotas.total)
  end)

  it("may say all of an instance that a PUT may, and hold clusters", function()
    local at = door.open { seed = { instances = {
      ["ci-ann"] = { properties = { idleTimeBeforeShutdown = "PT30M" } },
      nodes = { kind = "AmlCompute", properties = { scaleSettings = { maxNodeCount = 2 } } },
    } } }
    local _, ann = at:ask("GET", at:path "computes/ci-ann?api-version=2025-12-01")
    assert.equal("PT30M", ann.properties.properties.idleTimeBeforeShutdown)
    local _, nodes = at:ask("GET", at:path "computes/nodes")
    assert.equal("AmlCompute", nodes.properties.computeType)
  end)

  for _, row in ipairs {
    {
      { instances = { ["ci-ann"] = { properties = { idleTimeBeforeShutdown = "soon" } } } },
      "the seed: instances.ci-ann: ",
    },
    { { workspaces = { { name = "a", instances = { ["ci-ann"] = "Running" } },
      { name = "b", instances = { ["CI-Ann"] = "Running" } } } },
      "the seed: workspaces[2].instances.CI-Ann: the name is taken in eastus" },
  } do
    it("is refused where the service would refuse it: " .. row[2], function()
      local _, err = errors.try(door.open, { seed = row[1] })
      assert.equal("SeedInvalid", err.code)
      assert.equal(row[2], err.message:sub(1, #row[2]))
    end)
  end

  it("is sown in the order of names", function()
    local instances = {}
    for i = 1, 30 do instances[("ci-%02d"):format(i)] = "Running" end
    local at = door.open { seed = { instances = instances } }
    local _, page = at:ask("GET", at:path "computes")
    for i, one in ipairs(page.value) do assert.equal(("ci-%02d"):format(i), one.name) end
  end)
end)

describe("a seed's file", function()
  local directory, path

  before_each(function()
    directory = process.directory()
    path = directory .. "/dev.seed"
  end)
  after_each(function() process.remove(directory) end)

  local function try(text)
    process.write(path, text)
    local value, err = errors.try(seed.read, path)
    return value, err and err.message
  end

  it("is JSON, with a byte order mark or without, or Lua that returns it", function()
    local wanted = { instances = { ["ci-1"] = "Running", ["ci-2"] = { state = "Stopped" } } }
    local text = '{ "instances": { "ci-1": "Running", "ci-2": { "state": "Stopped" } } }'
    assert.same(wanted, (try(text)))
    assert.same(wanted, (try("\xEF\xBB\xBF" .. text)))
    local script = 'local t = {} t["ci-" .. 1] = "Running" t["ci-2"] = { state = "Stopped" } '
    assert.same(wanted, (try(script .. "return { instances = t }")))
  end)

  for _, row in ipairs {
    { "local t = { 1 } for i = 1, 40 do t = { t, t } end return t", "a seed has no field '1'" },
    { "local t = {} t.t = t return t", "a seed has no field 't'" },
    { "local t = {} t.t = t return { instances = { x = { properties = t } } }",
      "instances.x.properties: a table nested too deeply cannot be written as JSON" },
    { "local function f() return f() + 1 end return f()", ":1: stack overflow" },
    { "\n\nerror 'no team'", ":3: no team" },
    { "error { code = 5 }", "table: " },
    { "return { a = function() end }", "a seed has no field 'a'" },
    { "return { instances = { x = print } }", "instances.x must be a table, not function" },
    { "return { instances = { x = { properties = { print } } } }",
      "instances.x.properties: function cannot be written as JSON" },
    { "return { [true] = 1 }", "a seed has no field 'true'" },
    { "return function() end", "a seed must be a table, not function" },
    { "local x = 1", "it returns nothing" }, { "x = = 1", ":1: unexpected symbol near '='" },
    { "\27Lua", "attempt to load a binary chunk" },
    { '{ "a": [ }', "unexpected token near '}' at byte 10" },
    { '{ "instances": { "ci-ann": "Off" } }', "instances.ci-ann is 'Off', which is no state" },
  } do
    it("says what is wrong with " .. row[1]:gsub("%c", "?"), function()
      local value, message = try(row[1])
      assert.is_nil(value)
      assert.equal("the seed " .. path .. ": ", message:sub(1, #path + 11))
      assert.is_truthy(message:find(row[2], 1, true), message)
    end)
  end

  it("in Lua has the standard library and globals of its own", function()
    local text = 'name = ("team-x"):sub(1, 4) print = nil '
      .. 'return { workspace_name = name, location = os.getenv "PATH" and "eastus" }'
    assert.same({ workspace_name = "team", location = "eastus" }, (try(text)))
    assert.is_nil(_G.name)
    assert.is_function(print)
  end)

  it("is stopped by an interrupt as any script is", function()
    process.write(path, 'error(require("azureml.error").interrupted())')
    local ok, raised = pcall(seed.read, path)
    assert.is_false(ok)
    assert.is_true(errors.is_interrupted(raised))
  end)

  it("that is not there is said", function()
    local _, err = errors.try(seed.read, "/nowhere/x.lua")
    assert.equal("the seed /nowhere/x.lua: No such file or directory", err.message)
    local _, again = errors.try(seed.read, directory)
    assert.equal("SeedInvalid", again.code)
  end)
end)
