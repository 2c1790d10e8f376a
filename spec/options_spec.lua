local azureml = require "azureml"
local list = require "azureml.list"
local options = require "azureml.options"
local world = require "spec.world"

describe("options", function()
  local KNOWN = {
    name = "string", count = "integer", limit = "number", force = "boolean", tags = "table",
    log = "callable", cloud = "any",
  }

  it("that fit come back; none stand for an empty table", function()
    local given = {
      name = "a", count = 1, limit = 0.5, force = false, tags = {}, log = print, cloud = 7,
    }
    assert.equal(given, options.check("try", given, KNOWN))
    assert.same({}, options.check("try", nil, KNOWN))
  end)

  for _, row in ipairs {
    { "no table", "try: a table of options expected, got string" },
    { { nmae = "a" },
      "try has no option 'nmae' (known: cloud, count, force, limit, log, name, tags)"
        .. "; did you mean name?" },
    { { "a" }, "try has no option '1' (known: " },
    { { name = 1 }, "try: option 'name' must be a string, not number" },
    { { count = 1.5 }, "try: option 'count' must be an integer, not number" },
    { { limit = "1" }, "try: option 'limit' must be a number, not string" },
    { { force = 1 }, "try: option 'force' must be a boolean, not number" },
    { { tags = "a=b" }, "try: option 'tags' must be a table, not string" },
    { { log = {} }, "try: option 'log' must be a function, not table" },
  } do
    it("are refused at the caller's line: " .. row[2], function()
      local ok, message = pcall(options.check, "try", row[1], KNOWN)
      assert.is_false(ok)
      assert.is_truthy(message:find(row[2], 1, true), message)
      assert.matches("^[^:]*spec.options_spec.lua:%d+: ", message)
    end)
  end

  it("refuse: an error object of a rule that is broken", function()
    local ok, err = pcall(options.refuse, "%s is too long", "it")
    assert.is_false(ok)
    assert.same({ "InvalidArgument", "it is too long" }, { err.code, err.message })
  end)

  it("check_seconds: a number of 0 or more", function()
    options.check_seconds("wait", 0)
    options.check_seconds("wait", math.huge)
    for _, wrong in ipairs { -1, 0 / 0, "1", {} } do
      assert.error_matches(function() options.check_seconds("wait", wrong) end,
        "wait must be a number of seconds, 0 or more")
    end
  end)
end)

describe("a forgotten colon", function()
  local emulator, ws

  before_each(function() emulator, ws = world.open { ann = "Running", bob = "Stopped" } end)
  after_each(function() world.close(emulator, ws) end)

  local function assert_named(call, f, ...)
    local ok, err = pcall(f, ...)
    assert.is_false(ok)
    assert.matches("^spec/options_spec.lua:%d+: call it with a colon: " .. call
      .. "%(%.%.%.%)$", err)
  end

  it("is named, with the call that was meant", function()
    local vm = ws.instances:get "ann"
    local op <close> = ws.instances:stop "ann"
    local client <close> = azureml.client { endpoint = emulator.url }
    local lro <close> = ws:client():operation {
      method = "POST", path = vm.id:gsub("ann$", "bob") .. "/start",
    }
    local credential <close> = emulator:credential()
    local all = ws.instances:list()
    for call, f in pairs {
      ["ws.instances:start"] = function() ws.instances.start("x") end,
      ["ws.instances:list"] = function() ws.instances.list() end,
      ["ws.instances:stop_all"] = function() ws.instances.stop_all { "x" } end,
      ["vm:stop"] = function() vm.stop() end,
      ["vm:delete"] = function() vm.delete { timeout = 5 } end,
      ["vm:refresh"] = function() vm.refresh() end,
      ["op:wait"] = function() op.wait() end,
      ["op:ticket"] = function() op.ticket() end,
      ["list:all"] = function() all.all() end,
      ["client:request"] = function() client.request { path = "/" } end,
      ["client:pages"] = function() client.pages { path = "/" } end,
      ["ws:usages"] = function() ws.usages() end,
      ["ws:watch"] = function() ws.watch { interval = 5 } end,
      ["credential:expires_in"] = function() credential.expires_in() end,
      ["emulator:advance"] = function() emulator.advance "3h" end,
    } do
      assert_named(call, f)
    end
    assert_named("op:wait", function() lro.wait { timeout = 5 } end)
    assert.equal("ann", vm.name)
  end)

  it("is named where another kind of object is in its place", function()
    assert_named("ws.instances:get", function() ws.instances.get(ws, "ann") end)
    assert_named("list:all", function() list.new(print).all(ws.instances) end)
  end)
end)
