local core = require "azureml.core"
local directory = require "azureml.emulator.entra.directory"
local world = require "azureml.emulator.world"

local TENANT, OTHER, CLIENT = "aaaaaaaa-0000-0000-0000-00000000000a",
  "cccccccc-0000-0000-0000-00000000000c",
  "bbbbbbbb-0000-0000-0000-00000000000b"

local function open()
  local one = directory.new {
    guid = core.guid,
    world = world.new { guid = core.guid, clock = { now = function() return 1000 end, speed = 1 } },
  }
  one:add_tenant { id = TENANT, name = "contoso.com" }
  return one
end

describe("the directory", function()
  it("finds tenants by id and by domain, without case", function()
    local one = open()
    assert.equal(TENANT, one:tenant(TENANT:upper()).id)
    assert.equal(TENANT, one:tenant("Contoso.COM").id)
    assert.is_nil(one:tenant(OTHER))
    assert.equal(TENANT, one:home().id)
    one:add_tenant { id = OTHER }
    assert.equal(TENANT, one:home().id)
  end)

  it("finds applications without case, and only in their own tenant", function()
    local one = open()
    local application = one:add_application {
      client_id = CLIENT, client_secret = "s", name = "robot",
    }
    assert.equal(application, one:application(TENANT:upper(), CLIENT:upper()))
    assert.is_nil(one:application(OTHER, CLIENT))
    assert.is_nil(one:application(TENANT, TENANT))
    assert.is_nil(one:application(TENANT, "robot"))      -- a name is no client id
    assert.same({ { value = "s" } }, application.secrets)
    assert.is_nil(application.client_secret)
  end)

  it("finds an application of several tenants in each", function()
    local one = open()
    one:add_application { client_id = CLIENT, multi_tenant = true }
    assert.is_truthy(one:application(OTHER, CLIENT))
  end)

  it("finds principals by object id, client id and name, an id before a name", function()
    local one = open()
    local ann = one:add_user { name = "ann@contoso.com" }
    local robot = one:add_application { client_id = CLIENT, name = "robot" }
    one:add_user { name = CLIENT }
    assert.equal(ann, one:principal(ann.object_id:upper()))
    assert.equal(ann, one:principal "Ann@contoso.com")
    assert.equal(robot, one:principal(CLIENT))
    assert.equal(robot, one:principal "ROBOT")
    assert.is_nil(one:principal "bob")
    assert.equal(ann, one:user "ann@contoso.com")
    assert.is_nil(one:user "robot")
  end)

  it("forgets a removed user", function()
    local one = open()
    local ann = one:add_user { name = "ann" }
    assert.is_truthy(one:principal "ann")
    one:remove(ann)
    assert.is_nil(one:principal "ann")
  end)

  it("makes the tenant of who is in another", function()
    local one = open()
    one:add_user { name = "bob", tenant_id = OTHER }
    assert.equal(OTHER, one:tenant(OTHER).id)
    assert.equal(TENANT, one:home().id)
  end)

  it("lists identities, the machine's own first", function()
    local one = open()
    one:add_identity { object_id = "a", name = "second" }
    one:add_identity { object_id = "z", name = "first", system = true }
    local list = one:identities()
    assert.same({ "first", "second" }, { list[1].name, list[2].name })
  end)

  it("holds nothing but records of the world, plain data", function()
    local one = open()
    one:add_user { name = "ann" }
    one:add_application { client_id = CLIENT, client_secret = "s" }
    one:add_issuer { issuer = "https://issuer", keys = { core.crypto.generate_key(1024):jwk() } }
    local kept = {}
    for _, kind in ipairs { "tenant", "user", "application", "issuer" } do
      for _, record in pairs(one.world.records[kind]) do kept[#kept + 1] = core.encode(record) end
    end
    assert.equal(4, #kept)
  end)

  for _, row in ipairs {
    { "user", 5, "a table of options expected" },
    { "user", {}, "needs 'name'" },
    { "user", { nam = "x" }, "no option 'nam'" },
    { "application", { client_id = 5 }, "option 'client_id' must be a string" },
    {
      "application",
      { certificates = { "x" } },
      "a certificate of an application: it is not a certificate in PEM or DER",
    },
    { "issuer", { issuer = "x" }, "needs 'keys'" },
    { "issuer", { issuer = "x", keys = { {} } }, "a key of an issuer: it is not a JWK" },
    { "issuer", { issuer = "x", keys = { "PEM" } }, "a key of an issuer: it is not a PEM text" },
  } do
    it(("refuses what is no %s: %s"):format(row[1], row[3]), function()
      local wrong = directory.fault_of(row[1], row[2])
      assert.is_truthy(wrong and wrong:find(row[3], 1, true), wrong)
    end)
  end

  it("takes what is one", function()
    assert.is_nil(directory.fault_of("user", { name = "ann", password = "x" }))
    assert.is_nil(directory.fault_of("application", { secrets = { { value = "a", expires = 5 } } }))
    assert.is_nil(directory.fault_of("issuer", {
      issuer = "x",
      keys = { core.crypto.generate_key(1024):jwk() },
    }))
  end)
end)
